//! The keys an issuer signs access tokens with.

use std::sync::Arc;

use entryway_oauth::jwk::{Algorithm, PublicKey};

/// The public keys whose tokens of one issuer are believed.
///
/// Each is tried, since an access token names no key: while one key is rotated out both are listed.
/// These are pinned; a source that follows the issuer's published key set can take their place without
/// a change to this type's users.
///
/// ```
/// use entryway_oauth::access_token::AccessTokenKey;
/// use entryway_resource::{InvalidKeys, IssuerKeys};
/// let key = AccessTokenKey::from_bytes(&[7; 32]).unwrap();
/// assert!(IssuerKeys::pinned(vec![key.public().clone()]).is_ok());
/// assert_eq!(IssuerKeys::pinned(vec![]).unwrap_err(), InvalidKeys::Count);
/// ```
#[derive(Clone, Debug)]
pub struct IssuerKeys(Arc<[PublicKey]>);

/// Why these are not the keys of an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeys {
    /// There is none, or there are more than a rotation needs.
    #[error("an issuer has 1 to {KEYS_MAX} keys")]
    Count,
    /// One is not for ES256K, the algorithm of access tokens.
    #[error("a key of an issuer must be a secp256k1 key")]
    Curve,
}

impl IssuerKeys {
    /// Believes exactly these secp256k1 keys.
    ///
    /// Does not check that a key lies on its curve: one that does not verifies nothing.
    ///
    /// # Errors
    /// [`InvalidKeys::Count`] for none or more than 16, [`InvalidKeys::Curve`] for another type of key.
    pub fn pinned(keys: Vec<PublicKey>) -> Result<Self, InvalidKeys> {
        if keys.is_empty() || keys.len() > KEYS_MAX {
            return Err(InvalidKeys::Count);
        }
        if !keys.iter().all(|key| key.fits(Algorithm::ES256K)) {
            return Err(InvalidKeys::Curve);
        }
        Ok(Self(keys.into()))
    }

    /// The keys at this moment.
    pub(crate) fn current(&self) -> Arc<[PublicKey]> {
        Arc::clone(&self.0)
    }
}

/// Every key costs one verification of a forged token.
const KEYS_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use entryway_oauth::access_token::AccessTokenKey;

    use super::*;

    #[test]
    fn an_issuer_has_one_to_sixteen_keys_of_one_kind() {
        let key = AccessTokenKey::from_bytes(&[7; 32]).unwrap().public().clone();
        for (count, fine) in [(0, false), (1, true), (2, true), (16, true), (17, false)] {
            let keys = IssuerKeys::pinned(vec![key.clone(); count]);
            assert_eq!(keys.is_ok(), fine, "{count}");
        }
        assert_eq!(
            IssuerKeys::pinned(vec![key, PublicKey::Ed25519([1; 32])]).unwrap_err(),
            InvalidKeys::Curve
        );
    }
}
