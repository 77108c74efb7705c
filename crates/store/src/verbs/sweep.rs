//! Forgetting what is over.

use sqlx::AnyConnection;
use tracing::instrument;

use entryway_oauth::time::{Seconds, Timestamp};

use crate::Store;
use crate::fault::Fault;
use crate::outcome::Swept;
use crate::sql;
use crate::verbs::Verb;

/// How long a decided request is kept after its code is over: so long a replay of the code is recognised.
pub const DECIDED_REQUEST_KEPT: Seconds = Seconds::days(1);

/// How long an OAuth session is kept after its end, for people who ask what happened.
pub const ENDED_SESSION_KEPT: Seconds = Seconds::days(30);

impl Store {
    /// Deletes what is over, at most `limit` rows of each kind, so that no verb waits long.
    ///
    /// To be called again while [`Swept::reached`] says so.
    #[instrument(name = "store.sweep", level = "debug", skip_all)]
    pub async fn sweep(&self, now: Timestamp, limit: u32) -> Result<Swept, Fault> {
        let day_ago = now - DECIDED_REQUEST_KEPT;
        let month_ago = now - ENDED_SESSION_KEPT;
        let sweep = |statement, before| {
            self.write(Sweep {
                statement,
                before,
                limit,
            })
        };
        // one verb each: a sweep holds nothing together
        let pending = sweep(sql::SWEEP_PENDING_REQUESTS, now).await?;
        let decided = sweep(sql::SWEEP_DECIDED_REQUESTS, day_ago).await?;
        Ok(Swept {
            requests: pending + decided,
            marks: sweep(sql::SWEEP_MARKS, now).await?,
            browsers: sweep(sql::SWEEP_BROWSERS, now).await?,
            sessions: sweep(sql::SWEEP_SESSIONS, month_ago).await?,
        })
    }
}

struct Sweep {
    statement: &'static str,
    before: Timestamp,
    limit: u32,
}

impl Verb for Sweep {
    type Outcome = u64;
    const NAME: &'static str = "sweep";

    async fn apply(&self, db: &mut AnyConnection) -> Result<u64, Fault> {
        let done = sqlx::query(self.statement)
            .bind(self.before.seconds())
            .bind(i64::from(self.limit))
            .execute(db)
            .await?;
        Ok(done.rows_affected())
    }
}
