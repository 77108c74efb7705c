//! From what is known to the pages that show it.

use axum::response::Response;
use http::StatusCode;

use entryway_core::account::Account;
use entryway_core::authorize::Candidate;
use entryway_core::device::{BrowserFamily, Device, System};
use entryway_core::own_account::SelfEnd;
use entryway_core::sign_in::SignIn;
use entryway_oauth::denial::Denial;
use entryway_oauth::form::Parameters;
use entryway_oauth::secret::Digest;
use entryway_oauth::time::Timestamp;
use entryway_store::{ConnectedApp, ConnectedSession};

use crate::app::App;
use crate::authorize::logo;
use crate::authorize::permissions::Explained;
use crate::authorize::reply::{FormTarget, page};
use crate::authorize::views::{account as account_party, app_party, page_context, refusal};
use crate::browser::Browser;
use crate::extract::language::Language;
use crate::failure::{Failure, add_denial_headers};
use crate::pages::account::{
    AccountView, AppSession, ConnectedApp as AppEntry, DeviceName, Done, SessionEnds, Setting, SignedInDevice,
};
use crate::pages::account_chooser::{AccountChooserView, SignedInAccount};
use crate::pages::duration::InWords;
use crate::pages::form::{FormContext, USERNAME, Way};
use crate::pages::moment::Moment;
use crate::pages::sign_in::{SignInRefusal, SignInView, Username};
use crate::pages::untrusted::Untrusted;
use crate::sign_up_form;

use super::Place;
use super::listed::{Listed, scopes};
use super::own::Own;
use super::sign_in::next;

/// The sign-in page, with the name of an account that was signed in here before.
pub(super) async fn sign_in(
    app: &App,
    browser: &Browser,
    account: Option<&Account>,
    next: Place,
    done: Option<Done>,
) -> Result<Response, Failure> {
    let username = match account {
        Some(account) => Username::Hinted(Untrusted(account.handle.as_str())),
        None => Username::Empty,
    };
    let csrf = browser.form_token(app);
    let view = sign_in_view(app, &csrf, username, next, sign_up(app).await?);
    let view = SignInView {
        again: account.is_some(),
        another_account: account.map(|_| Way::Link(super::SIGN_IN)),
        done,
        ..view
    };
    page(&view, StatusCode::OK, FormTarget::Here)
}

/// The same again, with what went wrong.
pub(super) async fn sign_in_again(
    app: &App,
    browser: &Browser,
    form: &Parameters,
    denial: &Denial,
) -> Result<Response, Failure> {
    let csrf = browser.form_token(app);
    let typed = form.optional(USERNAME);
    let username = typed.map_or(Username::Empty, |typed| Username::Hinted(Untrusted(typed)));
    let view = SignInView {
        // who deactivated it may sign in here
        refusal: Some(match refusal(denial) {
            SignInRefusal::Inactive { .. } => SignInRefusal::TakenDown,
            refusal => refusal,
        }),
        ..sign_in_view(app, &csrf, username, next(form), sign_up(app).await?)
    };
    let status = StatusCode::from_u16(denial.status()).unwrap_or(StatusCode::UNAUTHORIZED);
    let mut response = page(&view, status, FormTarget::Here)?;
    add_denial_headers(denial, &mut response);
    Ok(response)
}

/// The way to a new account, where one can be made.
async fn sign_up(app: &App) -> Result<Option<&'static str>, Failure> {
    Ok(sign_up_form::is_open(app).await?.then_some(super::NEW))
}

fn sign_in_view<'a>(
    app: &'a App,
    csrf: &'a str,
    username: Username<'a>,
    next: Place,
    sign_up: Option<&'a str>,
) -> SignInView<'a> {
    SignInView {
        page: page_context(app),
        form: form(super::SIGN_IN, csrf, next),
        app: None,
        done: None,
        username,
        refusal: None::<SignInRefusal>,
        again: false,
        account_host: None,
        cancel: Way::Link("/"),
        another_account: None,
        forgotten: super::forgotten::FORGOTTEN,
        sign_up,
    }
}

/// The chooser.
pub(super) fn choose(
    app: &App,
    browser: &Browser,
    candidates: &[Candidate<'_>],
    next: Place,
    done: Option<Done>,
) -> Result<Response, Failure> {
    let csrf = browser.form_token(app);
    let accounts = candidates.iter().map(|candidate| SignedInAccount {
        account: account_party(candidate.account),
        must_sign_in_again: !candidate.fresh,
    });
    let view = AccountChooserView {
        page: page_context(app),
        form: form(super::CHOICE, &csrf, next),
        app: None,
        done,
        accounts: accounts.collect(),
        cancel: Way::Link("/"),
        another_account: Way::Link(super::SIGN_IN),
    };
    page(&view, StatusCode::OK, FormTarget::Here)
}

fn form<'a>(action: &str, csrf: &'a str, next: Place) -> FormContext<'a> {
    FormContext {
        action: action.to_owned(),
        csrf,
        request: None,
        next: (next != Place::Account).then_some(next.path()),
    }
}

/// An app, explained. Its entry borrows from it.
struct Explanation<'a> {
    app: &'a ConnectedApp,
    permissions: Explained<'a>,
    logo: Option<String>,
}

