//! Client identifiers: the virtual development client, and (from the next release) URLs of documents.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::denial::Denial;

/// A client identifier of known shape. Compared as a string, never normalised (R-044).
///
/// This release knows virtual loopback clients only; an `https` identifier is refused with a
/// sentence that says so.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

/// Bytes of a client identifier: a virtual client carries its scope and redirect URIs in it.
pub const BYTES_MAX: usize = 4096;

const LOOPBACK: &str = "http://localhost";

impl ClientId {
    /// Reads a `client_id` parameter (R-037, R-048, R-086).
    ///
    /// Does not read the query of a virtual client: see [`crate::client::Client::loopback`].
    ///
    /// ```
    /// use entryway_oauth::client_id::ClientId;
    /// assert!(ClientId::parse("http://localhost?scope=atproto").is_ok());
    /// assert!(ClientId::parse("http://localhost:80").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, Denial> {
        let invalid = |expected| Err(Denial::ClientIdInvalid { expected });
        if text.len() > BYTES_MAX {
            return invalid("is longer than 4096 bytes");
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return invalid("must be a URL of printable ASCII characters");
        }
        if text.contains('#') {
            return invalid("must not have a fragment");
        }
        if let Some(rest) = text.strip_prefix(LOOPBACK) {
            let rest = rest.strip_prefix('/').unwrap_or(rest);
            if rest.is_empty() || rest.starts_with('?') {
                return Ok(Self(text.to_owned()));
            }
            return invalid(
                "of a development client is http://localhost with neither port nor path, and a query",
            );
        }
        if text.starts_with("https://") {
            return invalid("names a client metadata document, which this server does not read yet");
        }
        invalid("must be http://localhost for development, or an https URL")
    }

    /// The identifier as the client wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The query of a virtual development client; empty without one.
    pub fn loopback_query(&self) -> &str {
        self.0.split_once('?').map_or("", |(_, query)| query)
    }

    /// The host to show a person, in ASCII.
    pub fn host(&self) -> &str {
        let after = self.0.split_once("://").map_or("", |(_, rest)| rest);
        after.split(['/', '?']).next().unwrap_or_default()
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.0
    }
}

impl TryFrom<String> for ClientId {
    type Error = Denial;

    fn try_from(text: String) -> Result<Self, Denial> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // R-086
    #[test]
    fn the_virtual_client_is_exactly_http_localhost() {
        for good in [
            "http://localhost",
            "http://localhost/",
            "http://localhost?",
            "http://localhost?scope=a",
            "http://localhost/?scope=a",
        ] {
            assert!(ClientId::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "localhost",
            "http://localhost:80",
            "http://localhost:80/",
            "http://localhost/x",
            "http://localhost//",
            "http://localhost.evil/",
            "http://LOCALHOST",
            "HTTP://localhost",
            "https://localhost",
            "http://localhost#",
            "http://localhost?a#b",
            "http://u@localhost",
            "http://localhost@evil.example",
            "http://localhost\\x",
            " http://localhost",
            "http://127.0.0.1",
            "http://[::1]",
            "ftp://a.example/x",
            "file:///etc/passwd",
            "http://localhost?\u{202e}",
        ] {
            assert!(ClientId::parse(bad).is_err(), "{bad}");
        }
    }

    // R-048
    #[test]
    fn a_long_client_id_is_refused() {
        assert!(ClientId::parse(&format!("http://localhost?scope={}", "a".repeat(64 * 1024))).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,200}") {
            if let Ok(id) = ClientId::parse(&text) {
                let _ = (id.loopback_query().len(), id.host().len());
            }
        }
    }
}
