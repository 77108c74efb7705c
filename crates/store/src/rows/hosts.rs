//! Rows about PDS hosts and handles.

use entryway_core::account::AccountStatus;
use entryway_oauth::issuer::Issuer;
use entryway_scope::Did;

use super::{Columns, status_of};
use crate::db::Row;
use crate::fault::Fault;
use crate::verbs::handles::HandleOwner;
use crate::verbs::hosts::{Home, HostState, PdsHost};

/// From `did, url, sealed_password, state, added_at`.
pub(crate) fn pds_host(row: &Row) -> Result<PdsHost, Fault> {
    let columns = Columns::of(row, "pds_host");
    Ok(PdsHost {
        did: columns.parsed("did", |text| Did::parse(text).ok())?,
        url: columns.parsed("url", |text| Issuer::parse(text).ok())?,
        sealed_password: columns.bytes("sealed_password")?.to_vec(),
        state: columns.parsed("state", HostState::parse)?,
        added_at: columns.instant("added_at")?,
    })
}

/// From `pds_did, accounts`.
pub(crate) fn home(row: &Row) -> Result<Home, Fault> {
    let columns = Columns::of(row, "account");
    Ok(Home {
        pds_did: columns.text("pds_did")?.to_owned(),
        accounts: columns.number("accounts")?,
    })
}

/// From `did, status`; no status where there is no account yet.
pub(crate) fn handle_owner(row: &Row) -> Result<HandleOwner, Fault> {
    let columns = Columns::of(row, "taken_name");
    let status = match columns.optional_text("status")? {
        Some(word) => status_of(word).ok_or_else(|| columns.impossible("status"))?,
        None => AccountStatus::Active,
    };
    Ok(HandleOwner {
        did: columns.parsed("did", |text| Did::parse(text).ok())?,
        status,
    })
}
