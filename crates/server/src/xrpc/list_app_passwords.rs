//! `com.atproto.server.listAppPasswords`: the names of an account's app passwords.

use axum::Json;
use axum::extract::State;
use http::request::Parts;
use serde::Serialize;

use entryway_core::app_password::{AppPasswordEntry, AppPasswordKind};
use entryway_oauth::service_token::ServiceMethod;

use super::Failure;
use super::caller::Caller;
use super::datetime::datetime;
use crate::app::App;

/// Where it is called.
pub(super) const PATH: &str = "/xrpc/com.atproto.server.listAppPasswords";

/// One of them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed {
    name: String,
    created_at: String,
    privileged: bool,
}

impl Listed {
    pub(super) fn of(entry: &AppPasswordEntry) -> Self {
        Self {
            name: entry.name.as_str().to_owned(),
            created_at: datetime(entry.created_at),
            privileged: entry.kind == AppPasswordKind::Privileged,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Passwords {
    passwords: Vec<Listed>,
}

pub(super) async fn get(State(app): State<App>, parts: Parts) -> Result<Json<Passwords>, Failure> {
    let caller = Caller::of(&app, &parts, ServiceMethod::ListAppPasswords, app.now()).await?;
    let entries = app.store().app_passwords(&caller.account.did).await?;
    Ok(Json(Passwords {
        passwords: entries.iter().map(Listed::of).collect(),
    }))
}
