//! Public keys as JSON Web Keys (RFC 7517), their thumbprints (RFC 7638) and their signatures.
//!
//! Private members and symmetric keys are refused, and an algorithm must fit the key's type: there
//! is no way to choose one by what a header says alone (RFC 8725 section 3.1).

mod algorithm;
mod thumbprint;

use std::fmt::Write as _;

use aws_lc_rs::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::jws::present;

pub use algorithm::Algorithm;
pub use thumbprint::Thumbprint;

/// Why a JWK is not one this service can use; the text completes "the key ...".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidJwk {
    /// The JSON is not a key.
    #[error("must be a public JWK")]
    Malformed,
    /// The key holds `d`, `k` or another private member (R-297, R-298).
    #[error("must not hold private or symmetric key material")]
    Private,
    /// The type or curve is not supported.
    #[error("must be EC P-256, P-384 or secp256k1, OKP Ed25519, or RSA")]
    Unsupported,
    /// A coordinate, modulus or exponent has the wrong size or encoding.
    #[error("has a member of the wrong size or encoding")]
    Encoding,
    /// `use` or `key_ops` says the key is not for verifying (R-282).
    #[error("is not meant for verifying signatures")]
    Purpose,
}

/// A public key, parsed. That an EC point lies on its curve is checked when it verifies.
///
/// ```
/// use entryway_oauth::jwk::{InvalidJwk, PublicKey};
/// let oct = r#"{"kty":"oct","k":"AAAA"}"#;
/// assert_eq!(PublicKey::from_json(oct), Err(InvalidJwk::Private));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// P-256, secp256k1 or P-384, as an uncompressed SEC1 point.
    Ec {
        /// Which curve.
        curve: Curve,
        /// `04 || x || y`.
        point: Vec<u8>,
    },
    /// Ed25519.
    Ed25519([u8; 32]),
    /// RSA modulus and exponent, big-endian.
    Rsa {
        /// The modulus, 256 to 1024 bytes.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
}

/// An elliptic curve of [`PublicKey::Ec`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256.
    P256,
    /// secp256k1.
    Secp256k1,
    /// NIST P-384.
    P384,
}

impl Curve {
    const ALL: [Self; 3] = [Self::P256, Self::Secp256k1, Self::P384];

    const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::Secp256k1 => "secp256k1",
            Self::P384 => "P-384",
        }
    }

    const fn coordinate_bytes(self) -> usize {
        match self {
            Self::P256 | Self::Secp256k1 => 32,
            Self::P384 => 48,
        }
    }
}

/// The members of a JWK that matter here; unknown ones are ignored (RFC 7517 section 4).
#[derive(Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each says that a member is there")]
struct WireJwk<'a> {
    kty: &'a str,
    crv: Option<&'a str>,
    x: Option<&'a str>,
    y: Option<&'a str>,
    n: Option<&'a str>,
    e: Option<&'a str>,
    #[serde(rename = "use")]
    purpose: Option<&'a str>,
    key_ops: Option<Vec<&'a str>>,
    alg: Option<&'a str>,
    #[serde(default, deserialize_with = "present")]
    d: bool,
    #[serde(default, deserialize_with = "present")]
    p: bool,
    #[serde(default, deserialize_with = "present")]
    q: bool,
    #[serde(default, deserialize_with = "present")]
    dp: bool,
    #[serde(default, deserialize_with = "present")]
    dq: bool,
    #[serde(default, deserialize_with = "present")]
    qi: bool,
    #[serde(default, deserialize_with = "present")]
    oth: bool,
    #[serde(default, deserialize_with = "present")]
    k: bool,
}

impl WireJwk<'_> {
    fn holds_private_material(&self) -> bool {
        let secret = [
            self.d, self.p, self.q, self.dp, self.dq, self.qi, self.oth, self.k,
        ];
        self.kty == "oct" || secret.contains(&true)
    }

    fn is_for_verifying(&self) -> bool {
        self.purpose.is_none_or(|purpose| purpose == "sig")
            && self.key_ops.as_ref().is_none_or(|ops| ops.contains(&"verify"))
            && self.alg.is_none_or(|alg| Algorithm::parse(alg).is_some())
    }
}

