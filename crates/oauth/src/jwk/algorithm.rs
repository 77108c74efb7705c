//! Signature algorithms.

use serde::{Deserialize, Serialize};

/// A signature algorithm this service verifies (RFC 7518, RFC 8037). All are asymmetric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA with P-256 and SHA-256: the one every client has.
    ES256,
    /// ECDSA with secp256k1 and SHA-256.
    ES256K,
    /// ECDSA with P-384 and SHA-384.
    ES384,
    /// Ed25519.
    EdDSA,
    /// RSASSA-PSS with SHA-256, 2048 bits or more.
    PS256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits or more.
    RS256,
}

impl Algorithm {
    /// Every algorithm, in the order metadata lists them.
    pub const ALL: [Self; 6] = [
        Self::ES256,
        Self::ES256K,
        Self::ES384,
        Self::EdDSA,
        Self::PS256,
        Self::RS256,
    ];

    /// Every name a header or a client's metadata may use, in the order metadata lists them: each algorithm's
    /// own, and the one RFC 9864 gives EdDSA with this curve.
    pub const NAMES: [&'static str; 7] = ["ES256", "ES256K", "ES384", "EdDSA", "Ed25519", "PS256", "RS256"];

    /// Reads a header's `alg`; `none`, `HS256` and the unknown give nothing.
    pub fn parse(name: &str) -> Option<Self> {
        if name == "Ed25519" {
            return Some(Self::EdDSA);
        }
        Self::ALL.into_iter().find(|alg| alg.name() == name)
    }

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ES256 => "ES256",
            Self::ES256K => "ES256K",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
            Self::PS256 => "PS256",
            Self::RS256 => "RS256",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_name_is_read_and_no_other() {
        let read = Algorithm::NAMES.map(|name| Algorithm::parse(name).unwrap());
        assert!(Algorithm::ALL.iter().all(|algorithm| read.contains(algorithm)));
        for name in ["none", "HS256", "ES512", "es256", "Ed448", ""] {
            assert_eq!(Algorithm::parse(name), None, "{name}");
        }
    }
}
