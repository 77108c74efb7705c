//! The end of a change: made, or not.

use entryway_core::account_change::{AccountChange, Change, StatusChange};

use super::{forget, hold};
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::{ChangeDrop, ChangeFinish};
use crate::sql;
use crate::verbs::names::{self, Name};
use crate::verbs::{Steps, Verb, account_status, accounts, hosts};

pub(super) struct FinishChange {
    pub(super) from: AccountChange,
}

impl Verb for FinishChange {
    type Outcome = ChangeFinish;
    const NAME: &'static str = "finish_change";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<ChangeFinish, Fault> {
        let from = &self.from;
        if let Change::Move { to, .. } = &from.change {
            hosts::hold(to, &mut *db).await?;
        }
        accounts::hold(&from.did, &mut *db).await?;
        if !hold(from, &mut *db).await? {
            return Ok(ChangeFinish::Overtaken);
        }
        forget(from, &mut *db).await?;
        do_our_part(from, db).await?;
        Ok(ChangeFinish::Finished)
    }
}

/// What comes after everybody else's part. Done twice, it is as if it were done once.
pub(super) async fn do_our_part(change: &AccountChange, db: &mut Db<'_>) -> Result<(), Fault> {
    let did = &change.did;
    match &change.change {
        Change::Handle { from, to } => {
            names::release(Name::Handle(from), did.as_str(), &mut *db).await?;
            query(sql::RENAME_ACCOUNT)
                .bind(did.as_str())
                .bind(to.as_str())
                .execute(db)
                .await?;
        }
        Change::Status(StatusChange::Activated) => account_status::activate(did, db).await?,
        Change::Status(StatusChange::Restored) => account_status::restore(did, db).await?,
        // done before
        Change::Status(StatusChange::Deactivated | StatusChange::TakenDown { .. }) => {}
        Change::Deletion => names::release_all(did.as_str(), db).await?,
        Change::Move { to, .. } => move_to(change, to, db).await?,
    }
    Ok(())
}

/// Makes the other PDS the account's home, and whatever else is to be told is told there.
async fn move_to(change: &AccountChange, to: &str, db: &mut Db<'_>) -> Result<(), Fault> {
    let did = &change.did;
    for statement in [sql::REHOME_ACCOUNT, sql::REHOME_CHANGES] {
        query(statement)
            .bind(did.as_str())
            .bind(to)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

pub(super) struct DropChange {
    pub(super) from: AccountChange,
}

impl Verb for DropChange {
    type Outcome = ChangeDrop;
    const NAME: &'static str = "drop_change";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<ChangeDrop, Fault> {
        let from = &self.from;
        if !hold(from, &mut *db).await? {
            return Ok(ChangeDrop::Overtaken);
        }
        forget(from, &mut *db).await?;
        if let Change::Handle { to, .. } = &from.change {
            names::release(Name::Handle(to), from.did.as_str(), db).await?;
        }
        Ok(ChangeDrop::Dropped)
    }
}
