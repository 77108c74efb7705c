//! A client's JWK Set (RFC 7517 section 5): the keys its assertions may be signed with.

use serde_json::value::RawValue;

use crate::client_auth::ClientKey;
use crate::json::{Members, NotAnObject};
use crate::jwk::{Algorithm, InvalidJwk, PublicKey, Thumbprint};

/// Bytes of a key set; the largest RSA keys take about 1,500 each.
pub const BYTES_MAX: usize = 64 * 1024;
/// Keys of a set, usable or not (R-288).
pub const KEYS_MAX: usize = 100;
/// Bytes of a `kid`: a thumbprint has 43, a `did:key` of P-256 57.
const KID_BYTES_MAX: usize = 256;

/// The usable public keys of one client, by `kid`.
///
/// Keys this service has no use for are left out: another type or curve, a member of the wrong size,
/// `use` of encryption, `key_ops` without `verify`, no `kid`. A set may so have no key at all, which
/// [`KeySet::usable_with`] tells. Whether an EC point lies on its curve is found out when it verifies.
///
/// ```
/// use entryway_oauth::jwk::Algorithm;
/// use entryway_oauth::key_set::{InvalidKeySet, KeySet};
/// let set = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"key-1",
///     "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
/// assert!(KeySet::from_json(set).unwrap().usable_with(Algorithm::EdDSA));
/// let leaked = r#"{"keys":[{"kty":"oct","kid":"key-1","k":"AAAA"}]}"#;
/// assert_eq!(KeySet::from_json(leaked), Err(InvalidKeySet::Private));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<IdentifiedKey>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct IdentifiedKey {
    kid: String,
    algorithm: Option<Algorithm>,
    key: PublicKey,
    thumbprint: Thumbprint,
}

/// Why a document is not a key set; the text completes "jwks ...".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeySet {
    /// It has more than [`BYTES_MAX`] bytes.
    #[error("must have at most 64 KiB")]
    TooLarge,
    /// It is not JSON with a `keys` array of objects.
    #[error("must be a JSON object with an array of keys")]
    Malformed,
    /// An object names a member twice, so that two readers could see two different keys.
    #[error("must not name a member twice")]
    Repeated,
    /// The array is empty (R-074).
    #[error("must have at least one key")]
    Empty,
    /// The array has more than [`KEYS_MAX`] entries (R-288).
    #[error("must have at most 100 keys")]
    TooMany,
    /// A key holds private or symmetric material (R-074): its owner has published a secret.
    #[error("must not hold private or symmetric keys")]
    Private,
    /// Two usable keys have one `kid` and could make signatures of one algorithm (R-288).
    #[error("must not give two keys of one type the same kid")]
    Ambiguous,
    /// No key in it makes signatures of the algorithm its client registered.
    #[error("must hold a key for token_endpoint_auth_signing_alg, with a kid")]
    Unusable,
}

impl KeySet {
    /// Reads the body of a `jwks_uri` for a client that registered this algorithm.
    ///
    /// # Errors
    /// [`InvalidKeySet::Unusable`], and as [`Self::from_json`].
    pub fn fetched(body: &[u8], algorithm: Algorithm) -> Result<Self, InvalidKeySet> {
        let json = std::str::from_utf8(body).map_err(|_| InvalidKeySet::Malformed)?;
        let keys = Self::from_json(json)?;
        if keys.usable_with(algorithm) {
            Ok(keys)
        } else {
            Err(InvalidKeySet::Unusable)
        }
    }

    /// Reads a key set: the body of a `jwks_uri`, or the text of a document's `jwks` member.
    ///
    /// # Errors
    /// One [`InvalidKeySet`] per reason; the first key that is at fault decides.
    pub fn from_json(json: &str) -> Result<Self, InvalidKeySet> {
        if json.len() > BYTES_MAX {
            return Err(InvalidKeySet::TooLarge);
        }
        let set = object(json)?;
        let listed = set.member("keys").ok_or(InvalidKeySet::Malformed)?;
        let listed: Vec<&RawValue> = serde_json::from_str(listed).map_err(|_| InvalidKeySet::Malformed)?;
        match listed.len() {
            0 => return Err(InvalidKeySet::Empty),
            1..=KEYS_MAX => {}
            _ => return Err(InvalidKeySet::TooMany),
        }
        let mut keys: Vec<IdentifiedKey> = Vec::new();
        for json in listed {
            let Some(key) = IdentifiedKey::read(json.get())? else {
                continue;
            };
            if keys.iter().any(|one| one.rivals(&key)) {
                return Err(InvalidKeySet::Ambiguous);
            }
            keys.push(key);
        }
        Ok(Self { keys })
    }

