//! Which step comes next.

use entryway_scope::Did;

use super::{Event, Follows, Made, Outside, SignUp, Stage, Why};

/// What a driver does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// See that the PDS has no account of the handle, and have it keep a key (for the DID, if there is one).
    ReserveKey {
        /// The DID that gets it.
        did: Option<Did>,
    },
    /// Sign an operation with our rotation key: the first of a DID, or one that follows.
    MakeOperation {
        /// The repository's key, as `did:key`.
        signing_key: String,
        /// What it follows; nothing if it makes the DID.
        follows: Option<Follows>,
    },
    /// Give it to the PDS, which gives it to the directory.
    CreateOnPds(Made),
    /// Ask directory and PDS what they have, then [`SignUp::next`] with the answer.
    Look(Did),
    /// See that the account may act on the PDS.
    Activate(Did),
    /// See that the account rests on the PDS: its repository is still elsewhere.
    Deactivate(Did),
    /// Store the account and record it, in one verb.
    StoreAccount(Did),
    /// All is done: begin a session.
    BeginSession(Did),
    /// Nothing to do outside: record it.
    Record(Event),
    /// Two parties contradict each other: stop, and look again later.
    Pause,
    /// Have the PDS delete the account.
    DeleteOnPds(Did),
    /// End the DID in the directory.
    Tombstone(Follows),
    /// Have the directory say again what it said of a DID before it was to move here.
    PutBack(Follows),
    /// Forget the record: handle, address and invite are free.
    Release,
}

/// What a look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// In the PLC directory.
    pub directory: InDirectory,
    /// On the PDS.
    pub host: OnHost,
}

/// What the PLC directory has of a DID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InDirectory {
    /// Nothing.
    Absent,
    /// The DID lives.
    Live {
        /// The CID of its newest operation, as text.
        last: String,
    },
    /// The DID lives and was to move here, and it does not say so: what it says is not of our making.
    Unmoved {
        /// The CID of its newest operation, as text.
        last: String,
    },
    /// It has ended.
    Tombstoned,
}

/// What the PDS has of a DID and its handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnHost {
    /// Neither.
    Absent,
    /// The account of the DID, active or not.
    Present,
    /// An account of the handle, with another DID.
    HandleTaken,
}

impl SignUp {
    /// Which step comes next, from what is recorded and, where it is known, from what is outside.
    ///
    /// What a look found is good for one step: the driver forgets it once something became true.
    pub fn next(&self, seen: Option<&Seen>) -> Action {
        match (&self.stage, seen) {
            (Stage::Admitted { follows }, _) => Action::ReserveKey {
                did: follows.as_ref().map(|it| it.did.clone()),
            },
            (Stage::KeyReserved { signing_key, follows }, _) => Action::MakeOperation {
                signing_key: signing_key.clone(),
                follows: follows.clone(),
            },
            // whoever took the record up first knows that it was sent to nobody
            (Stage::OperationMade(made), None) if self.hold == 1 => Action::CreateOnPds(made.clone()),
            (Stage::OperationMade(made), None) => Action::Look(made.did.clone()),
            (Stage::OperationMade(made), Some(seen)) => finish(made, seen),
            (Stage::CreatedOnPds { did }, _) if self.request.arrival.is_some() => {
                Action::Deactivate(did.clone())
            }
            (Stage::CreatedOnPds { did }, _) => Action::Activate(did.clone()),
            (Stage::Activated { did }, _) => Action::StoreAccount(did.clone()),
            (Stage::AccountStored { did, .. }, _) => Action::BeginSession(did.clone()),
            (Stage::Undoing { did: None, .. }, _) => Action::Release,
            (Stage::Undoing { did: Some(did), .. }, None) => Action::Look(did.clone()),
            (Stage::Undoing { did: Some(did), .. }, Some(seen)) => undo(did, self.origin(), seen),
        }
    }
}

/// Where a DID comes from, and so how it is given up.
#[derive(Clone, Copy)]
enum Origin {
    /// It was made here: nobody else knows of it.
    Made,
    /// Its person came with it, and leaves with it.
    Brought,
}

impl SignUp {
    const fn origin(&self) -> Origin {
        match self.request.arrival {
            Some(_) => Origin::Brought,
            None => Origin::Made,
        }
    }
}

/// How to go on with an operation that may have been sent before.
pub(super) fn finish(made: &Made, seen: &Seen) -> Action {
    let abandon = |outside, why| Action::Record(Event::Abandoned { outside, why });
    match (&seen.directory, seen.host) {
        (InDirectory::Live { .. }, OnHost::Present) => Action::Record(Event::CreatedOnPds),
        // what was brought, its person took back
        (InDirectory::Tombstoned | InDirectory::Unmoved { .. }, OnHost::Present) => {
            abandon(Outside::Known, Why::DidLost)
        }
        (InDirectory::Tombstoned, _) => abandon(Outside::Nothing, Why::DidLost),
        (_, OnHost::HandleTaken) => abandon(Outside::Unknown, Why::HandleTaken),
        (InDirectory::Absent, OnHost::Absent) if made.prev.is_none() => Action::CreateOnPds(made.clone()),
        // a directory that forgot what it took, for it took something before there is an account or a prev
        (InDirectory::Absent, OnHost::Absent | OnHost::Present) => Action::Pause,
        (InDirectory::Live { last } | InDirectory::Unmoved { last }, OnHost::Absent) => {
            if made.prev.as_ref() == Some(last) {
                Action::CreateOnPds(made.clone())
            } else if made.cid == *last {
                // no PDS sends an operation again that the directory took: one that says the same follows it
                Action::MakeOperation {
                    signing_key: made.signing_key.clone(),
                    follows: Some(Follows {
                        did: made.did.clone(),
                        last: last.clone(),
                    }),
                }
            } else {
                // changed with a key of its person, whose it is now
                abandon(Outside::Nothing, Why::DidLost)
            }
        }
    }
}

/// How to take back what is outside, the account before the DID that its PDS has to resolve.
fn undo(did: &Did, origin: Origin, seen: &Seen) -> Action {
    let follows = |last: &String| Follows {
        did: did.clone(),
        last: last.clone(),
    };
    match (&seen.directory, seen.host) {
        (_, OnHost::Present) => Action::DeleteOnPds(did.clone()),
        (InDirectory::Live { last }, _) => match origin {
            Origin::Made => Action::Tombstone(follows(last)),
            Origin::Brought => Action::PutBack(follows(last)),
        },
        (InDirectory::Absent | InDirectory::Unmoved { .. } | InDirectory::Tombstoned, _) => Action::Release,
    }
}
