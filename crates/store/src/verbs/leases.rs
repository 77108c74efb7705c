//! Jobs that one instance does for all.

use tracing::instrument;

use entryway_oauth::time::Timestamp;

use crate::Store;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::Lease;
use crate::sql;
use crate::verbs::Verb;

/// An instance from its start to its end. Random; two starts never have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder([u8; 16]);

impl Holder {
    /// The one of these random bytes.
    pub const fn from_entropy(entropy: [u8; 16]) -> Self {
        Self(entropy)
    }
}

impl Store {
    /// Takes the job, or keeps it: until this instant nobody else gets it. Of many at once, one does.
    ///
    /// What a job does must bear being done twice all the same: who comes back from a long pause may go on with it
    /// for a moment before it asks again.
    #[instrument(name = "store.hold_lease", level = "debug", skip_all)]
    pub async fn hold_lease(
        &self,
        job: &'static str,
        holder: Holder,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Lease, Fault> {
        self.write(HoldLease {
            job,
            holder,
            until,
            now,
        })
        .await
    }

    /// Leaves the job to whoever asks next, if this one has it.
    #[instrument(name = "store.release_lease", level = "debug", skip_all)]
    pub async fn release_lease(&self, job: &'static str, holder: Holder) -> Result<(), Fault> {
        self.write(ReleaseLease { job, holder }).await
    }
}

struct HoldLease {
    job: &'static str,
    holder: Holder,
    until: Timestamp,
    now: Timestamp,
}

impl Verb for HoldLease {
    type Outcome = Lease;
    const NAME: &'static str = "hold_lease";

    async fn apply(&self, db: &mut Db<'_>) -> Result<Lease, Fault> {
        let held = query(sql::HOLD_LEASE)
            .bind(self.job)
            .bind(self.holder.0.to_vec())
            .bind(self.until.seconds())
            .bind(self.now.seconds())
            .execute(db)
            .await?;
        Ok(if held.rows_affected() == 1 {
            Lease::Held
        } else {
            Lease::Elsewhere
        })
    }
}

struct ReleaseLease {
    job: &'static str,
    holder: Holder,
}

impl Verb for ReleaseLease {
    type Outcome = ();
    const NAME: &'static str = "release_lease";

    async fn apply(&self, db: &mut Db<'_>) -> Result<(), Fault> {
        query(sql::RELEASE_LEASE)
            .bind(self.job)
            .bind(self.holder.0.to_vec())
            .execute(db)
            .await?;
        Ok(())
    }
}
