//! DPoP proofs as stock clients make them, and every other kind.

use serde_json::{Value, json};

use crate::key::{Key, base64url, random_hex};

/// A proof before it is signed. What is in it is valid until a test changes it.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The JOSE header.
    pub header: Value,
    /// The claims.
    pub claims: Value,
    /// Who signs; the header holds this key's public half unless a test changes that.
    pub key: Key,
    /// Put in the place of the signature.
    pub signature: Option<String>,
}

impl Draft {
    /// A valid proof.
    pub(crate) fn new(key: &Key, url: &str, iat: i64, nonce: Option<&str>) -> Self {
        let mut claims = json!({ "jti": random_hex::<16>(), "htm": "POST", "htu": url, "iat": iat });
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        Self {
            header: json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.public() }),
            claims,
            key: key.clone(),
            signature: None,
        }
    }

    /// Takes a claim out.
    pub fn without_claim(&mut self, name: &str) {
        self.claims.as_object_mut().unwrap().remove(name);
    }

    /// Takes a header member out.
    pub fn without_header(&mut self, name: &str) {
        self.header.as_object_mut().unwrap().remove(name);
    }

    /// The value of the `DPoP` header.
    pub fn sign(&self) -> String {
        let signed = compact(&self.key, &self.header.to_string(), &self.claims.to_string());
        match &self.signature {
            None => signed,
            Some(other) => {
                let (message, _) = signed.rsplit_once('.').unwrap();
                format!("{message}.{other}")
            }
        }
    }
}

/// A compact JWS over any two texts.
pub fn compact(key: &Key, header: &str, payload: &str) -> String {
    let message = format!("{}.{}", base64url(header), base64url(payload));
    let signature = base64url(key.sign(message.as_bytes()));
    format!("{message}.{signature}")
}
