//! The deployment's keys: derived from the root key, or sealed with it in the store.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::{Jwk, JwkSet};

use entryway_core::email_token::EmailTokenKey;
use entryway_core::legacy_session::LegacyRefreshKey;
use entryway_core::refresh_token::RefreshTokenKey;
use entryway_identity::did::SigningKey as RotationKey;
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
    /// Signs operations of the PLC directory: with it every DID that was made here can be changed.
    pub plc_rotation: RotationKey,
    /// Signs the revocation feed, and nothing else.
    pub feed: FeedKey,
    /// Makes and recognises refresh tokens.
    pub refresh_tokens: RefreshTokenKey,
    /// Makes and recognises the `jti` of refresh tokens of `createSession`.
    pub session_refresh: LegacyRefreshKey,
    /// Turns codes sent by e-mail into what is kept of them.
    pub email_tokens: EmailTokenKey,
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
        let adoption = Adoption::by(store, root, now).await?;
        let access_tokens: AccessTokenKey = adoption.key(chance).await?;
        let feed: FeedKey = adoption.key(chance).await?;
        let drawn = rotation_key(&chance.bytes()?).ok_or(Fault::new("drew an unusable rotation key"))?;
        let plc_rotation = adoption.rotation_key(&drawn).await?;
        Ok(Self {
            plc_rotation,
            access_tokens,
            feed,
            refresh_tokens: RefreshTokenKey::new(&root.derive("refresh tokens")),
            session_refresh: LegacyRefreshKey::new(&root.derive("refresh tokens of sessions")),
            email_tokens: EmailTokenKey::new(&root.derive("codes sent by e-mail")),
            nonces: NonceKey::new(root.derive("dpop nonces")),
            resource_nonces: NonceKey::new(root.derive("dpop nonces of the resource")),
            csrf: root.derive("form tokens"),
        })
    }

    /// Adopts a key that signs operations of the PLC directory and was used elsewhere before, unless the
    /// deployment has one. The key it has from now on. To be done before [`Keys::adopt`], which makes one.
    ///
    /// # Errors
    /// As [`Keys::adopt`].
    pub async fn bring_plc_rotation(
        store: &Store,
        root: &ServerKey,
        key: &RotationKey,
        now: Timestamp,
    ) -> Result<RotationKey, Fault> {
        Adoption::by(store, root, now).await?.rotation_key(key).await
    }

    /// The public half of [`plc_rotation`](Self::plc_rotation), `did:key:…`, as each PDS host has it
    /// (`PDS_ENTRYWAY_PLC_ROTATION_KEY`).
    pub fn plc_rotation_did_key(&self) -> String {
        self.plc_rotation.public_key().to_did_key()
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
    now: Timestamp,
}

impl<'a> Adoption<'a> {
    /// By a deployment of this root key, unless the database belongs to another (C24).
    async fn by(store: &'a Store, root: &ServerKey, now: Timestamp) -> Result<Self, Fault> {
        if store.recognise_root(fingerprint(root)).await? == Recognition::Foreign {
            return Err(Fault::new(
                "this database belongs to another root key: give the one it was made with, or an empty database",
            ));
        }
        let sealer = Sealer::new(&root.derive("sealing signing keys"));
        Ok(Self { store, sealer, now })
    }

    /// The deployment's key of this kind: a fresh one, unless there is one.
    async fn key<K: SigningKey>(&self, chance: &Chance) -> Result<K, Fault> {
        let scalar = chance.bytes::<32>()?;
        let fresh = K::read(&scalar).ok_or(Fault::new("drew an unusable signing key"))?;
        let candidate = self.sealed(fresh.name(), K::ALGORITHM, &scalar)?;
        let adopted = self.store.adopt_signing_key(&candidate).await?;
        self.opened(&adopted, K::read)
    }

    /// The deployment's key for the PLC directory: this one, unless there is one.
    async fn rotation_key(&self, new: &RotationKey) -> Result<RotationKey, Fault> {
        let name = new.public_key().to_did_key();
        let candidate = self.sealed(name, Algorithm::ES256K, &new.to_bytes())?;
        let adopted = self.store.adopt_rotation_key(&candidate).await?;
        self.opened(&adopted, rotation_key)
    }

    fn sealed(&self, kid: String, algorithm: Algorithm, scalar: &[u8; 32]) -> Result<SealedKey, Fault> {
        Ok(SealedKey {
            sealed: self.sealer.seal(Place::signing_key(&kid), scalar)?,
            kid,
            algorithm,
            created_at: self.now,
            state: KeyState::Current,
        })
    }

    fn opened<K>(&self, key: &SealedKey, read: impl Fn(&[u8; 32]) -> Option<K>) -> Result<K, Fault> {
        let scalar = self.sealer.unseal(Place::signing_key(&key.kid), &key.sealed)?;
        let key = scalar.first_chunk::<32>().and_then(read);
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

fn rotation_key(scalar: &[u8; 32]) -> Option<RotationKey> {
    RotationKey::from_bytes(scalar).ok()
}

/// How a database knows the root key it belongs to; says nothing of the key.
pub(crate) fn fingerprint(root: &ServerKey) -> Digest {
    Digest::of(root.derive("fingerprint").expose())
}

/// A token key is named by its thumbprint, so its name never changes and never repeats.
pub(crate) fn kid(key: &PublicKey) -> String {
    key.thumbprint().to_string()
}
