//! Waiting for a body before there is a place for it.
//!
//! A place that is held while a stranger sends is one that anybody can take with a few slow connections.

use axum::body::Body;
use http::Request;
use http::header::{CONTENT_LENGTH, HeaderMap};
use hyper::body::Body as _;

use entryway_oauth::denial::Denial;
use entryway_oauth::form::BODY_BYTES_MAX;

use crate::extract::body;

/// The same request with its body here. One that its head gives away as too large, or as no body at all, is left
/// where it is, for its handler to refuse.
///
/// # Errors
/// As [`body::collect`].
pub(super) async fn arrived(request: Request<Body>) -> Result<Request<Body>, Denial> {
    let body = request.body();
    let is_known_too_large = body.size_hint().lower() > BODY_BYTES_MAX as u64;
    if body.is_end_stream() || is_known_too_large || !is_plausible(request.headers()) {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let body = body::collect(&parts.headers, body).await?;
    Ok(Request::from_parts(parts, Body::from(body)))
}

fn is_plausible(headers: &HeaderMap) -> bool {
    let Some(length) = headers.get(CONTENT_LENGTH) else {
        return true;
    };
    let length = length.to_str().ok().and_then(|text| text.parse::<usize>().ok());
    length.is_some_and(|length| length <= BODY_BYTES_MAX)
}
