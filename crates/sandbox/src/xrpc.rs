//! What every XRPC method of the sandbox has in common: reading input and answering with a fault.
//!
//! <https://atproto.com/specs/xrpc>

mod input;
mod params;

pub(crate) use input::{Input, body, is_json};
pub(crate) use params::Params;

use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::{IntoResponse, Response};
use entryway_scope::Nsid;
use http::StatusCode;
use serde_json::json;

use crate::journal::JournalFault;

/// A refused or failed call.
#[derive(Debug)]
pub(crate) enum Failure {
    /// `{"error": …, "message": …}`, by a name of the method's lexicon.
    Named(StatusCode, &'static str, String),
    /// The whole answer, made by the verifier.
    Refused(Box<Response>),
}

impl Failure {
    /// Any refusal with a name of its own in the method's lexicon.
    pub(crate) fn new(status: StatusCode, error: &'static str, message: impl Into<String>) -> Self {
        Self::Named(status, error, message.into())
    }

    /// The refusal of all lexicons: the input is not what the method takes.
    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidRequest", message)
    }

    /// Our fault, not the caller's; whoever makes one has logged why.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", message)
    }

    /// The same refusal under the name a method's lexicon has for it.
    pub(crate) fn renamed(self, error: &'static str) -> Self {
        match self {
            Self::Named(status, _, message) => Self::Named(status, error, message),
            Self::Refused(_) => self,
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Named(status, ..) => *status,
            Self::Refused(response) => response.status(),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Named(status, error, message) => {
                (status, Json(json!({ "error": error, "message": message }))).into_response()
            }
            Self::Refused(response) => *response,
        }
    }
}

impl From<http::Response<Bytes>> for Failure {
    fn from(response: http::Response<Bytes>) -> Self {
        Self::Refused(Box::new(response.map(Into::into)))
    }
}

impl From<JournalFault> for Failure {
    /// Ours, not the caller's: said once in the log, and without detail in the answer.
    fn from(fault: JournalFault) -> Self {
        tracing::error!(
            error = &fault as &dyn std::error::Error,
            "the sandbox could not store"
        );
        Self::internal("the sandbox could not store this, its log says why")
    }
}

/// `/xrpc/{nsid}` of a method nobody here answers.
pub(crate) async fn unknown_method(method: Result<Path<String>, PathRejection>) -> Failure {
    match method.map(|Path(method)| Nsid::parse(&method)) {
        Ok(Ok(method)) => {
            let message = format!("the sandbox does not have {method}");
            Failure::new(StatusCode::NOT_IMPLEMENTED, "MethodNotImplemented", message)
        }
        Ok(Err(fault)) => Failure::invalid_request(fault.to_string()),
        Err(_) => Failure::invalid_request("expected a method name in UTF-8"),
    }
}

/// A path that is no method and no document.
pub(crate) async fn not_found() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "NotFound", "there is nothing at this path")
}

/// A query called with POST, or the like.
pub(crate) async fn wrong_http_method() -> Failure {
    let message = "expected GET for a query and POST for a procedure";
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, "InvalidRequest", message)
}
