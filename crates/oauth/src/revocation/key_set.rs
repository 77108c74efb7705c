//! The keys of an authorization server that sign its revocation feed, among all that it publishes.

use crate::access_token::signing_keys;
use crate::jwk::{Algorithm, PublicKey};
use crate::key_set::InvalidKeySet;

/// Begins the `kid` of every key that signs a feed, [`super::FeedKey::kid`], and of no other.
pub(crate) const KID_PREFIX: &str = "feed-";

/// Reads the body of an authorization server's `jwks_uri`: the keys whose statements are to be believed.
///
/// ```
/// use entryway_oauth::revocation::{FeedKey, read_key_set};
/// let key = FeedKey::from_bytes(&[7; 32]).unwrap();
/// let mut jwk: serde_json::Value = serde_json::from_str(&key.public().canonical_json()).unwrap();
/// jwk["kid"] = key.kid().into();
/// let body = serde_json::json!({ "keys": [jwk] }).to_string();
/// assert_eq!(read_key_set(body.as_bytes()).unwrap(), [key.public().clone()]);
/// ```
///
/// # Errors
/// One [`InvalidKeySet`] per reason: [`InvalidKeySet::Empty`] where no key is for a feed.
pub fn read_key_set(body: &[u8]) -> Result<Vec<PublicKey>, InvalidKeySet> {
    let mut keys = signing_keys(body, |kid| kid.starts_with(KID_PREFIX))?;
    keys.retain(|key| key.fits(Algorithm::ES256));
    if keys.is_empty() {
        return Err(InvalidKeySet::Empty);
    }
    Ok(keys)
}
