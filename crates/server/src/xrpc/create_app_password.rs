//! `com.atproto.server.createAppPassword`: a password for an app, shown once.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::Request;
use serde::Serialize;

use entryway_core::app_password::AppPasswordKind;
use entryway_oauth::service_token::ServiceMethod;

use super::caller::Caller;
use super::list_app_passwords::Listed;
use super::{Failure, body};
use crate::app::App;
use crate::app_passwords;

/// Where it is called.
pub(super) const PATH: &str = "/xrpc/com.atproto.server.createAppPassword";

#[derive(Serialize)]
pub(super) struct Created {
    password: String,
    #[serde(flatten)]
    entry: Listed,
}

pub(super) async fn post(State(app): State<App>, request: Request<Body>) -> Result<Json<Created>, Failure> {
    let now = app.now();
    let (parts, input) = body::input(request).await?;
    let caller = Caller::of(&app, &parts, ServiceMethod::CreateAppPassword, now).await?;
    let kind = AppPasswordKind::asked(input.flag("privileged")?.unwrap_or(false));
    let name = input.required_text("name")?;
    let made = app_passwords::make(&app, &caller.account.did, name, kind, now).await?;
    Ok(Json(Created {
        password: made.password.expose().to_owned(),
        entry: Listed::of(&made.entry),
    }))
}
