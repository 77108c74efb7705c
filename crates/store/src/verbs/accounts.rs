//! Accounts and their password hashes.

use tracing::instrument;

use entryway_core::account::{Account, Identifier, PasswordHash};
use entryway_core::email_token::EmailTokenPurpose;
use entryway_core::session::EndReason;
use entryway_oauth::secret::Digest;
use entryway_oauth::time::Timestamp;
use entryway_scope::{Did, Handle};

use crate::Store;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::{Creation, PasswordChange, PasswordReset, Rehoming, Replacement};
use crate::rows::Columns;
use crate::verbs::names::{self, Holder, Name};
use crate::verbs::{Steps, Verb, devices, email_tokens, grants, hosts, legacy_sessions};
use crate::{rows, sql};

/// An account that is to exist.
#[derive(Clone, Copy, Debug)]
pub struct NewAccount<'a> {
    /// The account. Its e-mail address is stored in lower case.
    pub account: &'a Account,
    /// The hash of its password.
    pub password_hash: &'a PasswordHash,
}

/// How many accounts a load that concerns several takes: more than one browser may be signed in to.
pub const ACCOUNTS_MAX: usize = 16;

/// How many accounts one page of the list of all has.
pub const ACCOUNTS_PAGE: u32 = 100;

impl Store {
    /// Makes the account exist, under names nobody else has.
    #[instrument(name = "store.create_account", level = "debug", skip_all)]
    pub async fn create_account(&self, account: NewAccount<'_>, now: Timestamp) -> Result<Creation, Fault> {
        let mut stored = account.account.clone();
        stored.email = stored.email.map(|address| address.to_ascii_lowercase());
        self.write(CreateAccount {
            account: stored,
            password_hash: account.password_hash.clone(),
            now,
        })
        .await
    }

    /// The account of this DID.
    #[instrument(name = "store.account", level = "debug", skip_all)]
    pub async fn account(&self, did: &Did) -> Result<Option<Account>, Fault> {
        let row = self
            .load("account", query(sql::ACCOUNT).bind(did.to_string()))
            .await?;
        row.as_ref().map(rows::account).transpose()
    }

    /// All accounts by handle, a page of [`ACCOUNTS_PAGE`] at a time: those that come after `last`.
    #[instrument(name = "store.accounts_after", level = "debug", skip_all)]
    pub async fn accounts_after(&self, last: Option<&Handle>) -> Result<Vec<Account>, Fault> {
        let query = query(sql::ACCOUNTS_AFTER)
            .bind(last.map(Handle::to_string).unwrap_or_default())
            .bind(i64::from(ACCOUNTS_PAGE));
        let rows = self.load_all("accounts_after", query).await?;
        rows.iter().map(rows::account).collect()
    }

    /// The account a person named, and the hash its password must have. Does not compare anything.
    #[instrument(name = "store.account_for_sign_in", level = "debug", skip_all)]
    pub async fn account_for_sign_in(
        &self,
        identifier: &Identifier,
    ) -> Result<Option<(Account, PasswordHash)>, Fault> {
        let query = match identifier {
            Identifier::Did(did) => query(sql::SIGN_IN_BY_DID).bind(did.to_string()),
            Identifier::Handle(handle) => query(sql::SIGN_IN_BY_HANDLE).bind(handle.to_string()),
            Identifier::Email(address) => query(sql::SIGN_IN_BY_EMAIL).bind(address.to_ascii_lowercase()),
        };
        let row = self.load("account_for_sign_in", query).await?;
        row.as_ref().map(rows::account_and_hash).transpose()
    }

