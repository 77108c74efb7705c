//! The PDS hosts that leave their login to us: which one an account lives on, and where the next one goes.
//!
//! What the store says of them is kept for a few seconds, since every call that is passed on asks. Whoever adds,
//! drains or removes a host with the command line is felt that much later; one that is missed is looked for anew.

mod forwarded;
mod password;
mod placement;
mod watch;

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderMap;
use tokio::sync::Mutex;

use entryway_core::account::Account;
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_resource::peer::{FORWARDED_FOR, Network};
use entryway_scope::Did;
use entryway_store::{HostState, PdsHost, Store};

use crate::clock::Clock;
use crate::failure::Fault;

use forwarded::Believed;
pub use password::{HostPassword, HostPasswords};
use placement::Inhabitants;
pub(crate) use watch::watch;
pub use watch::watch_once;

/// The hosts of this deployment.
#[derive(Debug)]
pub struct Fleet {
    store: Store,
    clock: Clock,
    passwords: HostPasswords,
    believed: Believed,
    /// Held while they are read, so that callers at the same time share one reading.
    listed: Mutex<Option<Read<Hosts>>>,
    counted: Mutex<Option<Read<Inhabitants>>>,
}

/// Hosts in the order they were added.
type Hosts = Arc<[Arc<PdsHost>]>;

/// What was read, and when.
#[derive(Debug)]
struct Read<T> {
    what: T,
    at: Timestamp,
}

impl<T> Read<T> {
    /// A clock that was set back makes everything old.
    fn is_fresh(&self, kept_for: Seconds, now: Timestamp) -> bool {
        self.at <= now && now < self.at + kept_for
    }
}

/// How long a change of the fleet may take to be felt.
const HOSTS_KEPT: Seconds = Seconds(5);
/// The same for whoever misses a host, which may have been added just now: read once a second at most.
const MISSED_KEPT: Seconds = Seconds(1);
/// The same for how many accounts each has, which takes counting them all. Those that are placed meanwhile are
/// counted here.
const COUNTS_KEPT: Seconds = Seconds(60);

impl Fleet {
    pub(crate) fn new(
        store: Store,
        clock: Clock,
        passwords: HostPasswords,
        trusted_proxies: Vec<Network>,
    ) -> Self {
        Self {
            store,
            clock,
            passwords,
            believed: Believed::new(trusted_proxies),
            listed: Mutex::default(),
            counted: Mutex::default(),
        }
    }

    /// The hosts in the order they were added.
    ///
    /// # Errors
    /// A [`Fault`] of the store.
    pub async fn hosts(&self) -> Result<Arc<[Arc<PdsHost>]>, Fault> {
        self.hosts_kept(HOSTS_KEPT).await
    }

    async fn hosts_kept(&self, kept_for: Seconds) -> Result<Hosts, Fault> {
        let now = self.clock.now();
        let mut listed = self.listed.lock().await;
        if let Some(read) = listed.as_ref().filter(|read| read.is_fresh(kept_for, now)) {
            return Ok(Arc::clone(&read.what));
        }
        let what: Hosts = self.store.pds_hosts().await?.into_iter().map(Arc::new).collect();
        *listed = Some(Read {
            what: Arc::clone(&what),
            at: now,
        });
        Ok(what)
    }

    /// Has the hosts read again by whoever asks next: the store knows better than what is kept.
    pub(crate) async fn forget(&self) {
        *self.listed.lock().await = None;
    }

    /// The host of this DID.
    ///
    /// # Errors
    /// A [`Fault`] of the store.
    pub async fn host(&self, did: &Did) -> Result<Option<Arc<PdsHost>>, Fault> {
        self.named(did.as_str()).await
    }

    /// The host that the account lives on; none where that is no host of ours.
    ///
    /// # Errors
    /// A [`Fault`] of the store.
    pub async fn host_of(&self, account: &Account) -> Result<Option<Arc<PdsHost>>, Fault> {
        self.named(&account.pds_did).await
    }

    async fn named(&self, did: &str) -> Result<Option<Arc<PdsHost>>, Fault> {
        let find = |hosts: &Hosts| hosts.iter().find(|host| host.did.as_str() == did).cloned();
        if let Some(host) = find(&self.hosts().await?) {
            return Ok(Some(host));
        }
        Ok(find(&self.hosts_kept(MISSED_KEPT).await?))
    }

    /// The host for a new account: of those that are open the one with the fewest, and of several the one that was
    /// added first. It is counted as placed there. None where no host is open.
    ///
    /// # Errors
    /// A [`Fault`] of the store.
    pub async fn place(&self) -> Result<Option<Arc<PdsHost>>, Fault> {
        let mut hosts = self.hosts().await?;
        if !hosts.iter().any(|host| host.state == HostState::Open) {
            hosts = self.hosts_kept(MISSED_KEPT).await?;
        }
        let now = self.clock.now();
        let mut counted = self.counted.lock().await;
        let mut inhabitants = match counted.take().filter(|read| read.is_fresh(COUNTS_KEPT, now)) {
            Some(read) => read,
            None => Read {
                what: Inhabitants::of(self.store.homes().await?),
                at: now,
            },
        };
        let chosen = inhabitants.what.emptiest(&hosts);
        *counted = Some(inhabitants);
        Ok(chosen)
    }

    /// The password of the host's administrator, to call its `com.atproto.admin` methods with.
    ///
    /// # Errors
    /// A [`Fault`] if it was sealed with another root key or damaged.
    pub fn password(&self, host: &PdsHost) -> Result<HostPassword, Fault> {
        self.passwords.unseal(host)
    }

    /// The address of the client: what `X-Forwarded-For` says, as far as it was written by proxies of ours and by
    /// hosts of the fleet; else the other end of the connection.
    ///
    /// # Errors
    /// A [`Fault`] of the store.
    pub(crate) async fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> Result<IpAddr, Fault> {
        if !headers.contains_key(FORWARDED_FOR) {
            return Ok(peer);
        }
        // boxed, since what has to be asked for now and then would make every request's future as large
        Box::pin(async {
            let hosts = self.hosts().await?;
            let now = self.clock.now();
            Ok(self.believed.client(peer, headers, &hosts, now).await)
        })
        .await
    }
}
