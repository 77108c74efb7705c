//! How a sign-up goes on where a step failed.

use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Did;

use super::next::finish;
use super::{Action, Event, Follows, InDirectory, Made, Outside, Seen, SignUp, Stage, Why};

/// How a step failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The PDS said no: it did nothing.
    HostRefused(HostRefusal),
    /// The PDS was not reached, or answered with a status or a body that no PDS answers with; what it did is
    /// unknown.
    HostBroken,
    /// The PDS did not answer in time; what it did, or will do, is unknown.
    HostSilent,
    /// Somebody else has the handle: the PDS said so before anything was made, or our own database at the end.
    HandleTaken,
    /// Somebody else has the address, our own database said at the end.
    EmailTaken,
    /// The directory was not reached, or did not take what ends or puts back a DID.
    DirectoryUnavailable,
    /// The directory does not take the operation that was brought, which may be too late by now.
    BroughtRefused,
}

/// Why a PDS says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostRefusal {
    /// The handle is none of its kind.
    Handle,
    /// It does not have the key it said it would keep.
    KeyUnknown,
    /// What we made does not fit its configuration.
    Operation,
    /// Too many requests.
    Busy,
    /// Something else, such as what the directory told it.
    Other,
}

impl HostRefusal {
    /// Reads the answer of `com.atproto.server.createAccount` or `reserveSigningKey` (contract 2.3).
    ///
    /// Nothing for a status that is no refusal: a 5xx says nothing of what was done.
    pub fn read(status: u16, error: &str, message: &str) -> Option<Self> {
        match (status, error) {
            (429, _) => Some(Self::Busy),
            (_, "InvalidHandle" | "HandleNotAvailable" | "UnsupportedDomain") if is_refusal(status) => {
                Some(Self::Handle)
            }
            (_, "IncompatibleDidDoc" | "UnresolvableDid") if is_refusal(status) => Some(Self::Operation),
            // it has no name of its own
            (400, _) if message.to_ascii_lowercase().contains("reserved signing key") => {
                Some(Self::KeyUnknown)
            }
            (401 | 403 | 404 | 405 | 501, _) => Some(Self::Operation),
            (status, _) if is_refusal(status) => Some(Self::Other),
            _ => None,
        }
    }
}

const fn is_refusal(status: u16) -> bool {
    matches!(status, 400..=499)
}

/// How to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// Look what is outside now, and ask again with that.
    Look,
    /// Go on with [`SignUp::next`] of what was seen.
    GoOn,
    /// Stop for now ([`SignUp::paused`]) and refuse so; the same request goes on.
    Pause(XrpcDenial),
    /// Record it and go on; where it is abandoned, stop and refuse with [`Why::denial`].
    Record(Event),
}

impl SignUp {
    /// How to go on after a step failed. `seen` is what a look *after* the failure found: an earlier one
    /// may miss what a request without an answer did in the meantime.
    ///
    /// While a sign-up is being undone nobody waits for it: every failure is a pause.
    pub fn failed(&self, failure: Failure, seen: Option<&Seen>) -> AfterFailure {
        use HostRefusal as Refusal;
        let abandon = |outside, why| AfterFailure::Record(Event::Abandoned { outside, why });
        match (&self.stage, failure) {
            (Stage::Admitted { .. } | Stage::Activated { .. }, Failure::HandleTaken) => {
                abandon(Outside::Known, Why::HandleTaken)
            }
            (Stage::Admitted { .. }, Failure::BroughtRefused) => {
                abandon(Outside::Nothing, Why::BroughtRefused)
            }
            (Stage::Activated { .. }, Failure::EmailTaken) => abandon(Outside::Known, Why::EmailTaken),
            (Stage::Admitted { .. }, Failure::HostRefused(refusal)) if refusal != Refusal::Busy => {
                abandon(Outside::Known, Why::HostRefused)
            }
            (Stage::OperationMade(_), Failure::HostRefused(Refusal::Handle)) => {
                abandon(Outside::Unknown, Why::HandleRefused)
            }
            (Stage::OperationMade(_), Failure::HostRefused(Refusal::Operation)) => {
                abandon(Outside::Unknown, Why::HostRefused)
            }
            (Stage::OperationMade(made), failure) if failure.leaves_doubt() => match seen {
                Some(seen) => doubt_settled(made, failure, seen),
                None => AfterFailure::Look,
            },
            (_, failure) => AfterFailure::Pause(failure.denial()),
        }
    }
}

/// What a look makes of a failure that said too little. No step is taken twice in a row: the next driver may.
fn doubt_settled(made: &Made, failure: Failure, seen: &Seen) -> AfterFailure {
    match finish(made, seen) {
        Action::Record(event) => AfterFailure::Record(event),
        // whether the directory took the operation decides what the next key is for
        _ if failure == Failure::HostRefused(HostRefusal::KeyUnknown) => {
            let follows = followed(&made.did, seen);
            if follows.is_none() && made.prev.is_some() {
                // a directory that forgot a DID: it gets no second beginning
                return AfterFailure::Pause(XrpcDenial::DirectoryUnavailable);
            }
            AfterFailure::Record(Event::KeyLost { follows })
        }
        Action::MakeOperation { .. } if made.prev.is_none() => AfterFailure::GoOn,
        _ => AfterFailure::Pause(failure.denial()),
    }
}

fn followed(did: &Did, seen: &Seen) -> Option<Follows> {
    match &seen.directory {
        InDirectory::Live { last } | InDirectory::Unmoved { last } => Some(Follows {
            did: did.clone(),
            last: last.clone(),
        }),
        InDirectory::Absent | InDirectory::Tombstoned => None,
    }
}

impl Failure {
    /// Whether a look tells more than the answer did.
    const fn leaves_doubt(self) -> bool {
        matches!(
            self,
            Self::HostBroken
                | Self::HostSilent
                | Self::HostRefused(HostRefusal::KeyUnknown | HostRefusal::Other)
        )
    }

    const fn denial(self) -> XrpcDenial {
        match self {
            Self::HostRefused(HostRefusal::Busy) | Self::HostBroken => XrpcDenial::PdsUnavailable,
            Self::HostRefused(_) => XrpcDenial::PdsRefused,
            Self::HostSilent => XrpcDenial::PdsTooSlow,
            Self::HandleTaken => XrpcDenial::HandleNotAvailable,
            Self::EmailTaken => XrpcDenial::EmailTaken,
            Self::DirectoryUnavailable | Self::BroughtRefused => XrpcDenial::DirectoryUnavailable,
        }
    }
}
