//! The e-mail address of an account: `requestEmailConfirmation`, `confirmEmail`, `requestEmailUpdate` and `updateEmail`
//! of `com.atproto.server` (contract 2.4).

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::request::Parts;
use http::{Request, StatusCode};
use serde::Serialize;

use entryway_oauth::service_token::ServiceMethod;

use super::caller::{Caller, address};
use super::{Failure, body};
use crate::app::App;
use crate::life::email::{self, TypedUpdate};

/// Where a code that confirms the address is asked for.
pub(super) const REQUEST_CONFIRMATION: &str = "/xrpc/com.atproto.server.requestEmailConfirmation";
/// Where the address is confirmed.
pub(super) const CONFIRM: &str = "/xrpc/com.atproto.server.confirmEmail";
/// Where it is asked what a change takes, and the code for it.
pub(super) const REQUEST_UPDATE: &str = "/xrpc/com.atproto.server.requestEmailUpdate";
/// Where the address, or the second factor, is changed.
pub(super) const UPDATE: &str = "/xrpc/com.atproto.server.updateEmail";

/// What a change takes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Taken {
    token_required: bool,
}

pub(super) async fn request_confirmation(
    State(app): State<App>,
    parts: Parts,
) -> Result<StatusCode, Failure> {
    let method = ServiceMethod::RequestEmailConfirmation;
    let caller = Caller::of(&app, &parts, method, app.now()).await?;
    email::request_confirmation(&app, &caller.account, address(&app, &parts).await?).await?;
    Ok(StatusCode::OK)
}

pub(super) async fn confirm(State(app): State<App>, request: Request<Body>) -> Result<StatusCode, Failure> {
    let now = app.now();
    let (parts, input) = body::input(request).await?;
    let caller = Caller::of(&app, &parts, ServiceMethod::ConfirmEmail, now).await?;
    let (typed, code) = (input.required_text("email")?, input.required_text("token")?);
    email::confirm(&app, &caller.account, typed, code, now).await?;
    Ok(StatusCode::OK)
}

pub(super) async fn request_update(State(app): State<App>, parts: Parts) -> Result<Json<Taken>, Failure> {
    let caller = Caller::of(&app, &parts, ServiceMethod::RequestEmailUpdate, app.now()).await?;
    let token_required = email::request_update(&app, &caller.account, address(&app, &parts).await?).await?;
    Ok(Json(Taken { token_required }))
}

pub(super) async fn update(State(app): State<App>, request: Request<Body>) -> Result<StatusCode, Failure> {
    let now = app.now();
    let (parts, input) = body::input(request).await?;
    let caller = Caller::of(&app, &parts, ServiceMethod::UpdateEmail, now).await?;
    let typed = TypedUpdate {
        email: input.required_text("email")?,
        code: input.text("token")?,
        auth_factor: input.flag("emailAuthFactor")?,
    };
    email::update(&app, &caller.account, typed, now).await?;
    Ok(StatusCode::OK)
}
