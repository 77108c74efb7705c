//! What an account has on a host, as far as it is carried to another: the methods that the sandbox's PDS lacks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entryway_identity::cid;
use entryway_scope::Did;
use entryway_tests::Host;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

/// What the accounts on one host have. Clones are the same.
#[derive(Clone)]
pub(super) struct Shelf(Arc<Inner>);

struct Inner {
    audience: String,
    kept: Mutex<BTreeMap<String, Kept>>,
}

/// What one of them has.
pub(super) struct Belongings {
    shelf: Shelf,
    whose: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Kept {
    /// An archive: here a text that names files.
    repository: Bytes,
    blobs: BTreeMap<String, (String, Bytes)>,
    preferences: Value,
}

impl Shelf {
    /// Serves them beside what the host serves.
    pub(super) fn beside(host: &Host) -> Self {
        let shelf = Self(Arc::new(Inner {
            audience: host.did.to_string(),
            kept: Mutex::default(),
        }));
        let routes = [
            ("com.atproto.sync.getRepo", get(repository)),
            ("com.atproto.repo.importRepo", post(import)),
            ("com.atproto.repo.listMissingBlobs", get(missing)),
            ("com.atproto.sync.getBlob", get(blob)),
            ("com.atproto.repo.uploadBlob", post(upload)),
            ("app.bsky.actor.getPreferences", get(preferences)),
            ("app.bsky.actor.putPreferences", post(put_preferences)),
        ];
        for (method, route) in routes {
            let path = format!("/xrpc/{method}");
            let served = Router::new().route(&path, route).with_state(shelf.clone());
            // `getRepoStatus` is the host's own
            let part = path.replace("getRepo", "getRepo?");
            host.front.as_ref().unwrap().add(&part, served);
        }
        shelf
    }

    pub(super) fn of(&self, did: &Did) -> Belongings {
        Belongings {
            shelf: self.clone(),
            whose: did.to_string(),
        }
    }

    /// What the account has whose token this is.
    fn own(&self, headers: &HeaderMap) -> Result<Belongings, StatusCode> {
        let token = headers.get("authorization").and_then(|it| it.to_str().ok());
        let claims = token.and_then(|it| it.strip_prefix("Bearer ")?.split('.').nth(1));
        let claims = claims.and_then(|it| URL_SAFE_NO_PAD.decode(it).ok());
        let claims: Value = serde_json::from_slice(&claims.unwrap_or_default()).unwrap_or_default();
        let is_good = claims["aud"] == self.0.audience && claims["scope"] == "com.atproto.access";
        let whose = claims["sub"].as_str().filter(|_| is_good);
        let whose = whose.ok_or(StatusCode::UNAUTHORIZED)?.to_owned();
        Ok(Belongings {
            shelf: self.clone(),
            whose,
        })
    }
}

impl Belongings {
    /// A repository, the two files that it names, and one that is lost.
    pub(super) fn fill(&self) {
        let mut kept = Kept::default();
        let mut named = Vec::new();
        for file in [&b"a picture"[..], b"a film"] {
            let cid = cid::of_raw(file).to_string();
            kept.blobs.insert(
                cid.clone(),
                ("image/png".to_owned(), Bytes::copy_from_slice(file)),
            );
            named.push(cid);
        }
        named.push(cid::of_raw(b"lost").to_string());
        kept.repository = named.join(" ").into();
        kept.preferences = json!([{ "$type": "app.bsky.actor.defs#adultContentPref", "enabled": false }]);
        self.change(|own| *own = kept);
    }

    /// Nothing any more.
    pub(super) fn clear(&self) {
        self.change(|own| *own = Kept::default());
    }

    pub(super) fn all(&self) -> Kept {
        let kept = self.shelf.0.kept.lock().unwrap();
        kept.get(&self.whose).cloned().unwrap_or_default()
    }

    fn change(&self, change: impl FnOnce(&mut Kept)) {
        let mut kept = self.shelf.0.kept.lock().unwrap();
        change(kept.entry(self.whose.clone()).or_default());
    }

    /// Whether there is a repository, and the files that it names but for the lost one.
    pub(super) fn is_complete(&self) -> bool {
        let kept = self.all();
        kept.blobs.len() == 2 && missing_of(&kept).len() == 1
    }
}

fn missing_of(kept: &Kept) -> Vec<String> {
    let named = std::str::from_utf8(&kept.repository).unwrap();
    let missing = named
        .split_whitespace()
        .filter(|cid| !kept.blobs.contains_key(*cid));
    missing.map(str::to_owned).collect()
}

type Answer = Result<Response, StatusCode>;

async fn repository(State(shelf): State<Shelf>, headers: HeaderMap) -> Answer {
    let has = shelf.own(&headers)?;
    Ok(has.all().repository.into_response())
}

async fn import(State(shelf): State<Shelf>, headers: HeaderMap, archive: Bytes) -> Answer {
    let has = shelf.own(&headers)?;
    assert_eq!(headers["content-type"], "application/vnd.ipld.car");
    has.change(|own| own.repository = archive);
    Ok(StatusCode::OK.into_response())
}

/// One at a time, so that there is a second page.
async fn missing(
    State(shelf): State<Shelf>,
    headers: HeaderMap,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Answer {
    let has = shelf.own(&headers)?;
    let after = asked.get("cursor").cloned().unwrap_or_default();
    let mut missing = missing_of(&has.all());
    missing.sort();
    let next = missing.into_iter().find(|cid| *cid > after);
    let blobs: Vec<Value> = next
        .iter()
        .map(|cid| json!({ "cid": cid, "recordUri": "at://" }))
        .collect();
    let mut page = json!({ "blobs": blobs });
    if let Some(cursor) = next {
        page["cursor"] = json!(cursor);
    }
    Ok(Json(page).into_response())
}

async fn blob(
    State(shelf): State<Shelf>,
    headers: HeaderMap,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Answer {
    let has = shelf.own(&headers)?;
    let kept = has.all();
    if let Some((kind, bytes)) = kept.blobs.get(&asked["cid"]) {
        return Ok(([("content-type", kind.clone())], bytes.clone()).into_response());
    }
    let refusal = json!({ "error": "BlobNotFound", "message": "Blob not found" });
    Ok((StatusCode::BAD_REQUEST, Json(refusal)).into_response())
}

async fn upload(State(shelf): State<Shelf>, headers: HeaderMap, bytes: Bytes) -> Answer {
    let has = shelf.own(&headers)?;
    let kind = headers["content-type"].to_str().unwrap().to_owned();
    let cid = cid::of_raw(&bytes).to_string();
    has.change(|own| drop(own.blobs.insert(cid, (kind, bytes))));
    Ok(Json(json!({})).into_response())
}

async fn preferences(State(shelf): State<Shelf>, headers: HeaderMap) -> Answer {
    let has = shelf.own(&headers)?;
    Ok(Json(json!({ "preferences": has.all().preferences })).into_response())
}

async fn put_preferences(State(shelf): State<Shelf>, headers: HeaderMap, body: Json<Value>) -> Answer {
    let has = shelf.own(&headers)?;
    has.change(|own| own.preferences = body.0["preferences"].clone());
    Ok(StatusCode::OK.into_response())
}
