//! The revocation feed, followed: what an issuer took back since it signed the tokens we verify offline.
//!
//! A [`Follower`] reads the feed of one issuer from a [`FeedSource`] and tells a [`Revocations`], which a
//! verifier asks on each request. Knowledge has an age: how long ago the issuer last said which event is
//! its latest, with all up to that one read. Older than [`FeedLimits::staleness_max`] it is no ground to
//! let anybody in, and until the first complete reading there is none at all.
//!
//! What the age does not hang on: any clock that can be set. The issuer's word is known for a new one by
//! the challenge it repeats, and its age is counted by the steady clock of [`Moment`].
//!
//! Nothing is skipped. A gap, a foreign or unsigned statement, a kind nobody knows: the connection is
//! dropped, the reading goes on from the last event that was good, and until then the knowledge ages.
//!
//! Each connection begins with the last event of the one before. A feed whose number went on from a
//! restored database would otherwise look like the one that was followed, with events missing in between.

mod fault;
mod follower;
#[cfg(feature = "client")]
mod http;
mod keys;
mod reading;
mod revocations;
#[cfg(test)]
mod scene;
mod source;
#[cfg(feature = "client")]
mod sse;

use std::time::Duration;

#[cfg(doc)]
use crate::Moment;

pub use fault::FeedFault;
pub use follower::{Chance, Follower};
#[cfg(feature = "client")]
pub use http::{HttpFeed, HttpFeedStream};
pub use keys::{FeedKeys, InvalidFeedKeys};
pub use revocations::Revocations;
pub use source::{FeedSource, FeedStream};

/// What is known of a token's session and key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Neither is revoked, as of a moment ago.
    Good,
    /// The session has ended, or the key is no longer believed.
    Revoked,
    /// Nothing says so, but the knowledge is too old, or not complete.
    Stale,
}

/// Bounds of what is known of revocations, and what to do beyond them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedLimits {
    /// How old the knowledge may be. Default 60 seconds. Below some 20 seconds a feed that must be polled,
    /// or one lost connection, makes it stale.
    pub staleness_max: Duration,
    /// What a verifier does when it is older. Default [`WhenStale::Refuse`].
    pub when_stale: WhenStale,
    /// Sessions and keys remembered at a time, of some 60 to 120 bytes each. Default 500,000. One is
    /// remembered for as long as an access token lives; when there are more the knowledge is not complete,
    /// and as good as stale.
    pub entries_max: usize,
}

/// What becomes of a request while the knowledge is stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenStale {
    /// It is refused: an attacker who can cut the feed off gains nothing.
    Refuse,
    /// It is let through unless it is known to be revoked: the feed's absence is no outage, and a
    /// revocation may take effect as late as the token's own end.
    Accept,
}

impl Default for FeedLimits {
    fn default() -> Self {
        Self {
            staleness_max: Duration::from_mins(1),
            when_stale: WhenStale::Refuse,
            entries_max: 500_000,
        }
    }
}

/// How well the feed is followed, for health checks and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedHealth {
    /// The number of the last event read; none before the first complete reading.
    pub cursor: Option<u64>,
    /// How old the knowledge is; none where it is not complete, as at the start.
    pub age: Option<Duration>,
    /// Whether it is older than it may be, or not complete.
    pub stale: bool,
    /// Sessions and keys remembered.
    pub entries: usize,
    /// What last went wrong, if nothing went right since: one sentence with its causes.
    pub trouble: Option<String>,
}
