//! A secret that two services share, and the short-lived JWTs that one signs for the other with it.
//!
//! An operator writes it down, so it is text of any length from [`SharedSecret::BYTES_MIN`] on, and what
//! is plainly not secret is refused.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The key of an HMAC, known to two services. `Debug` shows nothing of it.
///
/// ```
/// use entryway_oauth::shared_secret::{SharedSecret, WeakSecret};
/// assert!(SharedSecret::parse("9f2c41d07ab355e8c6d1b09e7f3a2468").is_ok());
/// assert_eq!(SharedSecret::parse("short").err(), Some(WeakSecret::Short));
/// ```
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SharedSecret(Vec<u8>);

impl SharedSecret {
    /// The fewest bytes: as many as the hash has (RFC 7518 section 3.2).
    pub const BYTES_MIN: usize = 32;

    /// Takes the bytes of a text for a secret, as they are.
    ///
    /// # Errors
    /// [`WeakSecret::Short`]; [`WeakSecret::Placeholder`] for a text that somebody meant to replace, or
    /// that has fewer than six different bytes.
    pub fn parse(text: &str) -> Result<Self, WeakSecret> {
        let bytes = text.as_bytes();
        if bytes.len() < Self::BYTES_MIN {
            return Err(WeakSecret::Short);
        }
        let mut different = bytes.to_vec();
        different.sort_unstable();
        different.dedup();
        let lower = text.to_ascii_lowercase();
        let is_placeholder = different.len() < DIFFERENT_BYTES_MIN
            || PLACEHOLDERS.iter().any(|placeholder| lower.contains(placeholder));
        different.zeroize();
        if is_placeholder {
            return Err(WeakSecret::Placeholder);
        }
        Ok(Self(bytes.to_vec()))
    }

    /// Signs claims into a compact JWT with HS256; `typ` is the header's.
    ///
    /// The claims are the caller's business: an `exp` above all.
    pub fn sign_jwt(&self, typ: &str, claims: &impl Serialize) -> String {
        // plain values always serialise
        let part = |json: Result<Vec<u8>, _>| URL_SAFE_NO_PAD.encode(json.unwrap_or_default());
        let header = serde_json::to_vec(&Header { typ, alg: "HS256" });
        let mut jwt = part(header);
        jwt.push('.');
        jwt.push_str(&part(serde_json::to_vec(claims)));
        let mac = self.mac(jwt.as_bytes());
        jwt.push('.');
        URL_SAFE_NO_PAD.encode_string(mac, &mut jwt);
        jwt
    }

    /// HMAC-SHA256 of a message.
    pub fn mac(&self, message: &[u8]) -> [u8; 32] {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &self.0);
        let mut mac = [0; 32];
        mac.copy_from_slice(aws_lc_rs::hmac::sign(&key, message).as_ref());
        mac
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret([redacted])")
    }
}

/// Why a text is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakSecret {
    /// Too short to be one.
    #[error("a secret of at least 32 bytes, such as what openssl rand -hex 32 prints")]
    Short,
    /// A text that stands where the secret should.
    #[error("a secret of its own and not a placeholder, such as what openssl rand -hex 32 prints")]
    Placeholder,
}

#[derive(Serialize)]
struct Header<'a> {
    typ: &'a str,
    alg: &'static str,
}

/// Thirty-two random hexadecimal digits have fewer less than once in a million million times.
const DIFFERENT_BYTES_MIN: usize = 6;

/// What people write where a secret is to follow.
const PLACEHOLDERS: [&str; 9] = [
    "changeme",
    "change-me",
    "change_me",
    "change this",
    "placeholder",
    "replace",
    "your-",
    "your_",
    "secret",
];

#[cfg(test)]
mod tests {
    use josekit::jws::HS256;
    use josekit::jwt;
    use serde_json::json;

    use super::*;

    const SECRET: &str = "9f2c41d07ab355e8c6d1b09e7f3a2468";

    #[test]
    fn a_secret_is_long_and_no_placeholder() {
        for (text, verdict) in [
            (SECRET, None),
            (&SECRET[1..], Some(WeakSecret::Short)),
            ("", Some(WeakSecret::Short)),
            (&SECRET.repeat(20), None),
            ("00000000000000000000000000000000", Some(WeakSecret::Placeholder)),
            ("abcdeabcdeabcdeabcdeabcdeabcdeab", Some(WeakSecret::Placeholder)),
            ("abcdefabcdefabcdefabcdefabcdefab", None),
            ("CHANGEME-changeme-changeme-change", Some(WeakSecret::Placeholder)),
            (
                "your-32-byte-random-string-goes-here",
                Some(WeakSecret::Placeholder),
            ),
            (
                "the-very-secret-key-of-our-own-pds",
                Some(WeakSecret::Placeholder),
            ),
        ] {
            assert_eq!(SharedSecret::parse(text).err(), verdict, "{text}");
        }
    }

    // R-516
    #[test]
    fn a_secret_does_not_show_itself() {
        let secret = SharedSecret::parse(SECRET).unwrap();
        assert_eq!(format!("{secret:?}"), "SharedSecret([redacted])");
    }

    #[test]
    fn another_library_verifies_what_was_signed() {
        // over the block of the hash, where a key is hashed first
        for text in [SECRET, &SECRET.repeat(5)] {
            let secret = SharedSecret::parse(text).unwrap();
            let signed = secret.sign_jwt("at+jwt", &json!({"sub": "did:web:a.example", "exp": 4}));
            let verifier = HS256.verifier_from_bytes(text).unwrap();
            let (claims, header) = jwt::decode_with_verifier(&signed, &verifier).unwrap();
            assert_eq!(header.token_type(), Some("at+jwt"));
            assert_eq!(header.algorithm(), Some("HS256"));
            assert_eq!(claims.subject(), Some("did:web:a.example"));
            let other = HS256.verifier_from_bytes("another".repeat(5)).unwrap();
            assert!(jwt::decode_with_verifier(&signed, &other).is_err());
        }
    }
}
