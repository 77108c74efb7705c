//! Codes sent by e-mail: the last one for each purpose is good, once.

use tracing::instrument;

use entryway_core::email_token::{EmailTokenPurpose, StoredEmailToken};
use entryway_oauth::secret::Digest;
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

use crate::Store;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::{EmailTokenKeeping, EmailTokenSpending};
use crate::rows::Columns;
use crate::verbs::{Steps, Verb};
use crate::{rows, sql};

impl Store {
    /// Makes the code of this digest the one that is good for this account and purpose, if what is sent to the
    /// account still goes where it was sent: whoever reads a former address gets no way in.
    #[instrument(name = "store.keep_email_token", level = "debug", skip_all)]
    pub async fn keep_email_token(
        &self,
        did: &Did,
        purpose: EmailTokenPurpose,
        digest: Digest,
        sent_to: &str,
        now: Timestamp,
    ) -> Result<EmailTokenKeeping, Fault> {
        self.write(KeepEmailToken {
            did: did.clone(),
            purpose,
            digest,
            sent_to: sent_to.to_owned(),
            now,
        })
        .await
    }

    /// The code that was sent last to this account for this purpose, over or not.
    #[instrument(name = "store.email_token", level = "debug", skip_all)]
    pub async fn email_token(
        &self,
        did: &Did,
        purpose: EmailTokenPurpose,
    ) -> Result<Option<StoredEmailToken>, Fault> {
        let query = query(sql::EMAIL_TOKEN).bind(did.to_string()).bind(purpose.name());
        let row = self.load("email_token", query).await?;
        let found = row.as_ref().map(rows::email_token).transpose()?;
        Ok(found.map(|(_, token)| token))
    }

    /// The same where only the code was presented, as for another password; and whose it is.
    #[instrument(name = "store.email_token_by_digest", level = "debug", skip_all)]
    pub async fn email_token_by_digest(
        &self,
        digest: Digest,
        purpose: EmailTokenPurpose,
    ) -> Result<Option<(Did, StoredEmailToken)>, Fault> {
        let query = query(sql::EMAIL_TOKEN_BY_DIGEST)
            .bind(digest.as_bytes().to_vec())
            .bind(purpose.name());
        let row = self.load("email_token_by_digest", query).await?;
        row.as_ref().map(rows::email_token).transpose()
    }

    /// Uses the code up, for what is done outside of this store. Does not look whether it is over.
    #[instrument(name = "store.spend_email_token", level = "debug", skip_all)]
    pub async fn spend_email_token(
        &self,
        did: &Did,
        purpose: EmailTokenPurpose,
        digest: Digest,
    ) -> Result<EmailTokenSpending, Fault> {
        let did = did.clone();
        self.write(SpendEmailToken { did, purpose, digest }).await
    }
}

/// Whose code this is, as a step of a verb that holds nothing yet.
pub(crate) async fn owner(
    digest: Digest,
    purpose: EmailTokenPurpose,
    db: &mut Db<'_>,
) -> Result<Option<Did>, Fault> {
    let row = query(sql::EMAIL_TOKEN_BY_DIGEST)
        .bind(digest.as_bytes().to_vec())
        .bind(purpose.name())
        .fetch_optional(db)
        .await?;
    let found = row.as_ref().map(rows::email_token).transpose()?;
    Ok(found.map(|(did, _)| did))
}

/// Uses the code up as a step of a verb; false if it was, or another was sent.
pub(crate) async fn spend(
    did: &Did,
    purpose: EmailTokenPurpose,
    digest: Digest,
    db: &mut Db<'_>,
) -> Result<bool, Fault> {
    let spent = query(sql::SPEND_EMAIL_TOKEN)
        .bind(did.as_str())
        .bind(purpose.name())
        .bind(digest.as_bytes().to_vec())
        .execute(db)
        .await?;
    Ok(spent.rows_affected() == 1)
}

/// Makes every code of the account worthless, as a step of a verb that holds it.
pub(crate) async fn forget(did: &Did, db: &mut Db<'_>) -> Result<(), Fault> {
    query(sql::FORGET_EMAIL_TOKENS)
        .bind(did.as_str())
        .execute(db)
        .await?;
    Ok(())
}

struct KeepEmailToken {
    did: Did,
    purpose: EmailTokenPurpose,
    digest: Digest,
    sent_to: String,
    now: Timestamp,
}

impl Verb for KeepEmailToken {
    type Outcome = EmailTokenKeeping;
    const NAME: &'static str = "keep_email_token";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<EmailTokenKeeping, Fault> {
        let held = query(sql::HOLD_NAMES_OF_ACCOUNT)
            .bind(self.did.as_str())
            .fetch_optional(&mut *db)
            .await?;
        let Some(row) = held else {
            return Ok(EmailTokenKeeping::Unknown);
        };
        if Columns::of(&row, "account").optional_text("email")? != Some(self.sent_to.as_str()) {
            return Ok(EmailTokenKeeping::OtherAddress);
        }
        let kept = query(sql::KEEP_EMAIL_TOKEN)
            .bind(self.did.as_str())
            .bind(self.purpose.name())
            .bind(self.digest.as_bytes().to_vec())
            .bind(self.now.seconds())
            .execute(db)
            .await?;
        Ok(if kept.rows_affected() == 1 {
            EmailTokenKeeping::Kept
        } else {
            EmailTokenKeeping::Unknown
        })
    }
}

struct SpendEmailToken {
    did: Did,
    purpose: EmailTokenPurpose,
    digest: Digest,
}

impl Verb for SpendEmailToken {
    type Outcome = EmailTokenSpending;
    const NAME: &'static str = "spend_email_token";

    async fn apply(&self, db: &mut Db<'_>) -> Result<EmailTokenSpending, Fault> {
        Ok(if spend(&self.did, self.purpose, self.digest, db).await? {
            EmailTokenSpending::Spent
        } else {
            EmailTokenSpending::Gone
        })
    }
}
