//! The keys that an issuer publishes for its feed.

use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use entryway_oauth::jwk::PublicKey;
use entryway_oauth::revocation::read_key_set;

use super::FeedKeys;
use crate::source::{IssuerSilent, KeySource};

/// The keys an issuer signs its feed with, as it publishes them beside those of its tokens.
///
/// Asked for by [`Self::keep`], which runs beside [`super::Follower::follow`]. While the issuer does not
/// answer, what it said last counts: without statements of those keys the knowledge ages anyway.
#[derive(Clone)]
pub struct PublishedFeedKeys {
    source: Arc<dyn KeySource>,
    told: Arc<RwLock<Vec<PublicKey>>>,
}

impl PublishedFeedKeys {
    /// Knows none yet.
    pub fn new(source: Arc<dyn KeySource>) -> Self {
        Self {
            source,
            told: Arc::default(),
        }
    }

    /// The keys at each moment, for a [`super::Follower`].
    pub fn keys(&self) -> FeedKeys {
        let told = Arc::clone(&self.told);
        Arc::new(move || told.read().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Asks at once and again every minute, every second while none are known. To be dropped at any time.
    pub async fn keep(self) -> Infallible {
        loop {
            let known = match self
                .source
                .key_set()
                .await
                .and_then(|body| read_key_set(&body).map_err(IssuerSilent::because))
            {
                Ok(keys) => {
                    *self.told.write().unwrap_or_else(PoisonError::into_inner) = keys;
                    true
                }
                Err(silent) => {
                    let (fault, source) = (silent.in_full(), &self.source);
                    tracing::warn!(fault, ?source, "the keys of a revocation feed are not to be had");
                    !(self.keys())().is_empty()
                }
            };
            tokio::time::sleep(if known { AGAIN_AFTER } else { AGAIN_AFTER_NOTHING }).await;
        }
    }
}

impl fmt::Debug for PublishedFeedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublishedFeedKeys").field(&self.source).finish()
    }
}

/// A feed key is published for longer than this before it signs.
const AGAIN_AFTER: Duration = Duration::from_mins(1);
const AGAIN_AFTER_NOTHING: Duration = Duration::from_secs(1);
