//! Why a request is refused, and the response that says so.

use bytes::Bytes;
use entryway_oauth::denial::Denial;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use serde::Serialize;

use crate::InvalidToken;
use crate::answer::{Challenge, Fault};

/// Why a request is refused. [`crate::Verifier::refuse`] makes it a response.
///
/// ```
/// use entryway_resource::Refusal;
/// let refusal = Refusal::scope_missing("repo:app.bsky.feed.post?action=create");
/// assert_eq!((refusal.status().as_u16(), refusal.code()), (403, "ScopeMissingError"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No `Authorization` header (R-324).
    #[error("authentication is required: a dpop-bound access token and its proof")]
    CredentialsMissing,
    /// Headers that cannot be read one way only (R-340, R-341).
    #[error("{expected}")]
    CredentialsMalformed {
        /// What was expected.
        expected: &'static str,
    },
    /// `Bearer`, `Basic` or another scheme than `DPoP` (R-325).
    #[error("authorization must use the dpop scheme")]
    SchemeUnsupported,
    /// The access token is not believed.
    #[error(transparent)]
    TokenInvalid(InvalidToken),
    /// The proof is missing, wrong, used before, or lacks a nonce of this server.
    #[error(transparent)]
    ProofInvalid(Denial),
    /// The token is fine and permits less than the method needs (R-337).
    #[error("the access token lacks a scope this method needs")]
    ScopeMissing {
        /// The scope value the method needs.
        scope: String,
    },
    /// A call that no PDS answers, or that two readers could read in two ways (R-459, R-466).
    #[error("{expected}")]
    CallMalformed {
        /// What was expected.
        expected: &'static str,
    },
    /// A method that no scope opens (contract section 5.4).
    #[error("this method is closed to oauth credentials")]
    MethodClosed,
    /// The body is longer than what is read to learn which permission is needed.
    #[error("the body is longer than this method takes")]
    BodyTooLarge,
    /// The issuer does not tell its keys, or what the scope of the token stands for (R-346). The token may
    /// well be good: the caller is to keep it.
    #[error("the issuer of the access token cannot be asked about it now, try again later")]
    IssuerSilent,
    /// What is known of revocations is older than it may be. The token may well be good: the caller is to
    /// keep it.
    #[error("whether the session was revoked cannot be known now, try again later")]
    RevocationsStale,
    /// There is no room to remember another proof: ours, not the caller's, and over within minutes.
    #[error("too many requests are being verified, try again later")]
    ReplayMarksFull,
}

impl Refusal {
    /// What a handler answers when [`crate::Verified::scope`] does not permit what was asked.
    pub fn scope_missing(scope: &str) -> Self {
        Self::ScopeMissing {
            scope: scope.to_owned(),
        }
    }

    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::CredentialsMalformed { .. } | Self::CallMalformed { .. } => StatusCode::BAD_REQUEST,
            Self::CredentialsMissing
            | Self::SchemeUnsupported
            | Self::TokenInvalid(_)
            | Self::ProofInvalid(_) => StatusCode::UNAUTHORIZED,
            Self::ScopeMissing { .. } | Self::MethodClosed => StatusCode::FORBIDDEN,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::IssuerSilent | Self::RevocationsStale | Self::ReplayMarksFull => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// The `error` of the XRPC body, named as stock clients know it from the reference PDS.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::CredentialsMissing => "AuthMissing",
            Self::CredentialsMalformed { .. } => "invalid_request",
            Self::SchemeUnsupported | Self::TokenInvalid(_) => "invalid_token",
            Self::ProofInvalid(denial) => denial.code(),
            Self::ScopeMissing { .. } => "ScopeMissingError",
            Self::CallMalformed { .. } => "InvalidRequest",
            Self::MethodClosed => "Forbidden",
            Self::BodyTooLarge => "PayloadTooLarge",
            Self::IssuerSilent | Self::RevocationsStale => "UpstreamFailure",
            Self::ReplayMarksFull => "NotEnoughResources",
        }
    }

    pub(crate) fn response(&self, challenge: &Challenge) -> Response<Bytes> {
        let sentence = self.to_string();
        let message = match self {
            Self::ScopeMissing { scope } => format!("Missing required scope \"{scope}\""),
            _ => sentence.clone(),
        };
        let body = Body {
            error: self.code(),
            message: &message,
        };
        // two strings always serialise
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let fault = |error, scope| Fault {
            error,
            description: &sentence,
            scope,
        };
        let fault = match self {
            Self::CredentialsMissing => None,
            Self::ScopeMissing { scope } => Some(fault("insufficient_scope", Some(scope))),
            // other credentials would change nothing, so none are asked for
            Self::CallMalformed { .. } | Self::MethodClosed | Self::BodyTooLarge => return response,
            Self::IssuerSilent | Self::RevocationsStale => return retried_after(response, "10"),
            Self::ReplayMarksFull => return retried_after(response, "30"),
            _ => Some(fault(self.code(), None)),
        };
        headers.insert(WWW_AUTHENTICATE, challenge.value(fault.as_ref()));
        response
    }
}

/// Says in how many seconds it may be over.
fn retried_after(mut response: Response<Bytes>, seconds: &'static str) -> Response<Bytes> {
    let seconds = HeaderValue::from_static(seconds);
    response.headers_mut().insert(RETRY_AFTER, seconds);
    response
}

impl From<InvalidToken> for Refusal {
    fn from(reason: InvalidToken) -> Self {
        Self::TokenInvalid(reason)
    }
}

/// The shape of every XRPC error (R-360).
#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    message: &'a str,
}

#[cfg(test)]
mod tests;
