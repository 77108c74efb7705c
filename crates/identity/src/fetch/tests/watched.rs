//! Names that lead where a test says, a network that tells where it was asked to connect, and canaries.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::super::network::Network;
use super::super::{Lookup, LookupFailed};

/// A DNS whose every look-up gets the next of these answers, and the last one again and again.
#[derive(Debug)]
pub(super) struct Answers {
    next: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Answers {
    pub(super) fn always(addresses: &[&str]) -> Arc<Self> {
        Self::one_after_the_other(&[addresses])
    }

    pub(super) fn one_after_the_other(answers: &[&[&str]]) -> Arc<Self> {
        let addresses = |texts: &&[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Self {
            next: Mutex::new(answers.iter().map(addresses).collect()),
            asked: Mutex::default(),
        })
    }

    /// The names that were looked up.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Lookup for Answers {
    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, LookupFailed> {
        self.asked.lock().unwrap().push(name.to_owned());
        let mut next = self.next.lock().unwrap();
        if next.len() > 1 {
            return Ok(next.pop_front().unwrap());
        }
        let failed = || LookupFailed("nobody answers".to_owned());
        next.front().cloned().ok_or_else(failed)
    }
}

/// A network that is this machine alone. What it is asked to connect to is told by [`asked`](Self::asked);
/// addresses of this machine lead to the canaries whatever the port, others to where the test leads them.
#[derive(Debug)]
pub(super) struct Watched {
    canaries: Canaries,
    detours: HashMap<IpAddr, SocketAddr>,
    asked: Mutex<Vec<SocketAddr>>,
}

impl Watched {
    pub(super) async fn new(detours: &[(&str, SocketAddr)]) -> Arc<Self> {
        let detours = detours
            .iter()
            .map(|(address, to)| (address.parse().unwrap(), *to));
        Arc::new(Self {
            canaries: Canaries::new().await,
            detours: detours.collect(),
            asked: Mutex::default(),
        })
    }

    pub(super) fn canaries(&self) -> &Canaries {
        &self.canaries
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.asked
            .lock()
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect()
    }
}

#[async_trait]
impl Network for Watched {
    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        self.asked.lock().unwrap().push(address);
        let ip = address.ip();
        if let Some(detour) = self.detours.get(&ip) {
            return TcpStream::connect(detour).await;
        }
        let canonical = ip.to_canonical();
        if canonical.is_loopback() || canonical.is_unspecified() {
            return TcpStream::connect((ip, self.canaries.port(ip))).await;
        }
        Err(io::ErrorKind::HostUnreachable.into())
    }
}

/// Listeners on every address of this machine that count whoever connects.
#[derive(Debug)]
pub(super) struct Canaries {
    v4: u16,
    v6: u16,
    came: watch::Sender<usize>,
}

impl Canaries {
    async fn new() -> Self {
        let came = watch::Sender::new(0);
        Self {
            v4: listen(IpAddr::V4(Ipv4Addr::UNSPECIFIED), &came).await,
            v6: listen(IpAddr::V6(Ipv6Addr::UNSPECIFIED), &came).await,
            came,
        }
    }

    /// Where the canary for this kind of address listens.
    pub(super) fn port(&self, address: IpAddr) -> u16 {
        if address.is_ipv4() { self.v4 } else { self.v6 }
    }

    pub(super) fn ports(&self) -> [u16; 2] {
        [self.v4, self.v6]
    }

    /// How many have come, once at least so many have. Connections are counted in the order they were made,
    /// so that when the last one made on purpose is seen, any earlier one of its kind has been seen too.
    pub(super) async fn came(&self, least: usize) -> usize {
        *self
            .came
            .subscribe()
            .wait_for(|came| *came >= least)
            .await
            .unwrap()
    }
}

async fn listen(address: IpAddr, came: &watch::Sender<usize>) -> u16 {
    let listener = TcpListener::bind((address, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let came = came.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            came.send_modify(|count| *count += 1);
            drop(stream);
        }
    });
    port
}
