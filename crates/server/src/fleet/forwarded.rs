//! Whose word on the address of a client is believed.
//!
//! A PDS sends the address of whoever called it (contract 2.1), and so does a proxy before us. Anybody can write
//! the header, so it is read from its end, and no further than those who wrote it are known.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use tokio::net::lookup_host;
use tokio::sync::Mutex;
use tokio::time::timeout;
use url::{Host, Url};

use entryway_oauth::time::{Seconds, Timestamp};
use entryway_resource::peer::{Network, origin};
use entryway_store::PdsHost;

use super::Read;

/// How long the addresses of a host are taken to stay what they are.
const ADDRESSES_KEPT: Seconds = Seconds(60);
/// How long looking up a host may take: the first call of it waits.
const LOOKUP_WAIT: Duration = Duration::from_secs(2);

type Known = BTreeMap<String, Read<Vec<Network>>>;

/// Who is believed.
#[derive(Debug)]
pub(super) struct Believed {
    proxies: Vec<Network>,
    /// The addresses of hosts by their URL.
    hosts: Arc<Mutex<Known>>,
}

impl Believed {
    pub(super) fn new(proxies: Vec<Network>) -> Self {
        Self {
            proxies,
            hosts: Arc::default(),
        }
    }

    /// The address that the last one to be believed has named, or the peer.
    pub(super) async fn client(
        &self,
        peer: IpAddr,
        headers: &HeaderMap,
        hosts: &[Arc<PdsHost>],
        now: Timestamp,
    ) -> IpAddr {
        let mut trusted = self.proxies.clone();
        let mut known = self.hosts.lock().await;
        for host in hosts {
            trusted.extend(self.addresses(&mut known, host.url.as_str(), now).await);
        }
        drop(known);
        origin(peer, headers, &trusted).address
    }

    /// The addresses of a host. Waited for the first time only; what is old serves while it is looked up again.
    async fn addresses(&self, known: &mut Known, url: &str, now: Timestamp) -> Vec<Network> {
        let Some(read) = known.get_mut(url) else {
            let what = look_up(url).await.unwrap_or_default();
            known.insert(
                url.to_owned(),
                Read {
                    what: what.clone(),
                    at: now,
                },
            );
            return what;
        };
        if !read.is_fresh(ADDRESSES_KEPT, now) {
            // from now on, so that one caller looks it up and not each
            read.at = now;
            let (known, url) = (Arc::clone(&self.hosts), url.to_owned());
            tokio::spawn(async move {
                if let Some(what) = look_up(&url).await {
                    known.lock().await.insert(url, Read { what, at: now });
                }
            });
        }
        read.what.clone()
    }
}

/// Where a host is; `None` where nobody says so in time.
async fn look_up(url: &str) -> Option<Vec<Network>> {
    let url = Url::parse(url).ok()?;
    let addresses: Vec<IpAddr> = match url.host()? {
        Host::Ipv4(address) => vec![address.into()],
        Host::Ipv6(address) => vec![address.into()],
        Host::Domain("localhost") => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        Host::Domain(name) => {
            let found = timeout(LOOKUP_WAIT, lookup_host((name, 0))).await.ok()?.ok()?;
            found.map(|socket| socket.ip()).collect()
        }
    };
    Some(addresses.into_iter().map(Network::from).collect())
}

#[cfg(test)]
mod tests;