/// The page itself.
pub(super) fn account(
    app: &App,
    own: &Own,
    listed: &Listed<'_>,
    language: &Language,
) -> Result<Response, Failure> {
    let here = own.browser.digest();
    let explained: Vec<Explanation<'_>> = listed
        .apps
        .listed
        .iter()
        .map(|one| Explanation {
            app: one,
            permissions: Explained::granted(&scopes(one), &listed.sets, language.as_str()),
            logo: one
                .trust
                .as_ref()
                .filter(|trust| trust.has_logo)
                .map(|_| logo::path(app.endpoints(), one.client_id.as_str())),
        })
        .collect();
    let view = AccountView {
        page: page_context(app),
        account: account_party(listed.account),
        done: own.done,
        form: own.form(super::END),
        settings: settings(own, listed),
        apps: explained
            .iter()
            .map(|one| one.entry(app, here, listed.now))
            .collect(),
        more_apps: listed.apps.count.saturating_sub(listed.apps.listed.len() as u64),
        devices: listed
            .devices
            .listed
            .iter()
            .map(|one| device_entry(app, one, here, listed.now))
            .collect(),
        more_devices: listed
            .devices
            .count
            .saturating_sub(listed.devices.listed.len() as u64),
        renewed_every: InWords(app.policy().access_token_lifetime.0.unsigned_abs()),
        sign_in_lasts: InWords(app.policy().sign_in_max_age.0.unsigned_abs()),
        another_account: super::SIGN_IN,
    };
    page(&view, StatusCode::OK, FormTarget::Here)
}

/// The pages of the account where more can be changed.
fn settings(own: &Own, listed: &Listed<'_>) -> Vec<Setting> {
    let account = &own.account;
    let setting = |title, state, place| Setting {
        title,
        state,
        path: own.at(place),
    };
    let email = match (&account.email, account.email_confirmed_at) {
        (None, _) => "None".to_owned(),
        (Some(email), Some(_)) => format!("{}, confirmed", Untrusted(email)),
        (Some(email), None) => format!("{}, not confirmed", Untrusted(email)),
    };
    let passwords = counted_passwords(listed.app_passwords, listed.password_sessions);
    vec![
        setting("E-mail address", email, Place::Email),
        setting("Handle", format!("@{}", account.handle), Place::Handle),
        Setting {
            title: "Password",
            state: "Change it with a code from a letter".to_owned(),
            path: super::forgotten::FORGOTTEN.to_owned(),
        },
        setting("App passwords", passwords, Place::AppPasswords),
        setting("Deactivate", "Rest until you come back".to_owned(), Place::Rest),
        setting("Delete", "For good".to_owned(), Place::Deletion),
    ]
}

/// How many passwords of apps there are, and how many sessions that any password began.
fn counted_passwords(passwords: usize, sessions: u64) -> String {
    let passwords = match passwords {
        0 => "None".to_owned(),
        1 => "1 app password".to_owned(),
        more => format!("{more} app passwords"),
    };
    match sessions {
        0 => passwords,
        1 => format!("{passwords}, 1 app signed in with a password"),
        more => format!("{passwords}, {more} apps signed in with a password"),
    }
}

impl Explanation<'_> {
    fn entry(&self, app: &App, here: Digest, now: Timestamp) -> AppEntry<'_> {
        let one = self.app;
        let moment = |at| Moment { at, now };
        AppEntry {
            app: app_party(&one.client_id, one.trust.as_ref(), self.logo.as_deref()),
            since: moment(one.since),
            used: moment(one.used_at),
            permissions: self.permissions.groups(),
            sessions: one
                .sessions
                .iter()
                .map(|session| session_entry(app, session, here, now))
                .collect(),
            more_sessions: one.session_count.saturating_sub(one.sessions.len() as u64),
            comes_back_unasked: one.grant.as_ref().is_some_and(|grant| grant.known),
        }
    }
}

fn session_entry(app: &App, session: &ConnectedSession, here: Digest, now: Timestamp) -> AppSession {
    let moment = |at| Moment { at, now };
    let lifetime = app.policy().sessions(session.confidential);
    let end = SelfEnd::of(session.rotated_at, session.expires_at, lifetime);
    AppSession {
        id: session.id.to_string(),
        device: device_name(session.device.unwrap_or_default(), session.browser == Some(here)),
        since: moment(session.created_at),
        used: moment(session.rotated_at),
        ends: if end.is_put_off_by_use() {
            SessionEnds::UnlessUsed {
                before: moment(end.at),
                at_the_latest: moment(end.at_the_latest),
            }
        } else {
            SessionEnds::On(moment(end.at))
        },
    }
}

fn device_entry(app: &App, one: &SignIn, here: Digest, now: Timestamp) -> SignedInDevice {
    let moment = |at| Moment { at, now };
    SignedInDevice {
        id: one.id.to_string(),
        device: device_name(one.device, one.browser == here),
        since: moment(one.created_at),
        seen: moment(one.last_seen_at),
        is_stale: now - one.created_at > app.policy().sign_in_max_age,
    }
}

fn device_name(device: Device, is_this_one: bool) -> DeviceName {
    DeviceName {
        browser: device.browser.map(BrowserFamily::title),
        system: device.system.map(System::title),
        is_this_one,
    }
}
