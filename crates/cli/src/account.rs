//! `entryway account`: who signs in here.

mod add;
mod change;
mod list;
mod move_to;
mod password;
mod unfinished;

use std::process::ExitCode;

use clap::Subcommand;

use crate::database::DatabaseArguments;

/// What to do with accounts.
#[derive(Subcommand)]
pub(crate) enum AccountCommand {
    /// Let an account that lives on a PDS sign in here. The PDS and the account's DID are not asked.
    Add(Box<add::AddArguments>),
    /// List the accounts by handle: handle, DID, the DID of the PDS, e-mail address.
    List(DatabaseArguments),
    /// Move an account to another PDS of the fleet, with its sessions and what it granted. A running server does it,
    /// and this tells how far it comes.
    Move(move_to::MoveArguments),
    /// List the sign-ups and changes of accounts that were begun and are not finished: what, whose, how far, since
    /// when, and when the server takes it up again.
    Unfinished(DatabaseArguments),
    /// Take an account down: its sessions end at once, and nobody signs in to it.
    TakeDown(change::TakeDownArguments),
    /// Undo that, once its PDS did.
    Restore(change::ChangeArguments),
    /// Switch an account off, as its owner may: its OAuth sessions end at once.
    Deactivate(change::ChangeArguments),
    /// Undo that, once its PDS did.
    Activate(change::ChangeArguments),
    /// Delete an account, here at once and then on its PDS. Its DID stays its owner's.
    Delete(change::DeleteArguments),
}

/// Does it.
pub(crate) async fn run(command: AccountCommand) -> anyhow::Result<ExitCode> {
    match command {
        AccountCommand::Add(arguments) => add::run(*arguments).await,
        AccountCommand::List(arguments) => list::run(arguments).await,
        AccountCommand::Move(arguments) => move_to::run(arguments).await,
        AccountCommand::Unfinished(arguments) => unfinished::run(arguments).await,
        AccountCommand::TakeDown(arguments) => change::take_down(arguments).await,
        AccountCommand::Restore(arguments) => change::restore(arguments).await,
        AccountCommand::Deactivate(arguments) => change::deactivate(arguments).await,
        AccountCommand::Activate(arguments) => change::activate(arguments).await,
        AccountCommand::Delete(arguments) => change::delete(arguments).await,
    }
}
