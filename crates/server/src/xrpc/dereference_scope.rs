//! `com.atproto.temp.dereferenceScope`: the permissions a token refers to (contract section 3.4, D5).

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use http::request::Parts;
use serde::Serialize;

use entryway_oauth::form::Parameters;
use entryway_scope::ScopeReference;

use crate::app::App;
use crate::failure::Failure;
use crate::xrpc;

/// Where it is called.
pub(crate) const PATH: &str = "/xrpc/com.atproto.temp.dereferenceScope";

#[derive(Serialize)]
struct Dereferenced {
    scope: String,
}

/// Open to everybody: the name is a hash of what it stands for, and whoever has a token has the name.
pub(crate) async fn get(State(app): State<App>, parts: Parts) -> Response {
    dereference(&app, &parts).await.unwrap_or_else(xrpc::failure)
}

async fn dereference(app: &App, parts: &Parts) -> Result<Response, Failure> {
    let asked = match asked(parts) {
        Ok(reference) => reference,
        Err(reason) => return Ok(refused(&reason)),
    };
    Ok(match app.store().scope_of(&asked, app.now()).await? {
        Some(scope) => ([(CACHE_CONTROL, CACHED)], Json(Dereferenced { scope })).into_response(),
        None => refused("scope must be a reference that a living access token holds"),
    })
}

fn asked(parts: &Parts) -> Result<ScopeReference, String> {
    let query = parts.uri.query().unwrap_or_default();
    let parameters = Parameters::from_form(query.as_bytes()).map_err(|denial| denial.to_string())?;
    let scope = parameters
        .required("scope")
        .map_err(|denial| denial.to_string())?;
    ScopeReference::parse(scope).map_err(|_| "scope must be ref: and a CID".to_owned())
}

fn refused(message: &str) -> Response {
    xrpc::refusal(StatusCode::BAD_REQUEST, "InvalidScopeReference", message)
}

/// A name never stands for another scope.
const CACHED: &str = "public, max-age=86400, immutable";
