//! `entryway account take-down`, `restore`, `deactivate`, `activate` and `delete`: an operator's word on an account.
//!
//! The command writes what is to be into the database, where it holds at once as far as it is ours to say. The PDS is
//! told by the server that runs on that database, which looks every half minute for what is left to do: so the
//! command needs no key, and no PDS that is up.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use entryway_core::account::{Account, Identifier};
use entryway_core::account_change::{AccountChange, Change, StatusChange};
use entryway_oauth::time::Timestamp;
use entryway_server::Clock;
use entryway_store::{ChangeAdvance, ChangeBegin, DeletionBegin, Store};

use super::list::line;
use crate::database::DatabaseArguments;
use crate::output::print;
use crate::usage::Usage;

/// Which account, and where.
#[derive(Args)]
pub(crate) struct ChangeArguments {
    /// Its handle or its DID.
    #[arg(value_name = "HANDLE_OR_DID", value_parser = named)]
    account: Identifier,
    #[command(flatten)]
    database: DatabaseArguments,
}

/// Arguments of `entryway account take-down`.
#[derive(Args)]
pub(crate) struct TakeDownArguments {
    /// What you call the case. The PDS is told it too.
    #[arg(long = "ref", value_name = "TEXT")]
    reference: Option<String>,
    #[command(flatten)]
    account: ChangeArguments,
}

/// Arguments of `entryway account delete`.
#[derive(Args)]
pub(crate) struct DeleteArguments {
    /// That it is meant: there is no way back.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    account: ChangeArguments,
}

/// Nothing acts for it any more when this is done.
pub(super) async fn take_down(arguments: TakeDownArguments) -> anyhow::Result<ExitCode> {
    let reference = arguments.reference;
    let done = "is taken down here and its sessions have ended";
    order(arguments.account, StatusChange::TakenDown { reference }, done).await
}

/// It may act again once its PDS said so.
pub(super) async fn restore(arguments: ChangeArguments) -> anyhow::Result<ExitCode> {
    order(
        arguments,
        StatusChange::Restored,
        "is restored once its PDS agrees",
    )
    .await
}

/// Its OAuth sessions have ended when this is done; its owner may activate it.
pub(super) async fn deactivate(arguments: ChangeArguments) -> anyhow::Result<ExitCode> {
    let done = "is deactivated here and its OAuth sessions have ended";
    order(arguments, StatusChange::Deactivated, done).await
}

/// It may act again once its PDS said so.
pub(super) async fn activate(arguments: ChangeArguments) -> anyhow::Result<ExitCode> {
    order(
        arguments,
        StatusChange::Activated,
        "is active once its PDS agrees",
    )
    .await
}

/// Nothing of it is left here when this is done but its handle, which is free once its PDS deleted it too.
pub(super) async fn delete(arguments: DeleteArguments) -> anyhow::Result<ExitCode> {
    if !arguments.yes {
        return Err(Usage("there is no way back: give --yes to delete the account".to_owned()).into());
    }
    let (store, account) = arguments.account.open().await?;
    let now = Clock::system().now();
    match store.begin_deletion(&account.did, None, now).await? {
        DeletionBegin::Begun(begun) => leave(&store, &begun, now).await?,
        DeletionBegin::UnderWay(_) => bail!("{} is on its way to another PDS: wait for that", account.did),
        // somebody else was faster
        DeletionBegin::Resumed(_) | DeletionBegin::TokenGone | DeletionBegin::Unknown => {}
    }
    store.close().await;
    print(&line(&account));
    said(&account, "is deleted here and its sessions have ended");
    Ok(ExitCode::SUCCESS)
}

impl ChangeArguments {
    async fn open(self) -> anyhow::Result<(Store, Account)> {
        let store = self.database.open().await?;
        match store.account_for_sign_in(&self.account).await? {
            Some((account, _)) => Ok((store, account)),
            None => bail!("there is no such account here"),
        }
    }
}

async fn order(arguments: ChangeArguments, status: StatusChange, done: &str) -> anyhow::Result<ExitCode> {
    let (store, account) = arguments.open().await?;
    let now = Clock::system().now();
    let asked = AccountChange::begin(&account, Change::Status(status), now);
    match store.begin_change(&asked).await? {
        ChangeBegin::Begun(begun) => leave(&store, &begun, now).await?,
        // the server is at it
        ChangeBegin::Resumed(_) | ChangeBegin::Current => {}
        ChangeBegin::UnderWay(other) => bail!(
            "another change of this account is under way, of its {}: entryway account unfinished lists it",
            other.kind().name()
        ),
        ChangeBegin::TakenDown => bail!("the account is taken down: restore it instead"),
        ChangeBegin::HandleTaken | ChangeBegin::HostUnknown | ChangeBegin::Unknown => {
            bail!("there is no such account here")
        }
    }
    let after = store.account(&account.did).await?;
    store.close().await;
    print(&line(after.as_ref().unwrap_or(&account)));
    said(&account, done);
    Ok(ExitCode::SUCCESS)
}

/// To the reconciler of whichever server runs.
async fn leave(store: &Store, begun: &AccountChange, now: Timestamp) -> anyhow::Result<()> {
    let left = begun.clone().left(now);
    // overtaken, somebody is at it already
    let (ChangeAdvance::Advanced | ChangeAdvance::Overtaken) = store.advance_change(begun, &left).await?;
    Ok(())
}

/// For people: programs read the line.
fn said(account: &Account, done: &str) {
    eprintln!(
        "entryway: the account {done}; the server that runs on this database tells {} within half a minute, and \
        `entryway account unfinished` lists it until then",
        account.pds_did
    );
}

fn named(typed: &str) -> Result<Identifier, &'static str> {
    match Identifier::parse(typed) {
        Some(Identifier::Email(_)) | None => Err("expected a handle or a DID"),
        Some(named) => Ok(named),
    }
}