impl PublicKey {
    /// Reads one JWK. Repeated known members are refused; unknown ones are ignored.
    ///
    /// # Errors
    /// One [`InvalidJwk`] per reason.
    pub fn from_json(json: &str) -> Result<Self, InvalidJwk> {
        let wire: WireJwk<'_> = serde_json::from_str(json).map_err(|_| InvalidJwk::Malformed)?;
        if wire.holds_private_material() {
            return Err(InvalidJwk::Private);
        }
        if !wire.is_for_verifying() {
            return Err(InvalidJwk::Purpose);
        }
        match wire.kty {
            "EC" => {
                let curve = Curve::ALL
                    .into_iter()
                    .find(|curve| wire.crv == Some(curve.name()));
                let curve = curve.ok_or(InvalidJwk::Unsupported)?;
                let mut point = vec![4];
                point.extend(member(wire.x, curve.coordinate_bytes())?);
                point.extend(member(wire.y, curve.coordinate_bytes())?);
                Ok(Self::Ec { curve, point })
            }
            "OKP" if wire.crv == Some("Ed25519") => {
                let x = member(wire.x, 32)?.try_into().map_err(|_| InvalidJwk::Encoding)?;
                Ok(Self::Ed25519(x))
            }
            "RSA" => {
                let (n, e) = (base64url(wire.n)?, base64url(wire.e)?);
                // 2048 to 8192 bits, the range the verifier takes; the exponent at most 33 bits
                if !(256..=1024).contains(&n.len()) || n[0] == 0 || e.is_empty() || e.len() > 5 || e[0] == 0 {
                    return Err(InvalidJwk::Encoding);
                }
                Ok(Self::Rsa { n, e })
            }
            _ => Err(InvalidJwk::Unsupported),
        }
    }

    /// The SHA-256 thumbprint over the required members only (RFC 7638 section 3, R-320).
    pub fn thumbprint(&self) -> Thumbprint {
        Thumbprint(Sha256::digest(self.canonical_json().as_bytes()).into())
    }

    /// The required members in lexicographic order without white space (RFC 7638 section 3.3); also
    /// a JWK one can publish.
    pub fn canonical_json(&self) -> String {
        let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Ec { curve, point } => {
                let (x, y) = point[1..].split_at(curve.coordinate_bytes());
                let (crv, x, y) = (curve.name(), b64(x), b64(y));
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Self::Ed25519(x) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, b64(x)),
            Self::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, b64(e), b64(n)),
        }
    }

    /// The point in hexadecimal digits, compressed (SEC 1 section 2.3.3): how a PDS is told the key of its
    /// entryway. None of a key that is no point.
    ///
    /// ```
    /// use entryway_oauth::access_token::AccessTokenKey;
    /// let key = AccessTokenKey::from_bytes(&[1; 32]).unwrap();
    /// let hex = key.public().compressed_hex().unwrap();
    /// assert!(hex.len() == 66 && (hex.starts_with("02") || hex.starts_with("03")));
    /// ```
    pub fn compressed_hex(&self) -> Option<String> {
        let Self::Ec { curve, point } = self else {
            return None;
        };
        let (x, y) = point.get(1..)?.split_at_checked(curve.coordinate_bytes())?;
        let sign = if y.last()? % 2 == 0 { "02" } else { "03" };
        let mut hex = sign.to_owned();
        for byte in x {
            let _infallible = write!(hex, "{byte:02x}");
        }
        Some(hex)
    }

    /// Whether the algorithm is one for this type of key (R-299).
    pub const fn fits(&self, algorithm: Algorithm) -> bool {
        matches!(
            (self, algorithm),
            (
                Self::Ec {
                    curve: Curve::P256,
                    ..
                },
                Algorithm::ES256
            ) | (
                Self::Ec {
                    curve: Curve::Secp256k1,
                    ..
                },
                Algorithm::ES256K
            ) | (
                Self::Ec {
                    curve: Curve::P384,
                    ..
                },
                Algorithm::ES384
            ) | (Self::Ed25519(_), Algorithm::EdDSA)
                | (Self::Rsa { .. }, Algorithm::PS256 | Algorithm::RS256)
        )
    }

    /// Whether the signature is this key's over the message; false too for an algorithm that does
    /// not fit, a point off its curve or a signature of the wrong form (DER, wrong length, zero).
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        if !self.fits(algorithm) {
            return false;
        }
        match self {
            Self::Ec { curve, point } => {
                let scheme = match curve {
                    Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED,
                    Curve::Secp256k1 => &signature::ECDSA_P256K1_SHA256_FIXED,
                    Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED,
                };
                UnparsedPublicKey::new(scheme, point)
                    .verify(message, signature)
                    .is_ok()
            }
            Self::Ed25519(x) => UnparsedPublicKey::new(&signature::ED25519, x)
                .verify(message, signature)
                .is_ok(),
            Self::Rsa { n, e } => {
                let scheme = match algorithm {
                    Algorithm::PS256 => &signature::RSA_PSS_2048_8192_SHA256,
                    _ => &signature::RSA_PKCS1_2048_8192_SHA256,
                };
                RsaPublicKeyComponents { n, e }
                    .verify(scheme, message, signature)
                    .is_ok()
            }
        }
    }
}

