//! What happens on a PDS and is not our doing.

use entryway_core::account::AccountStatus;
use entryway_core::account_change::{Change, Kind, StatusChange};
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

use super::begin::{hold_account, hold_all};
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::Following;
use crate::sql;
use crate::verbs::account_status::{self, TakedownOrigin};
use crate::verbs::{Steps, Verb};

pub(super) struct FollowStatus {
    pub(super) did: Did,
    pub(super) pds_did: String,
    pub(super) seen: StatusChange,
    pub(super) now: Timestamp,
}

impl Verb for FollowStatus {
    type Outcome = Following;
    const NAME: &'static str = "follow_status";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<Following, Fault> {
        let account = hold_account(&self.did, &mut *db).await?;
        let Some(account) = account.filter(|it| it.pds_did == self.pds_did) else {
            return Ok(Following::Unknown);
        };
        let kind = Change::Status(self.seen.clone()).kind();
        let changes = hold_all(&self.did, &mut *db).await?;
        if changes
            .iter()
            .any(|it| it.kind() == kind || it.kind() == Kind::Move)
        {
            return Ok(Following::UnderWay);
        }
        let is_new = match &self.seen {
            StatusChange::TakenDown { .. } if account.status == AccountStatus::TakenDown => false,
            StatusChange::TakenDown { reference } => {
                let (reference, origin) = (reference.as_deref(), TakedownOrigin::Pds);
                account_status::take_down(&self.did, origin, reference, self.now, db).await?;
                true
            }
            StatusChange::Restored => self.restore(db).await?,
            StatusChange::Deactivated => account_status::deactivate(&self.did, self.now, db).await?,
            StatusChange::Activated => false,
        };
        Ok(if is_new {
            Following::Followed
        } else {
            Following::Already
        })
    }

    fn has_told(outcome: &Following) -> bool {
        *outcome == Following::Followed
    }
}

impl FollowStatus {
    async fn restore(&self, db: &mut Db<'_>) -> Result<bool, Fault> {
        let restored = query(sql::RESTORE_FOLLOWED)
            .bind(self.did.as_str())
            .fetch_optional(db)
            .await?;
        Ok(restored.is_some())
    }
}
