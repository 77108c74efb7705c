//! `GET /.well-known/oauth-authorization-server` (RFC 8414).

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;

use entryway_oauth::metadata::AuthorizationServerMetadata;

use crate::app::App;

pub(crate) const PATH: &str = "/.well-known/oauth-authorization-server";

pub(crate) async fn get(State(app): State<App>) -> Response {
    let mut document = AuthorizationServerMetadata::new(app.issuer(), app.endpoints());
    if !app.feed_readers().is_empty() {
        document.revocation_feed_endpoint = Some(app.issuer().url(&app.endpoints().revocations));
    }
    ([(CACHE_CONTROL, "public, max-age=300")], Json(document)).into_response()
}
