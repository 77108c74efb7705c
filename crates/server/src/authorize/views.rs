//! From a step to the page that shows it.

use axum::response::Response;
use http::StatusCode;

use entryway_core::authorize::{Candidate, Name, SignInOffer, SignedIn, Step};
use entryway_core::request::AuthorizationRequest;
use entryway_core::trust::Trust;
use entryway_oauth::client_id::{ClientId, ClientIdKind};
use entryway_oauth::denial::Denial;
use entryway_oauth::form::Parameters;
use entryway_oauth::redirect::RedirectKind;
use entryway_oauth::xrpc_denial::XrpcDenial;

use crate::account::{Place, forgotten};
use crate::app::App;
use crate::extract::language::Language;
use crate::failure::{Failure, add_denial_headers};
use crate::pages::account_chooser::{AccountChooserView, SignedInAccount};
use crate::pages::consent::{ConsentView, ThisDevice};
use crate::pages::duration::InWords;
use crate::pages::form::{FormContext, PushedRequest, Way};
use crate::pages::layout::PageContext;
use crate::pages::parties::{Account, App as AppParty, Vouched};
use crate::pages::sign_in::{SignInRefusal, SignInView, Username};
use crate::pages::untrusted::Untrusted;
use crate::sign_up_form::{self, Around};

use super::opened::Opened;
use super::permissions::Explained;
use super::reply::{FormTarget, page};
use super::{FormPaths, logo};

/// What every page says about this service.
pub(crate) fn page_context(app: &App) -> PageContext<'_> {
    let origin = app.issuer().as_str();
    PageContext {
        lang: "en-US",
        service_host: origin.split_once("://").map_or(origin, |(_, host)| host),
    }
}

/// The page of a step that has one.
pub(super) async fn step(
    app: &App,
    opened: &Opened,
    step: &Step<'_>,
    language: &Language,
) -> Result<Response, Failure> {
    match step {
        Step::SignIn(offer) => sign_in(app, opened, offer, None, None),
        Step::SignUp { wished } => {
            let links = SignUpLinks::of(app, opened);
            sign_up_form::empty(app, links.around(opened), *wished).await
        }
        Step::Choose(candidates) => choose(app, opened, candidates),
        // what is granted without asking never comes to a page; asking is the safe way to be wrong
        Step::Consent(one) | Step::Grant(one) => consent(app, opened, one, language),
        Step::Refuse(denial) => Err(denial.clone().into()),
    }
}

/// The sign-in page again, with what went wrong tied to its fields; the password is never shown.
pub(super) fn sign_in_again(
    app: &App,
    opened: &Opened,
    step: &Step<'_>,
    form: &Parameters,
    denial: &Denial,
) -> Result<Response, Failure> {
    let offer = match step {
        Step::SignIn(offer) => *offer,
        // somebody is signed in already, and typed a wrong password for somebody else
        _ => SignInOffer {
            name: None,
            others: true,
            may_sign_up: false,
        },
    };
    let mut response = sign_in(
        app,
        opened,
        &offer,
        form.optional("username"),
        Some(refusal(denial)),
    )?;
    *response.status_mut() = StatusCode::from_u16(denial.status()).unwrap_or(StatusCode::UNAUTHORIZED);
    add_denial_headers(denial, &mut response);
    Ok(response)
}

/// Why nobody was signed in, in the page's words.
pub(crate) fn refusal(denial: &Denial) -> SignInRefusal {
    match denial.retry_after_seconds() {
        Some(seconds) => SignInRefusal::TooManyTries {
            retry_after: InWords(seconds.into()),
        },
        None if *denial == Denial::AccountInactive => SignInRefusal::Inactive {
            account_path: Place::Account.path(),
        },
        None => SignInRefusal::CredentialsMismatch,
    }
}

fn sign_in(
    app: &App,
    opened: &Opened,
    offer: &SignInOffer<'_>,
    typed: Option<&str>,
    refusal: Option<SignInRefusal>,
) -> Result<Response, Failure> {
    let paths = FormPaths::under(app.endpoints());
    let request = &opened.pending.request;
    let (csrf, logo) = (opened.browser.form_token(app), logo_path(app, opened));
    let forgotten = opened.location_at(forgotten::FORGOTTEN);
    let sign_up = offer.may_sign_up.then(|| opened.location_at(&paths.sign_up));
    let username = match (offer.name, typed) {
        (Some(Name::Fixed(hint)), _) => Username::Fixed(Untrusted(hinted_handle(opened, hint.as_str()))),
        (_, Some(typed)) => Username::Hinted(Untrusted(typed)),
        (Some(Name::Suggested(account)), None) => Username::Hinted(Untrusted(account.handle.as_str())),
        (None, None) => Username::Empty,
    };
    let view = SignInView {
        page: page_context(app),
        form: form_context(opened, paths.sign_in, &csrf),
        app: Some(party(opened, logo.as_deref())),
        done: None,
        username,
        refusal,
        again: matches!(offer.name, Some(Name::Suggested(_))),
        account_host: None,
        cancel: Way::Post(&paths.decision),
        another_account: offer.others.then_some(Way::Post(&paths.account)),
        forgotten: &forgotten,
        sign_up: sign_up.as_deref(),
    };
    page(&view, StatusCode::OK, FormTarget::App(&request.redirect_uri))
}

/// The sign-up page again, with what went wrong tied to its fields.
pub(super) async fn sign_up_again(
    app: &App,
    opened: &Opened,
    form: &Parameters,
    denial: &XrpcDenial,
) -> Result<Response, Failure> {
    let links = SignUpLinks::of(app, opened);
    sign_up_form::again(app, links.around(opened), form, denial).await
}

