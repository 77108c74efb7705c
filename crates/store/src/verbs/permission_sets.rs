//! Permission sets as their authorities publish them: kept so that a host which is gone breaks nothing.

use tracing::instrument;

use entryway_oauth::time::Timestamp;
use entryway_scope::{Did, Nsid};

use crate::Store;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::Keeping;
use crate::verbs::Verb;
use crate::{rows, sql};

/// A permission set as it was last read, with the proof of it checked by whoever read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSet {
    /// Which.
    pub name: Nsid,
    /// The authority: in whose repository the record is.
    pub did: Did,
    /// The revision of that repository. A TID, so that of two the later is the greater text; the caller
    /// refuses one in the future, since nothing of this authority would replace it until then.
    pub rev: String,
    /// The CID of the record.
    pub cid: String,
    /// The lexicon record, JSON. The caller bounded it and looked at what it is.
    pub record: String,
    /// When the authority was last seen to say this.
    pub read_at: Timestamp,
}

impl Store {
    /// What is known of the permission set, however old that is.
    #[instrument(name = "store.permission_set", level = "debug", skip_all)]
    pub async fn permission_set(&self, name: &Nsid) -> Result<Option<StoredSet>, Fault> {
        let query = query(sql::PERMISSION_SET).bind(name.as_str().to_owned());
        let row = self.load("permission_set", query).await?;
        row.as_ref().map(rows::stored_set).transpose()
    }

    /// Keeps what was read of a permission set, unless its authority was seen to say something later: a host
    /// that serves an old repository takes nothing back.
    ///
    /// Read again in the same revision, only `read_at` moves, and only to a later instant. Another DID replaces
    /// whatever is kept: the authority moved. Does not check who is the authority.
    #[instrument(name = "store.keep_permission_set", level = "debug", skip_all)]
    pub async fn keep_permission_set(&self, set: &StoredSet) -> Result<Keeping, Fault> {
        self.write(KeepPermissionSet(set.clone())).await
    }
}

struct KeepPermissionSet(StoredSet);

impl Verb for KeepPermissionSet {
    type Outcome = Keeping;
    const NAME: &'static str = "keep_permission_set";

    async fn apply(&self, db: &mut Db<'_>) -> Result<Keeping, Fault> {
        let Self(set) = self;
        let done = query(sql::KEEP_PERMISSION_SET)
            .bind(set.name.as_str())
            .bind(set.did.as_str())
            .bind(set.rev.as_str())
            .bind(set.cid.as_str())
            .bind(set.record.as_str())
            .bind(set.read_at.seconds())
            .execute(db)
            .await?;
        Ok(if done.rows_affected() == 1 {
            Keeping::Kept
        } else {
            Keeping::Older
        })
    }
}
