//! `com.atproto.repo.uploadBlob` and `com.atproto.sync.getBlob`.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use entryway_identity::cid::{self, Cid};
use entryway_scope::Did;
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::accounts::{Blob, Entry};
use super::{Caller, Pds, no_such_repo};
use crate::journal::{JournalFault, settle};
use crate::xrpc::{self, Failure, Params};

/// `com.atproto.repo.uploadBlob`: the body is the file.
pub(super) async fn upload(
    State(pds): State<Pds>,
    caller: Caller,
    request: Request,
) -> Result<Json<Value>, Failure> {
    let media_type = media_type(request.headers())?;
    caller.check_blob(&media_type)?;
    let bytes = xrpc::body(request, &()).await?;
    if bytes.is_empty() {
        return Err(Failure::invalid_request("expected a body that is not empty"));
    }
    let cid = cid::of_raw(&bytes).to_string();
    let blob = Blob {
        media_type,
        bytes: bytes.len() as u64,
    };
    let answer = json!({
        "$type": "blob",
        "ref": { "$link": cid },
        "mimeType": blob.media_type,
        "size": blob.bytes,
    });
    let did = caller.did().clone();
    settle(move || pds.store_blob(did, cid, blob, &bytes)).await?;
    Ok(Json(json!({ "blob": answer })))
}

/// `com.atproto.sync.getBlob`: for anybody, and nothing a browser would run.
pub(super) async fn get_blob(State(pds): State<Pds>, params: Params) -> Result<Response, Failure> {
    let did = params.required::<Did>("did")?;
    let cid = params.required::<BlobCid>("cid")?.0;
    let blob = {
        let state = pds.state();
        let account = state.accounts.by_did(&did).ok_or_else(no_such_repo)?;
        account.blobs.get(&cid).cloned()
    };
    let blob = blob.ok_or_else(|| {
        Failure::new(
            StatusCode::BAD_REQUEST,
            "BlobNotFound",
            "cid: expected a blob of this account",
        )
    })?;
    let path = pds.blob_path(&cid);
    let bytes = settle(move || fs::read(&path).map_err(|source| JournalFault::Disk { path, source })).await?;
    let headers = [
        (CONTENT_TYPE, blob.media_type),
        (CONTENT_DISPOSITION, format!("attachment; filename={cid}")),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

impl Pds {
    fn store_blob(&self, did: Did, cid: String, blob: Blob, bytes: &Bytes) -> Result<(), Failure> {
        let mut state = self.state();
        let account = state.accounts.by_did(&did).ok_or_else(no_such_repo)?;
        if account.blobs.get(&cid) == Some(&blob) {
            return Ok(());
        }
        if state.accounts.blob_bytes() + blob.bytes > ALL_BLOBS_BYTES_MAX {
            let message = "this sandbox keeps no more blobs";
            return Err(Failure::new(StatusCode::BAD_REQUEST, "BlobTooLarge", message));
        }
        let path = self.blob_path(&cid);
        write_durably(&self.0.blobs, &path, bytes).map_err(|source| JournalFault::Disk { path, source })?;
        state.store(Entry::Blob { did, cid, blob })?;
        Ok(())
    }

    /// One file for one content, whoever has it. A CID is letters and digits, so it stays in its directory.
    fn blob_path(&self, cid: &str) -> PathBuf {
        self.0.blobs.join(cid)
    }
}

/// Whole or not at all: under its name only once it is on the disk.
fn write_durably(directory: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let unfinished = path.with_extension("part");
    let mut file = File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}

/// A CID of raw bytes, in its one spelling.
struct BlobCid(String);

impl std::str::FromStr for BlobCid {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let cid = Cid::try_from(text)
            .ok()
            .map(|cid| cid.to_string())
            .filter(|canonical| canonical == text);
        cid.map(Self).ok_or("expected a CID")
    }
}

/// `type/subtype` in lower case, without parameters: what a `blob:` permission speaks of.
fn media_type(headers: &HeaderMap) -> Result<String, Failure> {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let is_token = |text: &str| {
        (1..=MEDIA_TYPE_PART_BYTES_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    match essence.split_once('/') {
        Some((kind, subtype)) if is_token(kind) && is_token(subtype) => Ok(essence),
        _ => Err(Failure::invalid_request(
            "expected the media type of the file in the header Content-Type",
        )),
    }
}

/// As large as the reference takes by default.
pub(super) const BLOB_BYTES_MAX: usize = 5 * 1024 * 1024;

/// On the disk of a developer, who asked for a trial.
const ALL_BLOBS_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// RFC 6838 section 4.2.
const MEDIA_TYPE_PART_BYTES_MAX: usize = 127;
