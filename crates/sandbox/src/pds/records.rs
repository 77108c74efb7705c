//! `com.atproto.repo.*Record*` and `describeRepo`.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use entryway_scope::{Did, Nsid, RepoAction};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::data_model::record_cid;
use super::record_key::RecordKey;
use super::repo::{AtIdentifier, Entry, Record};
use super::{Caller, Pds, no_such_repo};
use crate::journal::{JournalFault, settle};
use crate::xrpc::{Failure, Input, Params};

/// `com.atproto.repo.createRecord`.
pub(super) async fn create(
    State(pds): State<Pds>,
    caller: Caller,
    mut input: Input,
) -> Result<Json<Value>, Failure> {
    let collection = pds.own_collection(&caller, &mut input, &[RepoAction::Create])?;
    let rkey = input.optional::<RecordKey>("rkey")?;
    let record = record(&mut input, &collection)?;
    let did = caller.did().clone();
    settle(move || pds.create_record(did, collection, rkey, record))
        .await?
        .map(written)
}

/// `com.atproto.repo.putRecord`: the permission to create is needed too, as the record may not be there yet.
pub(super) async fn put(
    State(pds): State<Pds>,
    caller: Caller,
    mut input: Input,
) -> Result<Json<Value>, Failure> {
    let actions = [RepoAction::Create, RepoAction::Update];
    let collection = pds.own_collection(&caller, &mut input, &actions)?;
    let rkey = input.required::<RecordKey>("rkey")?;
    let expected = Expected::read(&mut input)?;
    let record = record(&mut input, &collection)?;
    let did = caller.did().clone();
    settle(move || pds.put_record(did, collection, rkey, record, &expected))
        .await?
        .map(written)
}

/// `com.atproto.repo.deleteRecord`: of a record that is not there, too.
pub(super) async fn delete(
    State(pds): State<Pds>,
    caller: Caller,
    mut input: Input,
) -> Result<Json<Value>, Failure> {
    let collection = pds.own_collection(&caller, &mut input, &[RepoAction::Delete])?;
    let rkey = input.required::<RecordKey>("rkey")?;
    let expected = Expected::read(&mut input)?;
    let did = caller.did().clone();
    settle(move || pds.delete_record(did, collection, rkey, &expected)).await??;
    Ok(Json(json!({})))
}

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
        .filter(|record| cid.is_none_or(|cid| cid == record.cid));
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
    Ok(Json(json!({
        "did": did,
        "handle": account.handle,
        "didDoc": account.document(did, &pds.settings().origin),
        "collections": account.records.keys().collect::<Vec<_>>(),
        "handleIsCorrect": pds.0.names.resolve(&account.handle).as_ref() == Some(did),
    })))
}

/// A record where it is now.
struct Written {
    uri: String,
    cid: String,
}

type Outcome<T> = Result<Result<T, Failure>, JournalFault>;

impl Pds {
    /// The collection a procedure is about, once it is the caller's to change.
    fn own_collection(
        &self,
        caller: &Caller,
        input: &mut Input,
        actions: &[RepoAction],
    ) -> Result<Nsid, Failure> {
        let repo = input.required::<AtIdentifier>("repo")?;
        let collection = input.required::<Nsid>("collection")?;
        if self
            .state()
            .accounts
            .find(&repo)
            .is_none_or(|(did, _)| did != caller.did())
        {
            let message = "repo: expected the account that is logged in";
            return Err(Failure::new(StatusCode::FORBIDDEN, "InvalidRequest", message));
        }
        for action in actions {
            caller.check_repo(&collection, *action)?;
        }
        if input.value("swapCommit").is_some() {
            return Err(invalid_swap("swapCommit: this server has no commits"));
        }
        Ok(collection)
    }

