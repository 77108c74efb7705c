//! Keys of clients: ES256, made and used by josekit, another library than the server verifies with.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::{EcCurve, EcKeyPair};
use josekit::jws::{ES256, JwsSigner as _};
use josekit::util::random_bytes;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A P-256 key.
#[derive(Clone, Debug)]
pub struct Key(Arc<EcKeyPair>);

impl Key {
    /// A new one.
    pub fn generate() -> Self {
        Self(Arc::new(EcKeyPair::generate(EcCurve::P256).unwrap()))
    }

    /// The public half, as the header of a proof holds it.
    pub fn public(&self) -> Value {
        let jwk = self.0.to_jwk_public_key();
        let member = |name| jwk.parameter(name).cloned().unwrap();
        json!({ "kty": "EC", "crv": "P-256", "x": member("x"), "y": member("y") })
    }

    /// The private scalar, which no proof may hold.
    pub fn private_scalar(&self) -> Value {
        self.0.to_jwk_private_key().parameter("d").cloned().unwrap()
    }

    /// The RFC 7638 thumbprint, computed here from the RFC's text.
    pub fn thumbprint(&self) -> String {
        let jwk = self.public();
        let canonical = format!(
            r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#,
            jwk["x"], jwk["y"]
        );
        base64url(Sha256::digest(canonical))
    }

    /// The raw ES256 signature.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let jwk: Jwk = self.0.to_jwk_private_key();
        ES256.signer_from_jwk(&jwk).unwrap().sign(message).unwrap()
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
