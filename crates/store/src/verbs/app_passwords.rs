//! App passwords: a name, a kind and a digest each.

use tracing::instrument;

use entryway_core::app_password::{APP_PASSWORDS_MAX, AppPasswordEntry, AppPasswordKind, AppPasswordName};
use entryway_oauth::secret::Digest;
use entryway_scope::Did;

use crate::Store;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::{AppPasswordCreation, AppPasswordRevocation};
use crate::rows::Columns;
use crate::verbs::{Steps, Verb, accounts, legacy_sessions};
use crate::{rows, sql};

impl Store {
    /// Lets the password of this digest open the account, under a name none of its others has; an account has
    /// [`APP_PASSWORDS_MAX`] at most.
    #[instrument(name = "store.create_app_password", level = "debug", skip_all)]
    pub async fn create_app_password(
        &self,
        did: &Did,
        new: &AppPasswordEntry,
        digest: Digest,
    ) -> Result<AppPasswordCreation, Fault> {
        self.write(CreateAppPassword {
            did: did.clone(),
            new: new.clone(),
            digest,
        })
        .await
    }

    /// The app passwords of the account, the oldest first.
    #[instrument(name = "store.app_passwords", level = "debug", skip_all)]
    pub async fn app_passwords(&self, did: &Did) -> Result<Vec<AppPasswordEntry>, Fault> {
        let query = query(sql::APP_PASSWORDS).bind(did.to_string()).bind(ROWS_MAX);
        let rows = self.load_all("app_passwords", query).await?;
        rows.iter().map(rows::app_password).collect()
    }

    /// The app password of the account that has this digest.
    #[instrument(name = "store.app_password", level = "debug", skip_all)]
    pub async fn app_password(&self, did: &Did, digest: Digest) -> Result<Option<AppPasswordEntry>, Fault> {
        let query = query(sql::APP_PASSWORD)
            .bind(did.to_string())
            .bind(digest.as_bytes().to_vec());
        let row = self.load("app_password", query).await?;
        row.as_ref().map(rows::app_password).transpose()
    }

    /// Lets the app password open nothing any more, and ends the sessions that were begun with it.
    #[instrument(name = "store.revoke_app_password", level = "debug", skip_all)]
    pub async fn revoke_app_password(
        &self,
        did: &Did,
        name: &AppPasswordName,
    ) -> Result<AppPasswordRevocation, Fault> {
        self.write(RevokeAppPassword {
            did: did.clone(),
            name: name.clone(),
        })
        .await
    }
}

/// The kind of an app password that is there, and is not revoked before the verb is done.
pub(crate) async fn hold(
    did: &Did,
    name: &AppPasswordName,
    db: &mut Db<'_>,
) -> Result<Option<AppPasswordKind>, Fault> {
    let held = query(sql::HOLD_APP_PASSWORD)
        .bind(did.as_str())
        .bind(name.as_str())
        .fetch_optional(db)
        .await?;
    held.as_ref().map(rows::kind).transpose()
}

struct CreateAppPassword {
    did: Did,
    new: AppPasswordEntry,
    digest: Digest,
}

impl Verb for CreateAppPassword {
    type Outcome = AppPasswordCreation;
    const NAME: &'static str = "create_app_password";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<AppPasswordCreation, Fault> {
        if !accounts::hold(&self.did, &mut *db).await? {
            return Ok(AppPasswordCreation::Unknown);
        }
        let counted = query(sql::COUNT_APP_PASSWORDS)
            .bind(self.did.as_str())
            .fetch_one(&mut *db)
            .await?;
        if Columns::of(&counted, "app_password").count("app_passwords")? >= ROWS_MAX {
            return Ok(AppPasswordCreation::TooMany);
        }
        let created = query(sql::CREATE_APP_PASSWORD)
            .bind(self.did.as_str())
            .bind(self.new.name.as_str())
            .bind(self.digest.as_bytes().to_vec())
            .bind(rows::kind_name(self.new.kind))
            .bind(self.new.created_at.seconds())
            .execute(db)
            .await?;
        Ok(if created.rows_affected() == 1 {
            AppPasswordCreation::Created
        } else {
            AppPasswordCreation::NameTaken
        })
    }
}

struct RevokeAppPassword {
    did: Did,
    name: AppPasswordName,
}

impl Verb for RevokeAppPassword {
    type Outcome = AppPasswordRevocation;
    const NAME: &'static str = "revoke_app_password";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<AppPasswordRevocation, Fault> {
        accounts::hold(&self.did, &mut *db).await?;
        let revoked = query(sql::REVOKE_APP_PASSWORD)
            .bind(self.did.as_str())
            .bind(self.name.as_str())
            .execute(&mut *db)
            .await?;
        if revoked.rows_affected() == 0 {
            return Ok(AppPasswordRevocation::Unknown);
        }
        let sessions = legacy_sessions::end_of_app_password(&self.did, &self.name, db).await?;
        Ok(AppPasswordRevocation::Revoked { sessions })
    }
}

/// As statements bind it.
#[expect(clippy::cast_possible_wrap, reason = "a hundred")]
const ROWS_MAX: i64 = APP_PASSWORDS_MAX as i64;
