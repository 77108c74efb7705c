//! Who knows the addresses of a name: the seam, and the real DNS behind it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::Name;

use super::settings::{Dns, FetcherUnavailable};

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
    let mut builder = match dns {
        Dns::Other(lookup) => return Ok(lookup),
        Dns::System => TokioResolver::builder_tokio().map_err(unavailable)?,
        Dns::Server(address) => {
            TokioResolver::builder_with_config(only(address), TokioRuntimeProvider::default())
        }
    };
    let options = builder.options_mut();
    // one family checked and the other connected to would be a hole: both are asked, both are checked
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    // what this machine calls its neighbours is not what a name on the internet means
    options.use_hosts_file = ResolveHosts::Never;
    Ok(Arc::new(SystemDns(builder.build().map_err(unavailable)?)))
}

/// The real DNS. Its cache obeys the records' lifetimes.
struct SystemDns(TokioResolver);

#[async_trait]
impl Lookup for SystemDns {
    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, LookupFailed> {
        let failed = |error: &dyn fmt::Display| LookupFailed(error.to_string());
        let mut name = Name::from_ascii(name).map_err(|error| failed(&error))?;
        // the search list of this machine would make a public name out of a private one
        name.set_fqdn(true);
        let answer = self.0.lookup_ip(name).await.map_err(|error| failed(&error))?;
        Ok(answer.iter().collect())
    }
}

impl fmt::Debug for SystemDns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemDns").finish_non_exhaustive()
    }
}

/// One server, over UDP and, for long answers, TCP.
fn only(address: SocketAddr) -> ResolverConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    let server = NameServerConfig::new(address.ip(), true, connections.into());
    ResolverConfig::from_name_servers(vec![server])
}
