//! What a handler can fail with, and how each kind is shown.
//!
//! A [`Denial`] is the caller's and says what was expected. A [`Fault`] is ours: its causes are logged
//! once, here, with an incident id, and the caller sees that id and nothing else (D9, R-515).

use std::error::Error;
use std::fmt;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use entryway_oauth::denial::Denial;

use crate::password::Unchecked;

/// Either side's failure; never converted into the other.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The caller's.
    Denial(Denial),
    /// Ours.
    Fault(Fault),
}

/// Something of ours that broke. Its text names what we were doing and never holds a caller's value.
pub struct Fault {
    doing: &'static str,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Fault {
    /// A fault without a deeper cause.
    pub const fn new(doing: &'static str) -> Self {
        Self { doing, source: None }
    }

    /// A fault with its cause.
    pub fn because(doing: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            doing,
            source: Some(source.into()),
        }
    }

    /// Whether it only says that more is asked than can be done: nothing was done, and later it may be.
    pub(crate) fn is_shortage(&self) -> bool {
        let store = self.source.as_deref().and_then(|source| source.downcast_ref());
        store.is_some_and(entryway_store::Fault::is_shortage)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}

impl fmt::Display for Fault {
    /// The alternate form has the whole chain of causes, for the log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.doing)?;
        let mut cause = if f.alternate() { self.source() } else { None };
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<entryway_store::Fault> for Fault {
    fn from(fault: entryway_store::Fault) -> Self {
        Self::because("store", fault)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<entryway_store::Fault> for Failure {
    fn from(fault: entryway_store::Fault) -> Self {
        Self::Fault(fault.into())
    }
}

impl From<Denial> for Failure {
    fn from(denial: Denial) -> Self {
        Self::Denial(denial)
    }
}

impl From<Unchecked> for Failure {
    fn from(unchecked: Unchecked) -> Self {
        match unchecked {
            Unchecked::TooMany(too_many) => Self::Denial(too_many.into()),
            Unchecked::Overloaded => Self::Denial(Denial::Overloaded),
            Unchecked::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// The JSON body of a refusal (RFC 6749 section 5.2).
#[derive(Serialize)]
struct ErrorBody {
    error: &'static str,
    error_description: String,
}

impl Failure {
    /// The rendering of the back channel: PAR, token, revocation (requirement G).
    pub(crate) fn into_json(self) -> Response {
        match self {
            Self::Denial(denial) => {
                tracing::info!(denial.code = denial.code(), denial.reason = %denial, "refused");
                json(&denial)
            }
            Self::Fault(fault) if fault.is_shortage() => {
                tracing::warn!(fault = format!("{fault:#}"), "shortage");
                json(&Denial::Overloaded)
            }
            Self::Fault(fault) => {
                let incident = Incident::log(&fault);
                let error_description = format!("something broke on our side, incident {incident}");
                let body = ErrorBody {
                    error: "server_error",
                    error_description,
                };
                (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
            }
        }
    }
}

/// The rendering of a denial alone.
pub(crate) fn json(denial: &Denial) -> Response {
    let status = StatusCode::from_u16(denial.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let body = ErrorBody {
        error: denial.code(),
        error_description: denial.to_string(),
    };
    let mut response = (status, Json(body)).into_response();
    add_denial_headers(denial, &mut response);
    response
}

/// `Retry-After`, `Allow` and the challenge a 401 needs.
pub(crate) fn add_denial_headers(denial: &Denial, response: &mut Response) {
    let headers = response.headers_mut();
    if let Some(seconds) = denial.retry_after_seconds() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    match denial {
        Denial::MethodNotAllowed { allowed } => {
            headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
        }
        // RFC 6749 section 5.2: a 401 names the scheme that was tried
        Denial::ClientSecretUnsupported => {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"none\""),
            );
        }
        // RFC 6750 section 3
        Denial::FeedTokenUnknown => {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"revocations\", error=\"invalid_token\""),
            );
        }
        _ => {}
    }
}

/// The name under which a fault can be found in the log.
pub(crate) struct Incident(u64);

impl Incident {
    /// Logs the fault with its whole chain of causes, once.
    pub(crate) fn log(fault: &Fault) -> Self {
        // an id that cannot be drawn is no reason to hide the fault itself
        let drawn = crate::clock::Chance::system().bytes::<8>().unwrap_or_default();
        let incident = Self(u64::from_be_bytes(drawn));
        tracing::error!(incident = %incident, fault = format!("{fault:#}"), "fault");
        incident
    }
}

impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests;
