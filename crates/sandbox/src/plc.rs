//! A PLC directory that behaves like the real one, for DIDs of one machine.
//!
//! What a mock would hide and this one does not (C26, C27): a genesis is posted to `/{did}`, the DID is the
//! hash of the *signed* operation, success has an empty body, and `POST /` is a 404. Left out: the 72 hours
//! in which a more powerful key can take back an operation, rate limits, and the export of everything.

mod limits;
mod routes;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use entryway_identity::did::RejectedSignature;
use entryway_identity::plc::{Operation, OverLimit};
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;
use serde::{Deserialize, Serialize};

use crate::ambient::Clock;
use crate::journal::{Journal, JournalFault};

/// The directory; clones are the same directory.
#[derive(Clone)]
pub struct Directory {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

struct State {
    journal: Journal<Entry>,
    logs: BTreeMap<Did, Vec<Entry>>,
}

/// An accepted operation.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Entry {
    did: Did,
    operation: Operation,
    created_at: Timestamp,
}

/// What became of an operation that was handed in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Submission {
    /// It is the newest operation of its DID.
    Accepted,
    /// It is not, and nothing has changed.
    Refused(Refusal),
}

/// Why a directory does not take an operation.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Something is longer, or more, than a directory keeps.
    #[error("{0}")]
    Limit(&'static str),
    /// No rotation key that may sign it has signed it.
    #[error("sig: {0}, expected one by a current rotation key over the operation without sig")]
    Signature(RejectedSignature),
    /// A first operation with a predecessor, or for a DID that nobody made yet.
    #[error("prev: expected null in the first operation of a DID")]
    PrevOfGenesis,
    /// The first operation makes another DID (C27).
    #[error("the hash of the signed operation makes another DID: {0}")]
    OtherDid(Did),
    /// It does not follow the newest operation.
    #[error("prev: expected the CID of the newest operation of this DID")]
    Misordered,
    /// The DID has ended.
    #[error("the DID was ended by a tombstone")]
    Ended,
}

impl Directory {
    /// Opens the directory that is stored in `directory`.
    ///
    /// # Errors
    ///
    /// Those of [`Journal::open`].
    pub fn open(directory: &Path, clock: Clock) -> Result<Self, JournalFault> {
        let (journal, entries) = Journal::<Entry>::open(directory, "plc")?;
        let mut logs = BTreeMap::<Did, Vec<Entry>>::new();
        for entry in entries {
            logs.entry(entry.did.clone()).or_default().push(entry);
        }
        Ok(Self {
            clock,
            state: Arc::new(Mutex::new(State { journal, logs })),
        })
    }

    /// Takes an operation into the log of a DID. Waits for the disk.
    ///
    /// # Errors
    ///
    /// Those of [`Journal::append`]; what the operation does wrong is a [`Refusal`].
    pub fn submit(&self, did: &Did, operation: Operation) -> Result<Submission, JournalFault> {
        let created_at = (self.clock)();
        let mut state = self.lock();
        let dids = state.logs.len();
        let log = state.logs.get(did).map_or(&[][..], Vec::as_slice);
        if let Err(refusal) =
            admissible(did, &operation, log).and_then(|()| limits::check_growth(dids, log.len()))
        {
            return Ok(Submission::Refused(refusal));
        }
        let entry = Entry {
            did: did.clone(),
            operation,
            created_at,
        };
        state.journal.append(&entry)?;
        state.logs.entry(did.clone()).or_default().push(entry);
        Ok(Submission::Accepted)
    }

    /// The newest operation of a DID.
    pub fn last(&self, did: &Did) -> Option<Operation> {
        self.log(did).pop().map(|entry| entry.operation)
    }

    /// The HTTP interface, with the answers and headers of the public directory.
    pub fn router(&self) -> Router {
        routes::router(self.clone())
    }

    fn log(&self, did: &Did) -> Vec<Entry> {
        self.lock().logs.get(did).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // a panic in between leaves the state as it was: it changes in the last step of `submit`
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an operation may follow what is in the log.
fn admissible(did: &Did, operation: &Operation, log: &[Entry]) -> Result<(), Refusal> {
    operation.fits().map_err(|OverLimit(what)| Refusal::Limit(what))?;
    let Some(newest) = log.last().map(|entry| &entry.operation) else {
        return genesis(did, operation);
    };
    let Some(current) = newest.data() else {
        return Err(Refusal::Ended);
    };
    if operation.prev() != Some(newest.cid().to_string().as_str()) {
        return Err(Refusal::Misordered);
    }
    signed_by(operation, &current.rotation_keys)
}

fn genesis(did: &Did, operation: &Operation) -> Result<(), Refusal> {
    let Some(data) = operation.data().filter(|_| operation.prev().is_none()) else {
        return Err(Refusal::PrevOfGenesis);
    };
    signed_by(operation, &data.rotation_keys)?;
    let made = operation.did();
    if made == *did {
        Ok(())
    } else {
        Err(Refusal::OtherDid(made))
    }
}

fn signed_by(operation: &Operation, rotation_keys: &[String]) -> Result<(), Refusal> {
    operation
        .signer(rotation_keys)
        .map(drop)
        .map_err(Refusal::Signature)
}

#[cfg(test)]
mod tests;
