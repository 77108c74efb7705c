//! Blobs: those the new host misses, from the source into files, from the files to the new host.

use std::collections::HashSet;
use std::fs::{self, File};
use std::str::FromStr as _;

use anyhow::{Context as _, anyhow};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use entryway_identity::cid::{self, Cid};

use super::Migration;
use super::fault::{CallFault, plain};
use super::host::{Call, Host};
use super::reason::{Reason, explained};
use super::refresh;
use super::session::{Session, Side};

/// What became of those that were missing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Brought {
    /// The new host has them now.
    pub(super) taken: usize,
    /// The source has them no more, or gives others: nobody can bring them.
    pub(super) lost: Vec<String>,
    /// The new host does not take them.
    pub(super) refused: Vec<String>,
}

/// Brings over what the new host says it misses.
///
/// # Errors
/// Whatever may be over when this is run again. What is not, is in the answer.
pub(super) async fn bring(
    migration: &Migration,
    source: &Host<'_>,
    new: &Host<'_>,
    mut session: Session,
) -> anyhow::Result<Brought> {
    let mut tally = Brought::default();
    let mut seen = HashSet::new();
    let mut cursor = None;
    for _ in 0..PAGES_MAX {
        let page = missing(migration, new, &mut session, cursor.as_deref()).await?;
        let known = seen.len();
        for missing in &page.blobs {
            // it becomes the name of a file
            let cid = Cid::from_str(&missing.cid);
            let cid = cid.map_err(|_| anyhow!("{} misses a blob whose name is no CID", new.url()))?;
            if seen.insert(cid) {
                one(migration, source, new, &mut session, &cid, &mut tally).await?;
            }
        }
        cursor = page.cursor;
        // a page of nothing new is the last
        if cursor.is_none() || seen.len() == known {
            break;
        }
    }
    Ok(tally)
}

#[derive(Deserialize)]
struct Page {
    blobs: Vec<Missing>,
    #[serde(default)]
    cursor: Option<String>,
}

#[derive(Deserialize)]
struct Missing {
    cid: String,
}

async fn missing(
    migration: &Migration,
    new: &Host<'_>,
    session: &mut Session,
    cursor: Option<&str>,
) -> anyhow::Result<Page> {
    let cursor = cursor.map(|cursor| ("cursor", cursor));
    let asked = || [("limit", "500")].into_iter().chain(cursor);
    let call = || Call::to("com.atproto.repo.listMissingBlobs").asking(asked());
    let mut answer = new.query(&call().by(&session.access_jwt)).await;
    if is_expired(&answer) {
        *session = refresh::again(migration, Side::New).await?;
        answer = new.query(&call().by(&session.access_jwt)).await;
    }
    let page = Page::deserialize(answer.map_err(|fault| explained(&fault, Side::New))?);
    page.map_err(|_| anyhow!("{} does not say which blobs it misses", new.url()))
}

async fn one(
    migration: &Migration,
    source: &Host<'_>,
    new: &Host<'_>,
    session: &mut Session,
    cid: &Cid,
    tally: &mut Brought,
) -> anyhow::Result<()> {
    let Some(kind) = fetched(migration, source, session, cid).await? else {
        tally.lost.push(cid.to_string());
        return Ok(());
    };
    let path = migration.folder.path(&file(cid));
    let bytes = || File::open(&path).with_context(|| path.display().to_string());
    let call = || Call::to("com.atproto.repo.uploadBlob");
    let mut answer = new.upload(&call().by(&session.access_jwt), bytes()?, &kind).await;
    if is_expired(&answer) {
        *session = refresh::again(migration, Side::New).await?;
        answer = new.upload(&call().by(&session.access_jwt), bytes()?, &kind).await;
    }
    match answer {
        Ok(_) => tally.taken += 1,
        Err(fault) if is_for_good(&fault) => {
            eprintln!("entryway: {cid}: {fault}");
            tally.refused.push(cid.to_string());
        }
        Err(fault) => return Err(explained(&fault, Side::New)),
    }
    Ok(())
}

/// Thousands of blobs take longer than an access token lives.
fn is_expired(answer: &Result<Value, CallFault>) -> bool {
    let fault = answer.as_ref().err();
    fault.and_then(Reason::of) == Some(Reason::Expired)
}

/// What stands beside a blob in the folder.
#[derive(Serialize, Deserialize)]
struct Beside {
    kind: String,
}

/// The content type of a blob that is in the folder now; nothing where the source has it no more.
async fn fetched(
    migration: &Migration,
    source: &Host<'_>,
    session: &Session,
    cid: &Cid,
) -> anyhow::Result<Option<String>> {
    let (name, beside) = (file(cid), format!("{}.json", file(cid)));
    if let (Some(Beside { kind }), true) = (
        migration.folder.read(&beside)?,
        migration.folder.path(&name).exists(),
    ) {
        return Ok(Some(kind));
    }
    let (did, named) = (session.did.as_str(), cid.to_string());
    let call = Call::to("com.atproto.sync.getBlob").asking([("did", did), ("cid", &named)]);
    let downloaded = match source.download(&call, &migration.folder, BLOB_BYTES_MAX).await {
        Ok(downloaded) => downloaded,
        Err(fault) if is_for_good(&fault) => return Ok(None),
        Err(fault) => return Err(anyhow!("{fault}")),
    };
    // whatever stands in the way of the source answers with a page
    if cid::of_raw(&fs::read(downloaded.file.path())?) != *cid {
        eprintln!("entryway: {cid}: {} gives something else", source.url());
        return Ok(None);
    }
    let kind = plain(&downloaded.kind);
    migration.folder.keep(downloaded.file, &name)?;
    migration
        .folder
        .write(&beside, &json!(Beside { kind: kind.clone() }))?;
    Ok(Some(kind))
}

/// Refused for what the blob is, and not for who asks or when.
fn is_for_good(fault: &CallFault) -> bool {
    let client = matches!(
        fault,
        CallFault::Refused {
            status: 400 | 404 | 413 | 415,
            ..
        }
    );
    client && Reason::of(fault) == Some(Reason::Other)
}

fn file(cid: &Cid) -> String {
    format!("blobs/{cid}")
}

impl Brought {
    /// In a line.
    pub(super) fn said(&self) -> String {
        let lost = match self.lost.len() {
            0 => String::new(),
            lost => format!(", {lost} are not at the source any more"),
        };
        let refused = match self.refused.len() {
            0 => String::new(),
            refused => format!(", {refused} are not taken by the new host"),
        };
        format!("{} brought over{lost}{refused}", self.taken)
    }

    /// For a file.
    pub(super) fn left(&self) -> Value {
        json!({ "not_at_the_source": self.lost, "not_taken": self.refused })
    }
}

/// A film is the largest.
const BLOB_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Of five hundred each: a host that never ends its list is not followed for ever.
const PAGES_MAX: usize = 2_000;
