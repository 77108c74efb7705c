//! Signing keys, sealed, and the root key this database belongs to.

use tracing::instrument;

use entryway_oauth::jwk::Algorithm;
use entryway_oauth::secret::Digest;
use entryway_oauth::time::Timestamp;

use crate::Store;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::{Forgetting, Recognition};
use crate::rows::Columns;
use crate::verbs::{Steps, Verb};
use crate::{rows, sql};

/// A signing key as it lies in the database: opened with [`crate::Sealer`] at [`crate::Place::signing_key`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedKey {
    /// Its name.
    pub kid: String,
    /// What it signs.
    pub algorithm: Algorithm,
    /// The private key, sealed.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it signs.
    pub state: KeyState,
}

/// The life of a signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It signs; there is at most one for each algorithm.
    Current,
    /// It signs no more, and what it signed is still good.
    Retired,
}

impl Store {
    /// Every signing key, the newest first.
    #[instrument(name = "store.signing_keys", level = "debug", skip_all)]
    pub async fn signing_keys(&self) -> Result<Vec<SealedKey>, Fault> {
        let rows = self.load_all("signing_keys", query(sql::SIGNING_KEYS)).await?;
        rows.iter().map(rows::sealed_key).collect()
    }

    /// The key that signs: this one, unless there is a current one of its algorithm already.
    ///
    /// Of many instances that start at once, all get the same. The `state` of `new` is ignored.
    #[instrument(name = "store.adopt_signing_key", level = "debug", skip_all)]
    pub async fn adopt_signing_key(&self, new: &SealedKey) -> Result<SealedKey, Fault> {
        self.write(AdoptSigningKey { key: new.clone() }).await
    }

    /// The key that signs operations of the PLC directory: this one, unless there is one already.
    ///
    /// Kept apart from the keys that sign tokens: whoever has it has every DID that was made here. The
    /// `algorithm` of `new` is ignored too: the directory takes ES256K.
    #[instrument(name = "store.adopt_rotation_key", level = "debug", skip_all)]
    pub async fn adopt_rotation_key(&self, new: &SealedKey) -> Result<SealedKey, Fault> {
        self.write(AdoptRotationKey { key: new.clone() }).await
    }

    /// The key that signs operations of the PLC directory, if one was adopted.
    #[instrument(name = "store.rotation_key", level = "debug", skip_all)]
    pub async fn rotation_key(&self) -> Result<Option<SealedKey>, Fault> {
        let query = query(sql::CURRENT_SIGNING_KEY).bind(ROTATION);
        let row = self.load("rotation_key", query).await?;
        row.as_ref().map(rows::sealed_key).transpose()
    }

    /// The fingerprint of the root key this database belongs to, if it belongs to one. Claims nothing.
    #[instrument(name = "store.root_fingerprint", level = "debug", skip_all)]
    pub async fn root_fingerprint(&self) -> Result<Option<Digest>, Fault> {
        let row = self.load("root_fingerprint", query(sql::DEPLOYMENT)).await?;
        let read = |row| Columns::of(row, "deployment").optional_digest("root_fingerprint");
        row.as_ref().map_or(Ok(None), read)
    }

    /// Forgets the root key of this fingerprint and every signing key, so that others can be adopted.
    ///
    /// What was signed or sealed with them is then good for nothing (C24): only a person asks for this. Of many
    /// who saw that root key, one forgets it.
    #[instrument(name = "store.forget_keys", level = "debug", skip_all)]
    pub async fn forget_keys(&self, of: Digest) -> Result<Forgetting, Fault> {
        self.write(ForgetKeys { fingerprint: of }).await
    }

    /// Says whether this database belongs to the root key of this fingerprint; the first to ask owns it (C24).
    #[instrument(name = "store.recognise_root", level = "debug", skip_all)]
    pub async fn recognise_root(&self, fingerprint: Digest) -> Result<Recognition, Fault> {
        self.write(RecogniseRoot { fingerprint }).await
    }
}

struct AdoptSigningKey {
    key: SealedKey,
}

impl Verb for AdoptSigningKey {
    type Outcome = SealedKey;
    const NAME: &'static str = "adopt_signing_key";

    async fn apply(&self, db: &mut Db<'_>) -> Result<SealedKey, Fault> {
        adopt(&self.key, self.key.algorithm.name(), db).await
    }
}

struct AdoptRotationKey {
    key: SealedKey,
}

impl Verb for AdoptRotationKey {
    type Outcome = SealedKey;
    const NAME: &'static str = "adopt_rotation_key";

    async fn apply(&self, db: &mut Db<'_>) -> Result<SealedKey, Fault> {
        adopt(&self.key, ROTATION, db).await
    }
}

/// What is current under this mark, from now on or from before.
async fn adopt(key: &SealedKey, mark: &'static str, db: &mut Db<'_>) -> Result<SealedKey, Fault> {
    query(sql::ADOPT_SIGNING_KEY)
        .bind(key.kid.as_str())
        .bind(mark)
        .bind(key.sealed.as_slice())
        .bind(key.created_at.seconds())
        .execute(&mut *db)
        .await?;
    let current = query(sql::CURRENT_SIGNING_KEY).bind(mark).fetch_one(db).await?;
    rows::sealed_key(&current)
}

/// What stands where the algorithm of other keys does.
pub(crate) const ROTATION: &str = "ES256K-PLC";

struct RecogniseRoot {
    fingerprint: Digest,
}

impl Verb for RecogniseRoot {
    type Outcome = Recognition;
    const NAME: &'static str = "recognise_root";

    async fn apply(&self, db: &mut Db<'_>) -> Result<Recognition, Fault> {
        let claimed = query(sql::CLAIM_DEPLOYMENT)
            .bind(self.fingerprint.as_bytes().to_vec())
            .execute(&mut *db)
            .await?;
        if claimed.rows_affected() == 1 {
            return Ok(Recognition::New);
        }
        let row = query(sql::DEPLOYMENT).fetch_one(db).await?;
        let owner = Columns::of(&row, "deployment").bytes("root_fingerprint")?;
        Ok(if owner == self.fingerprint.as_bytes() {
            Recognition::Known
        } else {
            Recognition::Foreign
        })
    }
}

struct ForgetKeys {
    fingerprint: Digest,
}

impl Verb for ForgetKeys {
    type Outcome = Forgetting;
    const NAME: &'static str = "forget_keys";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<Forgetting, Fault> {
        let forgotten = query(sql::FORGET_DEPLOYMENT)
            .bind(self.fingerprint.as_bytes().to_vec())
            .execute(&mut *db)
            .await?;
        if forgotten.rows_affected() == 0 {
            return Ok(Forgetting::Foreign);
        }
        query(sql::FORGET_SIGNING_KEYS).execute(db).await?;
        Ok(Forgetting::Forgotten)
    }
}
