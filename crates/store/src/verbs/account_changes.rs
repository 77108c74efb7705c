//! Changes of accounts: records that several drivers take up in turn, and what each does to the account.
//!
//! A driver says what it started from and what that is now. Where the record is not what it started from, down
//! to the last instant, nothing changes: so no step is lost and none is taken twice.

mod begin;
mod deletion;
mod finish;
mod follow;

use tracing::instrument;

use entryway_core::account_change::{AccountChange, Kind, Stage, StatusChange};
use entryway_oauth::secret::Digest;
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

use crate::Store;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::{ChangeAdvance, ChangeBegin, ChangeDrop, ChangeFinish, DeletionBegin, Following};
use crate::verbs::{Steps, Verb, accounts};
use crate::{rows, sql};

use begin::BeginChange;
use deletion::BeginDeletion;
use finish::{DropChange, FinishChange};
use follow::FollowStatus;

impl Store {
    /// Begins a change as [`AccountChange::begin`] made it, resumes the same one, or says what stands against it, as
    /// [`AccountChange::claim`] decides.
    ///
    /// A handle is the account's from here on and leads there. An account that is to be switched off or taken down
    /// is, and what acts for it ends, which is told. Not for deletions: those are
    /// [`Store::begin_deletion`].
    #[instrument(name = "store.begin_change", level = "debug", skip_all)]
    pub async fn begin_change(&self, asked: &AccountChange) -> Result<ChangeBegin, Fault> {
        self.write(BeginChange { asked: asked.clone() }).await
    }

    /// Deletes the account: its sessions end, which is told, and nothing of it is left but its names, which nobody
    /// gets before its PDS has deleted it too.
    ///
    /// Uses the code up that was sent for it, if one is given; does not look whether that is over.
    #[instrument(name = "store.begin_deletion", level = "debug", skip_all)]
    pub async fn begin_deletion(
        &self,
        did: &Did,
        token: Option<Digest>,
        now: Timestamp,
    ) -> Result<DeletionBegin, Fault> {
        self.write(BeginDeletion {
            did: did.clone(),
            token,
            now,
            engine: self.engine(),
        })
        .await
    }

    /// The unfinished changes of an account, or of one that is gone: one of each kind at most.
    #[instrument(name = "store.changes_of", level = "debug", skip_all)]
    pub async fn changes_of(&self, did: &Did) -> Result<Vec<AccountChange>, Fault> {
        let query = query(sql::CHANGES_OF).bind(did.to_string());
        let rows = self.load_all("changes_of", query).await?;
        rows.iter().map(rows::account_change).collect()
    }

    /// The unfinished change of this kind.
    #[instrument(name = "store.account_change", level = "debug", skip_all)]
    pub async fn account_change(&self, did: &Did, kind: Kind) -> Result<Option<AccountChange>, Fault> {
        let query = query(sql::ACCOUNT_CHANGE).bind(did.to_string()).bind(kind.name());
        let row = self.load("account_change", query).await?;
        row.as_ref().map(rows::account_change).transpose()
    }

    /// Changes that the reconciler is to take up, as [`AccountChange::is_due`] says, those that waited longest first.
    #[instrument(name = "store.due_changes", level = "debug", skip_all)]
    pub async fn due_changes(&self, now: Timestamp, limit: u32) -> Result<Vec<AccountChange>, Fault> {
        let query = query(sql::DUE_CHANGES).bind(now.seconds()).bind(i64::from(limit));
        let rows = self.load_all("due_changes", query).await?;
        rows.iter().map(rows::account_change).collect()
    }

    /// Makes of the change what its driver says, whether it takes it up, records a step or lays it down.
    ///
    /// Where it comes to settle, our own part is done: nobody waits longer for it. Does not look whether the step is
    /// one that [`AccountChange`] takes.
    #[instrument(name = "store.advance_change", level = "debug", skip_all)]
    pub async fn advance_change(
        &self,
        from: &AccountChange,
        to: &AccountChange,
    ) -> Result<ChangeAdvance, Fault> {
        self.write(AdvanceChange {
            from: from.clone(),
            to: to.clone(),
        })
        .await
    }

