//! DPoP proofs and client assertions as stock clients make them, and every other kind.

use serde_json::{Value, json};

use crate::key::{Key, NamedKey, base64url, random_hex};
use crate::secrets;

/// A proof or an assertion before it is signed. What is in it is valid until a test changes it.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The JOSE header.
    pub header: Value,
    /// The claims.
    pub claims: Value,
    /// Who signs; the header of a proof holds this key's public half unless a test changes that.
    pub key: Key,
    /// Put in the place of the signature.
    pub signature: Option<String>,
}

impl Draft {
    /// A valid proof.
    pub fn proof(key: &Key, url: &str, iat: i64, nonce: Option<&str>) -> Self {
        let mut claims = json!({ "jti": random_hex::<16>(), "htm": "POST", "htu": url, "iat": iat });
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        Self {
            header: json!({ "typ": "dpop+jwt", "alg": key.algorithm(), "jwk": key.public() }),
            claims,
            key: key.clone(),
            signature: None,
        }
    }

    /// A valid assertion of this client, for this issuer.
    pub(crate) fn assertion(key: &NamedKey, client_id: &str, issuer: &str, iat: i64) -> Self {
        Self {
            header: json!({ "alg": key.key.algorithm(), "kid": key.kid }),
            claims: json!({
                "iss": client_id,
                "sub": client_id,
                "aud": issuer,
                "jti": random_hex::<16>(),
                "iat": iat,
                "exp": iat + 60,
            }),
            key: key.key.clone(),
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

    /// The compact JWS, which is a secret and noted as one.
    pub fn sign(&self) -> String {
        let signed = compact(&self.key, &self.header.to_string(), &self.claims.to_string());
        let Some(other) = &self.signature else {
            secrets::record(&signed);
            return signed;
        };
        // one whose signature a test made up opens nothing, and may look like anything
        let (message, _) = signed.rsplit_once('.').unwrap();
        format!("{message}.{other}")
    }
}

/// A compact JWS over any two texts.
pub fn compact(key: &Key, header: &str, payload: &str) -> String {
    let message = format!("{}.{}", base64url(header), base64url(payload));
    let signature = base64url(key.sign(message.as_bytes()));
    format!("{message}.{signature}")
}
