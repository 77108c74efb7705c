//! The end of an account here.

use entryway_core::account::Account;
use entryway_core::account_change::{AccountChange, Change, Claim, Kind};
use entryway_core::email_token::EmailTokenPurpose;
use entryway_core::session::EndReason;
use entryway_oauth::secret::Digest;
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

use super::begin::hold_all;
use super::keep;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::DeletionBegin;
use crate::store::Engine;
use crate::verbs::revocations::{self, Ending};
use crate::verbs::{Steps, Verb, email_tokens};
use crate::{rows, sql};

pub(super) struct BeginDeletion {
    pub(super) did: Did,
    pub(super) token: Option<Digest>,
    pub(super) now: Timestamp,
    pub(super) engine: Engine,
}

impl Verb for BeginDeletion {
    type Outcome = DeletionBegin;
    const NAME: &'static str = "begin_deletion";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<DeletionBegin, Fault> {
        let (did, now) = (&self.did, self.now);
        let Some(account) = self.hold(&mut *db).await? else {
            return self.resume(db).await;
        };
        let others = hold_all(did, &mut *db).await?;
        if let Some(other) = others
            .into_iter()
            .find(|it| it.claim(&Change::Deletion, now) == Claim::Wait)
        {
            return Ok(DeletionBegin::UnderWay(other));
        }
        if let Some(token) = self.token
            && !email_tokens::spend(did, EmailTokenPurpose::DeleteAccount, token, &mut *db).await?
        {
            return Ok(DeletionBegin::TokenGone);
        }
        let begun = AccountChange::begin(&account, Change::Deletion, now);
        self.leave_nothing(&begun, db).await?;
        Ok(DeletionBegin::Begun(begun))
    }

    fn has_told(outcome: &DeletionBegin) -> bool {
        matches!(outcome, DeletionBegin::Begun(_))
    }
}

impl BeginDeletion {
    async fn hold(&self, db: &mut Db<'_>) -> Result<Option<Account>, Fault> {
        let held = query(sql::HOLD_TO_DELETE.on(self.engine))
            .bind(self.did.as_str())
            .fetch_optional(db)
            .await?;
        held.as_ref().map(rows::account).transpose()
    }

    async fn resume(&self, db: &mut Db<'_>) -> Result<DeletionBegin, Fault> {
        let row = query(sql::ACCOUNT_CHANGE)
            .bind(self.did.as_str())
            .bind(Kind::Deletion.name())
            .fetch_optional(db)
            .await?;
        let change = row.as_ref().map(rows::account_change).transpose()?;
        Ok(change.map_or(DeletionBegin::Unknown, DeletionBegin::Resumed))
    }

    /// Sessions end before they go, so that it is told of them.
    async fn leave_nothing(&self, begun: &AccountChange, db: &mut Db<'_>) -> Result<(), Fault> {
        let did = self.did.as_str();
        query(sql::FORGET_CHANGES_OF).bind(did).execute(&mut *db).await?;
        keep(begun, &mut *db).await?;
        for statement in [
            sql::DELETE_SIGN_UPS,
            sql::DELETE_INVITE_USES,
            sql::DISOWN_INVITES,
            sql::DELETE_APP_PASSWORDS,
            sql::FORGET_EMAIL_TOKENS,
            sql::END_LEGACY_SESSIONS_OF_ACCOUNT,
            sql::DELETE_SIGN_INS,
            sql::REVOKE_GRANTS_OF_ACCOUNT,
            sql::DELETE_REQUESTS,
        ] {
            query(statement).bind(did).execute(&mut *db).await?;
        }
        revocations::end(
            Ending::OfAccount(&self.did),
            EndReason::Revoked,
            self.now,
            &mut *db,
        )
        .await?;
        for statement in [sql::DELETE_SESSIONS, sql::DELETE_ACCOUNT] {
            query(statement).bind(did).execute(&mut *db).await?;
        }
        Ok(())
    }
}
