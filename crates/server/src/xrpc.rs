//! XRPC methods: what a PDS and the protocol's own clients call.

pub(crate) mod dereference_scope;

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Serialize;

use entryway_oauth::denial::Denial;

use crate::failure::{Failure, Incident, add_denial_headers};

/// The JSON body of a refusal (<https://atproto.com/specs/xrpc>, "Error Responses").
#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
    message: &'a str,
}

/// For a query that is called otherwise.
pub(crate) async fn get_only() -> Response {
    failure(Denial::MethodNotAllowed { allowed: "GET, HEAD" }.into())
}

/// A refusal by its name.
fn refusal(status: StatusCode, error: &str, message: &str) -> Response {
    (status, Json(ErrorBody { error, message })).into_response()
}

/// The rendering of a failure that has no name of the method's own.
fn failure(failure: Failure) -> Response {
    match failure {
        Failure::Denial(denial) => {
            tracing::info!(denial.code = denial.code(), denial.reason = %denial, "refused");
            let status = StatusCode::from_u16(denial.status()).unwrap_or(StatusCode::BAD_REQUEST);
            let mut response = refusal(status, "InvalidRequest", &denial.to_string());
            add_denial_headers(&denial, &mut response);
            response
        }
        Failure::Fault(fault) => {
            let incident = Incident::log(&fault);
            let message = format!("something broke on our side, incident {incident}");
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", &message)
        }
    }
}