/// Where the sign-up page of a request leads.
struct SignUpLinks {
    csrf: String,
    logo: Option<String>,
    paths: FormPaths,
    sign_in: String,
}

impl SignUpLinks {
    fn of(app: &App, opened: &Opened) -> Self {
        let paths = FormPaths::under(app.endpoints());
        Self {
            csrf: opened.browser.form_token(app),
            logo: logo_path(app, opened),
            sign_in: opened.location_at(&paths.sign_in),
            paths,
        }
    }

    fn around<'a>(&'a self, opened: &'a Opened) -> Around<'a> {
        Around {
            form: form_context(opened, self.paths.sign_up.clone(), &self.csrf),
            app: Some(party(opened, self.logo.as_deref())),
            sign_in: &self.sign_in,
            cancel: Way::Post(&self.paths.decision),
            target: FormTarget::App(&opened.pending.request.redirect_uri),
        }
    }
}

/// A DID that the app named is shown by its handle where the account is known in this browser.
fn hinted_handle<'a>(opened: &'a Opened, hint: &'a str) -> &'a str {
    let known = opened
        .signed_in
        .iter()
        .find(|one| one.account.did.as_str() == hint);
    known.map_or(hint, |one| one.account.handle.as_str())
}

fn choose(app: &App, opened: &Opened, candidates: &[Candidate<'_>]) -> Result<Response, Failure> {
    let paths = FormPaths::under(app.endpoints());
    let (csrf, logo) = (opened.browser.form_token(app), logo_path(app, opened));
    let accounts = candidates.iter().map(|candidate| SignedInAccount {
        account: account(candidate.account),
        must_sign_in_again: !candidate.fresh,
    });
    let view = AccountChooserView {
        page: page_context(app),
        form: form_context(opened, paths.account.clone(), &csrf),
        app: Some(party(opened, logo.as_deref())),
        done: None,
        accounts: accounts.collect(),
        cancel: Way::Post(&paths.decision),
        another_account: Way::Post(&paths.account),
    };
    page(
        &view,
        StatusCode::OK,
        FormTarget::App(&opened.pending.request.redirect_uri),
    )
}

fn consent(app: &App, opened: &Opened, one: &SignedIn, language: &Language) -> Result<Response, Failure> {
    let paths = FormPaths::under(app.endpoints());
    let (csrf, logo) = (opened.browser.form_token(app), logo_path(app, opened));
    let request = &opened.pending.request;
    let access_lifetime = app.policy().sessions(request.client_key.is_some()).session;
    let (page_context, held) = (page_context(app), opened.standing.granted_by(&one.account.did));
    let explained = Explained::new(&request.scope, held, &opened.sets, language.as_str());
    let view = ConsentView {
        page: page_context,
        form: form_context(opened, paths.decision, &csrf),
        app: party(opened, logo.as_deref()),
        account: account(&one.account),
        this_device: this_device(request),
        groups: explained.groups(),
        held: explained.held(),
        dropped: explained.dropped(),
        access_lifetime: InWords(access_lifetime.0.unsigned_abs()),
        another_account_action: request
            .named_account()
            .is_none()
            .then_some(paths.account.as_str()),
    };
    page(&view, StatusCode::OK, FormTarget::App(&request.redirect_uri))
}

fn form_context<'a>(opened: &'a Opened, action: String, csrf: &'a str) -> FormContext<'a> {
    FormContext {
        action,
        csrf,
        request: Some(PushedRequest {
            client_id: opened.pending.request.client_id.as_str(),
            request_uri: opened.request_uri.expose(),
        }),
        next: None,
    }
}

/// Where the app's logo is served, if the operator gave it one.
fn logo_path(app: &App, opened: &Opened) -> Option<String> {
    let trust = opened.standing.trust.as_ref()?;
    let client_id = opened.pending.request.client_id.as_str();
    trust.has_logo.then(|| logo::path(app.endpoints(), client_id))
}

fn party<'a>(opened: &'a Opened, logo: Option<&'a str>) -> AppParty<'a> {
    app_party(
        &opened.pending.request.client_id,
        opened.standing.trust.as_ref(),
        logo,
    )
}

/// An app as it is shown: its host first, and its name only where the operator stands by it.
pub(crate) fn app_party<'a>(
    client_id: &'a ClientId,
    trust: Option<&'a Trust>,
    logo: Option<&'a str>,
) -> AppParty<'a> {
    AppParty {
        host: Untrusted(client_id.host()),
        client_id: Untrusted(client_id.as_str()),
        vouched: trust.map(|trust| Vouched {
            name: Untrusted(&trust.name),
            logo,
            first_party: trust.first_party,
        }),
    }
}

/// an answer that any program on this device may be waiting for.
fn this_device(request: &AuthorizationRequest) -> Option<ThisDevice<'_>> {
    match request.redirect_uri.kind() {
        RedirectKind::Web => None,
        RedirectKind::Loopback | RedirectKind::LocalWeb | RedirectKind::PrivateUse => Some(ThisDevice {
            redirect_uri: Untrusted(request.redirect_uri.as_str()),
            published: request.client_id.kind() == ClientIdKind::Document,
        }),
    }
}

pub(crate) fn account(account: &entryway_core::account::Account) -> Account<'_> {
    Account {
        handle: Some(Untrusted(account.handle.as_str())),
        did: Untrusted(account.did.as_str()),
    }
}
