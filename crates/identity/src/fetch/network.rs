//! The step onto the network.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use async_trait::async_trait;
use tokio::net::TcpStream;

/// Connects. A seam, so that a test can watch which addresses would be connected to.
#[async_trait]
pub(super) trait Network: fmt::Debug + Send + Sync {
    /// Connects to this address and to no other.
    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream>;
}

/// The network itself.
#[derive(Debug)]
pub(super) struct Tcp;

#[async_trait]
impl Network for Tcp {
    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(address).await
    }
}

/// IPv4, IPv6, IPv4 and so on: a machine with only one of them meets an address of it among the first two.
pub(super) fn families_in_turn(addresses: &[SocketAddr]) -> impl Iterator<Item = SocketAddr> {
    let (v4, v6): (Vec<SocketAddr>, Vec<SocketAddr>) =
        addresses.iter().partition(|address| address.is_ipv4());
    let pairs = v4.len().max(v6.len());
    (0..pairs).flat_map(move |pair| {
        [v4.get(pair).copied(), v6.get(pair).copied()]
            .into_iter()
            .flatten()
    })
}
