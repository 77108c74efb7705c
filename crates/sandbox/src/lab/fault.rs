//! Why the sandbox does not do what it was asked.

use entryway_scope::Did;
use http::StatusCode;

use crate::journal::JournalFault;
use crate::pds::PublicationFault;
use crate::plc::Refusal;

/// Why the sandbox does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LabFault {
    /// The stored data cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalFault),
    /// An account of an earlier run cannot be pointed at the PDS of this run.
    #[error(
        "{did} is stored here but cannot be moved to the present URL, \
         which happens when the data directory has lost its rotation key: {refusal}"
    )]
    NotMoved {
        /// The account.
        did: Did,
        /// What the directory said.
        refusal: Refusal,
    },
    /// The sandbox has names under `.test` only.
    #[error("expected a handle that ends in .test")]
    ForeignHandle,
    /// A lexicon cannot be published.
    #[error(transparent)]
    Publication(#[from] PublicationFault),
    /// No HTTP client.
    #[error("cannot make an HTTP client")]
    Client(#[source] reqwest::Error),
    /// The PDS did not answer.
    #[error("{method} was not answered")]
    Call {
        /// What was called.
        method: &'static str,
        /// Why.
        source: reqwest::Error,
    },
    /// The PDS said no.
    #[error("{method} was refused with {status}: {message}")]
    Refused {
        /// What was called.
        method: &'static str,
        /// How it was refused.
        status: StatusCode,
        /// Its reason.
        message: String,
    },
    /// The PDS said something else.
    #[error("{0} was answered with something unexpected")]
    Answer(&'static str),
}
