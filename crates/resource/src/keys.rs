//! The keys an issuer signs access tokens with.

mod published;

use std::sync::Arc;

use entryway_oauth::access_token::{ALGORITHMS, KEYS_MAX};
use entryway_oauth::jwk::{PublicKey, Thumbprint};

use crate::source::KeySource;
use crate::{Clock, Moment};

pub(crate) use published::KeysAsked;
use published::PublishedKeys;

/// The public keys whose tokens of one issuer are believed.
///
/// Each is tried, whatever `kid` a token names: while one key is rotated out both are listed. A key
/// verifies with its own algorithm and no other.
///
/// ```
/// use entryway_oauth::access_token::AccessTokenKey;
/// use entryway_resource::{InvalidKeys, IssuerKeys};
/// let key = AccessTokenKey::from_bytes(&[7; 32]).unwrap();
/// assert!(IssuerKeys::pinned(vec![key.public().clone()]).is_ok());
/// assert_eq!(IssuerKeys::pinned(vec![]).unwrap_err(), InvalidKeys::Count);
/// ```
#[derive(Clone, Debug)]
pub struct IssuerKeys(Keys);

#[derive(Clone, Debug)]
enum Keys {
    Pinned(Arc<KeyRing>),
    Published(Arc<PublishedKeys>),
}

/// Why these are not the keys of an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeys {
    /// There is none, or there are more than a rotation needs.
    #[error("an issuer has 1 to {KEYS_MAX} keys")]
    Count,
    /// One is not for ES256K or ES256, the algorithms of access tokens.
    #[error("a key of an issuer must be a secp256k1 or P-256 key")]
    Curve,
}

impl IssuerKeys {
    /// Believes exactly these secp256k1 and P-256 keys.
    ///
    /// Does not check that a key lies on its curve: one that does not verifies nothing.
    ///
    /// # Errors
    /// [`InvalidKeys::Count`] for none or more than 16, [`InvalidKeys::Curve`] for another type of key.
    pub fn pinned(keys: Vec<PublicKey>) -> Result<Self, InvalidKeys> {
        if keys.is_empty() || keys.len() > KEYS_MAX {
            return Err(InvalidKeys::Count);
        }
        let signs_tokens = |key: &PublicKey| ALGORITHMS.iter().any(|algorithm| key.fits(*algorithm));
        if !keys.iter().all(signs_tokens) {
            return Err(InvalidKeys::Curve);
        }
        Ok(Self(Keys::Pinned(Arc::new(KeyRing::new(keys)))))
    }

    /// Believes the keys that the issuer publishes, as it publishes them (R-346).
    ///
    /// They are asked for when the first token comes, again every five minutes while tokens come, and when
    /// a token comes that none of them signed, but never more than once in ten seconds. A key that is gone
    /// from the set is no longer believed, nor are the tokens it signed. Where the issuer does not answer,
    /// what it said last counts for a day.
    ///
    /// Does not check that the source is the issuer's. Does nothing by itself: a request that finds the
    /// keys wanting waits for the answer, and all others of that moment with it or without it.
    pub fn published(source: Arc<dyn KeySource>) -> Self {
        Self(Keys::Published(Arc::new(PublishedKeys::new(source))))
    }

    /// Asks the issuer for its keys unless they are known, so that the first request need not wait. One that
    /// was asked a moment ago is not asked again.
    pub async fn learn(&self, clock: &Clock) {
        if let KeysKnown::Asking(asked) = self.at(clock()) {
            asked.answered(clock).await;
        }
    }

    /// Whether there is a key to verify with at this moment.
    pub fn are_known(&self, now: Moment) -> bool {
        match &self.0 {
            Keys::Pinned(_) => true,
            Keys::Published(keys) => keys.are_known(now.steady),
        }
    }

    /// The keys to verify with now.
    pub(crate) fn at(&self, now: Moment) -> KeysKnown {
        match &self.0 {
            Keys::Pinned(ring) => KeysKnown::Known(Arc::clone(ring)),
            Keys::Published(keys) => PublishedKeys::at(keys, now.steady),
        }
    }

    /// What to do about a token that none of the keys known now signed.
    pub(crate) fn unknown_signer(&self, now: Moment) -> UnknownSigner {
        match &self.0 {
            Keys::Pinned(_) => UnknownSigner::Nobody,
            Keys::Published(keys) => PublishedKeys::unknown_signer(keys, now.steady),
        }
    }
}

/// What is known of an issuer's keys.
pub(crate) enum KeysKnown {
    /// These are they.
    Known(Arc<KeyRing>),
    /// The issuer is to be asked first.
    Asking(KeysAsked),
    /// Nothing, and it is too early to ask again.
    Unknown,
}

/// Who may have signed a token that none of the known keys signed.
pub(crate) enum UnknownSigner {
    /// A new key of the issuer, which is to be asked.
    Asking(KeysAsked),
    /// None of its keys: it told them a moment ago.
    Nobody,
    /// It did not answer a moment ago, so that cannot be told.
    Unknown,
}

/// Keys with their names, which are computed once.
#[derive(Debug)]
pub(crate) struct KeyRing(Vec<(Thumbprint, PublicKey)>);

impl KeyRing {
    fn new(keys: Vec<PublicKey>) -> Self {
        Self(keys.into_iter().map(|key| (key.thumbprint(), key)).collect())
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.0.iter().map(|(_, key)| key)
    }

    /// Whether the key of that name is still among them.
    pub(crate) fn holds(&self, name: &Thumbprint) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}

#[cfg(test)]
mod tests {
    use entryway_oauth::access_token::AccessTokenKey;
    use entryway_oauth::revocation::FeedKey;

    use super::*;

    #[test]
    fn an_issuer_has_one_to_sixteen_keys_for_access_tokens() {
        let key = AccessTokenKey::from_bytes(&[7; 32]).unwrap().public().clone();
        for (count, fine) in [(0, false), (1, true), (2, true), (16, true), (17, false)] {
            let keys = IssuerKeys::pinned(vec![key.clone(); count]);
            assert_eq!(keys.is_ok(), fine, "{count}");
        }
        let p256 = FeedKey::from_bytes(&[9; 32]).unwrap().public().clone();
        assert!(IssuerKeys::pinned(vec![key.clone(), p256]).is_ok());
        assert_eq!(
            IssuerKeys::pinned(vec![key, PublicKey::Ed25519([1; 32])]).unwrap_err(),
            InvalidKeys::Curve
        );
    }
}
