//! What somebody may do so often and no more, whichever instance they ask.

use tracing::instrument;

use entryway_oauth::secret::Digest;
use entryway_oauth::time::Timestamp;

use crate::Store;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::Counting;
use crate::sql;
use crate::verbs::{Steps, Verb};

/// How often something may be done by or to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// What is counted, and for whom.
    pub of: Digest,
    /// How often, at least once.
    pub most: u32,
}

impl Store {
    /// Counts an attempt against both allowances, or against neither where one of them is used up. A count that begins
    /// with it is over at `until`, however many follow.
    ///
    /// Whatever is counted comes first in each call or second in each, so that no two wait for each other.
    #[instrument(name = "store.count_attempt", level = "debug", skip_all)]
    pub async fn count_attempt(
        &self,
        allowances: [Allowance; 2],
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Counting, Fault> {
        self.write(CountAttempt {
            allowances,
            until,
            now,
        })
        .await
    }

    /// Takes back an attempt that was counted: it is held against nobody.
    #[instrument(name = "store.take_back_attempt", level = "debug", skip_all)]
    pub async fn take_back_attempt(&self, of: [Digest; 2], now: Timestamp) -> Result<(), Fault> {
        self.write(TakeBackAttempt { of, now }).await
    }
}

struct CountAttempt {
    allowances: [Allowance; 2],
    until: Timestamp,
    now: Timestamp,
}

impl Verb for CountAttempt {
    type Outcome = Counting;
    const NAME: &'static str = "count_attempt";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<Counting, Fault> {
        let [first, second] = self.allowances;
        if !self.count(first, db).await? {
            return Ok(Counting::Exceeded);
        }
        if self.count(second, db).await? {
            return Ok(Counting::Counted);
        }
        take_back(first.of, self.now, db).await?;
        Ok(Counting::Exceeded)
    }
}

impl CountAttempt {
    async fn count(&self, allowance: Allowance, db: &mut Db<'_>) -> Result<bool, Fault> {
        let counted = query(sql::COUNT_ATTEMPT)
            .bind(allowance.of.as_bytes().to_vec())
            .bind(self.until.seconds())
            .bind(self.now.seconds())
            .bind(i64::from(allowance.most))
            .execute(db)
            .await?;
        Ok(counted.rows_affected() == 1)
    }
}

struct TakeBackAttempt {
    of: [Digest; 2],
    now: Timestamp,
}

impl Verb for TakeBackAttempt {
    type Outcome = ();
    const NAME: &'static str = "take_back_attempt";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<(), Fault> {
        for of in self.of {
            take_back(of, self.now, db).await?;
        }
        Ok(())
    }
}

async fn take_back(of: Digest, now: Timestamp, db: &mut Db<'_>) -> Result<(), Fault> {
    query(sql::TAKE_BACK_ATTEMPT)
        .bind(of.as_bytes().to_vec())
        .bind(now.seconds())
        .execute(db)
        .await?;
    Ok(())
}
