//! From a handle to a DID: what the handle's own domain says, by DNS or by https.

use std::sync::Arc;

use entryway_scope::{Did, Handle};
use url::Url;

use super::{DidRecord, TxtLookup};
use crate::fetch::{Fetcher, Wanted};

/// Resolves handles (<https://atproto.com/specs/handle>, "Handle Resolution").
#[derive(Clone, Debug)]
pub struct HandleResolver {
    fetcher: Fetcher,
    dns: Arc<dyn TxtLookup>,
}

impl HandleResolver {
    /// Resolves by the TXT records of this DNS, and by what this fetcher reaches.
    pub fn new(fetcher: Fetcher, dns: Arc<dyn TxtLookup>) -> Self {
        Self { fetcher, dns }
    }

    /// The DID that the domain of a handle names. A TXT record that says one counts before the host.
    ///
    /// Not checked: that the DID's document says the same.
    ///
    /// # Errors
    ///
    /// [`HandleUnresolved`]. The log has, at debug, what either way came to.
    pub async fn resolve(&self, handle: &Handle) -> Result<Did, HandleUnresolved> {
        let of_dns = match DidRecord::Handle(handle).resolve(&*self.dns).await {
            Ok(did) => return Ok(did),
            Err(fault) => fault,
        };
        let url: Url = format!("https://{handle}/{WELL_KNOWN}")
            .parse()
            .map_err(|_| HandleUnresolved)?;
        let of_host = match self.fetcher.get(&url, &wanted()).await {
            Ok(fetched) => std::str::from_utf8(&fetched.body)
                .ok()
                .and_then(|text| Did::parse(text.trim()).ok())
                .ok_or_else(|| "the document is no DID".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        of_host.map_err(|of_host| {
            tracing::debug!(%handle, dns = %of_dns, host = of_host, "handle not resolved");
            HandleUnresolved
        })
    }
}

/// What is asked of a handle's host, and what it may cost: a kilobyte, 5 seconds. A file without an ending is
/// what many servers take for bytes.
fn wanted() -> Wanted {
    Wanted {
        content_types: &["text/plain", "application/octet-stream"],
        body_bytes_max: 1024,
        ..Wanted::json()
    }
}

/// Neither the DNS nor its host says whose the handle is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("neither a TXT record at _atproto nor /.well-known/atproto-did names a DID")]
pub struct HandleUnresolved;

const WELL_KNOWN: &str = ".well-known/atproto-did";
