//! Who knows the addresses of a name: the seam, and the real DNS behind it.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use hickory_resolver::TokioResolver;

use super::settings::{Dns, FetcherUnavailable};
use crate::dns;

/// Knows the addresses of a name.
#[async_trait]
pub trait Lookup: fmt::Debug + Send + Sync {
    /// Every address of the name, of both families. The fetcher asks once a fetch and connects to what was
    /// answered or to nothing; checking the answers is its work, not the look-up's.
    ///
    /// The name is lower case, without a final dot, and complete: no search list is to be applied.
    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, LookupFailed>;
}

/// No answer, for a cause that only the log tells.
#[derive(Debug, thiserror::Error)]
#[error("the look-up failed: {0}")]
pub struct LookupFailed(pub String);

/// What answers look-ups under these settings.
pub(super) fn lookup(dns: Dns) -> Result<Arc<dyn Lookup>, FetcherUnavailable> {
    let unavailable = |error| FetcherUnavailable::Dns(Box::new(error));
    let server = match dns {
        Dns::Other(lookup) => return Ok(lookup),
        Dns::System => None,
        Dns::Server(address) => Some(address),
    };
    Ok(Arc::new(SystemDns(dns::resolver(server).map_err(unavailable)?)))
}

/// The real DNS.
struct SystemDns(TokioResolver);

#[async_trait]
impl Lookup for SystemDns {
    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, LookupFailed> {
        let failed = |error: &dyn fmt::Display| LookupFailed(error.to_string());
        let name = dns::complete(name).map_err(|error| failed(&error))?;
        let answer = self.0.lookup_ip(name).await.map_err(|error| failed(&error))?;
        Ok(answer.iter().collect())
    }
}

impl fmt::Debug for SystemDns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemDns").finish_non_exhaustive()
    }
}
