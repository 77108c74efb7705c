//! PKCE (RFC 7636), `S256` only.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::denial::Denial;
use crate::secret::constant_time_eq;

/// An `S256` challenge: exactly 43 base64url characters (RFC 7636 section 4.2, R-119).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Reads the `code_challenge` parameter.
    pub fn parse(text: &str) -> Result<Self, Denial> {
        match URL_SAFE_NO_PAD.decode(text) {
            Ok(hash) if hash.len() == 32 => Ok(Self(text.to_owned())),
            _ => Err(Denial::ParameterInvalid {
                name: "code_challenge",
                expected: "must be the 43 base64url characters of a SHA-256 hash",
            }),
        }
    }

    /// Whether the verifier hashes to this challenge; compares in constant time.
    ///
    /// ```
    /// use entryway_oauth::pkce::{CodeChallenge, CodeVerifier};
    /// // RFC 7636 appendix B
    /// let verifier = CodeVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
    /// let challenge = CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
    /// assert!(challenge.is_opened_by(&verifier));
    /// ```
    pub fn is_opened_by(&self, verifier: &CodeVerifier) -> bool {
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.0.as_bytes()));
        constant_time_eq(hash.as_bytes(), self.0.as_bytes())
    }

    /// The 43 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<CodeChallenge> for String {
    fn from(challenge: CodeChallenge) -> Self {
        challenge.0
    }
}

impl TryFrom<String> for CodeChallenge {
    type Error = Denial;

    fn try_from(text: String) -> Result<Self, Denial> {
        Self::parse(&text)
    }
}

/// A verifier: 43 to 128 unreserved characters (RFC 7636 section 4.1, R-217).
pub struct CodeVerifier(String);

impl CodeVerifier {
    /// Reads the `code_verifier` parameter.
    pub fn parse(text: &str) -> Result<Self, Denial> {
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
        if (43..=128).contains(&text.len()) && text.bytes().all(unreserved) {
            return Ok(Self(text.to_owned()));
        }
        Err(Denial::ParameterInvalid {
            name: "code_verifier",
            expected: "must be 43 to 128 characters out of A-Z a-z 0-9 - . _ ~",
        })
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // R-217
    #[test]
    fn a_verifier_has_43_to_128_unreserved_characters() {
        for (length, fine) in [(42, false), (43, true), (128, true), (129, false)] {
            assert_eq!(CodeVerifier::parse(&"a".repeat(length)).is_ok(), fine, "{length}");
        }
        assert!(CodeVerifier::parse(&"+".repeat(50)).is_err());
    }

    // R-119
    #[test]
    fn a_challenge_is_exactly_43_base64url_characters() {
        let good = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(CodeChallenge::parse(good).is_ok());
        for bad in [
            "",
            &good[1..],
            &format!("{good}="),
            &format!("{good}A"),
            &good.replace('-', "+"),
        ] {
            assert!(CodeChallenge::parse(bad).is_err(), "{bad}");
        }
    }

    // R-216
    #[test]
    fn the_challenge_does_not_open_itself() {
        let text = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let challenge = CodeChallenge::parse(text).unwrap();
        assert!(!challenge.is_opened_by(&CodeVerifier::parse(text).unwrap()));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,200}") {
            let _ = CodeChallenge::parse(&text);
            let _ = CodeVerifier::parse(&text);
        }
    }
}
