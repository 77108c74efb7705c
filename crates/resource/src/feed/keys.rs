//! The keys an issuer signs its feed with.

use std::sync::Arc;
use std::time::Duration;

use entryway_oauth::jwk::{Algorithm, PublicKey};
use entryway_oauth::revocation::{InvalidStatement, read_key_set};

use super::FeedFault;
use crate::{Clock, IssuerSilent, KeySource};

/// Where a [`super::Follower`] has the keys from that statements are verified with.
///
/// ```
/// use entryway_oauth::revocation::FeedKey;
/// use entryway_resource::feed::{FeedKeys, InvalidFeedKeys};
/// let key = FeedKey::from_bytes(&[7; 32]).unwrap();
/// assert!(FeedKeys::pinned(vec![key.public().clone()]).is_ok());
/// assert_eq!(FeedKeys::pinned(vec![]).unwrap_err(), InvalidFeedKeys);
/// ```
#[derive(Clone, Debug)]
pub struct FeedKeys(Keys);

#[derive(Clone, Debug)]
enum Keys {
    Pinned(Vec<PublicKey>),
    Published(Arc<dyn KeySource>),
}

/// These are not the keys of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a revocation feed has 1 to {KEYS_MAX} keys, each of P-256")]
pub struct InvalidFeedKeys;

impl FeedKeys {
    /// Believes exactly these P-256 keys.
    ///
    /// # Errors
    /// [`InvalidFeedKeys`].
    pub fn pinned(keys: Vec<PublicKey>) -> Result<Self, InvalidFeedKeys> {
        let counted = (1..=KEYS_MAX).contains(&keys.len());
        if !counted || !keys.iter().all(|key| key.fits(Algorithm::ES256)) {
            return Err(InvalidFeedKeys);
        }
        Ok(Self(Keys::Pinned(keys)))
    }

    /// Believes the keys that the issuer publishes for its feed, beside those for its tokens.
    ///
    /// They are asked for before the first connection, again before one when that is five minutes ago, and
    /// when a statement came that none of them signed, but never more than once in ten seconds. Where the
    /// issuer does not answer, what it said last counts for a day.
    ///
    /// Does not check that the source is the issuer's.
    pub fn published(source: Arc<dyn KeySource>) -> Self {
        Self(Keys::Published(source))
    }

    pub(super) fn known(self) -> KnownKeys {
        KnownKeys {
            source: self,
            told: None,
            asked: None,
            doubted: false,
        }
    }
}

/// The keys as they are known to one follower.
pub(super) struct KnownKeys {
    source: FeedKeys,
    /// What the issuer said last, and when it was asked.
    told: Option<(Vec<PublicKey>, Duration)>,
    asked: Option<Duration>,
    /// Whether a statement came since that none of them signed.
    doubted: bool,
}

impl KnownKeys {
    /// The keys to verify the next connection's statements with.
    ///
    /// # Errors
    /// [`FeedFault::KeysUnknown`] where none are known, and the issuer was asked in vain.
    pub(super) async fn current(&mut self, clock: &Clock) -> Result<&[PublicKey], FeedFault> {
        let source = match &self.source.0 {
            Keys::Pinned(keys) => return Ok(keys),
            Keys::Published(source) => source,
        };
        let now = clock().steady;
        let since = |at: Duration| now.saturating_sub(at);
        let age = self.told.as_ref().map(|(_, at)| since(*at));
        let is_due = self.doubted || age.is_none_or(|age| age >= ASKED_AGAIN_AFTER);
        let may_ask = self.asked.is_none_or(|at| since(at) >= ASKED_AT_MOST_EVERY);
        let mut reason = None;
        if is_due && may_ask {
            self.asked = Some(now);
            let answer = source.key_set().await;
            match answer.and_then(|body| read_key_set(&body).map_err(IssuerSilent::because)) {
                Ok(keys) => {
                    self.told = Some((keys, now));
                    self.doubted = false;
                }
                Err(silent) => {
                    let fault = silent.in_full();
                    tracing::warn!(fault, ?source, "the keys of a revocation feed are not to be had");
                    reason = Some(silent);
                }
            }
        }
        match &self.told {
            Some((keys, at)) if since(*at) <= BELIEVED_IN_SILENCE_FOR => Ok(keys),
            _ => {
                Err(FeedFault::KeysUnknown(reason.unwrap_or_else(|| {
                    IssuerSilent::because("it did not a moment ago")
                })))
            }
        }
    }

    /// Takes note of what a statement was refused for.
    pub(super) fn doubt(&mut self, fault: &FeedFault) {
        self.doubted |= matches!(fault, FeedFault::Statement(InvalidStatement::Signature));
    }
}

/// A feed has one, and during a rotation two; as many as a key set may name.
const KEYS_MAX: usize = 16;
/// How long a key that its issuer withdraws may still be believed, and the connection that began with it.
const ASKED_AGAIN_AFTER: Duration = Duration::from_mins(5);
/// Whoever sends forged statements makes us ask.
const ASKED_AT_MOST_EVERY: Duration = Duration::from_secs(10);
/// An issuer whose feed is up and whose keys are not has one day to be mended.
const BELIEVED_IN_SILENCE_FOR: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests;
