//! Records, for their owner: `createRecord`, `putRecord` and `deleteRecord` of `com.atproto.repo`.

use axum::Json;
use axum::extract::State;
use entryway_oauth::time::Timestamp;
use entryway_scope::{Did, Nsid, RepoAction};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::accounts::{Address, AtIdentifier, Entry, Record};
use super::record_key::RecordKey;
use super::{Caller, Pds, State as PdsState, no_such_repo};
use crate::journal::settle;
use crate::xrpc::{Failure, Input};

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
    settle(move || pds.create_record(did, collection, rkey, record)).await
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
    settle(move || {
        pds.put_record(
            Address {
                did,
                collection,
                rkey,
            },
            record,
            &expected,
        )
    })
    .await
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
    settle(move || {
        pds.delete_record(
            Address {
                did,
                collection,
                rkey,
            },
            &expected,
        )
    })
    .await?;
    Ok(Json(json!({})))
}

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
        let owner = self.state().accounts.find(&repo).map(|(did, _)| did.clone());
        if owner.as_ref() != Some(caller.did()) {
            let message = "repo: expected the account that is logged in";
            return Err(Failure::new(StatusCode::FORBIDDEN, "InvalidRequest", message));
        }
        for action in actions {
            caller.check_repo(&collection, *action)?;
        }
        if input.value("swapCommit").is_some() {
            return Err(invalid_swap("swapCommit: this server compares no commits"));
        }
        Ok(collection)
    }

    fn create_record(
        &self,
        did: Did,
        collection: Nsid,
        rkey: Option<RecordKey>,
        record: Record,
    ) -> Result<Json<Value>, Failure> {
        let now = (self.0.clock)();
        let mut state = self.state();
        let key_was_given = rkey.is_some();
        let rkey = rkey.unwrap_or_else(|| state.tids.next(now));
        let mut address = Address {
            did,
            collection,
            rkey,
        };
        while state.record(&address)?.is_some() {
            if key_was_given {
                return Err(Failure::invalid_request("rkey: there is a record with this key"));
            }
            // an earlier run of this server made the same one
            address.rkey = state.tids.next(now);
        }
        state.write(address, record, now)
    }

    fn put_record(
        &self,
        address: Address,
        record: Record,
        expected: &Expected,
    ) -> Result<Json<Value>, Failure> {
        let now = (self.0.clock)();
        let mut state = self.state();
        expected.check(state.record(&address)?)?;
        state.write(address, record, now)
    }

    fn delete_record(&self, address: Address, expected: &Expected) -> Result<(), Failure> {
        let now = (self.0.clock)();
        let mut state = self.state();
        let current = state.record(&address)?;
        expected.check(current)?;
        if current.is_some() {
            let rev = state.tids.next(now);
            state.store(Entry::RecordDeleted { address, rev })?;
        }
        Ok(())
    }
}

impl PdsState {
    /// What is at an address, if the account is here.
    pub(super) fn record(
        &self,
        Address {
            did,
            collection,
            rkey,
        }: &Address,
    ) -> Result<Option<&Record>, Failure> {
        let account = self.accounts.by_did(did).ok_or_else(no_such_repo)?;
        Ok(account.record(collection, rkey))
    }

    fn write(&mut self, address: Address, record: Record, now: Timestamp) -> Result<Json<Value>, Failure> {
        let written = json!({ "uri": address.to_string(), "cid": record.cid.to_string(), "validationStatus": "unknown" });
        let rev = self.tids.next(now);
        self.store(Entry::Record { address, record, rev })?;
        Ok(Json(written))
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
            Self::Cid(cid) => current.is_some_and(|record| record.cid.to_string() == *cid),
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
    Record::new(value).map_err(|fault| Failure::invalid_request(format!("record: {fault}")))
}

fn invalid_swap(message: &str) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, "InvalidSwap", message)
}
