//! The keys of an authorization server that sign access tokens, among all that it publishes.

use serde_json::value::RawValue;

use super::ALGORITHMS;
use crate::jwk::{InvalidJwk, PublicKey};
use crate::key_set::{BYTES_MAX, InvalidKeySet, KEYS_MAX as LISTED_MAX, object};
use crate::revocation;

/// Keys that sign access tokens: each costs one verification of a forged token.
pub const KEYS_MAX: usize = 16;

/// Reads the body of an authorization server's `jwks_uri`: the keys whose access tokens are to be
/// believed, each once.
///
/// Other keys are left out: for another algorithm than ES256K and ES256, for another purpose than
/// signatures, or for the revocation feed, whose `kid` begins with `feed-`. A `kid` is not needed.
///
/// ```
/// use entryway_oauth::access_token::{AccessTokenKey, read_key_set};
/// let key = AccessTokenKey::from_bytes(&[7; 32]).unwrap();
/// let body = format!(r#"{{"keys":[{}]}}"#, key.public().canonical_json());
/// assert_eq!(read_key_set(body.as_bytes()).unwrap(), [key.public().clone()]);
/// ```
///
/// # Errors
/// One [`InvalidKeySet`] per reason: [`InvalidKeySet::Empty`] where no key is left,
/// [`InvalidKeySet::TooMany`] where more than [`KEYS_MAX`] are.
pub fn read_key_set(body: &[u8]) -> Result<Vec<PublicKey>, InvalidKeySet> {
    signing_keys(body, |kid| !kid.starts_with(revocation::KID_PREFIX))
}

