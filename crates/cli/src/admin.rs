//! `entryway admin`: who administers.

mod hash_token;

use std::process::ExitCode;

use clap::Subcommand;

/// What to do for administrators.
#[derive(Subcommand)]
pub(crate) enum AdminCommand {
    /// Print the argon2id hash of an administrator's token, which the settings have in its place. The token is
    /// read from standard input, or typed unseen.
    HashToken(hash_token::HashTokenArguments),
}

/// Does it.
pub(crate) async fn run(command: AdminCommand) -> anyhow::Result<ExitCode> {
    match command {
        AdminCommand::HashToken(arguments) => hash_token::run(arguments).await,
    }
}
