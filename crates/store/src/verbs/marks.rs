//! What may be used once.

use tracing::instrument;

use entryway_oauth::secret::Digest;
use entryway_oauth::time::Timestamp;

use crate::Store;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::Remembered;
use crate::sql;
use crate::verbs::Verb;

/// Something that counts once, and until when that must be remembered.
///
/// `expires_at` must not come before the last instant at which the thing itself could be accepted:
/// a mark whose time has passed is as good as none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What it is.
    pub digest: Digest,
    /// When it may be forgotten.
    pub expires_at: Timestamp,
}

impl Store {
    /// Uses the mark up, for endpoints whose verb takes none. Of many at once, one is `Fresh`.
    #[instrument(name = "store.remember_mark", level = "debug", skip_all)]
    pub async fn remember_mark(&self, mark: Mark, now: Timestamp) -> Result<Remembered, Fault> {
        self.write(RememberMark { mark, now }).await
    }
}

struct RememberMark {
    mark: Mark,
    now: Timestamp,
}

impl Verb for RememberMark {
    type Outcome = Remembered;
    const NAME: &'static str = "remember_mark";

    async fn apply(&self, db: &mut Db<'_>) -> Result<Remembered, Fault> {
        remember(self.mark, self.now, db).await
    }
}

/// Uses the mark up as a step of a verb.
pub(crate) async fn remember(mark: Mark, now: Timestamp, db: &mut Db<'_>) -> Result<Remembered, Fault> {
    let done = query(sql::REMEMBER_MARK)
        .bind(mark.digest.as_bytes().to_vec())
        .bind(mark.expires_at.seconds())
        .bind(now.seconds())
        .execute(db)
        .await?;
    Ok(if done.rows_affected() == 1 {
        Remembered::Fresh
    } else {
        Remembered::Replayed
    })
}
