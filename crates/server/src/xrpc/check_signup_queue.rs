//! `com.atproto.temp.checkSignupQueue`: whether an account was let in.

use axum::Json;
use axum::extract::State;
use http::request::Parts;
use serde::Serialize;

use entryway_core::legacy_session::SIGNUP_QUEUE_SCOPES;

use super::Failure;
use super::caller::Caller;
use crate::app::App;

/// Where it is called.
pub(super) const PATH: &str = "/xrpc/com.atproto.temp.checkSignupQueue";

#[derive(Serialize)]
pub(super) struct Place {
    activated: bool,
}

/// This service has no queue: who has an account is in.
pub(super) async fn get(State(app): State<App>, parts: Parts) -> Result<Json<Place>, Failure> {
    Caller::of_session(&app, &parts.headers, SIGNUP_QUEUE_SCOPES, app.now()).await?;
    Ok(Json(Place { activated: true }))
}
