//! Why the gate answers by itself, and in which words.

use http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use http::{Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;

use super::answer::{Answer, boxed};
use super::wire::WireFault;
use crate::client::ClientFault;

/// Why a request got no answer of the upstream. Refusals of the verifier are not among them.
#[derive(Debug, thiserror::Error)]
pub(super) enum GateFault {
    /// What arrived is no request with one reading.
    #[error("{0}")]
    Wire(WireFault),
    /// Not exactly one `Host`, or none that is a host.
    #[error("exactly one host header with a host name is taken")]
    HostMalformed,
    /// A host that is not configured (RFC 9110 section 15.5.20).
    #[error("this server does not answer for the host of the request")]
    HostUnknown,
    /// Another method than this path has.
    #[error("this path takes {allowed} only")]
    MethodUnsupported {
        /// What `Allow` says.
        allowed: &'static str,
    },
    /// A path or query that two readers could read in two ways.
    #[error("{expected}")]
    TargetMalformed {
        /// What was expected.
        expected: &'static str,
    },
    /// Nothing is served there.
    #[error("there is nothing at this path")]
    NotFound,
    /// A header of which there must be one.
    #[error("{name} must be there once at most")]
    HeaderRepeated {
        /// Which.
        name: &'static str,
    },
    /// A query with a body.
    #[error("a request with this method has no body")]
    BodyUnexpected,
    /// Longer than this gate passes on.
    #[error("the body is longer than this server takes")]
    BodyTooLarge,
    /// The peer went away in the middle.
    #[error("the body ended early")]
    BodyInterrupted,
    /// Legacy credentials where they are not taken.
    #[error("sessions and passwords are not taken here, only oauth")]
    LegacyRefused,
    /// An upgrade on a path that has none, or to something else.
    #[error("only subscriptions can be upgraded, and only to websocket version 13")]
    UpgradeRefused,
    /// All places are taken.
    #[error("too many subscriptions are open, try again later")]
    TunnelsFull,
    /// Nobody is there.
    #[error("the pds behind this server cannot be reached, try again later")]
    UpstreamUnreachable,
    /// Somebody is there and says nothing.
    #[error("the pds behind this server did not answer in time")]
    UpstreamTimedOut,
    /// Somebody is there and speaks something else.
    #[error("the pds behind this server gave no usable answer")]
    UpstreamBroken,
    /// An error without words that an XRPC client reads.
    #[error("the pds behind this server, or something before it, gave an error without an explanation")]
    UpstreamUnexplained {
        /// Its status, which stays.
        status: StatusCode,
    },
    /// The upstream does not believe what this gate signs.
    #[error("the pds behind this server does not accept its credentials, its operator has to mend that")]
    CredentialsUnaccepted,
    /// `x-atproto-handle` and `x-atproto-password`, where they are not taken, not both there, not alone, or
    /// came by a way that others may read.
    #[error("{expected}")]
    PasswordRefused {
        /// What was expected.
        expected: &'static str,
    },
    /// The upstream does not know them.
    #[error("x-atproto-handle or x-atproto-password is wrong")]
    PasswordWrong,
    /// Too many wrong ones.
    #[error("too many wrong passwords, try again later")]
    PasswordsLimited,
    /// The random source failed.
    #[error("this server cannot serve requests now, try again later")]
    Unable,
}

impl GateFault {
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::Wire(fault) => fault.status(),
            Self::UpstreamUnexplained { status } => *status,
            Self::HostUnknown => StatusCode::MISDIRECTED_REQUEST,
            Self::MethodUnsupported { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::LegacyRefused | Self::PasswordWrong => StatusCode::UNAUTHORIZED,
            Self::TunnelsFull | Self::Unable => StatusCode::SERVICE_UNAVAILABLE,
            Self::UpstreamUnreachable | Self::UpstreamBroken | Self::CredentialsUnaccepted => {
                StatusCode::BAD_GATEWAY
            }
            Self::UpstreamTimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::PasswordsLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::HostMalformed
            | Self::TargetMalformed { .. }
            | Self::HeaderRepeated { .. }
            | Self::BodyUnexpected
            | Self::BodyInterrupted
            | Self::UpgradeRefused
            | Self::PasswordRefused { .. } => StatusCode::BAD_REQUEST,
        }
    }

    /// The `error` of the XRPC body, as stock clients know it.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "NotFound",
            Self::MethodUnsupported { .. } => "MethodNotAllowed",
            Self::BodyTooLarge => "PayloadTooLarge",
            Self::HostUnknown => "MisdirectedRequest",
            Self::LegacyRefused | Self::PasswordWrong => "AuthenticationRequired",
            Self::TunnelsFull | Self::Unable => "NotEnoughResources",
            Self::UpstreamUnreachable
            | Self::UpstreamBroken
            | Self::UpstreamUnexplained { .. }
            | Self::CredentialsUnaccepted => "UpstreamFailure",
            Self::UpstreamTimedOut => "UpstreamTimeout",
            Self::PasswordsLimited => "RateLimitExceeded",
            _ => "InvalidRequest",
        }
    }

    /// The whole answer.
    pub(super) fn answer(&self) -> Answer {
        let message = self.to_string();
        let body = Body {
            error: self.code(),
            message: &message,
        };
        // two strings always serialise
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut answer = Response::new(boxed(Full::from(body)));
        *answer.status_mut() = self.status();
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        match self {
            Self::MethodUnsupported { allowed } => {
                headers.insert(ALLOW, HeaderValue::from_static(allowed));
            }
            Self::TunnelsFull | Self::Unable | Self::PasswordsLimited => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("30"));
            }
            _ => {}
        }
        answer
    }
}

impl From<ClientFault> for GateFault {
    fn from(fault: ClientFault) -> Self {
        match fault {
            ClientFault::Unreachable(_) | ClientFault::UnsupportedUrl => Self::UpstreamUnreachable,
            ClientFault::AnswerTimedOut => Self::UpstreamTimedOut,
            // the body we were to send is the peer's, and says itself what is wrong with it
            ClientFault::RequestBody(error) => found(error.as_ref()).unwrap_or(Self::BodyInterrupted),
            _ => Self::UpstreamBroken,
        }
    }
}

/// The fault of a body we read, somewhere among the causes of an error.
fn found(error: &(dyn std::error::Error + 'static)) -> Option<GateFault> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(fault) = error.downcast_ref::<BodyFault>() {
            return Some(fault.0.into());
        }
        next = error.source();
    }
    None
}

/// Why the body of a request cannot be passed on, as an error of that body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?}")]
pub(super) struct BodyFault(pub(super) BodyEnd);

/// How a body ended that did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyEnd {
    Wire(WireFault),
    Interrupted,
    TooLarge,
}

impl From<BodyEnd> for GateFault {
    fn from(end: BodyEnd) -> Self {
        match end {
            BodyEnd::Wire(fault) => Self::Wire(fault),
            BodyEnd::Interrupted => Self::BodyInterrupted,
            BodyEnd::TooLarge => Self::BodyTooLarge,
        }
    }
}

/// The shape of every XRPC error.
#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    message: &'a str,
}
