//! `com.atproto.temp.dereferenceScope`: the permissions a token refers to (contract section 3.4, D5).

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header::CACHE_CONTROL;
use http::request::Parts;
use serde::Serialize;

use entryway_oauth::form::Parameters;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::ScopeReference;

use super::Failure;
use crate::app::App;

/// Where it is called.
pub(super) const PATH: &str = "/xrpc/com.atproto.temp.dereferenceScope";

#[derive(Serialize)]
struct Dereferenced {
    scope: String,
}

/// Open to everybody: the name is a hash of what it stands for, and whoever has a token has the name.
pub(super) async fn get(State(app): State<App>, parts: Parts) -> Result<impl IntoResponse, Failure> {
    let asked = asked(&parts)?;
    let scope = app.store().scope_of(&asked, app.now()).await?;
    let scope = scope.ok_or(refused("must be a reference that a living access token holds"))?;
    Ok(([(CACHE_CONTROL, CACHED)], Json(Dereferenced { scope })))
}

fn asked(parts: &Parts) -> Result<ScopeReference, XrpcDenial> {
    let query = parts.uri.query().unwrap_or_default();
    let parameters = Parameters::from_form(query.as_bytes());
    let parameters = parameters.map_err(|_| refused("must be there once and be at most 16384 bytes"))?;
    let scope = parameters.required("scope").map_err(|_| refused("is required"))?;
    ScopeReference::parse(scope).map_err(|_| refused("must be ref: and a CID"))
}

const fn refused(expected: &'static str) -> XrpcDenial {
    XrpcDenial::InvalidScopeReference { expected }
}

/// A name never stands for another scope.
const CACHED: &str = "public, max-age=86400, immutable";
