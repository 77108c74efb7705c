//! `entryway account move`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::Args;

use entryway_core::account::{Account, Identifier};
use entryway_core::account_change::{AccountChange, Change, Former, Kind};
use entryway_oauth::issuer::Issuer;
use entryway_oauth::time::Timestamp;
use entryway_server::Clock;
use entryway_store::{ChangeBegin, PdsHost, Store};

use crate::database::DatabaseArguments;
use crate::output::print;
use crate::usage::Usage;

/// Which account goes where.
#[derive(Args)]
pub(crate) struct MoveArguments {
    /// The account, by its handle or its DID.
    #[arg(value_name = "HANDLE_OR_DID")]
    account: String,
    /// The URL of the PDS that it moves to: a host of the fleet, as `entryway pds list` has it.
    #[arg(long, value_name = "PDS_URL")]
    to: String,
    /// Delete what the PDS that it leaves has, once all of it is on the other. Without this it rests there.
    #[arg(long)]
    delete_former: bool,
    #[command(flatten)]
    database: DatabaseArguments,
}

/// Writes the move down, and watches until the account is at home on one of the two.
pub(super) async fn run(arguments: MoveArguments) -> anyhow::Result<ExitCode> {
    let store = arguments.database.open().await?;
    let account = account(&store, &arguments.account).await?;
    let host = host(&store, &arguments.to).await?;
    let change = Change::Move {
        to: host.did.to_string(),
        former: if arguments.delete_former {
            Former::Deleted
        } else {
            Former::Rests
        },
    };
    let clock = Clock::system();
    let ended = if begin(&store, &account, change, clock.now()).await? {
        watch(&store, &account, &host).await?
    } else {
        ExitCode::SUCCESS
    };
    store.close().await;
    Ok(ended)
}

/// Whether there is something to wait for.
async fn begin(store: &Store, account: &Account, change: Change, now: Timestamp) -> anyhow::Result<bool> {
    let asked = AccountChange {
        // for whichever server comes first
        held_until: now,
        retry_at: now,
        ..AccountChange::begin(account, change, now)
    };
    match store.begin_change(&asked).await? {
        ChangeBegin::Begun(_) => print("begun, a running server takes it up within half a minute"),
        ChangeBegin::Resumed(_) => print("under way already"),
        ChangeBegin::Current => {
            print("the account is at home there already");
            return Ok(false);
        }
        ChangeBegin::UnderWay(other) => bail!(
            "another change of this account is under way: {}, {}",
            other.kind().name(),
            other.stage.name()
        ),
        ChangeBegin::HostUnknown => bail!("the PDS is no host of the fleet any more"),
        ChangeBegin::Unknown => bail!("the account is gone"),
        ChangeBegin::HandleTaken | ChangeBegin::TakenDown => bail!("the account cannot be moved"),
    }
    Ok(true)
}

/// Tells each step, until there is none left.
async fn watch(store: &Store, account: &Account, host: &PdsHost) -> anyhow::Result<ExitCode> {
    let mut told = "";
    while let Some(change) = store.account_change(&account.did, Kind::Move).await? {
        let reached = change.stage.name();
        if reached != told {
            print(reached);
            told = reached;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let now = store.account(&account.did).await?;
    if now.is_some_and(|now| now.pds_did == host.did.as_str()) {
        print(&format!("moved to {}", host.url));
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("entryway: the account was not moved and is where it was, the log of the server says why");
    Ok(ExitCode::FAILURE)
}

async fn account(store: &Store, named: &str) -> anyhow::Result<Account> {
    let identifier = Identifier::parse(named).filter(|it| !matches!(it, Identifier::Email(_)));
    let Some(identifier) = identifier else {
        return Err(Usage("the account is named by its handle or its DID".to_owned()).into());
    };
    match store.account_for_sign_in(&identifier).await? {
        Some((account, _)) => Ok(account),
        None => Err(Usage(format!("there is no account {named}")).into()),
    }
}

async fn host(store: &Store, url: &str) -> anyhow::Result<PdsHost> {
    let url = Issuer::parse(url.trim_end_matches('/'));
    let hosts = store.pds_hosts().await?;
    let host = hosts.into_iter().find(|host| url.as_ref() == Ok(&host.url));
    host.ok_or_else(|| Usage("--to is the URL of a host that `entryway pds list` has".to_owned()).into())
}

/// What takes seconds is worth looking at twice in one.
const LOOK_EVERY: Duration = Duration::from_millis(500);
