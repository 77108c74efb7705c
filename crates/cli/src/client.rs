//! `entryway client`: what an app's document says, and which apps the operator stands by.

mod consent;
mod given;
mod inspection;
mod lint;
mod logo;
mod remark;
mod report;
mod trust;

use std::process::ExitCode;

use clap::Subcommand;

use crate::database::DatabaseArguments;

/// What to do with clients.
#[derive(Subcommand)]
pub(crate) enum ClientCommand {
    /// Say everything that is wrong with a client document, and what the consent page shows of it.
    Lint(lint::LintArguments),
    /// Stand by an app: show its name and logo, and let it sign people in silently again.
    Trust(trust::TrustArguments),
    /// List the apps the operator stands by.
    Trusted(DatabaseArguments),
    /// Stand by an app no longer.
    Distrust(trust::DistrustArguments),
}

/// Does it.
pub(crate) async fn run(command: ClientCommand) -> anyhow::Result<ExitCode> {
    match command {
        ClientCommand::Lint(arguments) => lint::run(arguments).await,
        ClientCommand::Trust(arguments) => trust::trust(arguments).await,
        ClientCommand::Trusted(arguments) => trust::trusted(arguments).await,
        ClientCommand::Distrust(arguments) => trust::distrust(arguments).await,
    }
}