    /// Puts a better hash of the same password in the place of `old` (D12).
    ///
    /// Sign-ins keep counting. If the password changed meanwhile, that change stays.
    #[instrument(name = "store.replace_password_hash", level = "debug", skip_all)]
    pub async fn replace_password_hash(
        &self,
        did: &Did,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<Replacement, Fault> {
        self.write(ReplacePasswordHash {
            did: did.clone(),
            old: old.clone(),
            new: new.clone(),
        })
        .await
    }

    /// Gives the account another password: its sign-ins end on every device, and none from before `now` counts
    /// . What was granted before is asked for again; its sessions of either kind end, which is told of
    /// those of OAuth, and codes that were not exchanged yet or were sent by e-mail. App passwords still
    /// open it. A browser that the password was changed in is for the caller to sign in anew.
    #[instrument(name = "store.change_password", level = "debug", skip_all)]
    pub async fn change_password(
        &self,
        did: &Did,
        new: &PasswordHash,
        now: Timestamp,
    ) -> Result<PasswordChange, Fault> {
        self.write(ChangePassword {
            did: did.clone(),
            new: new.clone(),
            now,
        })
        .await
    }

    /// Does the same for whoever presents this code, which is used up by it: it alone says which account is meant.
    ///
    /// Does not look whether the code is over.
    #[instrument(name = "store.reset_password", level = "debug", skip_all)]
    pub async fn reset_password(
        &self,
        code: Digest,
        new: &PasswordHash,
        now: Timestamp,
    ) -> Result<PasswordReset, Fault> {
        let new = new.clone();
        self.write(ResetPassword { code, new, now }).await
    }

    /// Makes another PDS the home of the account: what access tokens name as `aud` from now on.
    #[instrument(name = "store.rehome_account", level = "debug", skip_all)]
    pub async fn rehome_account(&self, did: &Did, pds_did: &str) -> Result<Rehoming, Fault> {
        self.write(RehomeAccount {
            did: did.clone(),
            pds_did: pds_did.to_owned(),
        })
        .await
    }
}

/// Holds the account as a step of a verb, unless its password changed since.
pub(crate) async fn hold_unchanged(did: &Did, since: Timestamp, db: &mut Db<'_>) -> Result<bool, Fault> {
    let held = query(sql::HOLD_ACCOUNT)
        .bind(did.as_str())
        .bind(since.seconds())
        .execute(db)
        .await?;
    Ok(held.rows_affected() == 1)
}

/// The same, whenever its password changed.
pub(crate) async fn hold(did: &Did, db: &mut Db<'_>) -> Result<bool, Fault> {
    hold_unchanged(did, Timestamp::from_seconds(i64::MAX), db).await
}

pub(crate) struct CreateAccount {
    pub(crate) account: Account,
    pub(crate) password_hash: PasswordHash,
    pub(crate) now: Timestamp,
}

impl Verb for CreateAccount {
    type Outcome = Creation;
    const NAME: &'static str = "create_account";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<Creation, Fault> {
        hosts::hold(&self.account.pds_did, &mut *db).await?;
        if hold(&self.account.did, &mut *db).await? {
            return Ok(Creation::DidTaken);
        }
        let (handle, email) = (Name::Handle(&self.account.handle), self.account.email.as_deref());
        let holder = Holder::account(&self.account.did);
        if !names::take(handle, &holder, self.now, &mut *db).await? {
            return self.why_not(Creation::HandleTaken, db).await;
        }
        let email = email.map(Name::Email);
        if let Some(email) = email
            && !names::take(email, &holder, self.now, &mut *db).await?
        {
            names::release(handle, &holder.owner, &mut *db).await?;
            return self.why_not(Creation::EmailTaken, db).await;
        }
        if self.insert(&mut *db).await? {
            return Ok(Creation::Created);
        }
        // the same account was made a moment ago under other names
        for name in [Some(handle), email].into_iter().flatten() {
            names::release(name, &holder.owner, &mut *db).await?;
        }
        self.why_not(Creation::DidTaken, db).await
    }
}

impl CreateAccount {
    /// Makes the account as a step of a verb that has its names; false if there is one.
    pub(crate) async fn insert(&self, db: &mut Db<'_>) -> Result<bool, Fault> {
        let account = &self.account;
        let created = query(sql::CREATE_ACCOUNT)
            .bind(account.did.as_str())
            .bind(account.handle.as_str())
            .bind(account.email.as_deref())
            .bind(account.pds_did.as_str())
            .bind(rows::status_name(account.status))
            .bind(self.password_hash.expose())
            .bind(account.credentials_changed_at.seconds())
            .bind(self.now.seconds())
            .bind(account.email_confirmed_at.map(Timestamp::seconds))
            .bind(i64::from(account.email_auth_factor))
            .execute(db)
            .await?;
        Ok(created.rows_affected() == 1)
    }

