//! For the tests: an issuer that writes a feed, and instants.

use std::sync::LazyLock;
use std::time::Duration;

use entryway_oauth::issuer::Issuer;
use entryway_oauth::jwk::{PublicKey, Thumbprint};
use entryway_oauth::revocation::{Challenge, FeedHead, FeedKey, RevocationEvent, Revoked, Statement};
use entryway_oauth::secret::SessionId;
use entryway_oauth::time::{Seconds, Timestamp};

use crate::Moment;

pub(super) const NOON: i64 = 1_700_000_000;
pub(super) const MINUTES_15: Seconds = Seconds::minutes(15);

/// That many seconds after noon, by both clocks.
pub(super) fn at(seconds: u64) -> Moment {
    Moment {
        wall: date(seconds),
        steady: Duration::from_secs(seconds),
    }
}

/// That many seconds after noon by the steady clock, and a jump further by the calendar.
pub(super) fn at_jumped(seconds: u64, jump: i64) -> Moment {
    Moment {
        wall: date(seconds) + Seconds(jump),
        ..at(seconds)
    }
}

pub(super) fn date(seconds: u64) -> Timestamp {
    Timestamp::from_seconds(NOON + i64::try_from(seconds).unwrap())
}

pub(super) fn issuer() -> Issuer {
    Issuer::parse("https://entryway.example").unwrap()
}

pub(super) fn key() -> FeedKey {
    FeedKey::from_bytes(&[7; 32]).unwrap()
}

pub(super) fn keys() -> Vec<PublicKey> {
    vec![key().public().clone()]
}

/// The key that signs access tokens, which is not revoked.
pub(super) fn token_key() -> Thumbprint {
    static KEY: LazyLock<Thumbprint> = LazyLock::new(|| crate::scene::public([7; 32]).thumbprint());
    *KEY
}

pub(super) fn session(n: u64) -> SessionId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&n.to_le_bytes());
    SessionId::from_entropy(id)
}

/// An event that ends the session of its own number, at this second.
pub(super) fn event(seq: u64, seconds: u64) -> RevocationEvent {
    RevocationEvent {
        iss: issuer(),
        seq,
        iat: date(seconds),
        until: date(seconds) + MINUTES_15,
        subject: Revoked::Session {
            sessions: vec![session(seq)],
        },
    }
}

pub(super) const CHALLENGE: Challenge = Challenge::from_entropy([1; 16]);

pub(super) fn head(seq: u64, oldest: u64, seconds: u64) -> FeedHead {
    FeedHead {
        iss: issuer(),
        seq,
        oldest,
        iat: date(seconds),
        challenge: Some(CHALLENGE),
    }
}

pub(super) fn signed(statement: impl Into<Statement>) -> String {
    key().sign(&statement.into()).unwrap()
}
