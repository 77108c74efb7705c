//! `import`: repository, blobs and preferences, from the source to the new host.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::output::print;

use super::Migration;
use super::host::{Call, Host};
use super::progress::PREFERENCES;
use super::reason::{Reason, explained};
use super::session::{Session, Side};
use super::status::AccountStatus;
use super::{blobs, repository};

/// Brings over what is not there yet. To be run again after anything, and once more just before the identity moves.
pub(super) async fn run(migration: &Migration) -> anyhow::Result<ExitCode> {
    let asked = migration.variables.asked();
    let source = asked.host(&["OLD_PDS"], "the host the account is on");
    let authenticated = asked.repo_host(Side::Old);
    let new = asked.repo_host(Side::New);
    let old_session = asked.session(&migration.folder, Side::Old);
    let session = asked.session(&migration.folder, Side::New);
    asked.settled()?;
    let (Some(source), Some(authenticated), Some(new), Some(old_session), Some(session)) =
        (source, authenticated, new, old_session, session)
    else {
        return Err(asked.faults());
    };
    let source = Host::new(&migration.http, source);
    let authenticated = Host::new(&migration.http, authenticated);
    let new = Host::new(&migration.http, new);

    let status = AccountStatus::of(&new, &session)
        .await
        .map_err(|fault| explained(&fault, Side::New))?;
    if status.is_lived_in() {
        // what was written there since would be undone
        print("repository\tleft alone: the account is active at the new host, and has records there");
        print("preferences\tleft alone");
    } else {
        let said = repository::bring(migration, &source, &new, &session).await?;
        print(&format!("repository\t{said}"));
        let said = preferences(migration, &authenticated, &old_session, &new, &session).await?;
        print(&format!("preferences\t{said}"));
    }
    // last, for they may take longer than the tokens of the source live
    let brought = blobs::bring(migration, &source, &new, session).await?;
    migration.folder.write(LEFT_BLOBS, &brought.left())?;
    print(&format!("blobs\t{}", brought.said()));
    if !(brought.lost.is_empty() && brought.refused.is_empty()) {
        eprintln!(
            "entryway: which ones is in {}",
            migration.folder.path(LEFT_BLOBS).display()
        );
    }
    Ok(ExitCode::SUCCESS)
}

async fn preferences(
    migration: &Migration,
    source: &Host<'_>,
    old_session: &Session,
    new: &Host<'_>,
    session: &Session,
) -> anyhow::Result<&'static str> {
    let call = Call::to("app.bsky.actor.getPreferences").by(&old_session.access_jwt);
    let answer = match source.query(&call).await {
        Ok(answer) => answer,
        Err(fault) if Reason::of(&fault) == Some(Reason::Unserved) => return Ok("the source keeps none"),
        Err(fault) => return Err(explained(&fault, Side::Old)),
    };
    let preferences = answer.get("preferences").cloned().unwrap_or_else(|| json!([]));
    if migration.folder.read::<Value>(PREFERENCES)?.as_ref() == Some(&preferences) {
        return Ok("there already");
    }
    let call = Call::to("app.bsky.actor.putPreferences").by(&session.access_jwt);
    let input = json!({ "preferences": preferences });
    match new.have_done(&call, Some(&input), &[]).await {
        Ok(_) => {
            migration.folder.write(PREFERENCES, &preferences)?;
            Ok("brought over")
        }
        Err(fault) if Reason::of(&fault) == Some(Reason::Unserved) => Ok("the new host keeps none"),
        Err(fault) => Err(explained(&fault, Side::New)),
    }
}

/// Those that could not be brought over.
const LEFT_BLOBS: &str = "blobs_left.json";
