//! Records and repositories, for anybody: `getRecord`, `listRecords` and `describeRepo` of `com.atproto.repo`.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use entryway_scope::{Did, Nsid};
use http::StatusCode;
use serde_json::{Value, json};

use super::accounts::{AtIdentifier, Record, uri};
use super::record_key::RecordKey;
use super::{Pds, no_such_repo};
use crate::xrpc::{Failure, Params};

/// `com.atproto.repo.getRecord`.
pub(super) async fn get(State(pds): State<Pds>, params: Params) -> Result<Json<Value>, Failure> {
    let repo = params.required::<AtIdentifier>("repo")?;
    let collection = params.required::<Nsid>("collection")?;
    let rkey = params.required::<RecordKey>("rkey")?;
    let cid = params.optional::<String>("cid")?;
    let state = pds.state();
    let (did, account) = state.accounts.find(&repo).ok_or_else(no_such_repo)?;
    let record = account
        .record(&collection, &rkey)
        .filter(|record| cid.is_none_or(|cid| cid == record.cid.to_string()));
    let record = record.ok_or_else(|| {
        let message = format!("could not locate record: {}", uri(did, &collection, &rkey));
        Failure::new(StatusCode::BAD_REQUEST, "RecordNotFound", message)
    })?;
    Ok(Json(listed(did, &collection, &rkey, record)))
}

/// `com.atproto.repo.listRecords`: the newest first, unless reversed.
pub(super) async fn list(State(pds): State<Pds>, params: Params) -> Result<Json<Value>, Failure> {
    let repo = params.required::<AtIdentifier>("repo")?;
    let collection = params.required::<Nsid>("collection")?;
    let Limit(limit) = params.optional("limit")?.unwrap_or(Limit::DEFAULT);
    let cursor = params.optional::<RecordKey>("cursor")?;
    let reverse = params.optional::<bool>("reverse")?.unwrap_or(false);
    let state = pds.state();
    let (did, account) = state.accounts.find(&repo).ok_or_else(no_such_repo)?;
    let all = account.records.get(&collection).into_iter().flatten();
    let page: Vec<_> = if reverse {
        all.filter(|(rkey, _)| cursor.as_ref().is_none_or(|cursor| *rkey > cursor))
            .take(limit)
            .collect()
    } else {
        all.rev()
            .filter(|(rkey, _)| cursor.as_ref().is_none_or(|cursor| *rkey < cursor))
            .take(limit)
            .collect()
    };
    let records: Vec<_> = page
        .iter()
        .map(|(rkey, record)| listed(did, &collection, rkey, record))
        .collect();
    let mut answer = json!({ "records": records });
    if let (true, Some((last, _))) = (page.len() == limit, page.last()) {
        answer["cursor"] = json!(last);
    }
    Ok(Json(answer))
}

/// `com.atproto.repo.describeRepo`.
pub(super) async fn describe_repo(State(pds): State<Pds>, params: Params) -> Result<Json<Value>, Failure> {
    let repo = params.required::<AtIdentifier>("repo")?;
    let state = pds.state();
    let (did, account) = state.accounts.find(&repo).ok_or_else(no_such_repo)?;
    let hidden = |error, message| Err(Failure::new(StatusCode::BAD_REQUEST, error, message));
    if account.standing.takedown.is_some() {
        return hidden("RepoTakendown", "repo: the account was taken down");
    }
    if account.standing.deactivated {
        return hidden("RepoDeactivated", "repo: the account is deactivated");
    }
    Ok(Json(json!({
        "did": did,
        "handle": account.handle,
        "didDoc": account.document(did, &pds.settings().origin),
        "collections": account.records.keys().collect::<Vec<_>>(),
        "handleIsCorrect": pds.0.names.resolve(&account.handle).as_ref() == Some(did),
    })))
}

fn listed(did: &Did, collection: &Nsid, rkey: &RecordKey, record: &Record) -> Value {
    json!({ "uri": uri(did, collection, rkey), "cid": record.cid.to_string(), "value": record.value })
}

/// The size of a page.
#[derive(Clone, Copy, Debug)]
struct Limit(usize);

impl Limit {
    const DEFAULT: Self = Self(50);
    const MAX: usize = 100;
}

impl FromStr for Limit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let number = text
            .parse()
            .ok()
            .filter(|number| (1..=Self::MAX).contains(number));
        number.map(Self).ok_or("expected a number from 1 to 100")
    }
}
