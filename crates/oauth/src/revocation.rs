//! The revocation feed: what an authorization server tells the resources that verify its tokens offline.
//!
//! Whatever ends sessions, and whatever ends the belief in a token key, is a [`RevocationEvent`] with a
//! number: 1, 2, 3 and so on for each issuer, without gaps. A reader keeps the number of the last one it
//! has seen and asks for what comes after. A [`FeedHead`] says which number is the latest at this moment,
//! so that a reader knows how old its knowledge is even when nothing happens.
//!
//! The unit of effect is the session: an event lists the sessions it ended, whatever the reason. Nothing
//! is decided by comparing instants, so a new sign-in in the same second is never hit.
//!
//! Each statement is signed for itself ([`FeedKey`], [`verify`]) with a key that signs nothing else, so
//! neither a token nor a proof can pass for one. [`FeedRequest`] is what a reader asks for over HTTP.

mod key_set;
mod request;
mod statement;

use std::time::Duration;

use entryway_scope::Did;
use serde::{Deserialize, Serialize};

use crate::issuer::Issuer;
use crate::jwk::Thumbprint;
use crate::secret::SessionId;
use crate::time::{Seconds, Timestamp};

pub(crate) use key_set::KID_PREFIX;
pub use key_set::read_key_set;
pub use request::{Challenge, FeedRequest, WAIT_MAX};
pub use statement::{FeedKey, InvalidStatement, Unsigned, verify};

/// The endpoint's path below the prefix of the authorization server's endpoints. A reader sends its
/// [`crate::secret::FeedToken`] as `Authorization: Bearer`.
pub const PATH: &str = "/revocations";
/// What a reader accepts who wants a stream: a head, every event after its cursor, then events as they
/// happen, and a head every [`HEAD_EVERY`]. A message's `event` is [`EVENT_REVOCATION`] or [`EVENT_HEAD`], its
/// one line of `data` the compact JWS. An event's `id` is its number; a head has none, so that who connects
/// again with `Last-Event-ID` misses nothing.
pub const STREAM_TYPE: &str = "text/event-stream";
/// What a reader accepts who asks again and again: a [`FeedPage`] when there is an event after its
/// cursor, or when it has waited in vain.
pub const PAGE_TYPE: &str = "application/json";
/// The name of a stream's message that holds an event.
pub const EVENT_REVOCATION: &str = "revocation";
/// The name of a stream's message that holds a head.
pub const EVENT_HEAD: &str = "head";
/// How often a stream says which event is the latest. A reader that hears nothing for twice as long
/// connects again.
pub const HEAD_EVERY: Duration = Duration::from_secs(5);
/// Statements of one [`FeedPage`]; a reader that is not at its head's number asks again at once.
pub const PAGE_STATEMENTS_MAX: usize = 256;
/// Sessions of one event; more of them are several events. Keeps a statement below
/// [`crate::jws::JWS_BYTES_MAX`] beside the longest account and client identifiers.
pub const SESSIONS_MAX: usize = 64;
/// How long beyond its `until` an event is kept, for readers whose clock is behind the server's and who
/// so take a token for longer than it was meant.
pub const KEPT_BEYOND: Seconds = Seconds::minutes(5);

/// A change that ends sessions, or the belief in a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RevocationEvent {
    /// Whose tokens it is about.
    pub iss: Issuer,
    /// Its number, from 1.
    pub seq: u64,
    /// When it happened.
    pub iat: Timestamp,
    /// When the last token concerned has ended by itself; nobody need remember the event for longer.
    pub until: Timestamp,
    /// What is revoked.
    #[serde(flatten)]
    pub subject: Revoked,
}

/// What an event revokes, and why. In JSON the member `kind` and the members of that kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Revoked {
    /// Sessions ended for themselves: signed out, replayed, expired by decision.
    Session {
        /// The sessions that ended.
        sessions: Vec<SessionId>,
    },
    /// An account took back what it had granted to a client.
    Grant {
        /// The account.
        sub: Did,
        /// The client.
        client_id: String,
        /// The sessions that ended by it.
        sessions: Vec<SessionId>,
    },
    /// Every session of an account ended: taken down, deactivated, deleted, or signed out everywhere.
    Account {
        /// The account.
        sub: Did,
        /// The sessions that ended by it.
        sessions: Vec<SessionId>,
    },
    /// A client is no longer served.
    Client {
        /// The client.
        client_id: String,
        /// The sessions that ended by it.
        sessions: Vec<SessionId>,
    },
    /// A key that signed access tokens is no longer believed, whatever a token says that it signed.
    Key {
        /// The thumbprint of the key (RFC 7638).
        jkt: Thumbprint,
    },
}

impl Revoked {
    /// The member `kind`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Session { .. } => "session",
            Self::Grant { .. } => "grant",
            Self::Account { .. } => "account",
            Self::Client { .. } => "client",
            Self::Key { .. } => "key",
        }
    }

    /// The sessions that ended; none for a key.
    pub fn sessions(&self) -> &[SessionId] {
        match self {
            Self::Session { sessions }
            | Self::Grant { sessions, .. }
            | Self::Account { sessions, .. }
            | Self::Client { sessions, .. } => sessions,
            Self::Key { .. } => &[],
        }
    }
}

/// Which event is the latest, said at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeedHead {
    /// Whose feed it is.
    pub iss: Issuer,
    /// The number of the latest event; 0 before the first.
    pub seq: u64,
    /// The number of the oldest event that is still kept, one more than `seq` when none is. A cursor
    /// before `oldest - 1` cannot be continued.
    pub oldest: u64,
    /// When this was said.
    pub iat: Timestamp,
    /// The challenge of the request that this answers, when it had one.
    ///
    /// It proves that the head was made after the question, without trusting a clock on either side: a
    /// head that was recorded, or that a cache gives twice, has another one. So a reader can believe a
    /// server whose clock was set back, or whose database was, and still not be fooled by an old answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Challenge>,
}

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// Something was revoked.
    Event(RevocationEvent),
    /// Which event is the latest.
    Head(FeedHead),
}

impl Statement {
    /// The number in it: the event's own, or the latest.
    pub const fn seq(&self) -> u64 {
        match self {
            Self::Event(event) => event.seq,
            Self::Head(head) => head.seq,
        }
    }
}

impl From<RevocationEvent> for Statement {
    fn from(event: RevocationEvent) -> Self {
        Self::Event(event)
    }
}

impl From<FeedHead> for Statement {
    fn from(head: FeedHead) -> Self {
        Self::Head(head)
    }
}

/// The answer to a reader that asks again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedPage {
    /// Compact JWS: at most [`PAGE_STATEMENTS_MAX`] events in order, then a head.
    pub statements: Vec<String>,
}

#[cfg(test)]
mod tests;
