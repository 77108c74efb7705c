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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::access_token::{self, AccessTokenKey};
    use crate::revocation::FeedKey;

    fn key(scalar: u8) -> FeedKey {
        FeedKey::from_bytes(&[scalar; 32]).unwrap()
    }

    fn jwk(key: &PublicKey, more: &Value) -> Value {
        let mut jwk: Value = serde_json::from_str(&key.canonical_json()).unwrap();
        for (name, value) in more.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        jwk
    }

    fn published(scalar: u8) -> Value {
        let key = key(scalar);
        jwk(
            key.public(),
            &json!({"kid": key.kid(), "alg": "ES256", "use": "sig"}),
        )
    }

    fn read(keys: &[Value]) -> Result<Vec<PublicKey>, InvalidKeySet> {
        read_key_set(json!({"keys": keys}).to_string().as_bytes())
    }

    #[test]
    fn only_keys_that_say_they_sign_the_feed_are_read() {
        let token_key = AccessTokenKey::from_bytes(&[7; 32]).unwrap();
        let feed = key(1);
        let others = [
            jwk(token_key.public(), &json!({"alg": "ES256K"})),
            jwk(token_key.public(), &json!({"alg": "ES256K", "kid": feed.kid()})),
            jwk(feed.public(), &json!({})),
            jwk(feed.public(), &json!({"alg": "ES256"})),
            jwk(
                feed.public(),
                &json!({"alg": "ES256", "kid": feed.kid(), "use": "enc"}),
            ),
            jwk(feed.public(), &json!({"alg": ["ES256"], "kid": feed.kid()})),
        ];
        for other in &others {
            assert_eq!(
                read(std::slice::from_ref(other)),
                Err(InvalidKeySet::Empty),
                "{other}"
            );
        }
        let mut all = others.to_vec();
        all.extend([published(1), published(2), published(1)]);
        let found = [key(1).public().clone(), key(2).public().clone()];
        assert_eq!(read(&all), Ok(found.to_vec()));
    }

    #[test]
    fn a_set_that_cannot_be_right_is_refused_by_reason() {
        let many = |count: u8| (1..=count).map(published).collect::<Vec<_>>();
        assert_eq!(read(&many(16)).map(|keys| keys.len()), Ok(16));
        let mut leaked = published(1);
        leaked["d"] = "AAAA".into();
        for (keys, reason) in [
            (vec![], InvalidKeySet::Empty),
            (many(17), InvalidKeySet::TooMany),
            (vec![published(1), leaked], InvalidKeySet::Private),
            (vec![json!(1)], InvalidKeySet::Malformed),
        ] {
            assert_eq!(read(&keys), Err(reason));
        }
    }

    // one set holds the keys of both
    #[test]
    fn no_key_is_read_as_one_of_tokens_and_one_of_the_feed() {
        let token_key = AccessTokenKey::from_bytes(&[7; 32]).unwrap();
        let set = json!({"keys": [jwk(token_key.public(), &json!({})), published(1)]}).to_string();
        let of_tokens = access_token::read_key_set(set.as_bytes()).unwrap();
        let of_the_feed = read_key_set(set.as_bytes()).unwrap();
        assert_eq!(of_tokens, [token_key.public().clone()]);
        assert_eq!(of_the_feed, [key(1).public().clone()]);
    }
}
