//! What an operator decides about fetching, and the limits with their reasons.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::lookup::Lookup;
use super::pin::Pin;

/// How fetching is done. `FetchSettings::default()` is right for production.
///
/// What one fetch may cost is said with each, in [`Wanted`](super::Wanted).
#[derive(Clone, Debug)]
pub struct FetchSettings {
    /// Who is asked for the addresses of a name.
    pub dns: Dns,
    /// Fetches on the network at once. Default 32: the sockets and buffers a stranger can make us hold.
    /// Documents never seen get half of them, rounded up.
    pub fetches_max: usize,
    /// Fetches on the network at once to one host. Default 4: we are nobody's hammer. Documents never seen
    /// get half of them, rounded up: whoever makes up documents of a host does not shut out its true one.
    pub fetches_per_host_max: usize,
    /// Different fetches under way or waiting for their turn. Default 512; one more is refused at once.
    /// Documents never seen get half of them, rounded up, and give way where all are taken.
    pub waiting_max: usize,
    /// Longest wait for a turn. Default 2 seconds: whoever waits longer will not be served either.
    pub turn_wait_max: Duration,
    /// Fetches of documents never seen at once to one address, or one IPv6 network of 64 bits. Default 2: a
    /// stranger has as many names as he likes for one machine. Addresses that a setting pins are not counted.
    pub new_per_address_max: usize,
    /// Fetches of documents never seen that wait for one address. Default 32; one more is refused at once.
    pub new_waiting_per_address_max: usize,
    /// Longest wait for a step of the host of a document never seen: the look-up, TLS, the head of the answer.
    /// Default 2 seconds: who keeps silent holds a turn that others wait for.
    pub new_step_time_max: Duration,
    /// Addresses of one host tried in turn until one accepts. Default 4; *all* are checked all the same.
    pub addresses_max: usize,
    /// Longest wait for one address to accept. Default 2 seconds: a dead one leaves time for the next.
    pub connect_time_max: Duration,
    /// Longest URL, in bytes. Default 4096, as long as a client identifier may be.
    pub url_bytes_max: usize,
    /// What only a machine under development admits. Default nothing.
    pub development: Option<Development>,
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self {
            dns: Dns::System,
            fetches_max: 32,
            fetches_per_host_max: 4,
            waiting_max: 512,
            turn_wait_max: Duration::from_secs(2),
            new_per_address_max: 2,
            new_waiting_per_address_max: 32,
            new_step_time_max: Duration::from_secs(2),
            addresses_max: 4,
            connect_time_max: Duration::from_secs(2),
            url_bytes_max: 4096,
            development: None,
        }
    }
}

/// Who is asked for the addresses of a name.
#[derive(Clone, Debug, Default)]
pub enum Dns {
    /// The servers of the machine's own configuration; not its table of hosts.
    #[default]
    System,
    /// The server at this address.
    Server(SocketAddr),
    /// Something else, such as a table in a test.
    Other(Arc<dyn Lookup>),
}

/// What takes the guard off, for a machine under development: each item lets a document reach an address that
/// is not public.
#[derive(Clone, Debug, Default)]
pub struct Development {
    /// Admits plain http to `127.0.0.1`, `[::1]` and `localhost`, on any port; to nothing else.
    pub loopback_http: bool,
    /// Names that are never looked up, with addresses and ports that are trusted.
    pub resolve: Vec<Pin>,
    /// Certificate authorities to trust beside the public ones, each a PEM text with at least one.
    pub extra_ca: Vec<Vec<u8>>,
}

/// Why no fetcher could be made; all of it is the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum FetcherUnavailable {
    /// The machine names no server to look names up with.
    #[error("the DNS configuration of this machine cannot be used")]
    Dns(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// One of `extra_ca` is no certificate authority in PEM.
    #[error("extra certificate authority {number} is not a certificate in PEM")]
    Authority {
        /// Which one, counted from 1.
        number: usize,
        /// What is wrong with it, where it is more than that there is none.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The cryptography refuses to speak TLS 1.2 and 1.3.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
}
