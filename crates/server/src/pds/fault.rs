//! Why a PDS did not do what it was asked to do.

use http::StatusCode;
use serde::Deserialize;
use thiserror::Error;

use entryway_core::sign_up::{Failure, HostRefusal};
use entryway_resource::client::ClientFault;

use crate::upstream::{Answer, NoAnswer, quoted};

/// Why a call to a PDS came to nothing that can be used.
///
/// Holds what the PDS said, cut short, and never what was sent to it.
#[derive(Debug, Error)]
pub enum PdsFault {
    /// It said no: it did nothing.
    #[error("{method}: the PDS refused with {status} {name} ({message})")]
    Refused {
        /// The method.
        method: &'static str,
        /// The HTTP status.
        status: u16,
        /// The `error` of its body.
        name: String,
        /// The `message` of its body.
        message: String,
    },
    /// It was not reached, broke down, or is no PDS; what it did is unknown.
    #[error("{method}: the PDS {what}")]
    Broken {
        /// The method.
        method: &'static str,
        /// The rest of the sentence.
        what: &'static str,
        /// The HTTP status, where there was one.
        status: Option<u16>,
        /// Why there was none.
        source: Option<ClientFault>,
    },
    /// It did not answer in time; what it did, or will do, is unknown.
    #[error("{method}: the PDS did not answer in time")]
    Silent {
        /// The method.
        method: &'static str,
    },
}

impl PdsFault {
    /// What it is to a sign-up.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Refused {
                status,
                name,
                message,
                ..
            } => HostRefusal::read(*status, name, message).map_or(Failure::HostBroken, Failure::HostRefused),
            Self::Broken { .. } => Failure::HostBroken,
            Self::Silent { .. } => Failure::HostSilent,
        }
    }

    /// The `error` of a refusal, as the method's lexicon names it.
    pub fn refusal(&self) -> Option<&str> {
        match self {
            Self::Refused { name, .. } => Some(name),
            Self::Broken { .. } | Self::Silent { .. } => None,
        }
    }

    /// Whether it says that it has no such account. Older ones had no name for it.
    pub(super) fn is_not_found(&self) -> bool {
        match self {
            Self::Refused {
                status: 400 | 404,
                name,
                message,
                ..
            } => {
                let said = message.to_ascii_lowercase();
                matches!(name.as_str(), "RepoNotFound" | "NotFound" | "AccountNotFound")
                    || ["could not find", "account not found"]
                        .iter()
                        .any(|words| said.starts_with(words))
            }
            _ => false,
        }
    }

    pub(super) const fn nonsense(method: &'static str, what: &'static str) -> Self {
        Self::Broken {
            method,
            what,
            status: Some(200),
            source: None,
        }
    }

    pub(super) fn without_answer(method: &'static str, fault: NoAnswer) -> Self {
        let (what, source) = match fault {
            NoAnswer::InTime => return Self::Silent { method },
            NoAnswer::AtAll(source @ ClientFault::Unreachable(_)) => ("could not be reached", Some(source)),
            NoAnswer::AtAll(source) => ("did not answer as HTTP does", Some(source)),
            NoAnswer::Unwritten => ("was not asked, for the request could not be written", None),
        };
        Self::Broken {
            method,
            what,
            status: None,
            source,
        }
    }

    /// Of an answer that is no result.
    pub(super) fn of_status(method: &'static str, answer: &Answer) -> Self {
        #[derive(Deserialize)]
        struct Refusal {
            error: String,
            #[serde(default)]
            message: String,
        }
        let status = answer.status;
        match answer.json::<Refusal>() {
            Some(refusal) if status.is_client_error() => Self::Refused {
                method,
                status: status.as_u16(),
                name: quoted(&refusal.error),
                message: quoted(&refusal.message),
            },
            // whatever stands in front of the PDS may say this, in words of its own
            None if status == StatusCode::TOO_MANY_REQUESTS => Self::Refused {
                method,
                status: status.as_u16(),
                name: "RateLimitExceeded".to_owned(),
                message: String::new(),
            },
            _ => Self::Broken {
                method,
                what: if status.is_server_error() {
                    "broke down"
                } else {
                    "answered as no PDS does"
                },
                status: Some(status.as_u16()),
                source: None,
            },
        }
    }
}
