//! Client identifiers: URLs of metadata documents, and the virtual client for development.

mod name;

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::denial::Denial;

pub(crate) use name::is_public_name;

/// A client identifier of known shape. Compared as a string, never normalised (R-044).
///
/// A text that URL parsers could read in two ways is refused rather than put right, so an identifier
/// that was accepted is the URL that is fetched, byte for byte.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId {
    text: String,
    kind: ClientIdKind,
}

/// What a client identifier names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientIdKind {
    /// The virtual client `http://localhost`, described by its query (R-085).
    Loopback,
    /// A document at an https URL (R-037).
    Document,
    /// A document at `http://127.0.0.1:PORT/…`, `http://[::1]:PORT/…` or `http://localhost:PORT/…`: for
    /// development, and refused by every server that does not say so.
    LocalDocument,
}

/// Bytes of a client identifier: a virtual client carries its scope and redirect URIs in it.
pub const BYTES_MAX: usize = 4096;
/// Bytes of the URL of a document (R-048).
pub const DOCUMENT_BYTES_MAX: usize = 2048;

impl ClientId {
    /// Reads a `client_id` parameter (R-037 to R-048, R-086).
    ///
    /// Does not read the query of a virtual client: see [`crate::client::Client::loopback`]. A document
    /// may have a query: the draft advises against one, the reference takes it, and compared as a string
    /// it harms nobody. Does not say whether a [`ClientIdKind::LocalDocument`] is welcome here.
    ///
    /// # Errors
    /// [`Denial::ClientIdInvalid`] with the first rule it breaks.
    ///
    /// ```
    /// use entryway_oauth::client_id::{ClientId, ClientIdKind};
    /// let id = ClientId::parse("https://app.example/client-metadata.json").unwrap();
    /// assert_eq!((id.kind(), id.host()), (ClientIdKind::Document, "app.example"));
    /// assert!(ClientId::parse("http://localhost?scope=atproto").is_ok());
    /// assert!(ClientId::parse("http://localhost:80").is_err());
    /// assert!(ClientId::parse("https://127.1/client-metadata.json").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, Denial> {
        match classify(text) {
            Ok(kind) => Ok(Self {
                text: text.to_owned(),
                kind,
            }),
            Err(expected) => Err(Denial::ClientIdInvalid { expected }),
        }
    }

    /// The identifier as the client wrote it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What kind of client it names.
    pub const fn kind(&self) -> ClientIdKind {
        self.kind
    }

    /// Where its document is; nothing for a virtual client, which has none.
    pub fn document_url(&self) -> Option<Url> {
        match self.kind {
            ClientIdKind::Loopback => None,
            ClientIdKind::Document | ClientIdKind::LocalDocument => Url::parse(&self.text).ok(),
        }
    }

    /// The query of a virtual development client; empty without one.
    pub fn loopback_query(&self) -> &str {
        self.text.split_once('?').map_or("", |(_, query)| query)
    }

    /// The host to show a person, in ASCII; with its port if it is this machine's.
    pub fn host(&self) -> &str {
        self.text
            .split_once("://")
            .map_or("", |(_, rest)| take_apart(rest).0)
    }
}

/// Which kind of identifier this is, or the rule it breaks.
fn classify(text: &str) -> Result<ClientIdKind, &'static str> {
    if text.len() > BYTES_MAX {
        return Err("is longer than 4096 bytes");
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("must be a URL of printable ASCII characters, its host in xn-- form if need be");
    }
    if text.contains('#') {
        return Err("must not have a fragment"); // R-039
    }
    if let Some(rest) = text.strip_prefix("https://") {
        check_document(text, rest)?;
        return Ok(ClientIdKind::Document);
    }
    let Some(rest) = text.strip_prefix("http://") else {
        return Err("must be an https URL, or http://localhost for development");
    };
    if is_virtual(rest) {
        return Ok(ClientIdKind::Loopback);
    }
    check_local_document(text, rest)?;
    Ok(ClientIdKind::LocalDocument)
}

/// R-086: `localhost`, neither port nor path, perhaps a query.
fn is_virtual(rest: &str) -> bool {
    rest.strip_prefix("localhost")
        .map(|rest| rest.strip_prefix('/').unwrap_or(rest))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('?'))
}

/// What comes after `https://`; the order of the rules decides which one a bad text is told.
fn check_document(text: &str, rest: &str) -> Result<(), &'static str> {
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err("is longer than 2048 bytes");
    }
    let (authority, path) = take_apart(rest);
    if authority.contains('@') {
        return Err("must not have a user or password"); // R-040
    }
    let url = Url::parse(text).map_err(|_| NOT_A_URL)?;
    let Some(Host::Domain(name)) = url.host() else {
        return Err("must name its host by a domain name, not by an address"); // R-045
    };
    // also the default port, which the parser drops (R-038)
    if authority.contains(':') {
        return Err("must not have a port");
    }
    check_path(path)?;
    if url.as_str() != text {
        return Err(NOT_CANONICAL);
    }
    if !is_public_name(name) {
        return Err("must be at a public domain name"); // R-046
    }
    Ok(())
}

/// What comes after `http://`: a development server of one's own.
fn check_local_document(text: &str, rest: &str) -> Result<(), &'static str> {
    let (authority, path) = take_apart(rest);
    let port = ["127.0.0.1", "[::1]", "localhost"].iter().find_map(|host| {
        let after = authority.strip_prefix(host)?;
        if after.is_empty() {
            Some("")
        } else {
            after.strip_prefix(':')
        }
    });
    let Some(port) = port else {
        return Err("must be https, since only a client under development is at http"); // R-037
    };
    // digits only: `localhost:3000@evil.example` has `localhost` for a user
    if !port.bytes().all(|b| b.is_ascii_digit()) || matches!(port, "" | "0" | "80") || is_root(path) {
        return Err(DEVELOPMENT);
    }
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err("is longer than 2048 bytes");
    }
    let url = Url::parse(text).map_err(|_| NOT_A_URL)?;
    check_path(path)?;
    if url.as_str() == text {
        Ok(())
    } else {
        Err(NOT_CANONICAL)
    }
}

/// R-041 to R-043.
fn check_path(path: &str) -> Result<(), &'static str> {
    if is_root(path) {
        return Err("must have a path, such as /client-metadata.json");
    }
    let path = without_query(path);
    let is_dots = |segment: &str| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        plain == "." || plain == ".."
    };
    if path.split('/').any(is_dots) {
        return Err("must not have a path segment of dots");
    }
    if path.ends_with('/') {
        return Err("must not end with a slash");
    }
    Ok(())
}

fn is_root(path: &str) -> bool {
    matches!(without_query(path), "" | "/")
}

fn without_query(path: &str) -> &str {
    path.split('?').next().unwrap_or_default()
}

/// Parts what follows the scheme before the first slash or question mark, as it is written.
fn take_apart(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()))
}

const NOT_A_URL: &str = "must be a well-formed URL";
const NOT_CANONICAL: &str = "must be written in canonical form, as a browser shows it"; // R-044
const DEVELOPMENT: &str = "for development must be http://localhost with neither port nor path, or a document at a port of 127.0.0.1, [::1] or localhost";

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.text
    }
}

impl TryFrom<String> for ClientId {
    type Error = Denial;

    fn try_from(text: String) -> Result<Self, Denial> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests;
