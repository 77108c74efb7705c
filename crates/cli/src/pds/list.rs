//! `entryway pds list`.

use std::process::ExitCode;

use clap::Args;

use crate::database::DatabaseArguments;
use crate::output::print;

/// In which database.
#[derive(Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    database: DatabaseArguments,
}

/// Lists the hosts, one on a line, its parts parted by tabs: DID, URL, state, accounts. Accounts on what is no
/// host are told last, with `-` for the URL.
pub(super) async fn run(arguments: ListArguments) -> anyhow::Result<ExitCode> {
    let store = arguments.database.open().await?;
    let (hosts, mut homes) = (store.pds_hosts().await?, store.homes().await?);
    store.close().await;
    for host in &hosts {
        let at = homes.iter().position(|home| home.pds_did == host.did.as_str());
        let accounts = at.map_or(0, |at| homes.swap_remove(at).accounts);
        let state = host.state.name();
        print(&format!("{}\t{}\t{state}\t{accounts}", host.did, host.url));
    }
    homes.sort_unstable_by(|one, other| one.pds_did.cmp(&other.pds_did));
    for home in homes {
        print(&format!("{}\t-\tunknown\t{}", home.pds_did, home.accounts));
    }
    if hosts.is_empty() {
        eprintln!("entryway: there are no PDS hosts, entryway pds add URL makes one");
    }
    Ok(ExitCode::SUCCESS)
}
