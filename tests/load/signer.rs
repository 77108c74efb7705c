//! Proofs, faster than a server can verify them.

use anyhow::Context as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entryway_server::Clock;
use entryway_tests::Key;
use serde_json::json;

/// Signs for one endpoint with one key.
pub(crate) struct Signer {
    key: EcdsaKeyPair,
    random: SystemRandom,
    clock: Clock,
    header: String,
    url: String,
    /// The last one heard.
    pub(crate) nonce: String,
}

impl Signer {
    pub(crate) fn new(key: &Key, url: String) -> anyhow::Result<Self> {
        let jwk = key.public();
        let coordinate = |text: &serde_json::Value| -> anyhow::Result<Vec<u8>> {
            Ok(URL_SAFE_NO_PAD.decode(text.as_str().context("a coordinate")?)?)
        };
        let point = [&[4][..], &coordinate(&jwk["x"])?, &coordinate(&jwk["y"])?].concat();
        let scalar = coordinate(&key.private_scalar())?;
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
        Ok(Self {
            key: EcdsaKeyPair::from_private_key_and_public_key(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                &scalar,
                &point,
            )?,
            random: SystemRandom::new(),
            clock: Clock::system(),
            header: URL_SAFE_NO_PAD.encode(header.to_string()),
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
        let message = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims));
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