fn base64url(member: Option<&str>) -> Result<Vec<u8>, InvalidJwk> {
    URL_SAFE_NO_PAD
        .decode(member.ok_or(InvalidJwk::Malformed)?)
        .map_err(|_| InvalidJwk::Encoding)
}

fn member(member: Option<&str>, bytes: usize) -> Result<Vec<u8>, InvalidJwk> {
    base64url(member).and_then(|raw| {
        if raw.len() == bytes {
            Ok(raw)
        } else {
            Err(InvalidJwk::Encoding)
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 7638 section 3.1
    const RFC_RSA: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;

    #[test]
    fn the_thumbprint_is_the_one_of_rfc_7638() {
        let key = PublicKey::from_json(RFC_RSA).unwrap();
        assert_eq!(
            key.thumbprint().to_string(),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
    }

    // R-320
    #[test]
    fn decorations_do_not_change_the_thumbprint() {
        let x = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
        let y = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";
        let plain = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#);
        let decorated = format!(
            r#"{{"y":"{y}","ext":true,"kid":"k","use":"sig","alg":"ES256","x":"{x}","key_ops":["verify"],"crv":"P-256","kty":"EC"}}"#
        );
        let [plain, decorated] = [plain, decorated].map(|json| PublicKey::from_json(&json).unwrap());
        assert_eq!(plain.thumbprint(), decorated.thumbprint());
        assert_eq!(PublicKey::from_json(&plain.canonical_json()).unwrap(), plain);
    }

    #[test]
    fn keys_that_must_not_be_used_are_refused_by_reason() {
        let point = r#""crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM""#;
        for (json, reason) in [
            ("null".to_owned(), InvalidJwk::Malformed),
            ("\"key\"".to_owned(), InvalidJwk::Malformed),
            ("{}".to_owned(), InvalidJwk::Malformed),
            (r#"{"kty":"oct","k":"AAAA"}"#.to_owned(), InvalidJwk::Private),
            (
                format!(r#"{{"kty":"EC",{point},"d":"AAAA"}}"#),
                InvalidJwk::Private,
            ), // R-297
            (
                format!(r#"{{"kty":"EC",{point},"use":"enc"}}"#),
                InvalidJwk::Purpose,
            ), // R-282
            (
                format!(r#"{{"kty":"EC",{point},"key_ops":["sign"]}}"#),
                InvalidJwk::Purpose,
            ),
            (
                format!(r#"{{"kty":"EC",{point},"kty":"EC"}}"#),
                InvalidJwk::Malformed,
            ),
            (
                r#"{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}"#.to_owned(),
                InvalidJwk::Unsupported,
            ),
            (
                r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#.to_owned(),
                InvalidJwk::Encoding,
            ),
            (
                r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#.to_owned(),
                InvalidJwk::Encoding,
            ), // R-299
        ] {
            assert_eq!(PublicKey::from_json(&json), Err(reason), "{json}");
        }
    }

    // R-299
    #[test]
    fn a_point_off_the_curve_verifies_nothing() {
        let key = PublicKey::Ec {
            curve: Curve::P256,
            point: [&[4][..], &[1; 64]].concat(),
        };
        assert!(!key.verifies(Algorithm::ES256, b"message", &[1; 64]));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,300}") {
            let _ = PublicKey::from_json(&text);
            let _ = Thumbprint::parse(&text);
        }
    }
}
