//! One issuer, one client and one resource, for tests: everything fits, and a test changes one thing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entryway_oauth::access_token::AccessTokenKey;
use entryway_oauth::dpop::access_token_hash;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::jwk::{PublicKey, Thumbprint};
use entryway_oauth::nonce::NonceKey;
use entryway_oauth::secret::ServerKey;
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;
use futures_util::FutureExt as _;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jws::{ES256, JwsSigner as _};
use k256::ecdsa::signature::Signer as _;
use k256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};

use crate::credentials::DPOP;
use crate::{Clock, IssuerKeys, Limits, Moment, Refusal, TrustedIssuer, Verified, Verifier, VerifierConfig};

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
pub(crate) const EXPIRES_AT: Timestamp = Timestamp::from_seconds(1_700_000_900);
pub(crate) const ISSUER: &str = "https://entryway.example";
pub(crate) const OTHER_ISSUER: &str = "https://other.example";
pub(crate) const PUBLIC_URL: &str = "https://pds.example";
pub(crate) const AUDIENCE: &str = "did:web:pds.example";
pub(crate) const ACCOUNT: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
pub(crate) const METHOD: &str = "POST";
pub(crate) const PATH: &str = "/xrpc/com.atproto.repo.createRecord";

/// How long the steady clock has run at [`NOW`].
const DAY_SECONDS: i64 = 86_400;

/// Scalars of the issuer's two keys, of the other issuer's, and of nobody's.
pub(crate) const KEY: [u8; 32] = [7; 32];
pub(crate) const NEXT_KEY: [u8; 32] = [8; 32];
pub(crate) const OTHER_KEY: [u8; 32] = [9; 32];
pub(crate) const FOREIGN_KEY: [u8; 32] = [10; 32];

pub(crate) struct Scene {
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) client: Jwk,
    proofs: AtomicU32,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    pub(crate) fn with_limits(limits: Limits) -> Self {
        let issuers = vec![
            TrustedIssuer::new(issuer(ISSUER), keys(&[KEY, NEXT_KEY])),
            TrustedIssuer::new(issuer(OTHER_ISSUER), keys(&[OTHER_KEY])),
        ];
        Self::believing(issuers, limits)
    }

    /// With an issuer that signs with P-256.
    pub(crate) fn with_es256_issuer() -> Self {
        let keys = IssuerKeys::pinned(vec![public_of(&es256_key())]).unwrap();
        Self::believing(vec![TrustedIssuer::new(issuer(ISSUER), keys)], Limits::default())
    }

    pub(crate) fn believing(issuers: Vec<TrustedIssuer>, limits: Limits) -> Self {
        let verifier = Verifier::new(VerifierConfig {
            issuers,
            audience: Did::parse(AUDIENCE).unwrap(),
            public_url: issuer(PUBLIC_URL),
            nonces: nonces(),
            limits,
        });
        Self {
            verifier: Arc::new(verifier),
            client: proof_key(),
            proofs: AtomicU32::new(0),
        }
    }

    pub(crate) fn jkt(&self) -> Thumbprint {
        thumbprint(&self.client)
    }

    pub(crate) fn token(&self) -> String {
        self.token_with(&json!({}), &json!({}))
    }

    /// A token with these members changed; `null` removes one.
    pub(crate) fn token_with(&self, header: &Value, claims: &Value) -> String {
        self.token_by(KEY, header, claims)
    }

    /// As [`Self::token_with`], of the issuer of [`Self::with_es256_issuer`].
    pub(crate) fn es256_token(&self, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "typ": "at+jwt"});
        sign_es256(&es256_key(), &header, &self.claims_with(claims))
    }

    pub(crate) fn token_by(&self, scalar: [u8; 32], header: &Value, claims: &Value) -> String {
        let claims = self.claims_with(claims);
        let header = changed(json!({"alg": "ES256K", "typ": "at+jwt"}), header);
        sign_es256k(scalar, &header, &claims.to_string())
    }

    fn claims_with(&self, changes: &Value) -> Value {
        changed(
            json!({
                "iss": ISSUER, "aud": AUDIENCE, "sub": ACCOUNT, "jti": format!("tok-{:032x}", 1),
                "iat": NOW.seconds(), "exp": EXPIRES_AT.seconds(),
                "client_id": "https://app.example/client.json", "scope": "atproto repo:a.b.c",
                "cnf": {"jkt": self.jkt().to_string()}, "sid": format!("ses-{:032x}", 2),
            }),
            changes,
        )
    }

    pub(crate) fn proof(&self, token: &str) -> String {
        self.proof_with(token, &json!({}), &json!({}))
    }

    /// A proof for this token with these members changed, and always with a `jti` of its own.
    pub(crate) fn proof_with(&self, token: &str, header: &Value, claims: &Value) -> String {
        self.proof_by(&self.client, token, header, claims)
    }

    pub(crate) fn proof_by(&self, key: &Jwk, token: &str, header: &Value, claims: &Value) -> String {
        let n = self.proofs.fetch_add(1, Ordering::Relaxed);
        let header = changed(
            json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.to_public_key().unwrap()}),
            header,
        );
        let claims = changed(
            json!({
                "jti": format!("proof-{n}"), "htm": METHOD, "htu": format!("{PUBLIC_URL}{PATH}"),
                "iat": NOW.seconds(), "nonce": nonces().issue(NOW), "ath": access_token_hash(token),
            }),
            claims,
        );
        sign_es256(key, &header, &claims)
    }

    /// Headers of a request that is let through.
    pub(crate) fn headers(&self) -> HeaderMap {
        let token = self.token();
        headers(&token, &self.proof(&token))
    }

    pub(crate) fn verify(&self, headers: &HeaderMap) -> Result<Verified, Refusal> {
        self.verify_at(headers, NOW)
    }

    pub(crate) fn verify_at(&self, headers: &HeaderMap, now: Timestamp) -> Result<Verified, Refusal> {
        self.call(METHOD, PATH, headers, now)
    }

    /// Verifies a request to any method; with pinned keys there is nothing to wait for.
    pub(crate) fn call(
        &self,
        method: &str,
        path: &str,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Verified, Refusal> {
        let clock: Clock = Arc::new(move || at(now));
        let verification = self.verifier.verify(method, path, headers, &clock);
        verification.now_or_never().unwrap()
    }

    /// Presents a token with a proof that fits it.
    pub(crate) fn present(&self, token: &str) -> Result<Verified, Refusal> {
        self.verify(&headers(token, &self.proof(token)))
    }
}