/// The keys for ES256K and ES256 whose `kid`, empty where there is none, is a wanted one.
pub(crate) fn signing_keys(
    body: &[u8],
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<PublicKey>, InvalidKeySet> {
    if body.len() > BYTES_MAX {
        return Err(InvalidKeySet::TooLarge);
    }
    let json = std::str::from_utf8(body).map_err(|_| InvalidKeySet::Malformed)?;
    let set = object(json)?;
    let listed = set.member("keys").ok_or(InvalidKeySet::Malformed)?;
    let listed: Vec<&RawValue> = serde_json::from_str(listed).map_err(|_| InvalidKeySet::Malformed)?;
    if listed.len() > LISTED_MAX {
        return Err(InvalidKeySet::TooMany);
    }
    let mut keys = Vec::new();
    for json in listed {
        if let Some(key) = read_key(json.get(), &is_wanted)?.filter(|key| !keys.contains(key)) {
            keys.push(key);
        }
    }
    match keys.len() {
        0 => Err(InvalidKeySet::Empty),
        1..=KEYS_MAX => Ok(keys),
        _ => Err(InvalidKeySet::TooMany),
    }
}

/// One key; nothing for one that is not wanted.
fn read_key(json: &str, is_wanted: impl Fn(&str) -> bool) -> Result<Option<PublicKey>, InvalidKeySet> {
    let members = object(json)?;
    // whoever publishes a secret has lost it, and the rest of the set with it
    let key = match PublicKey::from_json(json) {
        Err(InvalidJwk::Private) => return Err(InvalidKeySet::Private),
        Err(_) => return Ok(None),
        Ok(key) => key,
    };
    let text = |name| members.typed::<String>(name);
    let Some(algorithm) = ALGORITHMS.into_iter().find(|algorithm| key.fits(*algorithm)) else {
        return Ok(None);
    };
    let is_for_it = members.member("alg").is_none() || text("alg").as_deref() == Some(algorithm.name());
    let is_wanted = is_wanted(&text("kid").unwrap_or_default());
    Ok((is_for_it && is_wanted).then_some(key))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::access_token::AccessTokenKey;
    use crate::revocation::FeedKey;

    fn key(scalar: u8) -> PublicKey {
        AccessTokenKey::from_bytes(&[scalar; 32])
            .unwrap()
            .public()
            .clone()
    }

    fn feed_key() -> FeedKey {
        FeedKey::from_bytes(&[9; 32]).unwrap()
    }

    fn jwk(key: &PublicKey, more: &Value) -> Value {
        let mut jwk: Value = serde_json::from_str(&key.canonical_json()).unwrap();
        for (name, value) in more.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        jwk
    }

    fn read(keys: &[Value]) -> Result<Vec<PublicKey>, InvalidKeySet> {
        read_key_set(json!({"keys": keys, "more": 1}).to_string().as_bytes())
    }

    #[test]
    fn keys_for_access_tokens_are_read_with_or_without_a_kid() {
        for more in [
            json!({}),
            json!({"kid": "1", "use": "sig", "alg": "ES256K", "key_ops": ["verify"]}),
            json!({"kid": 1}),
        ] {
            assert_eq!(read(&[jwk(&key(7), &more)]), Ok(vec![key(7)]), "{more}");
        }
        let p256 = feed_key().public().clone();
        let both = [
            jwk(&key(7), &json!({})),
            jwk(&p256, &json!({"alg": "ES256"})),
            jwk(&key(7), &json!({})),
        ];
        assert_eq!(read(&both), Ok(vec![key(7), p256]));
    }

    // a reader of the feed holds a key of the same issuer that must never speak for an account
    #[test]
    fn the_key_of_the_revocation_feed_signs_no_access_token() {
        let feed = feed_key();
        let mark = json!({"kid": feed.kid(), "use": "sig", "alg": "ES256", "key_ops": ["verify"]});
        let feed = jwk(feed.public(), &mark);
        assert_eq!(read(&[feed.clone(), jwk(&key(7), &json!({}))]), Ok(vec![key(7)]));
        assert_eq!(read(&[feed]), Err(InvalidKeySet::Empty));
    }

    #[test]
    fn keys_for_something_else_are_left_out() {
        for other in [
            jwk(&key(8), &json!({"use": "enc"})),
            jwk(&key(8), &json!({"key_ops": ["sign"]})),
            jwk(&key(8), &json!({"alg": "ES256"})),
            jwk(&key(8), &json!({"alg": 1})),
            jwk(&key(8), &json!({"x": "AA"})),
            json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}),
            json!({"kty": "new"}),
            json!({}),
        ] {
            assert_eq!(
                read(&[other.clone(), jwk(&key(7), &json!({}))]),
                Ok(vec![key(7)]),
                "{other}"
            );
        }
    }

    #[test]
    fn a_set_that_cannot_be_right_is_refused_by_reason() {
        let many = |count: u8| (1..=count).map(|n| jwk(&key(n), &json!({}))).collect::<Vec<_>>();
        assert_eq!(read(&many(16)).map(|keys| keys.len()), Ok(16));
        for (keys, reason) in [
            (vec![], InvalidKeySet::Empty),
            (many(17), InvalidKeySet::TooMany),
            (vec![json!({}); 101], InvalidKeySet::TooMany),
            (vec![jwk(&key(7), &json!({"d": "AAAA"}))], InvalidKeySet::Private),
            (
                vec![jwk(&key(7), &json!({})), json!({"kty": "oct", "k": "AAAA"})],
                InvalidKeySet::Private,
            ),
            (vec![json!("key")], InvalidKeySet::Malformed),
        ] {
            assert_eq!(read(&keys), Err(reason));
        }
        let twice = jwk(&key(7), &json!({}))
            .to_string()
            .replacen('{', r#"{"kty":"EC","#, 1);
        for (body, reason) in [
            (
                format!(r#"{{"keys":[{twice}]}}"#).into_bytes(),
                InvalidKeySet::Repeated,
            ),
            (br#"{"keys":[],"keys":[]}"#.to_vec(), InvalidKeySet::Repeated),
            (br#"{"keys":{}}"#.to_vec(), InvalidKeySet::Malformed),
            (b"{}".to_vec(), InvalidKeySet::Malformed),
            (b"\xff".to_vec(), InvalidKeySet::Malformed),
            (vec![b' '; BYTES_MAX + 1], InvalidKeySet::TooLarge),
        ] {
            assert_eq!(read_key_set(&body), Err(reason));
        }
    }
}
