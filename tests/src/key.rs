//! Keys of clients, made and used by josekit, another library than the server verifies with.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jwk::alg::ed::EdCurve;
use josekit::jws::{ES256, ES256K, ES384, EdDSA, JwsSigner, PS256, RS256};
use josekit::util::random_bytes;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A key pair for signatures of one algorithm.
#[derive(Clone, Debug)]
pub struct Key(Arc<Pair>);

#[derive(Debug)]
struct Pair {
    algorithm: &'static str,
    private: Jwk,
}

/// The algorithms a [`Key`] can be made for.
pub const ALGORITHMS: [&str; 6] = ["ES256", "ES256K", "ES384", "EdDSA", "PS256", "RS256"];

impl Key {
    /// A new one for ES256, as every proof is signed with.
    pub fn generate() -> Self {
        Self::of("ES256")
    }

    /// A new one for this algorithm, one of [`ALGORITHMS`].
    pub fn of(algorithm: &'static str) -> Self {
        let private = match algorithm {
            "ES256" => Jwk::generate_ec_key(EcCurve::P256),
            "ES256K" => Jwk::generate_ec_key(EcCurve::Secp256k1),
            "ES384" => Jwk::generate_ec_key(EcCurve::P384),
            "EdDSA" => Jwk::generate_ed_key(EdCurve::Ed25519),
            "PS256" | "RS256" => Jwk::generate_rsa_key(2048),
            other => panic!("no key for {other}"),
        };
        Self(Arc::new(Pair {
            algorithm,
            private: private.unwrap(),
        }))
    }

    /// What it signs with.
    pub fn algorithm(&self) -> &'static str {
        self.0.algorithm
    }

    /// The public half, as the header of a proof holds it: the members that a thumbprint is made of.
    pub fn public(&self) -> Value {
        let named = |name: &&str| Some(((*name).to_owned(), self.0.private.parameter(name)?.clone()));
        // `use` and the like are not there, nor are the private members
        let members = ["kty", "crv", "x", "y", "n", "e"];
        Value::Object(members.iter().filter_map(named).collect())
    }

    /// The private scalar, which no proof may hold.
    pub fn private_scalar(&self) -> Value {
        self.0.private.parameter("d").cloned().unwrap()
    }

    /// The RFC 7638 thumbprint, computed here from the RFC's text.
    pub fn thumbprint(&self) -> String {
        let public = self.public();
        let member = |(name, value): (&String, &Value)| format!("\"{name}\":{value}");
        let mut members: Vec<String> = public.as_object().unwrap().iter().map(member).collect();
        members.sort();
        base64url(Sha256::digest(format!("{{{}}}", members.join(","))))
    }

    /// The signature as a JWS has it.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let jwk = &self.0.private;
        let signer: Box<dyn JwsSigner> = match self.0.algorithm {
            "ES256" => Box::new(ES256.signer_from_jwk(jwk).unwrap()),
            "ES256K" => Box::new(ES256K.signer_from_jwk(jwk).unwrap()),
            "ES384" => Box::new(ES384.signer_from_jwk(jwk).unwrap()),
            "EdDSA" => Box::new(EdDSA.signer_from_jwk(jwk).unwrap()),
            "PS256" => Box::new(PS256.signer_from_jwk(jwk).unwrap()),
            _ => Box::new(RS256.signer_from_jwk(jwk).unwrap()),
        };
        signer.sign(message).unwrap()
    }
}

/// A key that a confidential client signs its assertions with, and the name it publishes it under.
#[derive(Clone, Debug)]
pub struct NamedKey {
    /// The `kid`.
    pub kid: String,
    /// The key.
    pub key: Key,
}

impl NamedKey {
    /// A new one for ES256.
    pub fn generate(kid: &str) -> Self {
        Self::of("ES256", kid)
    }

    /// A new one for this algorithm.
    pub fn of(algorithm: &'static str, kid: &str) -> Self {
        Self {
            kid: kid.to_owned(),
            key: Key::of(algorithm),
        }
    }

    /// The public half as it stands in a key set.
    pub fn public(&self) -> Value {
        let mut jwk = self.key.public();
        jwk["kid"] = self.kid.as_str().into();
        jwk["alg"] = self.key.algorithm().into();
        jwk["use"] = "sig".into();
        jwk
    }
}

/// Unpadded base64url.
pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Random hexadecimal digits.
pub(crate) fn random_hex<const BYTES: usize>() -> String {
    let number = random_bytes(BYTES).into_iter();
    number.fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
}
