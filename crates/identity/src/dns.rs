//! The real DNS, as this program asks it.

use std::net::SocketAddr;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::ProtoError;
use hickory_resolver::proto::rr::Name;

/// Who is asked: the server at an address, or those of the machine's own configuration.
///
/// Its cache obeys the records' lifetimes.
pub(crate) fn resolver(server: Option<SocketAddr>) -> Result<TokioResolver, NetError> {
    let mut builder = match server {
        None => TokioResolver::builder_tokio()?,
        Some(address) => TokioResolver::builder_with_config(only(address), TokioRuntimeProvider::default()),
    };
    let options = builder.options_mut();
    // one family checked and the other connected to would be a hole: both are asked, both are checked
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    // what this machine calls its neighbours is not what a name on the internet means
    options.use_hosts_file = ResolveHosts::Never;
    builder.build()
}

/// A name that is complete: the search list of this machine would make a public name out of a private one.
pub(crate) fn complete(name: &str) -> Result<Name, ProtoError> {
    let mut name = Name::from_ascii(name)?;
    name.set_fqdn(true);
    Ok(name)
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

#[cfg(test)]
pub(crate) mod zone;