    fn create_record(
        &self,
        did: Did,
        collection: Nsid,
        rkey: Option<RecordKey>,
        record: Record,
    ) -> Outcome<Written> {
        let now = (self.0.clock)();
        let mut state = self.state();
        let state = &mut *state;
        let Some(account) = state.accounts.by_did(&did) else {
            return Ok(Err(no_such_repo()));
        };
        let is_free = |rkey: &RecordKey| account.record(&collection, rkey).is_none();
        let rkey = match rkey {
            Some(rkey) if is_free(&rkey) => rkey,
            Some(_) => {
                return Ok(Err(Failure::invalid_request(
                    "rkey: there is a record with this key",
                )));
            }
            // another run of this server may have made the same one
            None => loop {
                let rkey = state.tids.next(now);
                if is_free(&rkey) {
                    break rkey;
                }
            },
        };
        let written = Written {
            uri: uri(&did, &collection, &rkey),
            cid: record.cid.clone(),
        };
        state.store(Entry::Record {
            did,
            collection,
            rkey,
            record,
        })?;
        Ok(Ok(written))
    }

    fn put_record(
        &self,
        did: Did,
        collection: Nsid,
        rkey: RecordKey,
        record: Record,
        expected: &Expected,
    ) -> Outcome<Written> {
        let mut state = self.state();
        let Some(account) = state.accounts.by_did(&did) else {
            return Ok(Err(no_such_repo()));
        };
        if let Err(failure) = expected.check(account.record(&collection, &rkey)) {
            return Ok(Err(failure));
        }
        let written = Written {
            uri: uri(&did, &collection, &rkey),
            cid: record.cid.clone(),
        };
        state.store(Entry::Record {
            did,
            collection,
            rkey,
            record,
        })?;
        Ok(Ok(written))
    }

    fn delete_record(&self, did: Did, collection: Nsid, rkey: RecordKey, expected: &Expected) -> Outcome<()> {
        let mut state = self.state();
        let Some(account) = state.accounts.by_did(&did) else {
            return Ok(Err(no_such_repo()));
        };
        let current = account.record(&collection, &rkey);
        if let Err(failure) = expected.check(current) {
            return Ok(Err(failure));
        }
        if current.is_some() {
            state.store(Entry::RecordDeleted {
                did,
                collection,
                rkey,
            })?;
        }
        Ok(Ok(()))
    }
}

/// What the caller believes to be there: `swapRecord`.
enum Expected {
    Anything,
    Nothing,
    Cid(String),
}

impl Expected {
    fn read(input: &mut Input) -> Result<Self, Failure> {
        match input.nullable("swapRecord") {
            None => Ok(Self::Anything),
            Some(Value::Null) => Ok(Self::Nothing),
            Some(Value::String(cid)) => Ok(Self::Cid(cid)),
            Some(_) => Err(Failure::invalid_request("swapRecord: expected a CID or null")),
        }
    }

    fn check(&self, current: Option<&Record>) -> Result<(), Failure> {
        let holds = match self {
            Self::Anything => true,
            Self::Nothing => current.is_none(),
            Self::Cid(cid) => current.is_some_and(|record| record.cid == *cid),
        };
        if holds {
            Ok(())
        } else {
            Err(invalid_swap("swapRecord: the record has changed"))
        }
    }
}

/// The record of a procedure's input, with its `$type` filled in and its CID.
fn record(input: &mut Input, collection: &Nsid) -> Result<Record, Failure> {
    if input.value("validate") == Some(Value::Bool(true)) {
        return Err(Failure::invalid_request(
            "validate: this server knows no lexicons",
        ));
    }
    let mut value: Map<String, Value> = input.object("record")?;
    let kind = value.entry("$type").or_insert_with(|| json!(collection));
    if kind != collection.as_str() {
        return Err(Failure::invalid_request(
            "record: expected $type to be the collection",
        ));
    }
    let cid = record_cid(&value).map_err(|fault| Failure::invalid_request(format!("record: {fault}")))?;
    Ok(Record {
        cid: cid.to_string(),
        value,
    })
}

fn written(Written { uri, cid }: Written) -> Json<Value> {
    Json(json!({ "uri": uri, "cid": cid, "validationStatus": "unknown" }))
}

fn listed(did: &Did, collection: &Nsid, rkey: &RecordKey, record: &Record) -> Value {
    json!({ "uri": uri(did, collection, rkey), "cid": record.cid, "value": record.value })
}

fn uri(did: &Did, collection: &Nsid, rkey: &RecordKey) -> String {
    format!("at://{did}/{collection}/{rkey}")
}

fn invalid_swap(message: &str) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, "InvalidSwap", message)
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
