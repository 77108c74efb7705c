//! `/account/app-passwords`: what apps may sign in with, and where a password was used.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use http::request::Parts;
use tower_sessions::Session;

use entryway_core::account::Account;
use entryway_core::app_password::{APP_PASSWORDS_MAX, AppPasswordKind};
use entryway_core::legacy_session::Basis;
use entryway_core::own_account::PasswordEnd;
use entryway_store::{AppPasswordRevocation, LegacyEnd};

use crate::app::App;
use crate::authorize::views::{account as account_party, page_context};
use crate::failure::Failure;
use crate::pages::account::Done;
use crate::pages::app_passwords::{AppPasswordsView, ListedPassword, PasswordSession};
use crate::pages::duration::InWords;
use crate::pages::moment::Moment;
use crate::pages::untrusted::Untrusted;

use super::own::{Own, Turned, answer};
use super::{Place, said};

pub(crate) async fn get(State(app): State<App>, session: Session, parts: Parts) -> Response {
    answer(&app, show(&app, session, parts).await)
}

async fn show(app: &App, session: Session, parts: Parts) -> Result<Response, Turned> {
    let own = Own::open(app, session, parts, Place::AppPasswords).await?;
    let (did, now) = (&own.account.did, own.now);
    let passwords = app.store().app_passwords(did).await?;
    let sessions = app.store().legacy_sessions(did, now).await?;
    let lifetimes = &app.policy().legacy_sessions;
    let moment = |at| Moment { at, now };
    let (new, back) = (own.at(Place::NewAppPassword), own.at(Place::Account));
    let view = AppPasswordsView {
        page: page_context(app),
        account: account_party(&own.account),
        done: own.done,
        form: own.form(Place::AppPasswords.path()),
        passwords: passwords
            .iter()
            .map(|one| ListedPassword {
                name: Untrusted(one.name.as_str()),
                is_privileged: one.kind == AppPasswordKind::Privileged,
                since: moment(one.created_at),
            })
            .collect(),
        more_sessions: sessions.count.saturating_sub(sessions.listed.len() as u64),
        sessions: sessions
            .listed
            .iter()
            .map(|one| PasswordSession {
                id: one.id.to_string(),
                password: match &one.basis {
                    Basis::AppPassword { name, .. } => Some(Untrusted(name.as_str())),
                    Basis::AccountPassword | Basis::TakenDown => None,
                },
                since: moment(one.created_at),
                // each refresh gives it its whole life again
                used: moment(one.expires_at - lifetimes.refresh_token),
                ends: moment(one.expires_at),
            })
            .collect(),
        renewed_every: InWords(lifetimes.access_token.0.unsigned_abs()),
        new: (passwords.len() < APP_PASSWORDS_MAX).then_some(&new),
        back: &back,
    };
    Ok(said::page(&view, None)?)
}

pub(crate) async fn post(State(app): State<App>, session: Session, request: Request<Body>) -> Response {
    answer(&app, end(&app, session, request).await)
}

async fn end(app: &App, session: Session, request: Request<Body>) -> Result<Response, Turned> {
    let own = Own::of_form(app, session, request, Place::AppPasswords).await?;
    let end = PasswordEnd::parse(&own.parameters)?;
    let done = apply(app, &own.account, &end).await?;
    tracing::info!(account.did = %own.account.did, ended = done.word(), "a person ended what a password opened");
    Ok(own.on_to(Place::AppPasswords, done))
}

async fn apply(app: &App, account: &Account, end: &PasswordEnd) -> Result<Done, Failure> {
    let (store, did) = (app.store(), &account.did);
    let (ended, done) = match end {
        PasswordEnd::AppPassword(name) => (
            store.revoke_app_password(did, name).await? != AppPasswordRevocation::Unknown,
            Done::AppPassword,
        ),
        PasswordEnd::Session(id) => {
            // whose it is never changes
            let facts = store.legacy_session(*id).await?;
            let is_own = facts.is_some_and(|facts| facts.account.did == *did);
            let ended = is_own && store.end_legacy_session(*id).await? == LegacyEnd::Ended;
            (ended, Done::PasswordSession)
        }
        PasswordEnd::EverySession => (
            store.end_legacy_sessions_of_account(did).await? > 0,
            Done::PasswordSessions,
        ),
    };
    Ok(if ended { done } else { Done::Nothing })
}
