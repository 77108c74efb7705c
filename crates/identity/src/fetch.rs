//! The hardened fetch: the only way out of the program to a host that a stranger named.
//!
//! A client identifier is a URL, and whoever sends one makes us fetch it. So a fetch reaches public addresses
//! alone, the one actually connected to being checked; it follows, repeats, keeps and decompresses nothing;
//! and it costs no more than [`Wanted`] and [`FetchSettings`] say, whatever the other side does (R-049 to
//! R-063).
//!
//! ```no_run
//! use entryway_identity::fetch::{FetchSettings, Fetcher, Wanted};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let fetcher = Fetcher::new(FetchSettings::default())?;
//! let document = fetcher.get(&"https://app.example.com/client.json".parse()?, &Wanted::json()).await?;
//! assert_eq!(document.content_type, "application/json");
//! # Ok(())
//! # }
//! ```

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::FutureExt as _;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tracing::debug;
use url::Url;

use self::destination::{Destination, HTTPS_PORT, Place};
use self::error::{Cause, Failed};
use self::network::{Network, Tcp};
use self::turns::{Turn, Turns};
use self::under_way::{Errand, UnderWay};

mod answer;
mod destination;
mod error;
mod exchange;
mod lookup;
mod names;
mod network;
mod pin;
mod public;
mod settings;
mod tls;
mod turns;
mod under_way;
mod wanted;

pub use self::error::FetchError;
pub use self::lookup::{Lookup, LookupFailed};
pub use self::pin::{MalformedPin, Pin};
pub use self::settings::{Development, Dns, FetchSettings, FetcherUnavailable};
pub use self::wanted::{CacheControl, Fetched, Standing, Wanted};

/// Fetches documents. Clones share their limits; make one for the whole program.
#[derive(Clone, Debug)]
pub struct Fetcher(Arc<Inner>);

impl Fetcher {
    /// Makes a fetcher; nothing is sent.
    ///
    /// # Errors
    ///
    /// See [`FetcherUnavailable`].
    pub fn new(settings: FetchSettings) -> Result<Self, FetcherUnavailable> {
        Self::over(Arc::new(Tcp), settings)
    }

    fn over(network: Arc<dyn Network>, settings: FetchSettings) -> Result<Self, FetcherUnavailable> {
        let extra_ca = settings
            .development
            .as_ref()
            .map_or(&[][..], |admitted| &admitted.extra_ca);
        Ok(Self(Arc::new(Inner {
            network,
            tls: tls::trusting(tls::authorities(extra_ca)?)?,
            dns: lookup::lookup(settings.dns.clone())?,
            turns: Turns::new(&settings),
            under_way: UnderWay::default(),
            settings,
        })))
    }

    /// Fetches a document with one GET.
    ///
    /// Those who want the same of the same URL at the same time share one fetch and its outcome, be it known to
    /// them or new. A fetch that one of them knows is [`Standing::Known`] from when he joins until it ends, also
    /// where it waits already; what it waited and took before counts for all. Dropping the future ends the
    /// fetch, unless others wait for it. It takes at most [`turn_wait_max`](FetchSettings::turn_wait_max) and
    /// then [`time_max`](Wanted::time_max). Not checked: anything about the body beyond its size.
    ///
    /// # Errors
    ///
    /// See [`FetchError`]. The log has, at debug, what the error must not tell.
    pub async fn get(&self, url: &Url, wanted: &Wanted) -> Result<Fetched, FetchError> {
        let Self(inner) = self;
        let refused = |error: &FetchError| {
            debug!(fetch.host = url.host_str(), fetch.outcome = %error, "not fetched");
        };
        let destination = Destination::of(url, &inner.settings).inspect_err(refused)?;
        let begin = || {
            let turn = inner.turns.enter(&destination.authority, wanted.standing)?;
            let ticket = turn.ticket();
            let fetch = Arc::clone(inner).run(destination, wanted.clone(), turn);
            Ok((ticket, fetch.boxed()))
        };
        let joined = |ticket| {
            if wanted.standing == Standing::Known {
                inner.turns.raise(ticket);
            }
        };
        let errand = Errand::of(url.clone(), wanted);
        let fetching = inner.under_way.join(errand, joined, begin);
        let fetching = fetching.inspect_err(refused)?;
        fetching.await
    }
}

#[derive(Debug)]
struct Inner {
    settings: FetchSettings,
    network: Arc<dyn Network>,
    dns: Arc<dyn Lookup>,
    tls: Arc<ClientConfig>,
    turns: Turns,
    under_way: UnderWay,
}

/// How far a fetch has come, for the case that its time runs out.
#[derive(Clone, Copy)]
enum Stage {
    Waiting,
    Reaching,
    Answering,
}

