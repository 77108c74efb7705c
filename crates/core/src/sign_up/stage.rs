//! How far a sign-up came, and what carries it further.

use std::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use entryway_oauth::time::Timestamp;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Did;

/// How far a sign-up came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// The handle is held. Nobody outside knows of it, unless a DID has to get another key.
    Admitted {
        /// The DID that is to get a key; most have none yet, unless they were brought.
        follows: Option<Follows>,
    },
    /// The PDS keeps a signing key for it.
    KeyReserved {
        /// The key, as `did:key`.
        signing_key: String,
        /// The DID that gets it; most have none yet.
        follows: Option<Follows>,
    },
    /// The operation is signed. From here on it may be in the directory, and the account on the PDS.
    OperationMade(Made),
    /// Directory and PDS have it.
    CreatedOnPds {
        /// The new DID.
        did: Did,
    },
    /// And it may act there; or rests, if its repository is to be brought.
    Activated {
        /// The new DID.
        did: Did,
    },
    /// It is an account of ours: done. Kept for the request whose answer was lost.
    AccountStored {
        /// The new DID.
        did: Did,
        /// When.
        at: Timestamp,
    },
    /// It failed for good. What is outside has to go before the handle is free.
    Undoing {
        /// The DID that may be outside; none if none was made, or it is not ours to end.
        did: Option<Did>,
        /// Why.
        why: Why,
    },
}

impl Stage {
    /// The word for it that is logged.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Admitted { .. } => "admitted",
            Self::KeyReserved { .. } => "key reserved",
            Self::OperationMade(_) => "operation made",
            Self::CreatedOnPds { .. } => "created on pds",
            Self::Activated { .. } => "activated",
            Self::AccountStored { .. } => "account stored",
            Self::Undoing { .. } => "undoing",
        }
    }
}

/// A DID that is in the directory already, and its newest operation there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follows {
    /// The DID.
    pub did: Did,
    /// The CID of the operation, as text.
    pub last: String,
}

/// A signed operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// The DID it makes or changes.
    pub did: Did,
    /// The repository's key in it, as `did:key`.
    pub signing_key: String,
    /// The operation as JSON, as it is sent.
    pub operation: String,
    /// Its CID, as text.
    pub cid: String,
    /// The CID it follows; none for the one that makes the DID.
    pub prev: Option<String>,
}

impl Made {
    /// Whether it is the next operation of that DID.
    pub(super) fn follows(&self, last: &Follows) -> bool {
        self.did == last.did && self.prev.as_deref() == Some(last.last.as_str())
    }
}

/// Why a sign-up is undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Somebody else has the handle, on the PDS or here.
    HandleTaken,
    /// Somebody else has the address here.
    EmailTaken,
    /// The PDS takes no such handle.
    HandleRefused,
    /// The PDS refuses what it should take: see `entryway pds check`.
    HostRefused,
    /// Somebody else changed the DID in the meantime, or ended it.
    DidLost,
    /// The directory does not take the operation that was brought.
    BroughtRefused,
    /// It failed too often, or for too long.
    GaveUp,
    /// Its person began another.
    Superseded,
    /// Nobody came back for it, and nothing of it is outside.
    Forgotten,
}

impl Why {
    /// What the person is told.
    pub const fn denial(self) -> XrpcDenial {
        match self {
            Self::HandleTaken | Self::Superseded | Self::Forgotten => XrpcDenial::HandleNotAvailable,
            Self::EmailTaken => XrpcDenial::EmailTaken,
            Self::HandleRefused => XrpcDenial::InvalidHandle {
                expected: "must be one that the PDS takes",
            },
            Self::HostRefused => XrpcDenial::PdsRefused,
            Self::BroughtRefused => XrpcDenial::ParameterInvalid {
                name: "plcOp",
                expected: "must be an operation that the PLC directory takes as the next of did",
            },
            Self::DidLost | Self::GaveUp => XrpcDenial::PdsUnavailable,
        }
    }
}

/// What became true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The PDS keeps this key.
    KeyReserved {
        /// As `did:key`.
        signing_key: String,
    },
    /// The PDS lost the key it kept: another is needed, for the DID if that is in the directory already.
    KeyLost {
        /// That DID.
        follows: Option<Follows>,
    },
    /// The operation is signed.
    OperationMade(Made),
    /// The PDS said so, or has it.
    CreatedOnPds,
    /// The PDS said so, or nothing had to be done.
    Activated,
    /// The same verb stores the account.
    AccountStored,
    /// It is to be undone.
    Abandoned {
        /// Whether a request may still be on its way that makes what there is not yet.
        outside: Outside,
        /// Why.
        why: Why,
    },
}

/// What may be outside when a sign-up is abandoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// Nothing that is ours to end.
    Nothing,
    /// What a look will tell: every request was answered.
    Known,
    /// A request without an answer may still be at work: look after a while.
    Unknown,
}

/// An event that cannot follow on the stage a record is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfOrder;

impl fmt::Display for OutOfOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this step of a sign-up does not follow on the one before")
    }
}

impl std::error::Error for OutOfOrder {}

/// Names one sign-up. Not a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SignUpId([u8; 16]);

impl SignUpId {
    /// Makes one from random bytes.
    pub const fn from_entropy(entropy: [u8; 16]) -> Self {
        Self(entropy)
    }

    /// Reads `sup-` and 32 hexadecimal digits, as [`fmt::Display`] writes them.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = HEXLOWER.decode(text.strip_prefix("sup-")?.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for SignUpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sup-{}", HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for SignUpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
