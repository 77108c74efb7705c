//! One step of a sign-up, and what it does to names, invite and account.

use entryway_core::account::{Account, AccountStatus};
use entryway_core::sign_up::{SignUp, Stage};
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

use super::{hold, is_done, leads_to};
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::{Creation, SignUpAdvance};
use crate::sql;
use crate::verbs::accounts::CreateAccount;
use crate::verbs::names::{self, Name};
use crate::verbs::{Steps, Verb, invites};

pub(super) struct AdvanceSignUp {
    pub(super) from: SignUp,
    pub(super) to: SignUp,
    /// That of `to`, as JSON.
    pub(super) stage: String,
}

impl Verb for AdvanceSignUp {
    type Outcome = SignUpAdvance;
    const NAME: &'static str = "advance_sign_up";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<SignUpAdvance, Fault> {
        if self.from.id != self.to.id || !hold(&self.from, &mut *db).await? {
            return Ok(SignUpAdvance::Overtaken);
        }
        match &self.to.stage {
            Stage::AccountStored { did, at } if !is_done(&self.from) => {
                if let Some(refused) = self.finish(did, *at, &mut *db).await? {
                    return Ok(refused);
                }
            }
            Stage::Undoing { .. } if !matches!(self.from.stage, Stage::Undoing { .. }) => {
                self.give_back(&mut *db).await?;
            }
            _ => self.lead(&mut *db).await?,
        }
        self.record(db).await?;
        Ok(SignUpAdvance::Advanced)
    }
}

impl AdvanceSignUp {
    /// Makes it an account, unless there is one.
    async fn finish(
        &self,
        did: &Did,
        at: Timestamp,
        db: &mut Db<'_>,
    ) -> Result<Option<SignUpAdvance>, Fault> {
        let creation = CreateAccount {
            account: self.account(did, at),
            password_hash: self.to.password.clone(),
            now: at,
        };
        if !creation.insert(&mut *db).await? {
            return Ok(match creation.why_not(Creation::DidTaken, db).await? {
                Creation::Created | Creation::DidTaken => Some(SignUpAdvance::DidTaken),
                Creation::HandleTaken => Some(SignUpAdvance::HandleTaken),
                Creation::EmailTaken => Some(SignUpAdvance::EmailTaken),
            });
        }
        if self.to.request.arrival.is_some() {
            names::release(Name::Arrival(did), &self.from.id.to_string(), &mut *db).await?;
        }
        names::hand_over(&self.from.id.to_string(), did, &mut *db).await?;
        invites::finish_use(self.from.id, did, db).await?;
        Ok(None)
    }

    fn account(&self, did: &Did, at: Timestamp) -> Account {
        let request = &self.to.request;
        Account {
            did: did.clone(),
            handle: request.handle.clone(),
            email: Some(request.email.to_string()),
            email_confirmed_at: None,
            email_auth_factor: false,
            pds_did: self.to.pds_did.clone(),
            status: match request.arrival {
                // its repository is still elsewhere
                Some(_) => AccountStatus::Deactivated,
                None => AccountStatus::Active,
            },
            credentials_changed_at: at,
        }
    }

    /// Keeps the handle alone.
    async fn give_back(&self, db: &mut Db<'_>) -> Result<(), Fault> {
        let address = Name::Email(self.from.request.email.as_str());
        names::release(address, &self.from.id.to_string(), &mut *db).await?;
        invites::give_back(self.from.id, &mut *db).await?;
        self.lead(db).await
    }

    async fn lead(&self, db: &mut Db<'_>) -> Result<(), Fault> {
        let did = leads_to(&self.to);
        if did == leads_to(&self.from) {
            return Ok(());
        }
        query(sql::LEAD_HANDLE)
            .bind(self.from.id.to_string())
            .bind(did.map(Did::as_str))
            .execute(db)
            .await?;
        Ok(())
    }

    async fn record(&self, db: &mut Db<'_>) -> Result<(), Fault> {
        let to = &self.to;
        query(sql::ADVANCE_SIGN_UP)
            .bind(to.id.to_string())
            .bind(self.stage.as_str())
            .bind(i64::from(is_done(to)))
            .bind(to.did().map(Did::as_str))
            .bind(i64::from(to.hold))
            .bind(to.held_until.seconds())
            .bind(to.retry_at.seconds())
            .execute(db)
            .await?;
        Ok(())
    }
}
