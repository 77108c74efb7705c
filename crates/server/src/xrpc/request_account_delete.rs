//! `com.atproto.server.requestAccountDelete`: sends the code that deletes an account.

use axum::extract::State;
use http::StatusCode;
use http::request::Parts;

use entryway_oauth::service_token::ServiceMethod;

use super::Failure;
use super::caller::{Caller, address};
use crate::app::App;
use crate::life::deletion;

/// Where it is called.
pub(super) const PATH: &str = "/xrpc/com.atproto.server.requestAccountDelete";

pub(super) async fn post(State(app): State<App>, parts: Parts) -> Result<StatusCode, Failure> {
    let caller = Caller::of(&app, &parts, ServiceMethod::RequestAccountDelete, app.now()).await?;
    deletion::request(&app, &caller.account, address(&app, &parts).await?).await?;
    Ok(StatusCode::OK)
}
