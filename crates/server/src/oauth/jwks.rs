//! The key set (RFC 7517): public halves only.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;

use crate::app::App;
use crate::failure::Failure;

pub(crate) async fn get(State(app): State<App>) -> Response {
    match app.keys().jwk_set() {
        Ok(set) => ([(CACHE_CONTROL, "public, max-age=300")], Json(set.as_ref())).into_response(),
        Err(fault) => Failure::Fault(fault).into_json(),
    }
}
