//! `entryway pds drain`, `reopen` and `remove`.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use entryway_store::{HostChange, HostRemoval};

use super::named::Named;
use crate::database::DatabaseArguments;
use crate::output::print;

/// A PDS, and in which database.
#[derive(Args)]
pub(crate) struct TurnArguments {
    /// The URL of the PDS, or its DID.
    #[arg(value_parser = Named::parse)]
    pds: Named,
    #[command(flatten)]
    database: DatabaseArguments,
}

pub(super) async fn drain(arguments: TurnArguments) -> anyhow::Result<ExitCode> {
    let store = arguments.database.open().await?;
    let host = arguments.pds.host(&store).await?;
    let change = store.drain_pds_host(&host.did).await?;
    store.close().await;
    done(change, &format!("draining: {}", host.url))
}

pub(super) async fn reopen(arguments: TurnArguments) -> anyhow::Result<ExitCode> {
    let store = arguments.database.open().await?;
    let host = arguments.pds.host(&store).await?;
    let change = store.reopen_pds_host(&host.did).await?;
    store.close().await;
    done(change, &format!("open: {}", host.url))
}

fn done(change: HostChange, said: &str) -> anyhow::Result<ExitCode> {
    match change {
        HostChange::Changed => print(said),
        HostChange::Unknown => bail!("the PDS was removed by somebody else meanwhile"),
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn remove(arguments: TurnArguments) -> anyhow::Result<ExitCode> {
    let store = arguments.database.open().await?;
    let host = arguments.pds.host(&store).await?;
    let removal = store.remove_pds_host(&host.did).await?;
    store.close().await;
    match removal {
        HostRemoval::Removed => print(&format!("removed: {}", host.url)),
        HostRemoval::Unknown => bail!("the PDS was removed by somebody else meanwhile"),
        HostRemoval::Inhabited { accounts } => bail!(
            "{accounts} accounts live on {}: drain it, and remove it once they have moved or are gone",
            host.url
        ),
    }
    Ok(ExitCode::SUCCESS)
}
