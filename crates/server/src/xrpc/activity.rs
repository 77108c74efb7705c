//! `com.atproto.server.deactivateAccount` and `com.atproto.server.activateAccount`: an account that its person rests,
//! and wakes.
//!
//! The PDS forwards both and changes nothing itself, so it is called back (contract 0.8, 2.5). It is told first: where
//! it cannot be, nothing has changed here, and the same call later does all of it, however often it is made. Whoever
//! calls is known by their own token, passed on by a PDS of before 0.5.35, or by that of the PDS (contract 0.9).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use http::{Request, StatusCode};

use entryway_core::account::Account;
use entryway_oauth::service_token::ServiceMethod;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_store::{Activation, Deactivation, PdsHost};

use super::caller::Caller;
use super::{Failure, body};
use crate::app::App;
use crate::pds::{PdsClient, PdsFault, StatusChange};

/// Where it is rested.
pub(super) const DEACTIVATE: &str = "/xrpc/com.atproto.server.deactivateAccount";
/// Where it is woken.
pub(super) const ACTIVATE: &str = "/xrpc/com.atproto.server.activateAccount";

/// Ends the account's OAuth sessions. Those of `createSession` stay, since with one of them it is woken.
pub(super) async fn deactivate(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<StatusCode, Failure> {
    let now = app.now();
    let (parts, input) = body::input(request).await?;
    // how long to keep it: advice to whoever deletes, and nobody does
    input.text("deleteAfter")?;
    let caller = Caller::of(&app, &parts, ServiceMethod::DeactivateAccount, now).await?;
    tell_host(&app, &caller.account, &StatusChange::Deactivated).await?;
    let did = &caller.account.did;
    match app.store().deactivate_account(did, now).await? {
        Deactivation::Deactivated { .. } | Deactivation::AlreadyDeactivated => {}
        Deactivation::Unknown => return Err(XrpcDenial::AccountGone.into()),
    }
    tracing::info!(account.did = %did, "account deactivated");
    Ok(StatusCode::OK)
}

/// The PDS looks at the DID document first.
pub(super) async fn activate(State(app): State<App>, request: Request<Body>) -> Result<StatusCode, Failure> {
    let (parts, _) = request.into_parts();
    let caller = Caller::of(&app, &parts, ServiceMethod::ActivateAccount, app.now()).await?;
    tell_host(&app, &caller.account, &StatusChange::Activated).await?;
    let did = &caller.account.did;
    match app.store().activate_account(did).await? {
        Activation::Activated | Activation::AlreadyActive => {}
        Activation::TakenDown => return Err(XrpcDenial::AccountTakedown.into()),
        Activation::Unknown => return Err(XrpcDenial::AccountGone.into()),
    }
    tracing::info!(account.did = %did, "account activated");
    Ok(StatusCode::OK)
}

async fn tell_host(app: &App, account: &Account, change: &StatusChange) -> Result<(), Failure> {
    let host: Arc<PdsHost> = app
        .fleet()
        .host_of(account)
        .await?
        .ok_or(XrpcDenial::PdsUnknown)?;
    let password = app.fleet().password(&host)?;
    let pds = PdsClient::new(app.outside().http.clone(), host.url.clone());
    let admin = pds.as_admin(password.expose());
    let told = admin.update_subject_status(&account.did, change).await;
    told.map_err(|fault| {
        tracing::warn!(host = %host.did, %fault, "a PDS was not told of the status of an account");
        Failure::Denial(denial(&fault))
    })
}

const fn denial(fault: &PdsFault) -> XrpcDenial {
    match fault {
        PdsFault::Refused { .. } => XrpcDenial::PdsRefused,
        PdsFault::Broken { .. } => XrpcDenial::PdsUnavailable,
        PdsFault::Silent { .. } => XrpcDenial::PdsTooSlow,
    }
}
