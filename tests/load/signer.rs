//! Proofs and assertions, faster than a server can verify them.

use anyhow::Context as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entryway_server::Clock;
use entryway_tests::{Key, NamedKey};
use serde_json::{Value, json};

/// Signs for one endpoint with one key.
pub(crate) struct Signer {
    key: Es256,
    clock: Clock,
    header: String,
    url: String,
    /// The last one heard.
    pub(crate) nonce: String,
}

impl Signer {
    pub(crate) fn new(key: &Key, url: String) -> anyhow::Result<Self> {
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.public() });
        Ok(Self {
            key: Es256::of(key)?,
            clock: Clock::system(),
            header: Es256::header(&header),
            url,
            nonce: String::new(),
        })
    }

    /// A fresh proof.
    pub(crate) fn proof(&self) -> anyhow::Result<String> {
        let (jti, now) = (random_text()?, self.clock.now());
        let claims = format!(
            r#"{{"jti":"{jti}","htm":"POST","htu":"{}","iat":{},"nonce":"{}"}}"#,
            self.url,
            now.seconds(),
            self.nonce
        );
        self.key.compact(&self.header, &claims)
    }
}

/// Authenticates one confidential client.
pub(crate) struct Asserter {
    key: Es256,
    clock: Clock,
    header: String,
    client_id: String,
    issuer: String,
}

impl Asserter {
    pub(crate) fn new(key: &NamedKey, client_id: &str, issuer: &str) -> anyhow::Result<Self> {
        let header = json!({ "alg": "ES256", "kid": key.kid });
        Ok(Self {
            key: Es256::of(&key.key)?,
            clock: Clock::system(),
            header: Es256::header(&header),
            client_id: client_id.to_owned(),
            issuer: issuer.to_owned(),
        })
    }

    /// A fresh assertion.
    pub(crate) fn assertion(&self) -> anyhow::Result<String> {
        let (jti, now) = (random_text()?, self.clock.now().seconds());
        let claims = format!(
            r#"{{"iss":"{0}","sub":"{0}","aud":"{1}","jti":"{jti}","iat":{now},"exp":{2}}}"#,
            self.client_id,
            self.issuer,
            now + 60
        );
        self.key.compact(&self.header, &claims)
    }
}

/// Signs with ES256.
pub(crate) struct Es256 {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl Es256 {
    pub(crate) fn of(key: &Key) -> anyhow::Result<Self> {
        let jwk = key.public();
        let coordinate = |text: &Value| -> anyhow::Result<Vec<u8>> {
            Ok(URL_SAFE_NO_PAD.decode(text.as_str().context("a coordinate")?)?)
        };
        let point = [&[4][..], &coordinate(&jwk["x"])?, &coordinate(&jwk["y"])?].concat();
        let scalar = coordinate(&key.private_scalar())?;
        Ok(Self {
            key: EcdsaKeyPair::from_private_key_and_public_key(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                &scalar,
                &point,
            )?,
            random: SystemRandom::new(),
        })
    }

    /// A header as [`Self::compact`] takes it.
    pub(crate) fn header(header: &Value) -> String {
        URL_SAFE_NO_PAD.encode(header.to_string())
    }

    /// A compact JWS; the header is encoded already.
    pub(crate) fn compact(&self, header: &str, claims: &str) -> anyhow::Result<String> {
        let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
        let signature = self.key.sign(&self.random, message.as_bytes())?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// 256 random bits, as `jti`, `state` and `code_challenge` may be.
pub(crate) fn random_text() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
