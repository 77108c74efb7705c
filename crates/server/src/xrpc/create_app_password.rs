//! `com.atproto.server.createAppPassword`: a password for an app, shown once.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::Request;
use serde::Serialize;

use entryway_core::app_password::{
    AppPassword, AppPasswordEntry, AppPasswordKind, AppPasswordName, name_taken, too_many,
};
use entryway_oauth::service_token::ServiceMethod;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_store::AppPasswordCreation;

use super::caller::Caller;
use super::list_app_passwords::Listed;
use super::{Failure, body};
use crate::app::App;

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
    let did = &caller.account.did;
    let entry = AppPasswordEntry {
        name: AppPasswordName::parse(input.required_text("name")?)?,
        kind: AppPasswordKind::asked(input.flag("privileged")?.unwrap_or(false)),
        created_at: now,
    };
    let password = AppPassword::from_entropy(app.chance().bytes()?);
    let created = app.store().create_app_password(did, &entry, password.digest(did));
    match created.await? {
        AppPasswordCreation::Created => {}
        AppPasswordCreation::NameTaken => return Err(name_taken().into()),
        AppPasswordCreation::TooMany => return Err(too_many().into()),
        AppPasswordCreation::Unknown => return Err(XrpcDenial::AccountGone.into()),
    }
    tracing::info!(account.did = %did, "app password made");
    Ok(Json(Created {
        password: password.expose().to_owned(),
        entry: Listed::of(&entry),
    }))
}
