//! From a DID to its document, by the two methods the AT Protocol uses.

use entryway_scope::Did;
use http::StatusCode;
use url::Url;

use crate::did::DidDocument;
use crate::fetch::{FetchError, Fetcher, Wanted};

/// Fetches DID documents.
#[derive(Clone, Debug)]
pub struct DidResolver {
    fetcher: Fetcher,
    plc: Url,
}

impl DidResolver {
    /// Resolves `did:plc` at the directory with this URL; `did:web` has no directory.
    ///
    /// Not checked: that the URL is one the fetcher admits, such as `https://plc.directory`. Where it is not,
    /// every resolution says so.
    pub fn new(fetcher: Fetcher, plc: Url) -> Self {
        Self { fetcher, plc }
    }

    /// Fetches the document of a DID.
    ///
    /// # Errors
    ///
    /// See [`DidUnresolved`].
    pub async fn resolve(&self, did: &Did) -> Result<DidDocument, DidUnresolved> {
        let url = match did.host() {
            Some(host) => of_host(host, did.port()).ok_or(DidUnresolved::Host)?,
            None => self.in_directory(did),
        };
        let fetched = self
            .fetcher
            .get(&url, &wanted())
            .await
            .map_err(DidUnresolved::from)?;
        let document: DidDocument =
            serde_json::from_slice(&fetched.body).map_err(|_| DidUnresolved::Malformed)?;
        if document.id == *did {
            Ok(document)
        } else {
            Err(DidUnresolved::OtherDid)
        }
    }

    pub(crate) fn fetcher(&self) -> &Fetcher {
        &self.fetcher
    }

    fn in_directory(&self, did: &Did) -> Url {
        let mut url = self.plc.clone();
        // a URL that has no path is none of http, and the fetcher refuses it
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(did.as_str());
        }
        url
    }
}

/// Where a `did:web` keeps its document: at its host, by https. `localhost` is a machine under development,
/// and the fetcher says whether this is one.
fn of_host(host: &str, port: Option<u16>) -> Option<Url> {
    let url = match (host, port) {
        ("localhost", Some(port)) => format!("http://localhost:{port}/{WELL_KNOWN}"),
        _ => format!("https://{host}/{WELL_KNOWN}"),
    };
    url.parse().ok()
}

/// What is asked for, and what it may cost: 64 KiB, 5 seconds.
fn wanted() -> Wanted {
    Wanted {
        content_types: &[
            "application/did+ld+json",
            "application/did+json",
            "application/json",
        ],
        ..Wanted::json()
    }
}

/// Why a DID has no document that counts.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DidUnresolved {
    /// There is no such DID, or its host has no document for it.
    #[error("there is no DID document of it")]
    Unknown,
    /// The account ended its DID.
    #[error("the DID was ended by its holder")]
    Ended,
    /// The host of a `did:web` is not one that a URL can have.
    #[error("the host of the did:web is no host name")]
    Host,
    /// The document could not be fetched.
    #[error("the DID document {0}")]
    Fetch(FetchError),
    /// The document is no DID document.
    #[error("the DID document is not a JSON object with an id, and with keys and services of their forms")]
    Malformed,
    /// The document is of another DID.
    #[error("the DID document has the id of another DID")]
    OtherDid,
}

impl DidUnresolved {
    /// Says whether the same resolution may succeed later with nothing corrected.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Fetch(error) => error.is_temporary(),
            Self::Unknown | Self::Ended | Self::Host | Self::Malformed | Self::OtherDid => false,
        }
    }
}

impl From<FetchError> for DidUnresolved {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Status {
                status: StatusCode::NOT_FOUND,
            } => Self::Unknown,
            // how the directory answers for a tombstone
            FetchError::Status {
                status: StatusCode::GONE,
            } => Self::Ended,
            error => Self::Fetch(error),
        }
    }
}

const WELL_KNOWN: &str = ".well-known/did.json";
