//! Changes of handle, in two steps: claimed before the directory and the PDS hear of it, confirmed when both
//! have it.

use sqlx::AnyConnection;
use tracing::instrument;

use entryway_core::account::AccountStatus;
use entryway_oauth::time::Timestamp;
use entryway_scope::{Did, Handle};

use crate::Store;
use crate::fault::Fault;
use crate::outcome::{ClaimRelease, HandleChange, HandleClaim};
use crate::rows::Columns;
use crate::verbs::names::{self, Holder, Name};
use crate::verbs::{Steps, Verb};
use crate::{rows, sql};

/// Whom a handle leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandleOwner {
    /// The DID.
    pub did: Did,
    /// Whether the account may act; one that is still being made may.
    pub status: AccountStatus,
}

impl Store {
    /// Whom this handle leads to: the account that is called so, is about to be, or is being made.
    ///
    /// Does not ask whether the DID's document says so too.
    #[instrument(name = "store.handle_owner", level = "debug", skip_all)]
    pub async fn handle_owner(&self, handle: &Handle) -> Result<Option<HandleOwner>, Fault> {
        let query = sqlx::query(sql::HANDLE_OWNER).bind(handle.to_string());
        let row = self.load("handle_owner", query).await?;
        row.as_ref().map(rows::handle_owner).transpose()
    }

    /// Keeps the handle for this account until `until`, and lets it lead there.
    ///
    /// Asked again for the same one, the claim goes on; an account has one at a time. A claim that is over stays
    /// until somebody else takes the handle, and can still be confirmed.
    #[instrument(name = "store.claim_handle", level = "debug", skip_all)]
    pub async fn claim_handle(
        &self,
        did: &Did,
        handle: &Handle,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<HandleClaim, Fault> {
        self.write(ClaimHandle {
            did: did.clone(),
            handle: handle.clone(),
            until,
            now,
        })
        .await
    }

    /// Makes the handle that was claimed the account's, and frees the former one.
    #[instrument(name = "store.change_handle", level = "debug", skip_all)]
    pub async fn change_handle(&self, did: &Did, handle: &Handle) -> Result<HandleChange, Fault> {
        self.write(ChangeHandle {
            did: did.clone(),
            handle: handle.clone(),
        })
        .await
    }

    /// Frees a handle that was claimed and not confirmed.
    #[instrument(name = "store.release_handle", level = "debug", skip_all)]
    pub async fn release_handle(&self, did: &Did, handle: &Handle) -> Result<ClaimRelease, Fault> {
        self.write(ReleaseHandle {
            did: did.clone(),
            handle: handle.clone(),
        })
        .await
    }
}

/// The handle of an account, which is held.
async fn hold_handle(did: &Did, db: &mut AnyConnection) -> Result<Option<Handle>, Fault> {
    let held = sqlx::query(sql::HOLD_NAMES_OF_ACCOUNT)
        .bind(did.as_str())
        .fetch_optional(db)
        .await?;
    held.as_ref().map(rows::handle).transpose()
}

struct ClaimHandle {
    did: Did,
    handle: Handle,
    until: Timestamp,
    now: Timestamp,
}

impl Verb for ClaimHandle {
    type Outcome = HandleClaim;
    const NAME: &'static str = "claim_handle";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut AnyConnection) -> Result<HandleClaim, Fault> {
        match hold_handle(&self.did, &mut *db).await? {
            None => return Ok(HandleClaim::Unknown),
            Some(present) if present == self.handle => return Ok(HandleClaim::Current),
            Some(_) => {}
        }
        if self.extend(&mut *db).await? {
            return Ok(HandleClaim::Claimed);
        }
        let other = sqlx::query(sql::CLAIMED_HANDLE)
            .bind(self.did.as_str())
            .fetch_optional(&mut *db)
            .await?;
        if let Some(row) = other {
            let columns = Columns::of(&row, "taken_name");
            let until = columns.instant("claimed_until")?;
            if self.now < until {
                return Ok(HandleClaim::UnderWay { until });
            }
            sqlx::query(sql::RELEASE_CLAIM)
                .bind(self.did.as_str())
                .bind(columns.text("name")?)
                .execute(&mut *db)
                .await?;
        }
        let holder = Holder {
            claimed_until: Some(self.until),
            ..Holder::account(&self.did)
        };
        let taken = names::take(Name::Handle(&self.handle), &holder, self.now, db).await?;
        Ok(if taken {
            HandleClaim::Claimed
        } else {
            HandleClaim::Taken
        })
    }
}

impl ClaimHandle {
    async fn extend(&self, db: &mut AnyConnection) -> Result<bool, Fault> {
        let extended = sqlx::query(sql::EXTEND_CLAIM)
            .bind(self.did.as_str())
            .bind(self.handle.as_str())
            .bind(self.until.seconds())
            .execute(db)
            .await?;
        Ok(extended.rows_affected() == 1)
    }
}

struct ChangeHandle {
    did: Did,
    handle: Handle,
}

impl Verb for ChangeHandle {
    type Outcome = HandleChange;
    const NAME: &'static str = "change_handle";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut AnyConnection) -> Result<HandleChange, Fault> {
        let present = match hold_handle(&self.did, &mut *db).await? {
            None => return Ok(HandleChange::Unknown),
            Some(present) if present == self.handle => return Ok(HandleChange::Current),
            Some(present) => present,
        };
        let confirmed = sqlx::query(sql::CONFIRM_CLAIM)
            .bind(self.did.as_str())
            .bind(self.handle.as_str())
            .execute(&mut *db)
            .await?;
        if confirmed.rows_affected() == 0 {
            return Ok(HandleChange::NotClaimed);
        }
        names::release(Name::Handle(&present), self.did.as_str(), &mut *db).await?;
        sqlx::query(sql::RENAME_ACCOUNT)
            .bind(self.did.as_str())
            .bind(self.handle.as_str())
            .execute(db)
            .await?;
        Ok(HandleChange::Changed)
    }
}

struct ReleaseHandle {
    did: Did,
    handle: Handle,
}

impl Verb for ReleaseHandle {
    type Outcome = ClaimRelease;
    const NAME: &'static str = "release_handle";

    async fn apply(&self, db: &mut AnyConnection) -> Result<ClaimRelease, Fault> {
        let released = sqlx::query(sql::RELEASE_CLAIM)
            .bind(self.did.as_str())
            .bind(self.handle.as_str())
            .execute(db)
            .await?;
        Ok(if released.rows_affected() == 1 {
            ClaimRelease::Released
        } else {
            ClaimRelease::NotClaimed
        })
    }
}
