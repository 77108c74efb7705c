//! `entryway account list`.

use std::process::ExitCode;

use entryway_core::account::{Account, AccountStatus};

use crate::database::DatabaseArguments;
use crate::output::print;

/// Lists every account, one on a line, its parts parted by tabs.
pub(super) async fn run(arguments: DatabaseArguments) -> anyhow::Result<ExitCode> {
    let store = arguments.open().await?;
    let mut last = None;
    loop {
        let page = store.accounts_after(last.as_ref()).await?;
        for account in &page {
            print(&line(account));
        }
        match page.into_iter().next_back() {
            Some(account) => last = Some(account.handle),
            None => break,
        }
    }
    if last.is_none() {
        eprintln!("entryway: there are no accounts");
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

/// An account as a line: programs read the first columns, people the rest.
pub(super) fn line(account: &Account) -> String {
    let mut columns = vec![
        account.handle.as_str(),
        account.did.as_str(),
        account.pds_did.as_str(),
        account.email.as_deref().unwrap_or("-"),
    ];
    match account.status {
        AccountStatus::Active => {}
        AccountStatus::Deactivated => columns.push("deactivated"),
        AccountStatus::TakenDown => columns.push("taken down"),
    }
    columns.join("\t")
}
