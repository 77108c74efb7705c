//! Sign-up: how an account comes to be on a PDS, in the PLC directory and here, whatever breaks on the way.
//!
//! Somebody who lives on a PDS elsewhere and moves here signs up too, with the DID they have ([`Arrival`]): theirs
//! is changed and not made, it rests until they have brought their repository, and it is never ended here.
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

mod arrival;
mod failure;
mod next;
mod request;
mod resumption;
mod stage;

use entryway_oauth::time::{Seconds, Timestamp};
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Did;

use crate::account::PasswordHash;

pub use arrival::{Arrival, Brought};
pub use failure::{AfterFailure, Failure, HostRefusal};
pub use next::{Action, InDirectory, OnHost, Seen};
pub use request::{SignUpRequest, Typed};
pub use resumption::Claim;
pub use stage::{Event, Follows, Made, OutOfOrder, Outside, SignUpId, Stage, Why};

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

impl SignUp {
    /// A sign-up that is admitted now and held by the request that brought it: its first driver.
    pub fn admit(
        id: SignUpId,
        request: SignUpRequest,
        password: PasswordHash,
        pds_did: String,
        now: Timestamp,
    ) -> Self {
        let follows = request.arrival.as_ref().map(|arrival| arrival.follows.clone());
        Self {
            id,
            request,
            password,
            pds_did,
            stage: Stage::Admitted { follows },
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
        let is_unknown_outside = self.is_unknown_outside();
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
                let outside = if is_unknown_outside {
                    Outside::Nothing
                } else {
                    outside
                };
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

    /// Whether nothing was sent that makes or changes a DID: it is still where the request found it.
    fn is_unknown_outside(&self) -> bool {
        match &self.stage {
            Stage::Admitted { follows } | Stage::KeyReserved { follows, .. } => {
                follows.as_ref() == self.request.arrival.as_ref().map(|arrival| &arrival.follows)
            }
            _ => false,
        }
    }

    fn held(self, now: Timestamp) -> Self {
        Self {
            hold: self.hold.saturating_add(1),
            held_until: now + HOLD,
            ..self
        }
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