impl Inner {
    async fn run(
        self: Arc<Self>,
        destination: Destination,
        wanted: Wanted,
        turn: Turn,
    ) -> Result<Fetched, FetchError> {
        let outcome = match turn.comes().await {
            Ok(()) => self.fetch_in_time(&destination, &wanted, &turn).await,
            Err(busy) => Err(busy.into()),
        };
        let host = &destination.authority;
        match outcome {
            Ok(fetched) => {
                debug!(
                    fetch.host = host,
                    fetch.body_bytes = fetched.body.len(),
                    "fetched"
                );
                Ok(fetched)
            }
            Err(Failed { error, cause }) => {
                let cause = cause.as_deref().map(|cause| cause as &dyn std::error::Error);
                debug!(fetch.host = host, fetch.outcome = %error, error = cause, "not fetched");
                Err(error)
            }
        }
    }

    async fn fetch_in_time(
        &self,
        destination: &Destination,
        wanted: &Wanted,
        turn: &Turn,
    ) -> Result<Fetched, Failed> {
        let mut stage = Stage::Reaching;
        let fetch = self.fetch(destination, wanted, turn, &mut stage);
        match timeout(wanted.time_max, fetch).await {
            Ok(outcome) => outcome,
            Err(cause) => Err(Failed::with(stage.out_of_time(wanted), cause)),
        }
    }

    async fn fetch(
        &self,
        destination: &Destination,
        wanted: &Wanted,
        turn: &Turn,
        stage: &mut Stage,
    ) -> Result<Fetched, Failed> {
        let stream = self.connect(&destination.place, turn, stage).await?;
        let Some(server_name) = destination.server_name.clone() else {
            *stage = Stage::Answering;
            return exchange::ask(stream, destination, wanted, turn).await;
        };
        let unreachable = |cause: Cause| Failed::with(FetchError::Unreachable, cause);
        let handshake = TlsConnector::from(Arc::clone(&self.tls)).connect(server_name, stream);
        let stream = turn.step(handshake).await;
        let stream = stream.map_err(|cause| unreachable(cause.into()))?;
        let stream = stream.map_err(|cause| unreachable(cause.into()))?;
        *stage = Stage::Answering;
        exchange::ask(stream, destination, wanted, turn).await
    }

    /// Connects to the first of the addresses that accepts.
    ///
    /// These are the addresses that were checked: no name is looked up again, so none can change its mind.
    async fn connect(&self, place: &Place, turn: &Turn, stage: &mut Stage) -> Result<TcpStream, Failed> {
        let FetchSettings {
            addresses_max,
            connect_time_max,
            ..
        } = self.settings;
        let addresses = self.addresses(place, turn).await?;
        let mut failed = Failed::from(FetchError::Unreachable);
        for address in network::families_in_turn(&addresses).take(addresses_max) {
            // a stranger has any number of names for a machine; an operator's pins are no stranger's
            if let Place::Name(_) = place {
                *stage = Stage::Waiting;
                turn.comes_at(address.ip()).await?;
                *stage = Stage::Reaching;
            }
            failed = match timeout(connect_time_max, self.network.connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(cause)) => Failed::with(FetchError::Unreachable, cause),
                Err(cause) => Failed::with(FetchError::Unreachable, cause),
            };
        }
        Err(failed)
    }

    /// The addresses to connect to: looked up once, and none of them unless all of them are public.
    async fn addresses(&self, place: &Place, turn: &Turn) -> Result<Vec<SocketAddr>, Failed> {
        let name = match place {
            Place::Trusted(addresses) => return Ok(addresses.clone()),
            Place::Name(name) => name,
        };
        let unresolved = |cause: Cause| Failed::with(FetchError::Unresolved, cause);
        let answers = turn.step(self.dns.addresses(name)).await;
        let answers = answers.map_err(|cause| unresolved(cause.into()))?;
        let answers = answers.map_err(|cause| unresolved(cause.into()))?;
        if answers.is_empty() {
            return Err(unresolved("the name has no address".into()));
        }
        // one public answer among others does not help: which of them is connected to must not matter
        if let Some(address) = answers.iter().find(|address| !public::is_public(**address)) {
            let cause = format!("the name leads to {address}, which is not public");
            return Err(unresolved(cause.into()));
        }
        Ok(answers
            .iter()
            .map(|address| SocketAddr::new(*address, HTTPS_PORT))
            .collect())
    }
}

impl Stage {
    fn out_of_time(self, wanted: &Wanted) -> FetchError {
        match self {
            Self::Waiting => FetchError::Busy,
            // not told apart from a refused connection: see `FetchError`
            Self::Reaching => FetchError::Unreachable,
            Self::Answering => FetchError::TooSlow {
                time_max: wanted.time_max,
            },
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
