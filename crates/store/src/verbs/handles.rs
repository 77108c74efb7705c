//! Whom a handle leads to.

use tracing::instrument;

use entryway_core::account::AccountStatus;
use entryway_scope::{Did, Handle};

use crate::Store;
use crate::db::query;
use crate::fault::Fault;
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
        let query = query(sql::HANDLE_OWNER).bind(handle.to_string());
        let row = self.load("handle_owner", query).await?;
        row.as_ref().map(rows::handle_owner).transpose()
    }
}
