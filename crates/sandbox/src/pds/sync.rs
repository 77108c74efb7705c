//! `com.atproto.sync`: what is at a path of a repository, with the proof that its account says so; and whether the
//! repository is active.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use entryway_scope::{Did, Nsid};
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::accounts::Account;
use super::data_model::record_block;
use super::record_key::RecordKey;
use super::{Pds, no_such_repo};
use crate::xrpc::{Failure, Params};

/// An archive that proves the record, or that there is none. The parameter `commit` is deprecated and ignored.
pub(super) async fn get_record(State(pds): State<Pds>, params: Params) -> Result<Response, Failure> {
    let did = params.required::<Did>("did")?;
    let collection = params.required::<Nsid>("collection")?;
    let rkey = params.required::<RecordKey>("rkey")?;
    pds.check_light(&collection)?;
    let archive = {
        let state = pds.state();
        let account = state.accounts.by_did(&did).ok_or_else(no_such_repo)?;
        let record = account
            .record(&collection, &rkey)
            .map(|record| record_block(&record.value))
            .transpose()
            .map_err(|fault| {
                tracing::error!(%fault, "a stored record has no block");
                Failure::internal("the record cannot be read, the log says why")
            })?;
        account
            .repository(&did)
            .proof(&format!("{collection}/{rkey}"), record)
    };
    Ok(([(CONTENT_TYPE, "application/vnd.ipld.car")], archive).into_response())
}

/// Whether there is a repository, and whether it is active: for everybody, whatever its standing.
pub(super) async fn get_repo_status(State(pds): State<Pds>, params: Params) -> Result<Json<Value>, Failure> {
    let did = params.required::<Did>("did")?;
    let state = pds.state();
    let account = state.accounts.by_did(&did).ok_or_else(no_such_repo)?;
    Ok(Json(status_of(&did, account)))
}

/// Every repository, by DID, whatever its standing.
pub(super) async fn list_repos(State(pds): State<Pds>, params: Params) -> Result<Json<Value>, Failure> {
    let limit = params.optional::<usize>("limit")?.unwrap_or(500).clamp(1, 1000);
    let after = params.optional::<Did>("cursor")?;
    let state = pds.state();
    let repos = state.accounts.iter();
    let repos = repos.filter(|(did, _)| after.as_ref().is_none_or(|after| *did > after));
    let repos: Vec<_> = repos
        .take(limit)
        .map(|(did, account)| (did, status_of(did, account)))
        .collect();
    let cursor = repos
        .last()
        .filter(|_| repos.len() == limit)
        .map(|(did, _)| (*did).clone());
    let repos: Vec<Value> = repos.into_iter().map(|(_, status)| status).collect();
    Ok(Json(match cursor {
        Some(cursor) => json!({ "cursor": cursor, "repos": repos }),
        None => json!({ "repos": repos }),
    }))
}

fn status_of(did: &Did, account: &Account) -> Value {
    let inactive = match &account.standing {
        standing if standing.takedown.is_some() => Some("takendown"),
        standing if standing.deactivated => Some("deactivated"),
        _ => None,
    };
    match inactive {
        Some(status) => json!({ "did": did, "active": false, "status": status }),
        None => json!({ "did": did, "active": true, "rev": account.rev.as_str() }),
    }
}
