//! Client metadata documents (draft-ietf-oauth-client-id-metadata-document, atproto's OAuth profile).
//!
//! [`read`] finds every fault of a document at once, so that the linter and a refused request say the
//! same sentences.

use std::fmt;

use crate::client::Client;
use crate::client_id::ClientId;
use crate::denial::Denial;

/// Bytes of a document.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// Something a developer should know about a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The member it is about, with the position in a list: `redirect_uris[1]`.
    pub member: String,
    /// The rest of the sentence: what was expected. Nothing of the document is repeated in it.
    pub expected: &'static str,
    /// Where that is written.
    pub rule: Rule,
}

/// Where a rule is written, and under which name this project's tests know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Such as `R-079`.
    pub id: &'static str,
    /// Such as `RFC 6749 section 3.1.2`.
    pub source: &'static str,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The client is refused.
    Error,
    /// The client works, though not as its author may think.
    Warning,
}

impl fmt::Display for Finding {
    /// One sentence, as in `error_description`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.member, self.expected)
    }
}

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Everything there is to say, errors first, in the order of the document's rules.
    pub findings: Vec<Finding>,
    /// The client, if there was no error.
    pub client: Option<Client>,
}

impl Reading {
    /// The client.
    ///
    /// # Errors
    /// [`Denial::ClientMetadataInvalid`] with the first error.
    pub fn into_client(self) -> Result<Client, Denial> {
        let first = self.findings.first().map_or_else(String::new, Finding::to_string);
        self.client
            .ok_or(Denial::ClientMetadataInvalid { finding: first })
    }
}

/// Reads the document that was fetched from `id`.
pub fn read(_id: &ClientId, _body: &[u8]) -> Reading {
    Reading {
        findings: Vec::new(),
        client: None,
    }
}
