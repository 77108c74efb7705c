//! A forgotten password: `com.atproto.server.requestPasswordReset` and `resetPassword`. Neither takes a credential.

use axum::body::Body;
use axum::extract::State;
use http::{Request, StatusCode};

use super::caller::address;
use super::{Failure, body};
use crate::app::App;
use crate::life::password;

/// Where a code for a new password is asked for.
pub(super) const ASK: &str = "/xrpc/com.atproto.server.requestPasswordReset";
/// Where the new one is chosen.
pub(super) const CHOOSE: &str = "/xrpc/com.atproto.server.resetPassword";

pub(super) async fn ask(State(app): State<App>, request: Request<Body>) -> Result<StatusCode, Failure> {
    let (parts, input) = body::input(request).await?;
    let email = input.required_text("email")?;
    password::request_reset(&app, email, address(&app, &parts).await?).await?;
    Ok(StatusCode::OK)
}

pub(super) async fn choose(State(app): State<App>, request: Request<Body>) -> Result<StatusCode, Failure> {
    let (parts, input) = body::input(request).await?;
    let (code, new) = (input.required_text("token")?, input.required_text("password")?);
    password::reset(&app, code, new, address(&app, &parts).await?).await?;
    Ok(StatusCode::OK)
}
