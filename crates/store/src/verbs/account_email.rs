//! How an account is written to, and whether signing in takes a letter.

use tracing::instrument;

use entryway_core::email::EmailAddress;
use entryway_core::email_change::AddressWarrant;
use entryway_core::email_token::EmailTokenPurpose;
use entryway_oauth::secret::Digest;
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

use crate::Store;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::{AuthFactorChange, EmailChange, EmailConfirmation};
use crate::rows::Columns;
use crate::sql;
use crate::verbs::names::{self, Holder, Name};
use crate::verbs::{Steps, Verb, accounts, email_tokens};

impl Store {
    /// Gives the account another address, which is unconfirmed, and so no second factor any more: whoever
    /// mistyped it could not sign in again. Codes sent before are worthless.
    ///
    /// The code that warrants it is used up by it; whether it is over is not looked at.
    #[instrument(name = "store.change_email", level = "debug", skip_all)]
    pub async fn change_email(
        &self,
        did: &Did,
        email: &EmailAddress,
        warrant: AddressWarrant,
        now: Timestamp,
    ) -> Result<EmailChange, Fault> {
        self.write(ChangeEmail {
            did: did.clone(),
            email: email.clone(),
            warrant,
            now,
        })
        .await
    }

    /// Keeps in mind that what is sent to this address is read, if it is still the account's. The code that was
    /// sent there is used up by it; whether it is over is not looked at.
    #[instrument(name = "store.confirm_email", level = "debug", skip_all)]
    pub async fn confirm_email(
        &self,
        did: &Did,
        email: &EmailAddress,
        code: Digest,
        now: Timestamp,
    ) -> Result<EmailConfirmation, Fault> {
        self.write(ConfirmEmail {
            did: did.clone(),
            email: email.clone(),
            code,
            now,
        })
        .await
    }

    /// Lets signing in take a code sent to the address, which is confirmed.
    #[instrument(name = "store.ask_auth_factor", level = "debug", skip_all)]
    pub async fn ask_auth_factor(&self, did: &Did) -> Result<AuthFactorChange, Fault> {
        self.write(AskAuthFactor { did: did.clone() }).await
    }

    /// Lets signing in take the password alone. The code, one for another address, is used up by it; whether it is
    /// over is not looked at.
    #[instrument(name = "store.drop_auth_factor", level = "debug", skip_all)]
    pub async fn drop_auth_factor(&self, did: &Did, code: Digest) -> Result<AuthFactorChange, Fault> {
        let did = did.clone();
        self.write(DropAuthFactor { did, code }).await
    }
}

/// The address of an account that is held.
struct Held {
    email: Option<String>,
    is_confirmed: bool,
}

impl Held {
    async fn of(did: &Did, db: &mut Db<'_>) -> Result<Option<Self>, Fault> {
        let row = query(sql::HOLD_NAMES_OF_ACCOUNT)
            .bind(did.as_str())
            .fetch_optional(db)
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let columns = Columns::of(&row, "account");
        Ok(Some(Self {
            email: columns.optional_text("email")?.map(str::to_owned),
            is_confirmed: columns.optional_instant("email_confirmed_at")?.is_some(),
        }))
    }
}

struct ChangeEmail {
    did: Did,
    email: EmailAddress,
    warrant: AddressWarrant,
    now: Timestamp,
}

impl Verb for ChangeEmail {
    type Outcome = EmailChange;
    const NAME: &'static str = "change_email";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<EmailChange, Fault> {
        let Some(held) = Held::of(&self.did, &mut *db).await? else {
            return Ok(EmailChange::Unknown);
        };
        if held.email.as_deref() == Some(self.email.as_str()) {
            return Ok(EmailChange::Current);
        }
        if held.is_confirmed && self.warrant == AddressWarrant::Unconfirmed {
            return Ok(EmailChange::Confirmed);
        }
        let (wanted, holder) = (Name::Email(self.email.as_str()), Holder::account(&self.did));
        if !names::take(wanted, &holder, self.now, &mut *db).await? {
            return Ok(EmailChange::Taken);
        }
        // names are held before codes
        if let AddressWarrant::Code(code) = self.warrant
            && !email_tokens::spend(&self.did, EmailTokenPurpose::UpdateEmail, code, &mut *db).await?
        {
            names::release(wanted, self.did.as_str(), db).await?;
            return Ok(EmailChange::TokenGone);
        }
        if let Some(present) = &held.email {
            names::release(Name::Email(present), self.did.as_str(), &mut *db).await?;
        }
        query(sql::CHANGE_EMAIL)
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
    code: Digest,
    now: Timestamp,
}

impl Verb for ConfirmEmail {
    type Outcome = EmailConfirmation;
    const NAME: &'static str = "confirm_email";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<EmailConfirmation, Fault> {
        let held = Held::of(&self.did, &mut *db).await?;
        if held.and_then(|held| held.email).as_deref() != Some(self.email.as_str()) {
            return Ok(EmailConfirmation::OtherAddress);
        }
        if !email_tokens::spend(&self.did, EmailTokenPurpose::ConfirmEmail, self.code, &mut *db).await? {
            return Ok(EmailConfirmation::TokenGone);
        }
        query(sql::CONFIRM_EMAIL)
            .bind(self.did.as_str())
            .bind(self.email.as_str())
            .bind(self.now.seconds())
            .execute(db)
            .await?;
        Ok(EmailConfirmation::Confirmed)
    }
}

struct AskAuthFactor {
    did: Did,
}

impl Verb for AskAuthFactor {
    type Outcome = AuthFactorChange;
    const NAME: &'static str = "ask_auth_factor";

    async fn apply(&self, db: &mut Db<'_>) -> Result<AuthFactorChange, Fault> {
        let done = query(sql::ASK_AUTH_FACTOR)
            .bind(self.did.as_str())
            .execute(&mut *db)
            .await?;
        if done.rows_affected() == 1 {
            return Ok(AuthFactorChange::Changed);
        }
        let exists = query(sql::ACCOUNT)
            .bind(self.did.as_str())
            .fetch_optional(db)
            .await?;
        Ok(match exists {
            Some(_) => AuthFactorChange::EmailUnconfirmed,
            None => AuthFactorChange::Unknown,
        })
    }
}

struct DropAuthFactor {
    did: Did,
    code: Digest,
}

impl Verb for DropAuthFactor {
    type Outcome = AuthFactorChange;
    const NAME: &'static str = "drop_auth_factor";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<AuthFactorChange, Fault> {
        if !accounts::hold(&self.did, &mut *db).await? {
            return Ok(AuthFactorChange::Unknown);
        }
        if !email_tokens::spend(&self.did, EmailTokenPurpose::UpdateEmail, self.code, &mut *db).await? {
            return Ok(AuthFactorChange::TokenGone);
        }
        query(sql::DROP_AUTH_FACTOR)
            .bind(self.did.as_str())
            .execute(db)
            .await?;
        Ok(AuthFactorChange::Changed)
    }
}
