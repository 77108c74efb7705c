//! Bearer secrets, and the digests that stand for them wherever something is stored.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::denial::Denial;

/// SHA-256 of a secret: the only form in which one is stored (R-516).
///
/// ```
/// use entryway_oauth::secret::Digest;
/// let digest = Digest::of(b"cod-1");
/// assert_eq!(Digest::from_hex(&digest.to_string()), Some(digest));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of several parts, each preceded by its length so that no two lists collide.
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// One that was made before, from its raw bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The raw 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 lower-case hexadecimal digits, as [`fmt::Display`] writes them.
    pub fn from_hex(text: &str) -> Option<Self> {
        hex_to_bytes(text).map(Self)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(")?;
        write_hex(f, &self.0[..4])?;
        f.write_str("..)")
    }
}

/// A key of this service that never leaves it: nonce, refresh token or sealing key material.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ServerKey([u8; 32]);

impl ServerKey {
    /// Wraps 32 bytes of key material from the operating system or a sealed file.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The raw key, for the primitive that uses it.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key for one purpose, derived from this one with HMAC-SHA256.
    ///
    /// Knowing one derived key tells nothing of the others or of the parent.
    pub fn derive(&self, purpose: &str) -> Self {
        Self(hmac_sha256(self, &[b"entryway derive ", purpose.as_bytes()]))
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerKey([redacted])")
    }
}

/// HMAC-SHA256 of the concatenated parts. Callers use parts of fixed length, or one part.
pub fn hmac_sha256(key: &ServerKey, parts: &[&[u8]]) -> [u8; 32] {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key.expose());
    let mut context = aws_lc_rs::hmac::Context::with_key(&key);
    for part in parts {
        context.update(part);
    }
    let mut mac = [0; 32];
    mac.copy_from_slice(context.sign().as_ref());
    mac
}

/// Whether two byte strings are equal, in time that depends on their lengths only (R-519).
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

macro_rules! bearer {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $bytes:literal, $denial:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
        pub struct $name(String);

        impl $name {
            /// Characters before the random part.
            pub const PREFIX: &'static str = $prefix;

            /// Makes one from bytes of the operating system's random source.
            pub fn from_entropy(entropy: [u8; $bytes]) -> Self {
                let mut text = String::with_capacity($prefix.len() + 2 * $bytes);
                text.push_str($prefix);
                push_hex(&mut text, &entropy);
                Self(text)
            }

            /// Reads one that a caller presents; refuses anything this service could not have made,
            /// so that garbage never reaches the database.
            pub fn parse(text: &str) -> Result<Self, Denial> {
                let shaped = text
                    .strip_prefix($prefix)
                    .is_some_and(|hex| hex_to_bytes::<$bytes>(hex).is_some());
                if shaped { Ok(Self(text.to_owned())) } else { Err($denial) }
            }

            /// The secret itself, to be sent to its owner.
            pub fn expose(&self) -> &str {
                &self.0
            }

            /// What is stored in its place.
            pub fn digest(&self) -> Digest {
                Digest::of(self.0.as_bytes())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    };
}

bearer!(
    /// The `request_uri` of a pushed authorization request: 128 random bits (RFC 9126 section 2.2, R-098).
    ///
    /// ```
    /// use entryway_oauth::secret::RequestUri;
    /// let uri = RequestUri::from_entropy([7; 16]);
    /// assert_eq!(RequestUri::parse(uri.expose()).unwrap(), uri);
    /// assert!(RequestUri::parse("https://evil.example/request").is_err());
    /// ```
    RequestUri, "urn:ietf:params:oauth:request_uri:req-", 16, Denial::RequestUnknown
);

bearer!(
    /// An authorization code: 256 random bits, single use (RFC 6749 section 10.10, R-157).
    AuthorizationCode, "cod-", 32, Denial::CodeUnknown
);

bearer!(
    /// What a reader of the revocation feed shows: 256 random bits, made for one resource by the operator.
    FeedToken, "fee-", 32, Denial::FeedTokenUnknown
);

/// Names one OAuth session for its whole life. Not a secret: holding it opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionId([u8; 16]);

impl SessionId {
    /// Makes one from random bytes.
    pub const fn from_entropy(entropy: [u8; 16]) -> Self {
        Self(entropy)
    }

    /// The raw bytes, as a refresh token carries them.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads `ses-` and 32 hexadecimal digits, as [`fmt::Display`] writes them.
    pub fn parse(text: &str) -> Option<Self> {
        text.strip_prefix("ses-").and_then(hex_to_bytes).map(Self)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ses-")?;
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl From<SessionId> for String {
    fn from(id: SessionId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for SessionId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("expected ses- and 32 hexadecimal digits")
    }
}

pub(crate) fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 0xf)]));
    }
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

fn hex_to_bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = (nibble(pair[0])? << 4) | nibble(pair[1])?;
    }
    Some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_itself() {
        let code = AuthorizationCode::from_entropy([9; 32]);
        assert_eq!(format!("{code:?}"), "AuthorizationCode([redacted])");
        assert_eq!(format!("{:?}", ServerKey::new([9; 32])), "ServerKey([redacted])");
    }

    #[test]
    fn only_what_this_service_could_have_made_is_read() {
        let good = AuthorizationCode::from_entropy([0xab; 32]);
        for bad in [
            "",
            "cod-",
            "cod-AB",
            &good.expose().to_uppercase(),
            &format!("{}0", good.expose()),
            "ref-00",
        ] {
            assert!(AuthorizationCode::parse(bad).is_err(), "{bad}");
        }
        assert!(AuthorizationCode::parse(good.expose()).is_ok());
    }

    #[test]
    fn derived_keys_differ_by_purpose_and_from_their_parent() {
        let root = ServerKey::new([1; 32]);
        let keys = [root.derive("a"), root.derive("b"), root.clone()];
        assert_ne!(keys[0].expose(), keys[1].expose());
        assert_ne!(keys[0].expose(), keys[2].expose());
    }

    #[test]
    fn lists_of_parts_do_not_collide() {
        assert_ne!(Digest::of_parts(&[b"ab", b"c"]), Digest::of_parts(&[b"a", b"bc"]));
    }
}
