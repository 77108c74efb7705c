//! Rows about changes of accounts.

use entryway_core::account_change::AccountChange;
use entryway_scope::Did;

use super::Columns;
use crate::db::Row;
use crate::fault::Fault;

/// From the row of `ACCOUNT_CHANGE`.
pub(crate) fn account_change(row: &Row) -> Result<AccountChange, Fault> {
    let columns = Columns::of(row, "account_change");
    let change = AccountChange {
        did: columns.parsed("did", |text| Did::parse(text).ok())?,
        pds_did: columns.text("pds_did")?.to_owned(),
        change: columns.parsed("change", |json| serde_json::from_str(json).ok())?,
        stage: columns.parsed("stage", |json| serde_json::from_str(json).ok())?,
        hold: columns.generation("hold")?,
        held_until: columns.instant("held_until")?,
        retry_at: columns.instant("retry_at")?,
        created_at: columns.instant("created_at")?,
    };
    if columns.text("kind")? == change.kind().name() {
        Ok(change)
    } else {
        Err(columns.impossible("kind"))
    }
}
