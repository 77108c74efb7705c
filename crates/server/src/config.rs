//! What an operator decides. Read once, by the command line, and never again.

use std::thread::available_parallelism;
use std::time::Duration;

use entryway_core::account::PasswordHash;
use entryway_core::handle::HandleRules;
use entryway_core::invite::Invitation;
use entryway_core::policy::Policy;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::secret::{Digest, ServerKey};
use entryway_resource::peer::Network;
use entryway_scope::Did;

use crate::clients::LocalDocuments;

/// The settings of one instance. Instances of one deployment share all of them.
#[derive(Clone, Debug)]
pub struct Config {
    /// The origin people and clients know this service by.
    pub issuer: Issuer,
    /// Where the OAuth endpoints hang, such as `/oauth` (D10). Begins with a slash and ends without.
    pub prefix: String,
    /// Lifetimes and limits.
    pub policy: Policy,
    /// Whether client documents at http on loopback addresses are read, for development.
    pub local_documents: LocalDocuments,
    /// What every other secret of the deployment is derived from or sealed with.
    pub root_key: ServerKey,
    /// Whether sign-ins are limited. Off only in load tests.
    pub limit_sign_ins: bool,
    /// Back-channel calls of one address in a minute; `None` for no limit.
    pub calls_per_minute: Option<u32>,
    /// How much is done at once.
    pub capacity: Capacity,
    /// Who may read the revocation feed: each resource has a token of its own, so that one can be shut out.
    pub feed_readers: Vec<FeedReader>,
    /// The DID of this service: the audience of refresh tokens of sessions, and of the service tokens that PDS
    /// hosts send. Each host has it as `PDS_ENTRYWAY_DID`.
    pub service_did: Did,
    /// Which handles are given out, and under which domains.
    pub handles: HandleRules,
    /// Whether a new account takes an invite code.
    pub invitation: Invitation,
    /// The hashes, argon2id, of the tokens that open the methods of administrators: Basic, as `admin`. None opens
    /// them where there is none.
    pub admin_tokens: Vec<PasswordHash>,
    /// Proxies before this service: what one of them says of the address of a client is believed
    /// (`X-Forwarded-For`). PDS hosts of the fleet are believed without being named here.
    pub trusted_proxies: Vec<Network>,
    /// How often each PDS host is asked for accounts that somebody there took down or switched off; never where
    /// there is nothing.
    pub pds_watch_every: Option<Duration>,
    /// What the service says of whoever runs it.
    pub about: About,
}

/// How much one instance takes on at once. What comes beyond that waits for a moment, and is then told to come
/// again (503), so that what is taken on is done in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Connections; more are told so and closed.
    pub connections: usize,
    /// Connections of one address. Addresses of this machine, and of proxies that are trusted, are not counted.
    pub connections_of_address: usize,
    /// Requests under way that concern sessions: token, revocation, `refreshSession`, `getSession`.
    pub session_calls: usize,
    /// Other requests under way but for those that cost next to nothing, such as metadata.
    pub other_calls: usize,
    /// Requests under way that hash a password or have a letter sent.
    pub password_calls: usize,
    /// Calls under way that are passed on to a PDS.
    pub passed_calls: usize,
    /// How long a request may wait to be taken on.
    pub wait: Duration,
}

impl Capacity {
    /// What a machine with so many cores can do, and no more than is done within the time people wait.
    pub fn of_cores(cores: usize) -> Self {
        Self {
            connections: 10_000,
            connections_of_address: 1_000,
            // enough to fill the commits of the database while others are being signed
            session_calls: 64 + 64 * cores,
            other_calls: 64 + 64 * cores,
            // a hash takes a core for some hundredths of a second: the last of them is done after some seconds
            password_calls: 32 + 16 * cores,
            passed_calls: 1_024,
            wait: Duration::from_millis(500),
        }
    }
}

impl Default for Capacity {
    /// That of this machine.
    fn default() -> Self {
        Self::of_cores(available_parallelism().map_or(1, usize::from))
    }
}

/// What `com.atproto.server.describeServer` says of whoever runs the service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Where to write to them.
    pub contact_email: Option<String>,
    /// The URL of what they do with what they know.
    pub privacy_policy: Option<String>,
    /// The URL of what they ask of people.
    pub terms_of_service: Option<String>,
}

/// A resource that follows the revocation feed (D8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedReader {
    /// What the log calls it. Its own among the readers.
    pub name: String,
    /// The digest of its [`FeedToken`](entryway_oauth::secret::FeedToken).
    pub token: Digest,
}
