//! The deployment's keys: derived from the root key, or sealed with it in the store.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::{Jwk, JwkSet};

use entryway_core::refresh_token::RefreshTokenKey;
use entryway_oauth::access_token::AccessTokenKey;
use entryway_oauth::jwk::{Algorithm, PublicKey};
use entryway_oauth::nonce::NonceKey;
use entryway_oauth::revocation::FeedKey;
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
    /// Signs the revocation feed, and nothing else.
    pub feed: FeedKey,
    /// Makes and recognises refresh tokens.
    pub refresh_tokens: RefreshTokenKey,
    /// Issues and recognises DPoP nonces.
    pub nonces: NonceKey,
    /// The same for a resource on this machine. Another key: clients keep nonces by origin, and so do we (E6).
    pub resource_nonces: NonceKey,
    csrf: ServerKey,
}

impl Keys {
    /// Derives what is derived, and adopts the deployment's signing keys: the first of several instances
    /// that start together makes them, the others take them over.
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
        let adoption = Adoption {
            store,
            sealer: Sealer::new(&root.derive("sealing signing keys")),
            chance,
            now,
        };
        let access_tokens: AccessTokenKey = adoption.key().await?;
        let feed: FeedKey = adoption.key().await?;
        Ok(Self {
            access_tokens,
            feed,
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
        let tokens = self.public().into_iter().map(|key| (kid(&key), "ES256K", key));
        let feed = (self.feed.kid(), "ES256", self.feed.public().clone());
        for (kid, algorithm, key) in tokens.chain([feed]) {
            let mut jwk = Jwk::from_bytes(key.canonical_json())
                .map_err(|error| Fault::because("writing the key set", error))?;
            jwk.set_key_id(kid);
            jwk.set_key_use("sig");
            jwk.set_algorithm(algorithm);
            set.push_key(jwk);
        }
        Ok(set)
    }
}

/// What it takes to adopt a key.
struct Adoption<'a> {
    store: &'a Store,
    sealer: Sealer,
    chance: &'a Chance,
    now: Timestamp,
}

impl Adoption<'_> {
    /// The deployment's key of this kind: a fresh one, unless there is one.
    async fn key<K: SigningKey>(&self) -> Result<K, Fault> {
        let scalar = self.chance.bytes::<32>()?;
        let fresh = K::read(&scalar).ok_or(Fault::new("drew an unusable signing key"))?;
        let kid = fresh.name();
        let candidate = SealedKey {
            sealed: self.sealer.seal(Place::signing_key(&kid), &scalar)?,
            kid,
            algorithm: K::ALGORITHM,
            created_at: self.now,
            state: KeyState::Current,
        };
        let adopted = self.store.adopt_signing_key(&candidate).await?;
        let scalar = self
            .sealer
            .unseal(Place::signing_key(&adopted.kid), &adopted.sealed)?;
        let key = scalar.first_chunk::<32>().and_then(K::read);
        key.ok_or(Fault::new("a stored signing key is not usable"))
    }
}

/// A key that is sealed in the store; one of each algorithm signs.
trait SigningKey: Sized {
    const ALGORITHM: Algorithm;

    fn read(scalar: &[u8; 32]) -> Option<Self>;

    fn name(&self) -> String;
}

impl SigningKey for AccessTokenKey {
    const ALGORITHM: Algorithm = Algorithm::ES256K;

    fn read(scalar: &[u8; 32]) -> Option<Self> {
        Self::from_bytes(scalar)
    }

    fn name(&self) -> String {
        kid(self.public())
    }
}

impl SigningKey for FeedKey {
    const ALGORITHM: Algorithm = Algorithm::ES256;

    fn read(scalar: &[u8; 32]) -> Option<Self> {
        Self::from_bytes(scalar)
    }

    fn name(&self) -> String {
        self.kid()
    }
}

/// A token key is named by its thumbprint, so its name never changes and never repeats.
fn kid(key: &PublicKey) -> String {
    key.thumbprint().to_string()
}
