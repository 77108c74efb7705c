//! Another handle for an account.

use entryway_core::account::Account;
use entryway_core::account_change::{Change, Kind};
use entryway_core::handle::NewHandle;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::{Did, Handle};

use super::Changes;
use crate::app::App;
use crate::xrpc::Failure;

/// Changes the handle to what was typed: the directory, the PDS and we agree on it when this answers. Asked for again,
/// it goes on where it stopped.
///
/// One under a domain of ours is theirs that nobody else has; one elsewhere that its domain says is theirs.
///
/// # Errors
/// As [`for_change`](entryway_core::handle::HandleRules::for_change) says; [`XrpcDenial::HandleUnresolved`] for a handle
/// elsewhere that is not theirs; as [`Changes::make`] says.
pub(crate) async fn change(app: &App, account: &Account, typed: &str) -> Result<(), Failure> {
    let wished = app.config().handles.for_change(typed)?;
    let changes = Changes::of(app);
    let _turn = changes.turn(&account.did, Kind::Handle).await?;
    // whoever had a turn before may have changed it
    let account = app.store().account(&account.did).await?;
    let account = account.ok_or(XrpcDenial::AccountGone)?;
    if app.fleet().host_of(&account).await?.is_none() {
        return Err(XrpcDenial::PdsUnknown.into());
    }
    if let NewHandle::Elsewhere(handle) = &wished
        && *handle != account.handle
    {
        check_resolves(app, handle, &account.did).await?;
    }
    let change = Change::Handle {
        from: account.handle.clone(),
        to: wished.handle().clone(),
    };
    changes.make(&account, change).await
}

async fn check_resolves(app: &App, handle: &Handle, did: &Did) -> Result<(), XrpcDenial> {
    match app.outside().handles.resolve(handle).await {
        Ok(found) if found == *did => Ok(()),
        _ => Err(XrpcDenial::HandleUnresolved),
    }
}