    /// How many usable keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no key is usable.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether any key can make signatures of this algorithm.
    pub fn usable_with(&self, algorithm: Algorithm) -> bool {
        self.keys.iter().any(|one| one.signs(algorithm))
    }

    /// The key of that name, if it can make signatures of this algorithm (R-267, R-268).
    pub fn key(&self, kid: &str, algorithm: Algorithm) -> Option<&PublicKey> {
        self.identified(kid, algorithm).map(|one| &one.key)
    }

    /// Whether the key a session is bound to is still published (R-252).
    pub fn holds(&self, key: &ClientKey) -> bool {
        self.keys
            .iter()
            .any(|one| one.kid == key.kid && one.thumbprint == key.jkt && one.key.fits(key.algorithm))
    }

    fn identified(&self, kid: &str, algorithm: Algorithm) -> Option<&IdentifiedKey> {
        self.keys
            .iter()
            .find(|one| one.kid == kid && one.signs(algorithm))
    }
}

impl IdentifiedKey {
    /// Reads one key; nothing for one that is of no use here.
    fn read(json: &str) -> Result<Option<Self>, InvalidKeySet> {
        let members = object(json)?;
        if holds_secrets(&members) {
            return Err(InvalidKeySet::Private);
        }
        // RFC 7517 section 5: what is not understood, or out of range, is ignored
        let key = match PublicKey::from_json(json) {
            Err(InvalidJwk::Private) => return Err(InvalidKeySet::Private),
            Err(_) => return Ok(None),
            Ok(key) => key,
        };
        let algorithm = members
            .typed("alg")
            .and_then(|name: String| Algorithm::parse(&name));
        if algorithm.is_some_and(|algorithm| !key.fits(algorithm)) {
            return Ok(None);
        }
        let kid = members.typed("kid").filter(|kid: &String| is_kid(kid));
        Ok(kid.map(|kid| Self {
            kid,
            algorithm,
            thumbprint: key.thumbprint(),
            key,
        }))
    }

    /// Whether its signatures may be of this algorithm: by its type, and by its `alg` if it has one.
    fn signs(&self, algorithm: Algorithm) -> bool {
        self.key.fits(algorithm) && self.algorithm.is_none_or(|registered| registered == algorithm)
    }

    /// Whether a `kid` and an algorithm could mean either.
    fn rivals(&self, other: &Self) -> bool {
        let signs = |algorithm: &Algorithm| self.signs(*algorithm) && other.signs(*algorithm);
        self.kid == other.kid && Algorithm::ALL.iter().any(signs)
    }
}

/// Whether this may be the name of a key. It is compared and stored, and nothing else (R-279).
pub(crate) fn is_kid(text: &str) -> bool {
    (1..=KID_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// The members of a JSON object, each once.
pub(crate) fn object(json: &str) -> Result<Members<'_>, InvalidKeySet> {
    let members = Members::read(json)?;
    if members.repeated().next().is_some() {
        return Err(InvalidKeySet::Repeated);
    }
    Ok(members)
}

/// Whether a member that only secret keys have is there, whatever its value and the key's type.
fn holds_secrets(key: &Members<'_>) -> bool {
    SECRET_MEMBERS.iter().any(|name| key.member(name).is_some())
        || key.typed::<String>("kty").as_deref() == Some("oct")
}

/// RFC 7518 sections 6.2.2, 6.3.2 and 6.4, RFC 8037 section 2; `priv` is of the keys of ML-DSA.
const SECRET_MEMBERS: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

impl From<NotAnObject> for InvalidKeySet {
    fn from(_: NotAnObject) -> Self {
        Self::Malformed
    }
}

#[cfg(test)]
mod tests;
