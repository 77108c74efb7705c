//! What an operator decides about a gate.

use std::sync::Arc;
use std::time::Duration;

use entryway_oauth::issuer::Issuer;
use entryway_scope::Did;

use super::credentials::UpstreamCredentials;
use super::paths::PagePattern;
use crate::client::HttpClient;
use crate::peer::Network;
use crate::{Clock, Permissions, Verifier};

/// Fills a buffer with random bytes fit for keys, or says that it could not.
pub type Entropy = Arc<dyn Fn(&mut [u8]) -> bool + Send + Sync>;

/// Tells how the gate is, whenever somebody asks.
pub type HealthSource = Arc<dyn Fn() -> Vec<IssuerHealth> + Send + Sync>;

/// Everything a gate is made of.
#[derive(Clone)]
pub struct GateSettings {
    /// The PDS hosts behind it.
    pub hosts: Vec<HostSettings>,
    /// Proxies in front of it, whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<Network>,
    /// Bounds.
    pub limits: GateLimits,
    /// Asks the upstreams.
    pub client: HttpClient,
    /// Tells the instant.
    pub clock: Clock,
    /// Draws random bytes.
    pub entropy: Entropy,
    /// Knows whether keys and revocations are there.
    pub health: HealthSource,
}

/// One PDS behind a gate.
#[derive(Clone, Debug)]
pub struct HostSettings {
    /// Under which origin clients know it. Requests whose `Host` names it are for this PDS.
    pub public_url: Issuer,
    /// Where it really is: an origin, http or https.
    pub upstream: http::Uri,
    /// Its DID, the audience of tokens.
    pub did: Did,
    /// Verifies calls; its audience and public URL are those above.
    pub verifier: Arc<Verifier>,
    /// The issuer that clients are sent to (R-030: one).
    pub issuer: Issuer,
    /// What each call needs.
    pub permissions: Permissions,
    /// How it learns for whom a verified call is.
    pub credentials: UpstreamCredentials,
    /// What becomes of calls with a session or a password, which it checks itself.
    pub legacy: Legacy,
    /// Whether `x-atproto-handle` and `x-atproto-password` are taken.
    pub passwords: Passwords,
    /// Its own pages that are passed on beside calls and the documents every PDS has, with their cookies.
    pub pages: Vec<PagePattern>,
    /// Domains of handles, such as `.pds.example`: hosts below them are asked for
    /// `/.well-known/atproto-did` and nothing else.
    pub handle_domains: Vec<String>,
}

/// What becomes of `Authorization: Bearer` and `Basic`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Legacy {
    /// Passed on; the PDS checks them, as it does without a gate.
    Passed,
    /// Refused: sessions, app passwords, administration, and service tokens such as those of a video
    /// service.
    Refused,
}

/// What becomes of `x-atproto-handle` and `x-atproto-password`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passwords {
    /// Refused.
    Refused,
    /// Exchanged for a session at the PDS, which is used for a few minutes and never given out.
    Exchanged,
}

/// Bounds of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateLimits {
    /// Connections at once; more wait in the system's queue until one ends. Default 10,000.
    pub connections_max: usize,
    /// Bytes of one request's body. Default 4 GiB: the PDS has limits of its own for each method.
    pub body_bytes_max: u64,
    /// Subscriptions at once. Default 1,000.
    pub tunnels_max: usize,
    /// How long a subscription may be silent in both directions. Default 1 hour: a small PDS has nothing
    /// to say for long.
    pub tunnel_idle: Duration,
    /// How long a head may take to arrive, and an unused connection to wait for one. Default 30 seconds
    ///
    pub head_wait: Duration,
    /// How long the next piece of a request's body may take. Default 30 seconds.
    pub body_wait: Duration,
    /// How long a client may take none of its answer. Default 60 seconds.
    pub answer_wait: Duration,
    /// How long one request may take with its answer, subscriptions apart. Default 2 hours.
    pub exchange_wait: Duration,
    /// How long requests under way may take once the gate is asked to stop. Default 10 seconds.
    pub drain_wait: Duration,
}

impl Default for GateLimits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            body_bytes_max: 4 * 1024 * 1024 * 1024,
            tunnels_max: 1_000,
            tunnel_idle: Duration::from_hours(1),
            head_wait: Duration::from_secs(30),
            body_wait: Duration::from_secs(30),
            answer_wait: Duration::from_mins(1),
            exchange_wait: Duration::from_hours(2),
            drain_wait: Duration::from_secs(10),
        }
    }
}

/// How it stands with one issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerHealth {
    /// Which.
    pub issuer: Issuer,
    /// Whether a key of it is known.
    pub keys_known: bool,
    /// Its revocation feed, where one is followed.
    pub feed: Option<FeedHealth>,
}

/// How it stands with a revocation feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedHealth {
    /// Seconds since it was last known to be up to date; nothing where it never was.
    pub age_seconds: Option<u64>,
    /// Whether that is within the limit.
    pub fresh: bool,
}

impl IssuerHealth {
    /// Whether tokens of this issuer can be judged.
    pub fn is_ready(&self) -> bool {
        self.keys_known && self.feed.is_none_or(|feed| feed.fresh)
    }
}
