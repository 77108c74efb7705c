//! DPoP proofs: a signed statement, for one request, that this app still holds the session's key.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::JoseError;
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::{EcCurve, EcKeyPair};
use josekit::jws::alg::ecdsa::EcdsaJwsSigner;
use josekit::jws::{ES256, JwsHeader};
use josekit::jwt::{self, JwtPayload};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

/// The key pair of one session. It is made for one sign-in, never stored and never sent.
///
/// OpenSSL draws the key and the per-signature number itself; everything else random in this app comes from
/// the configured source.
#[derive(Clone)]
pub(super) struct ProofKey {
    signer: EcdsaJwsSigner,
    public: Jwk,
}

/// What one proof is about.
#[derive(Debug)]
pub(super) struct ProofClaims<'a> {
    /// Method of the request.
    pub(super) method: &'a str,
    /// URL of the request; query and fragment are left out of the proof.
    pub(super) url: &'a Url,
    /// The server's latest nonce, if it gave one.
    pub(super) nonce: Option<&'a str>,
    /// The access token the request carries, if any.
    pub(super) access_token: Option<&'a str>,
    /// Unique name of this proof.
    pub(super) id: String,
    /// Seconds since the epoch.
    pub(super) issued_at: i64,
}

impl ProofKey {
    /// Makes a new P-256 key.
    pub(super) fn generate() -> Result<Self, JoseError> {
        let pair = EcKeyPair::generate(EcCurve::P256)?;
        let signer = ES256.signer_from_jwk(&pair.to_jwk_key_pair())?;
        // only the members a thumbprint is made of: nothing else needs to travel
        let described = pair.to_jwk_public_key();
        let mut public = Jwk::new("EC");
        for member in ["crv", "x", "y"] {
            public.set_parameter(member, described.parameter(member).cloned())?;
        }
        Ok(Self { signer, public })
    }

    /// Signs the proof of one request. RFC 9449 section 4.2.
    pub(super) fn proof(&self, claims: ProofClaims<'_>) -> Result<String, JoseError> {
        let mut header = JwsHeader::new();
        header.set_token_type("dpop+jwt");
        header.set_jwk(self.public.clone());

        let mut payload = JwtPayload::new();
        payload.set_jwt_id(claims.id);
        payload.set_claim("iat", Some(json!(claims.issued_at)))?;
        payload.set_claim("htm", Some(json!(claims.method)))?;
        payload.set_claim("htu", Some(json!(target(claims.url))))?;
        if let Some(nonce) = claims.nonce {
            payload.set_claim("nonce", Some(json!(nonce)))?;
        }
        if let Some(token) = claims.access_token {
            payload.set_claim("ath", Some(json!(URL_SAFE_NO_PAD.encode(Sha256::digest(token)))))?;
        }
        jwt::encode_with_signer(&payload, &header, &self.signer)
    }

    /// The RFC 7638 thumbprint of the public key: the `jkt` the server binds tokens to. It is no secret.
    pub(super) fn thumbprint(&self) -> String {
        let member = |name| {
            self.public
                .parameter(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        // RFC 7638 section 3.2: required members only, in lexicographic order, no white space
        let canonical = format!(
            r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
            member("crv"),
            member("x"),
            member("y")
        );
        URL_SAFE_NO_PAD.encode(Sha256::digest(canonical))
    }
}

impl fmt::Debug for ProofKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProofKey")
            .field("thumbprint", &self.thumbprint())
            .finish_non_exhaustive()
    }
}

/// The `htu` of a URL: without query and fragment.
fn target(url: &Url) -> String {
    let mut target = url.clone();
    target.set_query(None);
    target.set_fragment(None);
    target.to_string()
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::signature::Verifier as _;
    use p256::ecdsa::{Signature, VerifyingKey};
    use serde_json::Value;

    use super::*;

    fn json_part(part: &str) -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    fn claims<'a>(url: &'a Url, nonce: Option<&'a str>, token: Option<&'a str>) -> ProofClaims<'a> {
        ProofClaims {
            method: "POST",
            url,
            nonce,
            access_token: token,
            id: "proof-1".to_owned(),
            issued_at: 1_700_000_000,
        }
    }

    // R-292, R-293, R-296, R-297, R-300: the proof is read and verified by other code than made it
    #[test]
    fn a_proof_verifies_under_the_key_in_its_own_header() {
        let key = ProofKey::generate().unwrap();
        let url = Url::parse("http://localhost:2583/oauth/token").unwrap();
        let proof = key.proof(claims(&url, None, None)).unwrap();

        let parts: Vec<&str> = proof.split('.').collect();
        let [header, payload, signature] = parts[..] else {
            panic!("three parts")
        };
        let header = json_part(header);
        let coordinate = |name: &str| {
            URL_SAFE_NO_PAD
                .decode(header["jwk"][name].as_str().unwrap())
                .unwrap()
        };
        let point = [vec![4], coordinate("x"), coordinate("y")].concat();
        let verifying = VerifyingKey::from_sec1_bytes(&point).unwrap();
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        let signed = &proof.as_bytes()[..proof.rfind('.').unwrap()];
        verifying.verify(signed, &signature).unwrap();

        let jwk = json!({"kty": "EC", "crv": "P-256", "x": header["jwk"]["x"], "y": header["jwk"]["y"]});
        assert_eq!(header, json!({"alg": "ES256", "typ": "dpop+jwt", "jwk": jwk}));
        assert_eq!(
            json_part(payload),
            json!({"jti": "proof-1", "iat": 1_700_000_000, "htm": "POST", "htu": "http://localhost:2583/oauth/token"})
        );
    }

    // R-303, R-307, R-328
    #[test]
    fn a_proof_names_the_nonce_and_the_token_and_drops_the_query() {
        let key = ProofKey::generate().unwrap();
        let url = Url::parse("http://localhost:1/xrpc/x?a=b#c").unwrap();
        let proof = key.proof(claims(&url, Some("n-1"), Some("token"))).unwrap();
        let payload = json_part(proof.split('.').nth(1).unwrap());
        assert_eq!(payload["htu"], "http://localhost:1/xrpc/x");
        assert_eq!(payload["nonce"], "n-1");
        // sha256("token"), base64url, by `openssl dgst`
        assert_eq!(payload["ath"], "PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A");
    }

    #[test]
    fn the_debug_form_shows_the_thumbprint_and_nothing_more() {
        let key = ProofKey::generate().unwrap();
        assert_eq!(
            format!("{key:?}"),
            format!("ProofKey {{ thumbprint: {:?}, .. }}", key.thumbprint())
        );
    }
}
