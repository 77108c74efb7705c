//! Which step comes next.

use entryway_scope::Handle;

use super::{AccountChange, Change, Event, Former, Stage, StatusChange, Why};

/// What a driver does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read the DID document at its source, then [`AccountChange::next`] with it.
    Look,
    /// Have the directory take an operation that puts this handle first, signed by our rotation key: then
    /// [`Event::DocumentChanged`], or [`Event::DocumentReverted`] in [`Stage::Reverting`].
    ChangeDocument {
        /// The handle.
        handle: Handle,
    },
    /// Tell the PDS, then [`Event::HostTold`].
    TellHost(HostCall),
    /// Carry repository, blobs and preferences to another PDS and have the DID document name it, with
    /// [`Event::Moving`] for each part, then [`Event::HostTold`]. What of it was done before is looked for, and done
    /// again where that says nothing.
    MoveTo {
        /// The DID of that PDS.
        pds_did: String,
        /// What becomes of what the former one has.
        former: Former,
    },
    /// Nothing to do outside: record it.
    Record(Event),
    /// All others agree: do our own part and forget the record, in one verb. Done.
    Finish,
    /// Done as far as anybody waits for it; the reconciler makes sure later.
    Rest,
    /// Forget the record, and with it the claim to the handle: it was not made. Refuse so.
    Drop(Why),
}

/// What a PDS is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostCall {
    /// `com.atproto.admin.updateAccountHandle`.
    Handle(Handle),
    /// `com.atproto.admin.updateSubjectStatus`.
    Status(StatusChange),
    /// `com.atproto.admin.deleteAccount`.
    Delete,
}

/// What a DID document says, read at its source and not from a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// Of a DID in the directory.
    Plc {
        /// What stands first in `alsoKnownAs`, if that is a handle.
        handle: Option<Handle>,
        /// Whether our rotation key is in it.
        is_ours_to_sign: bool,
    },
    /// Of a DID that only its person can change, such as a `did:web`.
    Foreign {
        /// What stands first in `alsoKnownAs`, if that is a handle.
        handle: Option<Handle>,
    },
    /// The DID has ended, or there is none.
    Ended,
}

impl Document {
    const fn handle(&self) -> Option<&Handle> {
        match self {
            Self::Plc { handle, .. } | Self::Foreign { handle } => handle.as_ref(),
            Self::Ended => None,
        }
    }
}

impl AccountChange {
    /// Which step comes next, from what is recorded and, where it is known, from the DID document.
    ///
    /// A document is good for one step: the driver forgets it once something became true.
    pub fn next(&self, document: Option<&Document>) -> Action {
        match (&self.stage, &self.change) {
            (Stage::OnHost, _) => Action::Finish,
            (Stage::Settling, _) => Action::Rest,
            (Stage::Reverting { why }, Change::Handle { from, to }) => {
                document.map_or(Action::Look, |document| revert(from, to, *why, document))
            }
            // no other change is ever put back
            (Stage::Reverted { why } | Stage::Reverting { why }, _) => Action::Drop(*why),
            (Stage::InDirectory, Change::Handle { to, .. }) => Action::TellHost(HostCall::Handle(to.clone())),
            (_, Change::Handle { to, .. }) => document.map_or(Action::Look, |document| change(to, document)),
            (_, Change::Status(status)) => Action::TellHost(HostCall::Status(status.clone())),
            (_, Change::Deletion) => Action::TellHost(HostCall::Delete),
            (_, Change::Move { to, former }) => Action::MoveTo {
                pds_did: to.clone(),
                former: *former,
            },
        }
    }
}

/// How the document gets the new handle. What it has already it need not get again: an answer was lost.
pub(super) fn change(to: &Handle, document: &Document) -> Action {
    if document.handle() == Some(to) {
        return Action::Record(Event::DocumentChanged);
    }
    match document {
        Document::Plc {
            is_ours_to_sign: true,
            ..
        } => Action::ChangeDocument { handle: to.clone() },
        Document::Plc { .. } => Action::Drop(Why::KeyRemoved),
        Document::Foreign { .. } => Action::Drop(Why::NotInDocument),
        Document::Ended => Action::Drop(Why::DidEnded),
    }
}

/// How it gets the former one back. What is neither is its person's own doing, and stays; so does what we cannot
/// change any more.
fn revert(from: &Handle, to: &Handle, why: Why, document: &Document) -> Action {
    match document {
        Document::Plc {
            handle: Some(handle),
            is_ours_to_sign: true,
        } if handle == to => Action::ChangeDocument { handle: from.clone() },
        _ => Action::Drop(why),
    }
}
