//! `entryway client`: what an app's document says, and which apps the operator stands by.

use std::process::ExitCode;

use clap::Subcommand;

/// What to do with clients.
#[derive(Subcommand)]
pub(crate) enum ClientCommand {}

/// Does it.
pub(crate) async fn run(command: ClientCommand) -> anyhow::Result<ExitCode> {
    match command {}
}
