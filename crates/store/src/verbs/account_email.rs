//! How an account is written to, and whether signing in takes a letter.

use sqlx::AnyConnection;
use tracing::instrument;

use entryway_core::email::EmailAddress;
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

use crate::Store;
use crate::fault::Fault;
use crate::outcome::{AuthFactorChange, EmailChange, EmailConfirmation};
use crate::rows::Columns;
use crate::sql;
use crate::verbs::names::{self, Holder, Name};
use crate::verbs::{Steps, Verb, email_tokens};

impl Store {
    /// Gives the account another address, which is unconfirmed, and so no second factor any more: whoever
    /// mistyped it could not sign in again. Codes sent before are worthless.
    #[instrument(name = "store.change_email", level = "debug", skip_all)]
    pub async fn change_email(
        &self,
        did: &Did,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<EmailChange, Fault> {
        self.write(ChangeEmail {
            did: did.clone(),
            email: email.clone(),
            now,
        })
        .await
    }

    /// Keeps in mind that what is sent to this address is read, if it is still the account's.
    #[instrument(name = "store.confirm_email", level = "debug", skip_all)]
    pub async fn confirm_email(
        &self,
        did: &Did,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<EmailConfirmation, Fault> {
        self.write(ConfirmEmail {
            did: did.clone(),
            email: email.clone(),
            now,
        })
        .await
    }

    /// Lets signing in take a code sent to the address, which is confirmed.
    #[instrument(name = "store.ask_auth_factor", level = "debug", skip_all)]
    pub async fn ask_auth_factor(&self, did: &Did) -> Result<AuthFactorChange, Fault> {
        let (did, statement) = (did.clone(), sql::ASK_AUTH_FACTOR);
        self.write(ChangeAuthFactor { did, statement }).await
    }

    /// Lets signing in take the password alone.
    #[instrument(name = "store.drop_auth_factor", level = "debug", skip_all)]
    pub async fn drop_auth_factor(&self, did: &Did) -> Result<AuthFactorChange, Fault> {
        let (did, statement) = (did.clone(), sql::DROP_AUTH_FACTOR);
        self.write(ChangeAuthFactor { did, statement }).await
    }
}

struct ChangeEmail {
    did: Did,
    email: EmailAddress,
    now: Timestamp,
}

impl Verb for ChangeEmail {
    type Outcome = EmailChange;
    const NAME: &'static str = "change_email";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut AnyConnection) -> Result<EmailChange, Fault> {
        let held = sqlx::query(sql::HOLD_NAMES_OF_ACCOUNT)
            .bind(self.did.as_str())
            .fetch_optional(&mut *db)
            .await?;
        let Some(row) = held else {
            return Ok(EmailChange::Unknown);
        };
        let present = Columns::of(&row, "account").optional_text("email")?;
        if present == Some(self.email.as_str()) {
            return Ok(EmailChange::Current);
        }
        let (wanted, holder) = (Name::Email(self.email.as_str()), Holder::account(&self.did));
        if !names::take(wanted, &holder, self.now, &mut *db).await? {
            return Ok(EmailChange::Taken);
        }
        if let Some(present) = present {
            names::release(Name::Email(present), self.did.as_str(), &mut *db).await?;
        }
        sqlx::query(sql::CHANGE_EMAIL)
            .bind(self.did.as_str())
            .bind(self.email.as_str())
            .execute(&mut *db)
            .await?;
        email_tokens::forget(&self.did, db).await?;
        Ok(EmailChange::Changed)
    }
}

struct ConfirmEmail {
    did: Did,
    email: EmailAddress,
    now: Timestamp,
}

impl Verb for ConfirmEmail {
    type Outcome = EmailConfirmation;
    const NAME: &'static str = "confirm_email";

    async fn apply(&self, db: &mut AnyConnection) -> Result<EmailConfirmation, Fault> {
        let done = sqlx::query(sql::CONFIRM_EMAIL)
            .bind(self.did.as_str())
            .bind(self.email.as_str())
            .bind(self.now.seconds())
            .execute(db)
            .await?;
        Ok(if done.rows_affected() == 1 {
            EmailConfirmation::Confirmed
        } else {
            EmailConfirmation::OtherAddress
        })
    }
}

struct ChangeAuthFactor {
    did: Did,
    statement: &'static str,
}

impl Verb for ChangeAuthFactor {
    type Outcome = AuthFactorChange;
    const NAME: &'static str = "change_auth_factor";

    async fn apply(&self, db: &mut AnyConnection) -> Result<AuthFactorChange, Fault> {
        let done = sqlx::query(self.statement)
            .bind(self.did.as_str())
            .execute(&mut *db)
            .await?;
        if done.rows_affected() == 1 {
            return Ok(AuthFactorChange::Changed);
        }
        let exists = sqlx::query(sql::ACCOUNT)
            .bind(self.did.as_str())
            .fetch_optional(db)
            .await?;
        Ok(match exists {
            Some(_) => AuthFactorChange::EmailUnconfirmed,
            None => AuthFactorChange::Unknown,
        })
    }
}
