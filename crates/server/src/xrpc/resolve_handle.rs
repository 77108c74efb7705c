//! `com.atproto.identity.resolveHandle`: whose a handle is, whichever PDS they live on (contract 2.4).

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::request::Parts;
use serde::Serialize;

use entryway_oauth::form::Parameters;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::{Did, Handle};

use super::Failure;
use crate::app::App;
use crate::handles;

/// Where it is called.
pub(super) const PATH: &str = "/xrpc/com.atproto.identity.resolveHandle";

#[derive(Serialize)]
struct Resolved {
    did: Did,
}

/// Open to everybody. Handles of other services are not looked up: their own domain says whose they are.
pub(super) async fn get(State(app): State<App>, parts: Parts) -> Result<impl IntoResponse, Failure> {
    let handle = asked(&parts)?;
    let did = handles::owner(&app, &handle).await?;
    let did = did.ok_or(XrpcDenial::HandleUnknown)?;
    Ok(Json(Resolved { did }))
}

fn asked(parts: &Parts) -> Result<Handle, XrpcDenial> {
    let query = parts.uri.query().unwrap_or_default();
    let parameters = Parameters::from_form(query.as_bytes()).map_err(|_| XrpcDenial::ParameterInvalid {
        name: "handle",
        expected: "must be there once",
    })?;
    let handle = parameters
        .required("handle")
        .map_err(|_| XrpcDenial::ParameterMissing { name: "handle" })?;
    Handle::parse(handle).map_err(|_| XrpcDenial::ParameterInvalid {
        name: "handle",
        expected: "must be a domain name such as alice.example.com",
    })
}
