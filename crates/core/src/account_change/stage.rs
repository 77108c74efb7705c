//! How far a change came, and what carries it further.

use std::fmt;

use serde::{Deserialize, Serialize};

use entryway_oauth::xrpc_denial::XrpcDenial;

/// How far a change came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// It is recorded, and our own part done where that comes first. Nobody outside has to know of it yet.
    Begun,
    /// The same, in the place of another whose word to the PDS may still be on its way.
    Replacing,
    /// The DID document has the new handle.
    InDirectory,
    /// The account is on its way to another PDS.
    Moving {
        /// How far it came when somebody last wrote it down.
        step: MoveStep,
    },
    /// The PDS has it: only our own part is missing, if anything.
    OnHost,
    /// The PDS has it, and is told again once nothing that was on its way can arrive.
    Settling,
    /// The PDS does not take the handle: the DID document gets the former one back.
    Reverting {
        /// Why.
        why: Why,
    },
    /// The DID document has the former handle: only the claim is left.
    Reverted {
        /// Why.
        why: Why,
    },
}

impl Stage {
    /// The word for it that is logged.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Replacing => "replacing",
            Self::InDirectory => "in directory",
            Self::Moving { step } => step.name(),
            Self::OnHost => "on host",
            Self::Settling => "settling",
            Self::Reverting { .. } => "reverting",
            Self::Reverted { .. } => "reverted",
        }
    }
}

/// A part of a move that is done. What comes after it is not known to be done, and may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveStep {
    /// The account rests on the PDS it leaves, so that nothing is written that would be lost.
    AtRest,
    /// The DID document names the new PDS, which has an empty account.
    Created,
    /// The repository is there.
    RepositoryCarried,
    /// The files are there.
    BlobsCarried,
    /// The preferences are there, if there were any.
    PreferencesCarried,
    /// The account may act there again.
    Awake,
}

impl MoveStep {
    /// The word for it that is logged.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AtRest => "at rest",
            Self::Created => "created on the other pds",
            Self::RepositoryCarried => "repository carried",
            Self::BlobsCarried => "blobs carried",
            Self::PreferencesCarried => "preferences carried",
            Self::Awake => "awake on the other pds",
        }
    }
}

/// What became true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The DID document has the new handle.
    DocumentChanged,
    /// It has the former one again.
    DocumentReverted,
    /// The PDS said that it has what it was told, or has nothing that it could be told of.
    HostTold,
    /// The PDS does not take the handle, though the DID document has it.
    HostRefused(Why),
    /// A part of a move is done.
    Moving(MoveStep),
}

/// Why a change is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Another account of the PDS has the handle.
    HandleTaken,
    /// The PDS takes no such handle.
    HandleRefused,
    /// The handle's own domain does not say to the PDS that it is this account's.
    HandleUnresolved,
    /// Our rotation key is not in the DID document any more: its person took it out (contract 6, item 8).
    KeyRemoved,
    /// The DID has ended, or was never there.
    DidEnded,
    /// A DID that we cannot change does not name the handle.
    NotInDocument,
    /// The directory does not take what we signed.
    DirectoryRefused,
    /// The PDS says that the DID document does not fit it.
    DocumentUnfit,
    /// The PDS has no such account.
    NotOnHost,
    /// The PDS refuses what it should take: see `entryway pds check`.
    HostRefused,
    /// The operator took the account down: it stays where it is.
    TakenDown,
    /// The other PDS could not take it for an hour.
    GaveUp,
}

impl Why {
    /// What whoever asked is told.
    pub const fn denial(self) -> XrpcDenial {
        match self {
            Self::HandleTaken => XrpcDenial::HandleNotAvailable,
            Self::HandleRefused => XrpcDenial::InvalidHandle {
                expected: "must be one that the PDS takes",
            },
            Self::HandleUnresolved => XrpcDenial::HandleUnresolved,
            Self::KeyRemoved => XrpcDenial::IncompatibleDidDoc {
                expected: "must list our rotation key, without it only its owner can change the handle",
            },
            Self::DidEnded => XrpcDenial::IncompatibleDidDoc {
                expected: "must be that of a DID that has not ended",
            },
            Self::NotInDocument => XrpcDenial::IncompatibleDidDoc {
                expected: "must have the new handle first in alsoKnownAs, only its owner can put it there",
            },
            Self::DocumentUnfit => XrpcDenial::IncompatibleDidDoc {
                expected: "must name the PDS, the key of its repository and our rotation key",
            },
            Self::DirectoryRefused => XrpcDenial::DirectoryRefused,
            Self::NotOnHost => XrpcDenial::AccountNotFound,
            Self::HostRefused => XrpcDenial::PdsRefused,
            Self::TakenDown => XrpcDenial::AccountTakedown,
            Self::GaveUp => XrpcDenial::PdsUnavailable,
        }
    }
}

/// An event that cannot follow on the stage a record is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfOrder;

impl fmt::Display for OutOfOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this step of a change does not follow on the one before")
    }
}

impl std::error::Error for OutOfOrder {}
