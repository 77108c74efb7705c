//! How a change goes on where a step failed.

use entryway_oauth::time::Timestamp;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Handle;

use super::next::change;
use super::{AccountChange, Action, Change, Document, Event, GIVE_UP_AFTER, Stage, StatusChange, Why};

/// How a step failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The directory, or whoever has the DID document, was not reached; what it did is unknown.
    DirectoryUnavailable,
    /// The directory does not take the operation: it did nothing.
    DirectoryRefused,
    /// The PDS said no: it did nothing.
    HostRefused(HostRefusal),
    /// The PDS was not reached, or answered as no PDS does; what it did is unknown.
    HostBroken,
    /// The PDS did not answer in time; what it did, or will do, is unknown.
    HostSilent,
    /// The PDS is none of ours.
    HostUnknown,
    /// The account cannot move, and is where it was, whole.
    Unmoved(Why),
}

/// Why a PDS says no to a callback (contract 2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostRefusal {
    /// Another of its accounts has the handle.
    HandleTaken,
    /// The handle is none of its kind.
    Handle,
    /// The handle's domain does not name the DID, or not yet.
    HandleUnresolved,
    /// The DID document does not fit it, or not yet.
    Document,
    /// It has no such account.
    NoAccount,
    /// It does not take our password, or does not serve the method.
    Configuration,
    /// Too many requests.
    Busy,
    /// Something else.
    Other,
}

impl HostRefusal {
    /// Reads the answer of `updateAccountHandle`, `updateSubjectStatus` or `deleteAccount` (contract 2.5).
    ///
    /// Nothing for a status that is no refusal: a 5xx says nothing of what was done.
    pub fn read(status: u16, error: &str, message: &str) -> Option<Self> {
        if !(400..=499).contains(&status) {
            return None;
        }
        let message = message.to_ascii_lowercase();
        let says = |words: &str| message.contains(words);
        Some(match (status, error) {
            (429, _) => Self::Busy,
            (_, "HandleNotAvailable") => Self::HandleTaken,
            (_, "InvalidHandle" | "UnsupportedDomain") => Self::Handle,
            (_, "AccountNotFound" | "RepoNotFound" | "NotFound") => Self::NoAccount,
            (401 | 403 | 404 | 405, _) => Self::Configuration,
            // these have no names of their own
            _ if says("already taken") => Self::HandleTaken,
            _ if says("did not resolve") => Self::HandleUnresolved,
            _ if says("not found") => Self::NoAccount,
            _ if says("did doc") || says("rotation key") || says("signing key") || says("endpoint") => {
                Self::Document
            }
            _ => Self::Other,
        })
    }
}

/// How to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// Read the DID document, and ask again with it.
    Look,
    /// Stop for now ([`AccountChange::paused`]) and refuse so; the same request goes on, and so does the reconciler.
    Pause(XrpcDenial),
    /// Record it and go on.
    Record(Event),
    /// Forget the record, and with it the claim to the handle: it was not made. Refuse so.
    Drop(Why),
}

impl AccountChange {
    /// How to go on after a step failed. `document` is what was read *after* the failure.
    ///
    /// What was asked for is done in the end, whatever is down meanwhile; only a refusal that stays a refusal ends
    /// it, and only where nothing was promised.
    pub fn failed(&self, failure: Failure, document: Option<&Document>, now: Timestamp) -> AfterFailure {
        match (&self.stage, &self.change, failure) {
            (Stage::Begun, Change::Handle { to, .. }, Failure::DirectoryRefused) => {
                document.map_or(AfterFailure::Look, |document| refused(to, document))
            }
            (Stage::InDirectory, Change::Handle { .. }, Failure::HostRefused(refusal)) => {
                self.handle_refused(refusal, now)
            }
            (Stage::Begun | Stage::Replacing, Change::Status(status), Failure::HostRefused(refusal)) => {
                status_refused(status, refusal)
            }
            // nothing is there to be deleted
            (_, Change::Deletion, Failure::HostRefused(HostRefusal::NoAccount)) => {
                AfterFailure::Record(Event::HostTold)
            }
            // the fleet let go of the PDS, which it does of none that is anybody's home
            (_, change, Failure::HostUnknown) if change.ends_sessions() => {
                AfterFailure::Record(Event::HostTold)
            }
            (_, Change::Move { .. }, Failure::Unmoved(why)) => AfterFailure::Drop(why),
            (_, _, failure) => AfterFailure::Pause(failure.denial()),
        }
    }

    fn handle_refused(&self, refusal: HostRefusal, now: Timestamp) -> AfterFailure {
        use HostRefusal as Refusal;
        let is_late = now >= self.created_at + GIVE_UP_AFTER;
        let why = match refusal {
            Refusal::HandleTaken => Why::HandleTaken,
            Refusal::Handle => Why::HandleRefused,
            Refusal::NoAccount => Why::NotOnHost,
            // its own caches may be older than what we changed
            Refusal::HandleUnresolved if is_late => Why::HandleUnresolved,
            Refusal::Document if is_late => Why::DocumentUnfit,
            Refusal::Configuration | Refusal::Other if is_late => Why::HostRefused,
            _ => return AfterFailure::Pause(Failure::HostRefused(refusal).denial()),
        };
        AfterFailure::Record(Event::HostRefused(why))
    }
}

/// What a look makes of an operation that the directory refused: it may have taken it before.
fn refused(to: &Handle, document: &Document) -> AfterFailure {
    match change(to, document) {
        Action::Record(event) => AfterFailure::Record(event),
        Action::Drop(why) => AfterFailure::Drop(why),
        _ => AfterFailure::Drop(Why::DirectoryRefused),
    }
}

/// What is off or down here already is told until it is heard; what is to act again is refused.
const fn status_refused(status: &StatusChange, refusal: HostRefusal) -> AfterFailure {
    use HostRefusal as Refusal;
    match (status, refusal) {
        (StatusChange::Activated, Refusal::NoAccount) => AfterFailure::Drop(Why::NotOnHost),
        (_, Refusal::NoAccount) => AfterFailure::Record(Event::HostTold),
        (StatusChange::Activated, Refusal::Document) => AfterFailure::Drop(Why::DocumentUnfit),
        (StatusChange::Activated, Refusal::Other) => AfterFailure::Drop(Why::HostRefused),
        _ => AfterFailure::Pause(Failure::HostRefused(refusal).denial()),
    }
}

impl Failure {
    const fn denial(self) -> XrpcDenial {
        match self {
            Self::DirectoryUnavailable => XrpcDenial::DirectoryUnavailable,
            Self::DirectoryRefused => XrpcDenial::DirectoryRefused,
            Self::HostRefused(HostRefusal::Busy) | Self::HostBroken => XrpcDenial::PdsUnavailable,
            Self::HostRefused(HostRefusal::HandleUnresolved) => XrpcDenial::HandleUnresolved,
            Self::HostRefused(_) => XrpcDenial::PdsRefused,
            Self::HostSilent => XrpcDenial::PdsTooSlow,
            Self::HostUnknown => XrpcDenial::PdsUnknown,
            Self::Unmoved(why) => why.denial(),
        }
    }
}
