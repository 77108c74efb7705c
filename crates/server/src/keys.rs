//! The deployment's keys: derived from the root key, or sealed with it in the store.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::{Jwk, JwkSet};

use entryway_core::refresh_token::RefreshTokenKey;
use entryway_oauth::access_token::AccessTokenKey;
use entryway_oauth::jwk::{Algorithm, PublicKey};
use entryway_oauth::nonce::NonceKey;
use entryway_oauth::secret::{Digest, ServerKey, hmac_sha256};
use entryway_oauth::time::Timestamp;
use entryway_store::{KeyState, Place, Recognition, SealedKey, Sealer, Store};

use crate::clock::Chance;
use crate::failure::Fault;

/// Every key of the authorization server.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Signs access tokens.
    pub access_tokens: AccessTokenKey,
    /// Makes and recognises refresh tokens.
    pub refresh_tokens: RefreshTokenKey,
    /// Issues and recognises DPoP nonces.
    pub nonces: NonceKey,
    /// The same for a resource on this machine. Another key: clients keep nonces by origin, and so do we (E6).
    pub resource_nonces: NonceKey,
    csrf: ServerKey,
}

impl Keys {
    /// Derives what is derived, and adopts the deployment's token key: the first of several instances
    /// that start together makes it, the others take it over.
    ///
    /// # Errors
    /// A [`Fault`] if the store fails, holds keys sealed with another root key (C24), or the random
    /// source fails.
    pub async fn adopt(
        store: &Store,
        root: &ServerKey,
        chance: &Chance,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let fingerprint = Digest::of(root.derive("fingerprint").expose());
        if store.recognise_root(fingerprint).await? == Recognition::Foreign {
            return Err(Fault::new(
                "this database belongs to another root key: give the one it was made with, or an empty database",
            ));
        }
        let sealer = Sealer::new(&root.derive("sealing signing keys"));
        let scalar = chance.bytes::<32>()?;
        let fresh = AccessTokenKey::from_bytes(&scalar).ok_or(Fault::new("drew an unusable token key"))?;
        let kid = kid(fresh.public());
        let candidate = SealedKey {
            sealed: sealer.seal(Place::signing_key(&kid), &scalar)?,
            kid,
            algorithm: Algorithm::ES256K,
            created_at: now,
            state: KeyState::Current,
        };
        let adopted = store.adopt_signing_key(&candidate).await?;
        let scalar = sealer.unseal(Place::signing_key(&adopted.kid), &adopted.sealed)?;
        let unusable = || Fault::new("the stored token key is not usable");
        let scalar = scalar.first_chunk::<32>().ok_or_else(unusable)?;
        let access_tokens = AccessTokenKey::from_bytes(scalar).ok_or_else(unusable)?;
        Ok(Self {
            access_tokens,
            refresh_tokens: RefreshTokenKey::new(&root.derive("refresh tokens")),
            nonces: NonceKey::new(root.derive("dpop nonces")),
            resource_nonces: NonceKey::new(root.derive("dpop nonces of the resource")),
            csrf: root.derive("form tokens"),
        })
    }

    /// The keys that verify this deployment's access tokens.
    pub fn public(&self) -> Vec<PublicKey> {
        vec![self.access_tokens.public().clone()]
    }

    /// The token that forms of one browser carry.
    pub(crate) fn form_token(&self, browser: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac_sha256(&self.csrf, &[browser.as_bytes()]))
    }

    /// The key set document: public members only, each key with its own `kid`.
    ///
    /// # Errors
    /// A [`Fault`] if a key of ours is not one, which the tests exclude.
    pub fn jwk_set(&self) -> Result<JwkSet, Fault> {
        let mut set = JwkSet::new();
        for key in self.public() {
            let mut jwk = Jwk::from_bytes(key.canonical_json())
                .map_err(|error| Fault::because("writing the key set", error))?;
            jwk.set_key_id(kid(&key));
            jwk.set_key_use("sig");
            jwk.set_algorithm("ES256K");
            set.push_key(jwk);
        }
        Ok(set)
    }
}

/// A key is named by its thumbprint, so its name never changes and never repeats.
fn kid(key: &PublicKey) -> String {
    key.thumbprint().to_string()
}
