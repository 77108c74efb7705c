//! The beginning of a change, with our own part where that comes before anybody else's.

use entryway_core::account::{Account, AccountStatus};
use entryway_core::account_change::{AccountChange, Change, Claim, StatusChange};
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

use super::keep;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::ChangeBegin;
use crate::verbs::account_status::{self, TakedownOrigin};
use crate::verbs::names::{self, Holder, Name};
use crate::verbs::{Steps, Verb, hosts};
use crate::{rows, sql};

pub(super) struct BeginChange {
    pub(super) asked: AccountChange,
}

impl Verb for BeginChange {
    type Outcome = ChangeBegin;
    const NAME: &'static str = "begin_change";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<ChangeBegin, Fault> {
        let (asked, now) = (&self.asked, self.asked.created_at);
        if let Change::Move { to, .. } = &asked.change
            && hosts::hold(to, &mut *db).await?.is_none()
        {
            return Ok(ChangeBegin::HostUnknown);
        }
        let Some(account) = hold_account(&asked.did, &mut *db).await? else {
            return Ok(ChangeBegin::Unknown);
        };
        let mut begun = AccountChange {
            pds_did: account.pds_did.clone(),
            ..asked.clone()
        };
        for other in hold_all(&asked.did, &mut *db).await? {
            match other.claim(&asked.change, now) {
                Claim::Unrelated => {}
                Claim::Wait => return Ok(ChangeBegin::UnderWay(other)),
                Claim::Replace => begun = begun.replacing(&other),
                Claim::Resume => {
                    do_our_part(&other, now, db).await?;
                    return Ok(ChangeBegin::Resumed(other));
                }
            }
        }
        if let Some(refused) = prepare(&mut begun, &account, now, &mut *db).await? {
            return Ok(refused);
        }
        keep(&begun, &mut *db).await?;
        do_our_part(&begun, now, db).await?;
        Ok(ChangeBegin::Begun(begun))
    }

    fn has_told(outcome: &ChangeBegin) -> bool {
        match outcome {
            ChangeBegin::Begun(change) | ChangeBegin::Resumed(change) => change.change.ends_sessions(),
            _ => false,
        }
    }
}

/// Every unfinished change of the account, held.
pub(super) async fn hold_all(did: &Did, db: &mut Db<'_>) -> Result<Vec<AccountChange>, Fault> {
    let held = query(sql::HOLD_CHANGES_OF)
        .bind(did.as_str())
        .fetch_all(db)
        .await?;
    held.iter().map(rows::account_change).collect()
}

/// The account as it is, held.
pub(super) async fn hold_account(did: &Did, db: &mut Db<'_>) -> Result<Option<Account>, Fault> {
    let held = query(sql::HOLD_WHOLE_ACCOUNT)
        .bind(did.as_str())
        .fetch_optional(db)
        .await?;
    held.as_ref().map(rows::account).transpose()
}

/// What has to be so before anything changes; why not, where it is not.
async fn prepare(
    begun: &mut AccountChange,
    account: &Account,
    now: Timestamp,
    db: &mut Db<'_>,
) -> Result<Option<ChangeBegin>, Fault> {
    match &mut begun.change {
        Change::Handle { to, .. } if *to == account.handle => Ok(Some(ChangeBegin::Current)),
        Change::Handle { from, to } => {
            // whoever asked may have read it before the last change
            from.clone_from(&account.handle);
            let taken = names::take(Name::Handle(to), &Holder::account(&account.did), now, db).await?;
            Ok((!taken).then_some(ChangeBegin::HandleTaken))
        }
        Change::Status(StatusChange::Activated) if account.status == AccountStatus::TakenDown => {
            Ok(Some(ChangeBegin::TakenDown))
        }
        Change::Move { to, .. } if *to == account.pds_did => Ok(Some(ChangeBegin::Current)),
        Change::Status(_) | Change::Deletion | Change::Move { .. } => Ok(None),
    }
}

/// Done again where the same is asked again: whatever came to act for the account since ends too.
async fn do_our_part(change: &AccountChange, now: Timestamp, db: &mut Db<'_>) -> Result<(), Fault> {
    let did = &change.did;
    match &change.change {
        Change::Status(StatusChange::Deactivated) => account_status::deactivate(did, now, db).await.map(drop),
        Change::Status(StatusChange::TakenDown { reference }) => {
            let reference = reference.as_deref();
            account_status::take_down(did, TakedownOrigin::Operator, reference, now, db).await
        }
        _ => Ok(()),
    }
}
