//! `entryway account unfinished`.

use std::process::ExitCode;

use entryway_core::account_change::AccountChange;
use entryway_core::sign_up::SignUp;
use entryway_oauth::time::Timestamp;
use entryway_sandbox::ambient::rfc_3339;

use crate::database::DatabaseArguments;
use crate::output::print;

/// Lists what the server's reconciler still has to bring to an end, one on a line, its parts parted by tabs: what it
/// is, whose, how far it came, since when, and when it is next taken up.
///
/// What is in the hands of a request at this moment is among it.
pub(super) async fn run(arguments: DatabaseArguments) -> anyhow::Result<ExitCode> {
    let store = arguments.open().await?;
    let ever = Timestamp::from_seconds(i64::MAX);
    let sign_ups = store.due_sign_ups(ever, LISTED_MAX).await?;
    let changes = store.due_changes(ever, LISTED_MAX).await?;
    store.close().await;
    for line in sign_ups
        .iter()
        .map(of_sign_up)
        .chain(changes.iter().map(of_change))
    {
        print(&line);
    }
    match sign_ups.len() + changes.len() {
        0 => eprintln!("entryway: nothing is unfinished"),
        found if found >= LISTED_MAX as usize => eprintln!("entryway: there may be more"),
        _ => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn of_sign_up(record: &SignUp) -> String {
    let who = record
        .did()
        .map_or(record.request.handle.as_str(), |did| did.as_str());
    let (began, next) = (record.created_at, record.retry_at);
    line(["sign-up", who, record.stage.name()], began, next)
}

fn of_change(record: &AccountChange) -> String {
    let parts = [record.kind().name(), record.did.as_str(), record.stage.name()];
    line(parts, record.created_at, record.retry_at)
}

fn line(parts: [&str; 3], began: Timestamp, next: Timestamp) -> String {
    format!(
        "{}\tsince {}\tnext {}",
        parts.join("\t"),
        rfc_3339(began),
        rfc_3339(next)
    )
}

/// More than anybody reads, of each kind.
const LISTED_MAX: u32 = 1_000;
