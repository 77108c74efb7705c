//! Sign-up: how an account comes to be on a PDS, in the PLC directory and here, whatever breaks on the way.
//!
//! Three parties have to agree, and any of them may stop in the middle (contract 2.3). So each step is
//! recorded before the next is taken, and a record says what to do next to whoever finds it: the same
//! request sent again, or the reconciler (C28). The DID is recorded before anybody else hears of it, so
//! there is never one that nobody knows how to finish or to end.
//!
//! A driver holds a record for a while ([`SignUp::admit`], [`SignUp::held_by_request`],
//! [`SignUp::held_by_reconciler`]), asks [`SignUp::next`], does it, records what became of it with
//! [`SignUp::advance`], and asks again; where a step fails, [`SignUp::failed`] says how to go on. Each record of
//! a step is guarded by [`SignUp::hold`], so that a driver that was overtaken changes nothing. The driver of
//! the tests, in `sign_up/tests/world.rs`, is the whole of it.

mod failure;
mod next;
mod resumption;

use std::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use entryway_oauth::time::{Seconds, Timestamp};
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Did;

use crate::account::PasswordHash;

pub use failure::{AfterFailure, Failure, HostRefusal};
pub use next::{Action, InDirectory, OnHost, Seen};
pub use resumption::{Claim, SignUpRequest};

/// A sign-up as the store holds it, from the first request to the last trace of it.
///
/// While there is one, its handle is nobody else's, and unless it is being undone so are its address and its
/// use of the invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignUp {
    /// Its name.
    pub id: SignUpId,
    /// What was asked for.
    pub request: SignUpRequest,
    /// What signing in will take.
    pub password: PasswordHash,
    /// The DID of the PDS that was chosen.
    pub pds_did: String,
    /// How far it came.
    pub stage: Stage,
    /// How many drivers took it up so far; also what guards a driver's records.
    pub hold: u32,
    /// Until when the present driver has it to itself.
    pub held_until: Timestamp,
    /// When the reconciler takes it up.
    pub retry_at: Timestamp,
    /// When it was admitted.
    pub created_at: Timestamp,
}

/// How far a sign-up came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// The handle is held. Nobody outside knows of it, unless a DID has to get another key.
    Admitted {
        /// The DID that is to get a key; most have none yet.
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
    /// And it may act there.
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

impl SignUp {
    /// A sign-up that is admitted now and held by the request that brought it: its first driver.
    pub fn admit(
        id: SignUpId,
        request: SignUpRequest,
        password: PasswordHash,
        pds_did: String,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            request,
            password,
            pds_did,
            stage: Stage::Admitted { follows: None },
            hold: 1,
            held_until: now + HOLD,
            retry_at: now + FORGOTTEN_AFTER,
            created_at: now,
        }
    }

    /// The DID, once there is one.
    pub const fn did(&self) -> Option<&Did> {
        match &self.stage {
            Stage::Admitted { follows } | Stage::KeyReserved { follows, .. } => match follows {
                Some(follows) => Some(&follows.did),
                None => None,
            },
            Stage::OperationMade(made) => Some(&made.did),
            Stage::CreatedOnPds { did } | Stage::Activated { did } | Stage::AccountStored { did, .. } => {
                Some(did)
            }
            Stage::Undoing { did, .. } => did.as_ref(),
        }
    }

    /// The record after something became true; the driver that brought it about holds it longer. What is
    /// stored or abandoned is nobody's any more: the rest of it is the reconciler's.
    ///
    /// # Errors
    /// [`OutOfOrder`] for an event that cannot follow on this stage: a fault of the driver's.
    pub fn advance(self, event: Event, now: Timestamp) -> Result<Self, OutOfOrder> {
        let (mut held_until, mut retry_at) = (now + HOLD, now + QUIET);
        let stage = match (self.stage, event) {
            (Stage::Admitted { follows }, Event::KeyReserved { signing_key }) => {
                retry_at = now + FORGOTTEN_AFTER;
                Stage::KeyReserved { signing_key, follows }
            }
            (Stage::KeyReserved { follows, .. }, Event::OperationMade(made))
                if follows.as_ref().is_none_or(|it| made.follows(it)) =>
            {
                Stage::OperationMade(made)
            }
            // the directory took the operation before, and the PDS did not finish
            (Stage::OperationMade(old), Event::OperationMade(new)) if new.did == old.did => {
                Stage::OperationMade(new)
            }
            (Stage::OperationMade(_), Event::KeyLost { follows }) => Stage::Admitted { follows },
            (Stage::OperationMade(made), Event::CreatedOnPds) => Stage::CreatedOnPds { did: made.did },
            (Stage::CreatedOnPds { did }, Event::Activated) => Stage::Activated { did },
            (Stage::Activated { did }, Event::AccountStored) => {
                (held_until, retry_at) = (now, now + ANSWER_KEPT);
                Stage::AccountStored { did, at: now }
            }
            (Stage::AccountStored { .. } | Stage::Undoing { .. }, Event::Abandoned { .. }) => {
                return Err(OutOfOrder);
            }
            (stage, Event::Abandoned { outside, why }) => {
                let (did, after) = undoing(stage, outside);
                (held_until, retry_at) = (now, now + after);
                Stage::Undoing { did, why }
            }
            _ => return Err(OutOfOrder),
        };
        Ok(Self {
            stage,
            held_until,
            retry_at,
            ..self
        })
    }

    /// The record when its driver stops: the same request may go on at once, the reconciler later.
    #[must_use]
    pub fn paused(self, now: Timestamp) -> Self {
        let after = if self.is_unknown_outside() {
            FORGOTTEN_AFTER
        } else {
            pause(self.hold)
        };
        Self {
            held_until: now,
            retry_at: now + after,
            ..self
        }
    }

    /// The record in the hands of a request that resumes it.
    ///
    /// # Errors
    /// [`XrpcDenial::SignUpUnderWay`] while another driver has it; [`XrpcDenial::HandleNotAvailable`] while it
    /// is being undone.
    pub fn held_by_request(self, now: Timestamp) -> Result<Self, XrpcDenial> {
        if matches!(self.stage, Stage::Undoing { .. }) {
            return Err(XrpcDenial::HandleNotAvailable);
        }
        let is_done = matches!(self.stage, Stage::AccountStored { .. });
        if now < self.held_until && !is_done {
            let left = u32::try_from((self.held_until - now).0).unwrap_or(u32::MAX);
            return Err(XrpcDenial::SignUpUnderWay {
                retry_after_seconds: left,
            });
        }
        Ok(self.held(now))
    }

    /// The record in the hands of the reconciler; nothing while it is not due.
    ///
    /// What nobody came back for and of which nothing is outside is undone rather than finished, and so is what
    /// failed [`HOLDS_MAX`] times or for a day. Anything else was asked for, and is finished.
    pub fn held_by_reconciler(self, now: Timestamp) -> Option<Self> {
        if !self.is_due(now) {
            return None;
        }
        let record = self.held(now);
        let is_late = record.hold > HOLDS_MAX || now >= record.created_at + GIVE_UP_AFTER;
        let why = match &record.stage {
            _ if record.is_unknown_outside() => Why::Forgotten,
            // only our own database stands between this one and the end
            Stage::Activated { .. } | Stage::Undoing { .. } => return Some(record),
            _ if is_late => Why::GaveUp,
            _ => return Some(record),
        };
        // the last request was given up at least as long ago as one may be at work
        let outside = Outside::Known;
        let abandoned = record.advance(Event::Abandoned { outside, why }, now);
        abandoned.ok().map(|record| Self {
            held_until: now + HOLD,
            ..record
        })
    }

    /// Whether the reconciler should take it up. What is done only has to be forgotten: see
    /// [`Self::is_spent`].
    pub fn is_due(&self, now: Timestamp) -> bool {
        let is_done = matches!(self.stage, Stage::AccountStored { .. });
        !is_done && now >= self.held_until && now >= self.retry_at
    }

    /// Whether it is done and nobody waits for its answer any more: the record can go.
    pub fn is_spent(&self, now: Timestamp) -> bool {
        matches!(self.stage, Stage::AccountStored { at, .. } if now >= at + ANSWER_KEPT)
    }

    const fn is_unknown_outside(&self) -> bool {
        matches!(
            self.stage,
            Stage::Admitted { follows: None } | Stage::KeyReserved { follows: None, .. }
        )
    }

    fn held(self, now: Timestamp) -> Self {
        Self {
            hold: self.hold.saturating_add(1),
            held_until: now + HOLD,
            ..self
        }
    }
}

