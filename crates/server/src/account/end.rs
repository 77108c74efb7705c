//! `POST /account/end`: an app, a session, a device, or all of them.
//!
//! Whatever is named, it is looked for among what is the account's own. Another account's, and what ended before,
//! is answered as what never was: nothing is changed, and nothing is learned.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use tower_sessions::Session;

use entryway_core::account::Account;
use entryway_core::own_account::{End, may_end};
use entryway_core::session::EndReason;
use entryway_oauth::secret::SessionId;
use entryway_oauth::time::Timestamp;
use entryway_store::{Revocation, SessionEnd, SignInEnd};

use crate::app::App;
use crate::browser::Browser;
use crate::failure::Failure;
use crate::pages::account::Done;

use super::Place;
use super::own::{Own, Turned, answer};

pub(crate) async fn post(State(app): State<App>, session: Session, request: Request<Body>) -> Response {
    answer(&app, end(&app, session, request).await)
}

async fn end(app: &App, session: Session, request: Request<Body>) -> Result<Response, Turned> {
    let own = Own::of_form(app, session, request, Place::Account).await?;
    let end = End::parse(&own.parameters)?;
    let done = apply(app, &own.browser, &own.account, &end, own.now).await?;
    tracing::info!(account.did = %own.account.did, ended = done.word(), "a person ended what could use their account");
    Ok(own.on_to(Place::Account, done))
}

async fn apply(
    app: &App,
    browser: &Browser,
    account: &Account,
    end: &End,
    now: Timestamp,
) -> Result<Done, Failure> {
    let (store, did) = (app.store(), &account.did);
    let here = browser.sign_in_of(did).await?;
    let (ended, done) = match end {
        End::App(client_id) => (
            is_revoked(store.revoke_grant(did, client_id, now).await?),
            Done::App,
        ),
        End::Session(id) => (end_session(app, account, *id, now).await?, Done::Session),
        End::EveryApp => (
            is_revoked(store.revoke_all_grants(did, now).await?),
            Done::EveryApp,
        ),
        End::Device(id) => {
            let done = if here == Some(*id) {
                Done::ThisDevice
            } else {
                Done::Device
            };
            (store.end_sign_in(did, *id, now).await? == SignInEnd::Ended, done)
        }
        End::OtherDevices => match here {
            Some(here) => (
                store.end_other_sign_ins(did, here, now).await? > 0,
                Done::OtherDevices,
            ),
            None => (false, Done::OtherDevices),
        },
        End::Everything => (
            is_revoked(store.end_everything(did, now).await?),
            Done::Everything,
        ),
    };
    Ok(if ended { done } else { Done::Nothing })
}

fn is_revoked(revocation: Revocation) -> bool {
    match revocation {
        Revocation::Revoked { .. } => true,
        Revocation::Unknown => false,
    }
}

async fn end_session(app: &App, account: &Account, id: SessionId, now: Timestamp) -> Result<bool, Failure> {
    let store = app.store();
    let facts = store.session(id).await?;
    if !facts.is_some_and(|facts| may_end(&facts.session, account, now)) {
        return Ok(false);
    }
    Ok(store.end_session(id, EndReason::Revoked, now).await? == SessionEnd::Ended)
}
