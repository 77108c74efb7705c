//! Lexicons for development: published in the repository of their authority without an app, and out of reach
//! for a while.
//!
//! Whoever has the handle `jotter.test` holds that domain, so its account is the authority of `test.jotter.*`.
//! What is published is not looked at: a wrong lexicon is there to be refused by others.

use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use entryway_scope::{Handle, Nsid};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::accounts::{Address, Entry, Record, uri};
use super::data_model::InvalidRecord;
use super::record_key::RecordKey;
use super::{Pds, State as PdsState};
use crate::journal::{JournalFault, settle};
use crate::xrpc::{Failure, Input};

/// A lexicon that was published.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct PublishedLexicon {
    /// The address of its record.
    pub uri: String,
    /// The CID of the record.
    pub cid: String,
    /// The revision of the repository since then, a TID.
    pub rev: String,
}

/// Why a lexicon is not published.
#[derive(Debug, thiserror::Error)]
pub enum PublicationFault {
    /// Nobody here has the domain.
    #[error("expected a name whose authority is the handle of an account here, and nobody has {authority}")]
    NobodysDomain {
        /// The domain.
        authority: String,
    },
    /// It has no form as a record.
    #[error("the lexicon is no record: {0}")]
    Record(#[from] InvalidRecord),
    /// It could not be stored.
    #[error(transparent)]
    Journal(#[from] JournalFault),
}

impl Pds {
    /// Publishes a lexicon at its authority, as a new version where there was one. Waits for the disk.
    ///
    /// Without a `$type` it gets that of lexicons; all else is as it is given.
    ///
    /// # Errors
    ///
    /// See [`PublicationFault`].
    pub fn publish_lexicon(
        &self,
        name: &Nsid,
        mut lexicon: Map<String, Value>,
    ) -> Result<PublishedLexicon, PublicationFault> {
        lexicon.entry("$type").or_insert_with(|| json!(LEXICON_SCHEMA));
        let record = Record::new(lexicon)?;
        let now = (self.0.clock)();
        let mut state = self.state();
        let address = self.address(&state, name)?;
        let rev = state.tids.next(now);
        let published = PublishedLexicon {
            uri: address.to_string(),
            cid: record.cid.to_string(),
            rev: rev.to_string(),
        };
        state.store(Entry::Record { address, record, rev })?;
        Ok(published)
    }

    /// Takes a lexicon back; one that is not published stays so. Waits for the disk.
    ///
    /// # Errors
    ///
    /// See [`PublicationFault`].
    pub fn withdraw_lexicon(&self, name: &Nsid) -> Result<(), PublicationFault> {
        let now = (self.0.clock)();
        let mut state = self.state();
        let address = self.address(&state, name)?;
        if let Ok(Some(_)) = state.record(&address) {
            let rev = state.tids.next(now);
            state.store(Entry::RecordDeleted { address, rev })?;
        }
        Ok(())
    }

    /// Says whether something is published under a name.
    pub fn publishes(&self, name: &Nsid) -> bool {
        let state = self.state();
        let address = self.address(&state, name);
        address.is_ok_and(|address| matches!(state.record(&address), Ok(Some(_))))
    }

    /// From now on no lexicon can be had from here, as if its host were down.
    pub fn darken(&self) {
        self.0.is_dark.store(true, Ordering::Relaxed);
    }

    /// Lexicons can be had again.
    pub fn relight(&self) {
        self.0.is_dark.store(false, Ordering::Relaxed);
    }

    /// Refuses while it is dark, if it is a lexicon that is asked for.
    pub(super) fn check_light(&self, collection: &Nsid) -> Result<(), Failure> {
        if collection.as_str() == LEXICON_SCHEMA && self.0.is_dark.load(Ordering::Relaxed) {
            let message = "this host of lexicons is away until DELETE /sandbox/darkness";
            return Err(Failure::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "NotAvailable",
                message,
            ));
        }
        Ok(())
    }

    fn address(&self, state: &PdsState, name: &Nsid) -> Result<Address, PublicationFault> {
        let authority = name.authority();
        let did = Handle::parse(&authority)
            .ok()
            .and_then(|handle| self.0.names.resolve(&handle))
            .filter(|did| state.accounts.by_did(did).is_some());
        let Some(did) = did else {
            return Err(PublicationFault::NobodysDomain { authority });
        };
        Ok(Address {
            did,
            collection: lexicon_schema(),
            rkey: RecordKey::of_lexicon(name),
        })
    }
}

impl From<PublicationFault> for Failure {
    fn from(fault: PublicationFault) -> Self {
        match fault {
            PublicationFault::Journal(fault) => fault.into(),
            fault => Self::invalid_request(fault.to_string()),
        }
    }
}

/// `GET /sandbox/lexicons`: every lexicon of every account, and whether others can have them.
pub(super) async fn list(State(pds): State<Pds>) -> Json<Value> {
    let collection = lexicon_schema();
    let state = pds.state();
    let mut lexicons = Vec::new();
    for (did, account) in state.accounts.iter() {
        for (rkey, record) in account.records.get(&collection).into_iter().flatten() {
            lexicons.push(json!({
                "uri": uri(did, &collection, rkey),
                "cid": record.cid.to_string(),
                "value": record.value,
            }));
        }
    }
    let is_dark = pds.0.is_dark.load(Ordering::Relaxed);
    Json(json!({ "dark": is_dark, "lexicons": lexicons }))
}

/// `POST /sandbox/lexicons/{nsid}`: the body is the lexicon.
pub(super) async fn publish(
    State(pds): State<Pds>,
    name: LexiconPath,
    input: Input,
) -> Result<Json<PublishedLexicon>, Failure> {
    let name = lexicon_name(name)?;
    let lexicon = input.into_object();
    Ok(Json(settle(move || pds.publish_lexicon(&name, lexicon)).await?))
}

/// `DELETE /sandbox/lexicons/{nsid}`.
pub(super) async fn withdraw(State(pds): State<Pds>, name: LexiconPath) -> Result<Json<Value>, Failure> {
    let name = lexicon_name(name)?;
    settle(move || pds.withdraw_lexicon(&name)).await?;
    Ok(Json(json!({})))
}

/// `PUT /sandbox/darkness`.
pub(super) async fn darken(State(pds): State<Pds>) -> Json<Value> {
    pds.darken();
    Json(json!({ "dark": true }))
}

/// `DELETE /sandbox/darkness`.
pub(super) async fn relight(State(pds): State<Pds>) -> Json<Value> {
    pds.relight();
    Json(json!({ "dark": false }))
}

type LexiconPath = Result<Path<String>, PathRejection>;

fn lexicon_name(path: LexiconPath) -> Result<Nsid, Failure> {
    let name = path.ok().and_then(|Path(name)| Nsid::parse(&name).ok());
    name.ok_or_else(|| Failure::invalid_request("expected the name of a lexicon in the path, an NSID"))
}

#[expect(clippy::expect_used, reason = "the constant is an NSID")]
fn lexicon_schema() -> Nsid {
    Nsid::parse(LEXICON_SCHEMA).expect("an NSID")
}

/// The collection of published lexicons.
const LEXICON_SCHEMA: &str = "com.atproto.lexicon.schema";
