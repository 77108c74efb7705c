//! `entryway scope`: what scope values mean, and what a grant lacks.

mod comparison;
mod explanation;
mod printing;
mod set;

use std::process::ExitCode;

use clap::Subcommand;

/// What to say about scopes.
#[derive(Subcommand)]
pub(crate) enum ScopeCommand {
    /// Say what each value lets an app do, or why it is none: `entryway scope explain repo:app.bsky.feed.post`.
    Explain(explanation::ExplainArguments),
    /// Say whether a grant allows what is wanted, and what it lacks.
    Match(comparison::MatchArguments),
    /// Resolve a permission set now: say where it is from and what it grants, or why it cannot be had.
    Set(Box<set::SetArguments>),
}

/// Says it. Exit status 1 means that a value is invalid, that the grant lacks something, or that a set
/// cannot be had.
pub(crate) async fn run(command: &ScopeCommand) -> anyhow::Result<ExitCode> {
    let is_fine = match command {
        ScopeCommand::Explain(arguments) => explanation::run(arguments)?,
        ScopeCommand::Match(arguments) => comparison::run(arguments)?,
        ScopeCommand::Set(arguments) => set::run(arguments).await?,
    };
    Ok(if is_fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
