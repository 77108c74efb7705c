//! For the tests: a client as another implementation would be one.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jwk::alg::ed::EdCurve;
use josekit::jws::{ES256, ES256K, ES384, EdDSA, JwsSigner, PS256, RS256};
use serde_json::{Value, json};

use super::{Assertion, Expectation, UnverifiedAssertion, verify};
use crate::client_id::ClientId;
use crate::denial::Denial;
use crate::issuer::Issuer;
use crate::jwk::{Algorithm, PublicKey, Thumbprint};
use crate::key_set::KeySet;
use crate::time::Timestamp;

pub(super) const CLIENT_ID: &str = "http://localhost?scope=atproto";
pub(super) const OTHER_CLIENT_ID: &str = "http://localhost?scope=atproto%20transition:generic";
pub(super) const ISSUER: &str = "https://entryway.example";
pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// Its key pair, and what it published.
pub(super) struct Signer {
    pub(super) key: Jwk,
    pub(super) algorithm: Algorithm,
    pub(super) keys: KeySet,
}

impl Signer {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        use josekit::JoseError;
        let generate: fn() -> Result<Jwk, JoseError> = match algorithm {
            Algorithm::ES256 => || Jwk::generate_ec_key(EcCurve::P256),
            Algorithm::ES256K => || Jwk::generate_ec_key(EcCurve::Secp256k1),
            Algorithm::ES384 => || Jwk::generate_ec_key(EcCurve::P384),
            Algorithm::EdDSA => || Jwk::generate_ed_key(EdCurve::Ed25519),
            Algorithm::PS256 | Algorithm::RS256 => || Jwk::generate_rsa_key(2048),
        };
        Self::with_key(generate().unwrap(), algorithm)
    }

    pub(super) fn with_key(key: Jwk, algorithm: Algorithm) -> Self {
        let set = json!({"keys": [public(&key)]});
        Self {
            keys: KeySet::from_json(&set.to_string()).unwrap(),
            key,
            algorithm,
        }
    }

    /// What the client publishes.
    pub(super) fn public(&self) -> Value {
        public(&self.key)
    }

    pub(super) fn thumbprint(&self) -> Thumbprint {
        PublicKey::from_json(&self.public().to_string())
            .unwrap()
            .thumbprint()
    }

    /// An assertion with these members changed (`null` removes one).
    pub(super) fn assertion(&self, header_changes: &Value, claim_changes: &Value) -> String {
        let header = json!({"alg": self.algorithm.name(), "kid": "key-1"});
        let claims = json!({
            "iss": CLIENT_ID, "sub": CLIENT_ID, "aud": ISSUER, "jti": "jti-1",
            "iat": NOW.seconds(), "exp": NOW.seconds() + 60,
        });
        self.sign(&changed(header, header_changes), &changed(claims, claim_changes))
    }

    /// Signs any header and claims, also ones that a JWT library would refuse to write.
    pub(super) fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", part(&header.to_string()), part(&claims.to_string()));
        let signature = self.signer().sign(signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn signer(&self) -> Box<dyn JwsSigner> {
        match self.algorithm {
            Algorithm::ES256 => Box::new(ES256.signer_from_jwk(&self.key).unwrap()),
            Algorithm::ES256K => Box::new(ES256K.signer_from_jwk(&self.key).unwrap()),
            Algorithm::ES384 => Box::new(ES384.signer_from_jwk(&self.key).unwrap()),
            Algorithm::EdDSA => Box::new(EdDSA.signer_from_jwk(&self.key).unwrap()),
            Algorithm::PS256 => Box::new(PS256.signer_from_jwk(&self.key).unwrap()),
            Algorithm::RS256 => Box::new(RS256.signer_from_jwk(&self.key).unwrap()),
        }
    }

    /// What this client's assertions are to be at noon, without a proof.
    pub(super) fn expectation(&self) -> Expectation<'_> {
        static CLIENT: LazyLock<ClientId> = LazyLock::new(|| ClientId::parse(CLIENT_ID).unwrap());
        static SERVER: LazyLock<Issuer> = LazyLock::new(|| Issuer::parse(ISSUER).unwrap());
        Expectation {
            client_id: &CLIENT,
            algorithm: self.algorithm,
            keys: &self.keys,
            issuer: &SERVER,
            proof: None,
            now: NOW,
        }
    }

    pub(super) fn check(&self, compact: &str) -> Result<Assertion, Denial> {
        check(compact, self.expectation())
    }

    pub(super) fn check_with_proof(
        &self,
        compact: &str,
        proof: Option<Thumbprint>,
    ) -> Result<Assertion, Denial> {
        let expected = Expectation {
            proof,
            ..self.expectation()
        };
        check(compact, expected)
    }

    /// Verifies an assertion with these members changed.
    pub(super) fn check_changed(&self, header: &Value, claims: &Value) -> Result<Assertion, Denial> {
        self.check(&self.assertion(header, claims))
    }
}

fn public(key: &Jwk) -> Value {
    let mut public = key.to_public_key().unwrap();
    public.set_key_id("key-1");
    serde_json::to_value(public).unwrap()
}

pub(super) fn es256() -> Signer {
    Signer::new(Algorithm::ES256)
}

pub(super) fn check(compact: &str, expected: Expectation<'_>) -> Result<Assertion, Denial> {
    verify(&UnverifiedAssertion::parse(compact)?, expected)
}

pub(super) fn part(json: &str) -> String {
    URL_SAFE_NO_PAD.encode(json)
}

fn changed(mut object: Value, changes: &Value) -> Value {
    let members = object.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
    object
}
