//! `entryway pds`: the PDS hosts that leave their login to a deployment.

mod add;
mod check;
mod env;
mod list;
mod named;
mod turn;

use std::process::ExitCode;

use clap::Subcommand;

/// What to do with PDS hosts.
#[derive(Subcommand)]
pub(crate) enum PdsCommand {
    /// Make a PDS one of the fleet, or give the password of its administrator anew.
    Add(add::AddArguments),
    /// List the PDS hosts: DID, URL, state, accounts.
    List(list::ListArguments),
    /// Say what keeps a PDS from delegating to this deployment, each with its cure. Asks the PDS itself.
    Check(check::CheckArguments),
    /// Give a PDS no new accounts; those it has go on.
    Drain(turn::TurnArguments),
    /// Give a PDS new accounts again.
    Reopen(turn::TurnArguments),
    /// Make a PDS none of the fleet. Refused while accounts live there.
    Remove(turn::TurnArguments),
    /// Print what a PDS has to have in its environment.
    Env(env::EnvArguments),
}

/// Does it.
pub(crate) async fn run(command: PdsCommand) -> anyhow::Result<ExitCode> {
    match command {
        PdsCommand::Add(arguments) => add::run(arguments).await,
        PdsCommand::List(arguments) => list::run(arguments).await,
        PdsCommand::Check(arguments) => check::run(arguments).await,
        PdsCommand::Drain(arguments) => turn::drain(arguments).await,
        PdsCommand::Reopen(arguments) => turn::reopen(arguments).await,
        PdsCommand::Remove(arguments) => turn::remove(arguments).await,
        PdsCommand::Env(arguments) => env::run(arguments).await,
    }
}
