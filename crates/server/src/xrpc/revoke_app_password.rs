//! `com.atproto.server.revokeAppPassword`: the end of an app password and of its sessions.

use axum::body::Body;
use axum::extract::State;
use http::{Request, StatusCode};

use entryway_core::app_password::AppPasswordName;
use entryway_oauth::service_token::ServiceMethod;

use super::caller::Caller;
use super::{Failure, body};
use crate::app::App;

/// Where it is called.
pub(super) const PATH: &str = "/xrpc/com.atproto.server.revokeAppPassword";

/// Says the same of one that is gone already, as the reference does.
pub(super) async fn post(State(app): State<App>, request: Request<Body>) -> Result<StatusCode, Failure> {
    let (parts, input) = body::input(request).await?;
    let caller = Caller::of(&app, &parts, ServiceMethod::RevokeAppPassword, app.now()).await?;
    let name = AppPasswordName::parse(input.required_text("name")?)?;
    let did = &caller.account.did;
    let revocation = app.store().revoke_app_password(did, &name).await?;
    tracing::info!(account.did = %did, ?revocation, "app password revoked");
    Ok(StatusCode::OK)
}
