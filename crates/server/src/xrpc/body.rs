//! The body of a procedure: JSON, bounded in size and time.

use axum::body::Body;
use http::Request;
use http::header::CONTENT_ENCODING;
use http::request::Parts;

use entryway_oauth::denial::Denial;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_oauth::xrpc_input::Input;

use crate::extract::body;

/// Reads the body of a procedure that takes one, and nothing else for a body.
pub(crate) async fn input(request: Request<Body>) -> Result<(Parts, Input), XrpcDenial> {
    let (parts, body) = request.into_parts();
    let is_json = body::media_type(&parts.headers).as_deref() == Some("application/json");
    if !is_json || parts.headers.contains_key(CONTENT_ENCODING) {
        return Err(XrpcDenial::InvalidRequest {
            expected: "content-type must be application/json, without content-encoding",
        });
    }
    let body = body::collect(&parts.headers, body)
        .await
        .map_err(|fault| denial(&fault))?;
    Ok((parts, Input::from_json(&body)?))
}

/// The same reasons in the words of this kind of method.
pub(crate) fn denial(denial: &Denial) -> XrpcDenial {
    match denial {
        Denial::BodyTooLarge { limit_bytes } => XrpcDenial::BodyTooLarge {
            limit_bytes: *limit_bytes,
        },
        Denial::BodyTooSlow => XrpcDenial::BodyTooSlow,
        _ => XrpcDenial::InvalidRequest {
            expected: "the body must arrive whole, with a content-length that is a number if there is one",
        },
    }
}
