//! What is given to look at: the identifier of a client, or its document in a file.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use url::Url;

use entryway_oauth::client_document::BODY_BYTES_MAX;
use entryway_oauth::client_id::{ClientId, ClientIdKind};

/// What a developer has at hand.
pub(crate) enum Given {
    /// An identifier as it is sent, which may be none.
    Identifier(String),
    /// A document that is not published yet.
    File(Vec<u8>),
}

impl Given {
    /// Takes what has a scheme for an identifier, and everything else for the path of a file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn read(text: &str) -> io::Result<Self> {
        if text.contains("://") {
            return Ok(Self::Identifier(text.to_owned()));
        }
        read_file(Path::new(text), BODY_BYTES_MAX).map(Self::File)
    }
}

/// The bytes of a file, and one more than the limit of a longer one.
pub(super) fn read_file(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(bytes_max as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The `client_id` a document has, whatever is wrong with the rest of it.
pub(super) fn named_in(document: &[u8]) -> Option<String> {
    let document: serde_json::Value = serde_json::from_slice(document).ok()?;
    document.get("client_id")?.as_str().map(str::to_owned)
}

/// An identifier to read a document with whose own is none.
pub(super) struct StandIn {
    pub(super) id: ClientId,
    /// Whether its host is the one that was meant, so that what the document says of that host can be judged.
    pub(super) has_host: bool,
}

impl StandIn {
    /// One at the host that was meant, if that can be told.
    pub(super) fn of(meant: Option<&str>) -> Option<Self> {
        let meant = meant.and_then(|text| Url::parse(text).ok());
        let at_host = meant.iter().flat_map(|url| {
            let local = format!("{}://{}{DOCUMENT}", url.scheme(), url.authority());
            [
                format!("https://{}{DOCUMENT}", url.host_str().unwrap_or_default()),
                local,
            ]
        });
        let at_host = at_host.filter_map(|text| ClientId::parse(&text).ok());
        if let Some(id) = at_host.into_iter().find(|id| id.kind() != ClientIdKind::Loopback) {
            return Some(Self { id, has_host: true });
        }
        let id = ClientId::parse(&format!("https://client.example{DOCUMENT}")).ok()?;
        Some(Self { id, has_host: false })
    }
}

const DOCUMENT: &str = "/client-metadata.json";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_is_at_the_host_that_was_meant() {
        for (meant, id, has_host) in [
            (
                Some("https://app.test:8443/x#y"),
                "https://app.test/client-metadata.json",
                true,
            ),
            (
                Some("http://app.test/x"),
                "https://app.test/client-metadata.json",
                true,
            ),
            (
                Some("http://127.0.0.1:3000"),
                "http://127.0.0.1:3000/client-metadata.json",
                true,
            ),
            (
                Some("http://localhost?scope=atproto"),
                "https://client.example/client-metadata.json",
                false,
            ),
            (
                Some("my-app"),
                "https://client.example/client-metadata.json",
                false,
            ),
            (
                Some("mailto:a@app.test"),
                "https://client.example/client-metadata.json",
                false,
            ),
            (None, "https://client.example/client-metadata.json", false),
        ] {
            let stand_in = StandIn::of(meant).unwrap();
            assert_eq!(
                (stand_in.id.as_str(), stand_in.has_host),
                (id, has_host),
                "{meant:?}"
            );
        }
    }

    #[test]
    fn a_document_is_asked_for_its_identifier_however_broken_it_is() {
        for (document, named) in [
            (r#"{"client_id":"x","redirect_uris":7}"#, Some("x")),
            (r#"{"client_id":"x","client_id":"y"}"#, Some("y")),
            (r#"{"client_id":7}"#, None),
            (r#"["client_id"]"#, None),
            (r#"{"client_id":"x""#, None),
        ] {
            assert_eq!(named_in(document.as_bytes()).as_deref(), named, "{document}");
        }
    }
}