    /// Which name is taken; several may be, by several accounts. `otherwise` where no account has one: a sign-up
    /// or a change of handle is about to.
    pub(crate) async fn why_not(&self, otherwise: Creation, db: &mut Db<'_>) -> Result<Creation, Fault> {
        let rows = query(sql::TAKEN_NAMES)
            .bind(self.account.did.as_str())
            .bind(self.account.handle.as_str())
            .bind(self.account.email.as_deref())
            .fetch_all(db)
            .await?;
        let mut handle_is_taken = false;
        for row in &rows {
            let columns = Columns::of(row, "account");
            if columns.text("did")? == self.account.did.as_str() {
                return Ok(Creation::DidTaken);
            }
            handle_is_taken |= columns.text("handle")? == self.account.handle.as_str();
        }
        Ok(match (handle_is_taken, rows.is_empty()) {
            (true, _) => Creation::HandleTaken,
            (false, false) => Creation::EmailTaken,
            (false, true) => otherwise,
        })
    }
}

struct ReplacePasswordHash {
    did: Did,
    old: PasswordHash,
    new: PasswordHash,
}

impl Verb for ReplacePasswordHash {
    type Outcome = Replacement;
    const NAME: &'static str = "replace_password_hash";

    async fn apply(&self, db: &mut Db<'_>) -> Result<Replacement, Fault> {
        let done = query(sql::REPLACE_PASSWORD_HASH)
            .bind(self.did.as_str())
            .bind(self.old.expose())
            .bind(self.new.expose())
            .execute(db)
            .await?;
        Ok(if done.rows_affected() == 1 {
            Replacement::Replaced
        } else {
            Replacement::Superseded
        })
    }
}

struct ChangePassword {
    did: Did,
    new: PasswordHash,
    now: Timestamp,
}

impl Verb for ChangePassword {
    type Outcome = PasswordChange;
    const NAME: &'static str = "change_password";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<PasswordChange, Fault> {
        let done = query(sql::CHANGE_PASSWORD)
            .bind(self.did.as_str())
            .bind(self.new.expose())
            .bind(self.now.seconds())
            .execute(&mut *db)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(PasswordChange::Unknown);
        }
        email_tokens::forget(&self.did, &mut *db).await?;
        legacy_sessions::end_of_account(&self.did, &mut *db).await?;
        devices::end_of_account(&self.did, self.now, db).await?;
        grants::revoke_all(&self.did, EndReason::PasswordChanged, self.now, db).await?;
        Ok(PasswordChange::Changed)
    }

    fn has_told(outcome: &PasswordChange) -> bool {
        *outcome == PasswordChange::Changed
    }
}

struct ResetPassword {
    code: Digest,
    new: PasswordHash,
    now: Timestamp,
}

impl Verb for ResetPassword {
    type Outcome = PasswordReset;
    const NAME: &'static str = "reset_password";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<PasswordReset, Fault> {
        let purpose = EmailTokenPurpose::ResetPassword;
        // whose it is never changes, so it may be asked before the account is held
        let Some(did) = email_tokens::owner(self.code, purpose, &mut *db).await? else {
            return Ok(PasswordReset::TokenGone);
        };
        let is_good =
            hold(&did, &mut *db).await? && email_tokens::spend(&did, purpose, self.code, db).await?;
        if !is_good {
            return Ok(PasswordReset::TokenGone);
        }
        let (new, now) = (self.new.clone(), self.now);
        let change = ChangePassword { did, new, now };
        match change.apply(db).await? {
            PasswordChange::Changed => Ok(PasswordReset::Reset(change.did)),
            // it is held
            PasswordChange::Unknown => Ok(PasswordReset::TokenGone),
        }
    }

    fn has_told(outcome: &PasswordReset) -> bool {
        matches!(outcome, PasswordReset::Reset(_))
    }
}

struct RehomeAccount {
    did: Did,
    pds_did: String,
}

impl Verb for RehomeAccount {
    type Outcome = Rehoming;
    const NAME: &'static str = "rehome_account";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<Rehoming, Fault> {
        hosts::hold(&self.pds_did, &mut *db).await?;
        let done = query(sql::REHOME_ACCOUNT)
            .bind(self.did.as_str())
            .bind(self.pds_did.as_str())
            .execute(db)
            .await?;
        Ok(if done.rows_affected() == 1 {
            Rehoming::Rehomed
        } else {
            Rehoming::Unknown
        })
    }
}