    /// Does our own part of a change that all others agree on, and forgets the record.
    ///
    /// The account is called so and its former handle is free; it may act; the names of a deleted one are free; it is
    /// at home on the other PDS, with all its sessions and grants.
    #[instrument(name = "store.finish_change", level = "debug", skip_all)]
    pub async fn finish_change(&self, from: &AccountChange) -> Result<ChangeFinish, Fault> {
        self.write(FinishChange { from: from.clone() }).await
    }

    /// Forgets a change that is not made: the handle it claimed is free.
    #[instrument(name = "store.drop_change", level = "debug", skip_all)]
    pub async fn drop_change(&self, from: &AccountChange) -> Result<ChangeDrop, Fault> {
        self.write(DropChange { from: from.clone() }).await
    }

    /// Makes of the account what somebody on its PDS made of it, without telling that PDS: taken down, restored where
    /// it was taken down because that PDS said so, or switched off; what acts for it ends, which is told.
    ///
    /// That it is switched on there changes nothing: its owner says so here.
    #[instrument(name = "store.follow_status", level = "debug", skip_all)]
    pub async fn follow_status(
        &self,
        did: &Did,
        pds_did: &str,
        seen: &StatusChange,
        now: Timestamp,
    ) -> Result<Following, Fault> {
        self.write(FollowStatus {
            did: did.clone(),
            pds_did: pds_did.to_owned(),
            seen: seen.clone(),
            now,
        })
        .await
    }
}

/// Whether the change, which is held from here on, is what the driver started from.
async fn hold(from: &AccountChange, db: &mut Db<'_>) -> Result<bool, Fault> {
    let held = query(sql::HOLD_CHANGE)
        .bind(from.did.as_str())
        .bind(from.kind().name())
        .fetch_optional(db)
        .await?;
    let stored = held.as_ref().map(rows::account_change).transpose()?;
    Ok(stored.as_ref() == Some(from))
}

/// Writes the record in the place of any other of its kind.
async fn keep(change: &AccountChange, db: &mut Db<'_>) -> Result<(), Fault> {
    let json = |json: Result<String, serde_json::Error>, column| {
        json.map_err(|_| Fault::Row {
            table: "account_change",
            column,
        })
    };
    query(sql::KEEP_CHANGE)
        .bind(change.did.as_str())
        .bind(change.kind().name())
        .bind(change.pds_did.as_str())
        .bind(json(serde_json::to_string(&change.change), "change")?)
        .bind(json(serde_json::to_string(&change.stage), "stage")?)
        .bind(i64::from(change.hold))
        .bind(change.held_until.seconds())
        .bind(change.retry_at.seconds())
        .bind(change.created_at.seconds())
        .execute(db)
        .await?;
    Ok(())
}

async fn forget(change: &AccountChange, db: &mut Db<'_>) -> Result<(), Fault> {
    query(sql::FORGET_CHANGE)
        .bind(change.did.as_str())
        .bind(change.kind().name())
        .execute(db)
        .await?;
    Ok(())
}

struct AdvanceChange {
    from: AccountChange,
    to: AccountChange,
}

impl Verb for AdvanceChange {
    type Outcome = ChangeAdvance;
    const NAME: &'static str = "advance_change";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<ChangeAdvance, Fault> {
        let (from, to) = (&self.from, &self.to);
        let settles = to.stage == Stage::Settling && from.stage != Stage::Settling;
        if settles {
            accounts::hold(&from.did, &mut *db).await?;
        }
        let is_same = from.did == to.did && from.kind() == to.kind();
        if !is_same || !hold(from, &mut *db).await? {
            return Ok(ChangeAdvance::Overtaken);
        }
        if settles {
            finish::do_our_part(to, &mut *db).await?;
        }
        keep(to, db).await?;
        Ok(ChangeAdvance::Advanced)
    }
}
