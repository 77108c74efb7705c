//! Whether an account may act: its person's word, and the operator's.

use entryway_core::account::Account;
use entryway_core::account_change::{Change, StatusChange};
use entryway_oauth::xrpc_denial::XrpcDenial;

use super::Changes;
use crate::app::App;
use crate::xrpc::Failure;

/// Rests an account for its person: its OAuth sessions have ended when this answers, whatever it answers, and the PDS
/// knows where that is success. Those of `createSession` stay, since with one of them it is woken.
///
/// # Errors
/// As [`Changes::make`] says.
pub(crate) async fn deactivate(app: &App, account: &Account) -> Result<(), Failure> {
    in_turn(app, account, StatusChange::Deactivated).await
}

/// Wakes an account for its person. The PDS looks at the DID document first.
///
/// # Errors
/// [`XrpcDenial::AccountTakedown`] for one that the operator took down; as [`Changes::make`] says.
pub(crate) async fn activate(app: &App, account: &Account) -> Result<(), Failure> {
    in_turn(app, account, StatusChange::Activated).await
}

/// Takes an account down for the operator: nothing acts for it any more when this answers. A PDS that cannot be told
/// now is told by the reconciler.
///
/// # Errors
/// [`XrpcDenial::AccountGone`] where there is none.
pub(crate) async fn take_down(
    app: &App,
    account: &Account,
    reference: Option<String>,
) -> Result<(), Failure> {
    let change = Change::Status(StatusChange::TakenDown { reference });
    match Changes::of(app).make(account, change).await {
        // of others: here it is down
        Err(Failure::Denial(denial)) if denial != XrpcDenial::AccountGone => Ok(()),
        done => done,
    }
}

/// Lets an account act again that the operator took down: its PDS first.
///
/// # Errors
/// As [`Changes::make`] says.
pub(crate) async fn restore(app: &App, account: &Account) -> Result<(), Failure> {
    in_turn(app, account, StatusChange::Restored).await
}

async fn in_turn(app: &App, account: &Account, status: StatusChange) -> Result<(), Failure> {
    if app.fleet().host_of(account).await?.is_none() {
        return Err(XrpcDenial::PdsUnknown.into());
    }
    let (changes, change) = (Changes::of(app), Change::Status(status));
    let _turn = changes.turn(&account.did, change.kind()).await?;
    changes.make(account, change).await
}