impl Made {
    fn follows(&self, last: &Follows) -> bool {
        self.did == last.did && self.prev.as_deref() == Some(last.last.as_str())
    }
}

/// Which DID may be outside, and how long to wait before looking.
fn undoing(stage: Stage, outside: Outside) -> (Option<Did>, Seconds) {
    let did = match stage {
        Stage::Admitted { follows } | Stage::KeyReserved { follows, .. } => follows.map(|it| it.did),
        Stage::OperationMade(made) => Some(made.did),
        Stage::CreatedOnPds { did } | Stage::Activated { did } | Stage::AccountStored { did, .. } => {
            Some(did)
        }
        Stage::Undoing { did, .. } => did,
    };
    match outside {
        Outside::Nothing => (None, Seconds(0)),
        Outside::Known => (did, Seconds(0)),
        Outside::Unknown => (did, QUIET),
    }
}

/// Longer after each try, up to an hour.
fn pause(holds: u32) -> Seconds {
    let doubled = PAUSE.0.saturating_mul(1 << holds.min(10));
    Seconds(doubled.min(PAUSE_MAX.0))
}

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

/// How long a driver has a record to itself from one step to the next: twice the patience for one request to a
/// PDS, and for a look behind it.
const HOLD: Seconds = Seconds(90);
/// How long somebody has to come back for what nobody outside knows of.
const FORGOTTEN_AFTER: Seconds = Seconds::minutes(15);
/// How long the same request gets its session after all was done.
const ANSWER_KEPT: Seconds = Seconds::minutes(15);
/// How long a request may be at work on a PDS after we stopped waiting for its answer. The reconciler takes up
/// nothing before that: what it then sees outside is all there will be.
const QUIET: Seconds = Seconds::minutes(5);
/// Steps a driver takes before it stops for now: the longest way that leads anywhere has fewer.
pub const STEPS_MAX: usize = 20;
/// Times a record is taken up before it is undone.
pub const HOLDS_MAX: u32 = 12;
/// How long it may fail before it is undone.
const GIVE_UP_AFTER: Seconds = Seconds::days(1);
/// Doubled by the first try to [`QUIET`].
const PAUSE: Seconds = Seconds(150);
const PAUSE_MAX: Seconds = Seconds::minutes(60);

#[cfg(test)]
mod tests;