pub(crate) fn headers(token: &str, proof: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("DPoP {token}").parse().unwrap());
    headers.insert(DPOP, proof.parse().unwrap());
    headers
}

/// That instant, with clocks that never went wrong.
pub(crate) fn at(wall: Timestamp) -> Moment {
    let since = (wall - NOW).0 + DAY_SECONDS;
    Moment {
        wall,
        steady: Duration::from_secs(u64::try_from(since).unwrap()),
    }
}

pub(crate) fn issuer(text: &str) -> Issuer {
    Issuer::parse(text).unwrap()
}

pub(crate) fn public(scalar: [u8; 32]) -> PublicKey {
    AccessTokenKey::from_bytes(&scalar).unwrap().public().clone()
}

pub(crate) fn keys(scalars: &[[u8; 32]]) -> IssuerKeys {
    IssuerKeys::pinned(scalars.iter().copied().map(public).collect()).unwrap()
}

pub(crate) fn nonces() -> NonceKey {
    NonceKey::new(ServerKey::new([5; 32]))
}

pub(crate) fn proof_key() -> Jwk {
    Jwk::generate_ec_key(EcCurve::P256).unwrap()
}

fn es256_key() -> Jwk {
    // RFC 7515, appendix A.3
    let key = json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
    });
    Jwk::from_bytes(key.to_string()).unwrap()
}

fn public_of(key: &Jwk) -> PublicKey {
    PublicKey::from_json(&key.to_public_key().unwrap().to_string()).unwrap()
}

fn thumbprint(key: &Jwk) -> Thumbprint {
    public_of(key).thumbprint()
}

fn changed(mut base: Value, changes: &Value) -> Value {
    let members = base.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
    base
}

/// Signs any header and any text, also what a JWT library would refuse to write.
pub(crate) fn sign_es256k(scalar: [u8; 32], header: &Value, payload: &str) -> String {
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let signature: Signature = SigningKey::from_slice(&scalar).unwrap().sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

fn sign_es256(key: &Jwk, header: &Value, claims: &Value) -> String {
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let by = ES256.signer_from_jwk(key).unwrap();
    let signature = by.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
