//! `entryway migrate`: the schema of the database, brought up to date by hand (C16).

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use entryway_store::{SchemaState, Store};

use crate::database::DatabaseArguments;
use crate::output::print;

/// Arguments of `entryway migrate`.
#[derive(Args)]
pub(crate) struct MigrateArguments {
    /// Only say what is missing; exit status 1 where something is.
    #[arg(long, conflicts_with = "dry_run")]
    check: bool,
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    database: DatabaseArguments,
}

/// Applies what is missing, or says what that is.
pub(crate) async fn run(arguments: MigrateArguments) -> anyhow::Result<ExitCode> {
    let url = arguments.database.url()?;
    let before = Store::migrate_check(&url).await.context("the database")?;
    if before.pending.is_empty() {
        print(&format!("up to date, schema {}", before.version));
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.check || arguments.dry_run {
        print(&told(&before, "to be applied"));
        return Ok(ExitCode::from(u8::from(arguments.check)));
    }
    Store::open(&url).await.context("the database")?.close().await;
    print(&told(&before, "applied"));
    Ok(ExitCode::SUCCESS)
}

fn told(state: &SchemaState, verb: &str) -> String {
    let lines = state.pending.iter().map(|name| format!("{verb}: {name}"));
    lines.collect::<Vec<_>>().join("\n")
}
