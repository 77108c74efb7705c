//! The repository: from the source into a file, from the file to the new host.

use std::fs::File;

use anyhow::{Context as _, anyhow, bail};
use serde_json::{Value, json};

use entryway_scope::Did;

use super::Migration;
use super::fault::{CallFault, plain};
use super::host::{Call, Host};
use super::progress::{ARCHIVE, ARCHIVED, Commit, IMPORTED};
use super::reason::explained;
use super::session::{Session, Side};

/// Brings it over; answers what to say. What the new host has of it already is not sent again.
pub(super) async fn bring(
    migration: &Migration,
    source: &Host<'_>,
    new: &Host<'_>,
    session: &Session,
) -> anyhow::Result<String> {
    let commit = fetched(migration, source, &session.did).await?;
    let imported: Option<Commit> = migration.folder.read(IMPORTED)?;
    if imported.as_ref() == Some(&commit) {
        return Ok(format!("there already, as of {}", commit.rev));
    }
    let path = migration.folder.path(ARCHIVE);
    let archive = File::open(&path).with_context(|| path.display().to_string())?;
    let call = Call::to("com.atproto.repo.importRepo").by(&session.access_jwt);
    let sent = new.upload(&call, archive, CAR).await;
    sent.map_err(|fault| explained(&fault, Side::New))?;
    migration.folder.write(IMPORTED, &json!(commit))?;
    Ok(format!("brought over, as of {}", commit.rev))
}

/// The archive of the newest commit, in the folder.
async fn fetched(migration: &Migration, source: &Host<'_>, did: &Did) -> anyhow::Result<Commit> {
    let commit = latest(source, did).await?;
    let archived: Option<Commit> = migration.folder.read(ARCHIVED)?;
    if archived.as_ref() == Some(&commit) && migration.folder.path(ARCHIVE).exists() {
        return Ok(commit);
    }
    let call = Call::to("com.atproto.sync.getRepo").asking([("did", did.as_str())]);
    let downloaded = source.download(&call, &migration.folder, ARCHIVE_BYTES_MAX).await;
    let downloaded = downloaded.map_err(|fault| away(&fault))?;
    if !downloaded.kind.starts_with(CAR) {
        bail!(
            "{} gave {} in the place of a repository",
            source.url(),
            plain(&downloaded.kind)
        );
    }
    migration.folder.keep(downloaded.file, ARCHIVE)?;
    // told last: an archive nobody vouches for is fetched again. One that a commit overtook is newer than it says, no more
    migration.folder.write(ARCHIVED, &json!(commit))?;
    eprintln!(
        "entryway: the repository is in {}, {} bytes",
        migration.folder.path(ARCHIVE).display(),
        downloaded.bytes
    );
    Ok(commit)
}

async fn latest(source: &Host<'_>, did: &Did) -> anyhow::Result<Commit> {
    let call = Call::to("com.atproto.sync.getLatestCommit").asking([("did", did.as_str())]);
    let answer = source.query(&call).await.map_err(|fault| away(&fault))?;
    let text = |name: &str| answer.get(name).and_then(Value::as_str).map(plain);
    let commit = text("cid").zip(text("rev")).map(|(cid, rev)| Commit { cid, rev });
    commit.ok_or_else(|| anyhow!("{} does not say which commit is the newest", source.url()))
}

fn away(fault: &CallFault) -> anyhow::Error {
    match fault.refusal() {
        Some(("RepoNotFound" | "RepoDeactivated" | "RepoTakendown", _)) => anyhow!(
            "{fault}\nentryway: OLD_PDS must be the host the repository is on, where the account is active: login-source \
             says which one the DID document names"
        ),
        _ => anyhow!("{fault}"),
    }
}

const CAR: &str = "application/vnd.ipld.car";
/// Years of a busy account are some hundred megabytes.
const ARCHIVE_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;
