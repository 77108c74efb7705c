//! Compact JWS (RFC 7515): taken apart strictly, before anything is believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize as _, Deserializer};

use crate::jwk::{Algorithm, PublicKey};

/// Bytes of one compact JWS; a proof or token of a stock client has about 600 to 1,500.
pub const JWS_BYTES_MAX: usize = 16 * 1024;

/// A JWS of three well-formed parts whose signature nobody has checked.
///
/// Base64url is read canonically: no padding, no white space, no stray bits.
#[derive(Clone, Debug)]
pub struct UnverifiedJws<'a> {
    signed: &'a str,
    header: Vec<u8>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// The text is not a compact JWS of at most [`JWS_BYTES_MAX`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a compact JWS of three base64url parts")]
pub struct MalformedJws;

impl<'a> UnverifiedJws<'a> {
    /// Takes the three parts apart.
    pub fn parse(compact: &'a str) -> Result<Self, MalformedJws> {
        if compact.len() > JWS_BYTES_MAX {
            return Err(MalformedJws);
        }
        let (signed, signature) = compact.rsplit_once('.').ok_or(MalformedJws)?;
        let (header, payload) = signed.split_once('.').ok_or(MalformedJws)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| MalformedJws);
        Ok(Self {
            signed,
            header: decode(header)?,
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }

    /// The protected header as JSON text.
    pub fn header(&self) -> Result<&str, MalformedJws> {
        std::str::from_utf8(&self.header).map_err(|_| MalformedJws)
    }

    /// The payload as JSON text; not yet believed.
    pub(crate) fn unverified_payload(&self) -> Result<&str, MalformedJws> {
        std::str::from_utf8(&self.payload).map_err(|_| MalformedJws)
    }

    /// The payload, read into a type; not yet believed.
    pub fn unverified_claims<T: DeserializeOwned>(&self) -> Result<T, MalformedJws> {
        serde_json::from_slice(&self.payload).map_err(|_| MalformedJws)
    }

    /// The bytes of the signature.
    pub(crate) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Whether the key signed exactly these bytes with this algorithm.
    pub fn is_signed_by(&self, key: &PublicKey, algorithm: Algorithm) -> bool {
        key.verifies(algorithm, self.signed.as_bytes(), &self.signature)
    }
}

/// Reads a member whose presence is all that matters, `null` included.
pub(crate) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    //
    #[test]
    fn only_three_canonical_parts_are_a_jws() {
        assert!(UnverifiedJws::parse("e30.e30.AAAA").is_ok());
        for bad in [
            "",
            ".",
            "e30.e30",
            "e30.e30.AA.AA",
            "e30=.e30.AAAA",
            "e30.e30.AAAA\n",
            "e30. e30.AAAA",
            "e31.e30.AAB",
            "e30.e30.A+/A",
        ] {
            assert!(UnverifiedJws::parse(bad).is_err(), "{bad}");
        }
        assert!(UnverifiedJws::parse(&format!("e30.{}.AAAA", "AAAA".repeat(6_000))).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "[A-Za-z0-9._-]{0,200}|.{0,100}") {
            if let Ok(jws) = UnverifiedJws::parse(&text) {
                let _ = jws.header();
                let _ = jws.unverified_claims::<serde_json::Value>();
            }
        }
    }
}
