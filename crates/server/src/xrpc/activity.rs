//! `com.atproto.server.deactivateAccount` and `com.atproto.server.activateAccount`: an account that its person rests,
//! and wakes.
//!
//! Whoever calls is known by their own token, passed on by a PDS of before 0.5.35, or by that of the PDS (contract
//! 0.9).

use axum::body::Body;
use axum::extract::State;
use http::{Request, StatusCode};

use entryway_oauth::service_token::ServiceMethod;

use super::caller::Caller;
use super::{Failure, body};
use crate::app::App;
use crate::life::status;

/// Where it is rested.
pub(super) const DEACTIVATE: &str = "/xrpc/com.atproto.server.deactivateAccount";
/// Where it is woken.
pub(super) const ACTIVATE: &str = "/xrpc/com.atproto.server.activateAccount";

pub(super) async fn deactivate(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<StatusCode, Failure> {
    let (parts, input) = body::input(request).await?;
    // how long to keep it: advice to whoever deletes, and nobody does
    input.text("deleteAfter")?;
    let caller = Caller::of(&app, &parts, ServiceMethod::DeactivateAccount, app.now()).await?;
    status::deactivate(&app, &caller.account).await?;
    Ok(StatusCode::OK)
}

pub(super) async fn activate(State(app): State<App>, request: Request<Body>) -> Result<StatusCode, Failure> {
    let (parts, _) = request.into_parts();
    let caller = Caller::of(&app, &parts, ServiceMethod::ActivateAccount, app.now()).await?;
    status::activate(&app, &caller.account).await?;
    Ok(StatusCode::OK)
}
