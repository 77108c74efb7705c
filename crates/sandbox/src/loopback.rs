//! A port of this machine that nobody else can reach.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// One port, bound on 127.0.0.1, and on `[::1]` where the machine has it: browsers take `localhost` for
/// either.
#[derive(Debug)]
pub struct Loopback {
    port: u16,
    listeners: Vec<TcpListener>,
}

impl Loopback {
    /// Binds a port; 0 lets the system choose one.
    ///
    /// # Errors
    ///
    /// [`PortFault::Busy`] when another process has the port on either address, [`PortFault::Unusable`] when
    /// the system gives none.
    pub async fn bind(port: u16) -> Result<Self, PortFault> {
        let attempts = if port == 0 { ATTEMPTS_MAX } else { 1 };
        let mut busy = port;
        for _ in 0..attempts {
            match Self::bind_both(port).await {
                Err(PortFault::Busy { port }) => busy = port,
                bound => return bound,
            }
        }
        Err(PortFault::Busy { port: busy })
    }

    async fn bind_both(port: u16) -> Result<Self, PortFault> {
        let fault = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => PortFault::Busy { port },
            _ => PortFault::Unusable { port, source },
        };
        let first = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
            .await
            .map_err(fault)?;
        let port = first.local_addr().map_err(fault)?.port();
        match TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port))).await {
            Ok(second) => Ok(Self {
                port,
                listeners: vec![first, second],
            }),
            // half of the visitors of `localhost` would meet somebody else
            Err(source) if source.kind() == io::ErrorKind::AddrInUse => Err(PortFault::Busy { port }),
            Err(_) => Ok(Self {
                port,
                listeners: vec![first],
            }),
        }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How others write it: `http://localhost:PORT`, without a trailing slash.
    pub fn origin(&self) -> String {
        origin(self.port)
    }

    /// The bound sockets, for a server of the caller's.
    pub fn into_listeners(self) -> Vec<TcpListener> {
        self.listeners
    }

    /// Serves until `stop` says true or its sender is gone, and then until the requests under way are
    /// answered.
    pub fn serve(self, router: &Router, stop: &watch::Receiver<bool>, tasks: &mut JoinSet<io::Result<()>>) {
        for listener in self.listeners {
            let mut stop = stop.clone();
            let stopped = async move {
                let _sender_gone_means_stop = stop.wait_for(|stop| *stop).await;
            };
            let server = axum::serve(listener, router.clone()).with_graceful_shutdown(stopped);
            tasks.spawn(server.into_future());
        }
    }
}

/// The one spelling of an origin, which leaves out the port of its scheme.
pub(crate) fn origin(port: u16) -> String {
    match port {
        80 => "http://localhost".to_owned(),
        port => format!("http://localhost:{port}"),
    }
}

/// Why a port could not be had.
#[derive(Debug, thiserror::Error)]
pub enum PortFault {
    /// Another process has it.
    #[error("port {port} is in use by another process, choose another one or 0")]
    Busy {
        /// The port.
        port: u16,
    },
    /// The system does not give it, as it does not give ports below 1024 to everybody.
    #[error("port {port} cannot be used")]
    Unusable {
        /// The port.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
}

/// The system chooses for one address, and the other may be taken; not many times in a row.
const ATTEMPTS_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_busy_port_is_said_to_be() {
        let first = Loopback::bind(0).await.unwrap();
        let again = Loopback::bind(first.port()).await;
        assert!(
            matches!(again, Err(PortFault::Busy { port }) if port == first.port()),
            "{again:?}"
        );
    }

    #[tokio::test]
    async fn a_port_that_is_busy_on_ipv6_only_is_busy() {
        let Ok(other) = TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, 0))).await else {
            println!("skipped: this machine has no IPv6 loopback");
            return;
        };
        let port = other.local_addr().unwrap().port();
        assert!(matches!(Loopback::bind(port).await, Err(PortFault::Busy { .. })));
    }

    #[tokio::test]
    async fn the_system_chooses_for_port_0() {
        let (first, second) = (Loopback::bind(0).await.unwrap(), Loopback::bind(0).await.unwrap());
        assert!(first.port() != 0 && first.port() != second.port());
        assert_eq!(first.origin(), format!("http://localhost:{}", first.port()));
    }
}
