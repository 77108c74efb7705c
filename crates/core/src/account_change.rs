//! Changes of an account that others have to learn of: its handle, whether it may act, that it is deleted, which PDS
//! it is at home on.
//!
//! A PDS behind an entryway changes nothing by itself: we do, the PLC directory where the DID document says so, and
//! then the PDS is told (contract 0.8, 2.5). Any of the three may stop in the middle. So what was asked for is
//! recorded before anybody else hears of it, in the same transaction as our own part where that comes first, and the
//! record says what to do next to whoever finds it: the same request sent again, or the reconciler.
//!
//! A driver begins a record ([`AccountChange::begin`]) or takes one up ([`AccountChange::held_by_request`],
//! [`AccountChange::held_by_reconciler`]), asks [`AccountChange::next`], does it, records what became of it with
//! [`AccountChange::advance`], and asks again; where a step fails, [`AccountChange::failed`] says how to go on. Each
//! step is guarded by [`AccountChange::hold`], so that a driver that was overtaken changes nothing. The driver of
//! the tests, in `account_change/tests/world.rs`, is the whole of it.
//!
//! | change | before anybody is told | then |
//! |---|---|---|
//! | handle | the name is taken | the DID document, the PDS, the account is called so |
//! | switched off, taken down | the account is, its sessions end | the PDS |
//! | switched on, restored | nothing | the PDS, the account is |
//! | deleted | nothing of the account is left but its names | the PDS, the names are free |

mod change;
mod failure;
mod follow;
mod next;
mod stage;

use entryway_oauth::time::{Seconds, Timestamp};
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Did;

use crate::account::Account;

pub use change::{Change, Claim, Former, Kind, StatusChange};
pub use failure::{AfterFailure, Failure, HostRefusal};
pub use follow::{OnItsPds, to_follow};
pub use next::{Action, Document, HostCall};
pub use stage::{Event, MoveStep, OutOfOrder, Stage, Why};

/// A change as the store holds it, from the first request until all agree. One of each [`Kind`] at most for an
/// account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// Whose.
    pub did: Did,
    /// The DID of the PDS that is told.
    pub pds_did: String,
    /// What is to be.
    pub change: Change,
    /// How far it came.
    pub stage: Stage,
    /// How many drivers took it up so far; also what guards a driver's records.
    pub hold: u32,
    /// Until when the present driver has it to itself.
    pub held_until: Timestamp,
    /// When the reconciler takes it up.
    pub retry_at: Timestamp,
    /// When it was asked for.
    pub created_at: Timestamp,
}

impl AccountChange {
    /// A change that is asked for now, held by the request that brought it: its first driver.
    pub fn begin(account: &Account, change: Change, now: Timestamp) -> Self {
        Self {
            did: account.did.clone(),
            pds_did: account.pds_did.clone(),
            change,
            stage: Stage::Begun,
            hold: 1,
            held_until: now + HOLD,
            retry_at: now + HOLD,
            created_at: now,
        }
    }

    /// The record in the place of an unfinished one of its kind, whose driver is overtaken. What that one told the PDS
    /// may still arrive there, so the PDS is told of this one twice.
    #[must_use]
    pub fn replacing(self, other: &Self) -> Self {
        Self {
            stage: Stage::Replacing,
            hold: other.hold.saturating_add(1),
            ..self
        }
    }

    /// What kind of change it is.
    pub const fn kind(&self) -> Kind {
        self.change.kind()
    }

    /// The record after something became true; the driver that brought it about holds it longer.
    ///
    /// # Errors
    /// [`OutOfOrder`] for an event that cannot follow on this stage: a fault of the driver's.
    pub fn advance(self, event: Event, now: Timestamp) -> Result<Self, OutOfOrder> {
        let (mut held_until, mut retry_at) = (now + HOLD, now + HOLD);
        let (is_handle, is_move) = (self.kind() == Kind::Handle, self.kind() == Kind::Move);
        let stage = match (self.stage, event) {
            (Stage::Begun, Event::DocumentChanged) if is_handle => Stage::InDirectory,
            (Stage::InDirectory, Event::HostRefused(why)) if is_handle => Stage::Reverting { why },
            (Stage::Reverting { why }, Event::DocumentReverted) => Stage::Reverted { why },
            (Stage::InDirectory | Stage::Moving { .. }, Event::HostTold) => Stage::OnHost,
            (Stage::Begun, Event::HostTold) if !is_handle => Stage::OnHost,
            (Stage::Begun | Stage::Moving { .. }, Event::Moving(step)) if is_move => Stage::Moving { step },
            (Stage::Replacing, Event::HostTold) => {
                (held_until, retry_at) = (now, now + QUIET);
                Stage::Settling
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

    /// The record of a driver that is still at work on one step: carrying takes as long as there is to be carried.
    #[must_use]
    pub fn prolonged(self, now: Timestamp) -> Self {
        Self {
            held_until: now + HOLD,
            retry_at: now + HOLD,
            ..self
        }
    }

    /// Whether a move that cannot be finished is to be taken back: the account rests meanwhile.
    pub fn is_late_to_move(&self, now: Timestamp) -> bool {
        now >= self.created_at + GIVE_UP_MOVING_AFTER
    }

    /// The record when its driver stops: the same request may go on at once, the reconciler later.
    #[must_use]
    pub fn paused(self, now: Timestamp) -> Self {
        Self {
            held_until: now,
            retry_at: now + pause(self.hold),
            ..self
        }
    }

    /// The record of somebody who asks and does not wait: the reconciler's at once.
    #[must_use]
    pub fn left(self, now: Timestamp) -> Self {
        Self {
            held_until: now,
            retry_at: now,
            ..self
        }
    }

    /// The record in the hands of a request that resumes it.
    ///
    /// # Errors
    /// [`XrpcDenial::ChangeUnderWay`] while another driver has it.
    pub fn held_by_request(self, now: Timestamp) -> Result<Self, XrpcDenial> {
        if self.is_held(now) {
            return Err(self.under_way(now));
        }
        Ok(self.held(now))
    }

    /// The record in the hands of the reconciler; nothing while it is not due.
    pub fn held_by_reconciler(self, now: Timestamp) -> Option<Self> {
        if !self.is_due(now) {
            return None;
        }
        let held = self.held(now);
        Some(match held.stage {
            // what was on its way has arrived by now: told once more, that is the last word
            Stage::Settling => Self {
                stage: Stage::Begun,
                ..held
            },
            _ => held,
        })
    }

    /// Whether the reconciler should take it up.
    pub fn is_due(&self, now: Timestamp) -> bool {
        !self.is_held(now) && now >= self.retry_at
    }

    /// What another change is told that has to wait for this one.
    pub fn under_way(&self, now: Timestamp) -> XrpcDenial {
        let until = if self.is_held(now) {
            self.held_until
        } else {
            self.retry_at
        };
        let left = u32::try_from((until - now).0).unwrap_or(0);
        XrpcDenial::ChangeUnderWay {
            retry_after_seconds: left.clamp(1, WAIT_MAX),
        }
    }

    fn is_held(&self, now: Timestamp) -> bool {
        now < self.held_until
    }

    fn held(self, now: Timestamp) -> Self {
        Self {
            hold: self.hold.saturating_add(1),
            held_until: now + HOLD,
            retry_at: now + HOLD,
            ..self
        }
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
/// How long a request may be at work on a PDS after we stopped waiting for its answer.
const QUIET: Seconds = Seconds::minutes(5);
/// Steps a driver takes before it stops for now: the longest way that leads anywhere has fewer.
pub const STEPS_MAX: usize = 12;
/// How long a PDS may refuse a handle for reasons of its own before the former one is put back.
const GIVE_UP_AFTER: Seconds = Seconds::days(1);
/// How long an account may rest between two PDS hosts before it wakes where it was.
const GIVE_UP_MOVING_AFTER: Seconds = Seconds::minutes(60);
/// Doubled by the first try to half a minute.
const PAUSE: Seconds = Seconds(15);
const PAUSE_MAX: Seconds = Seconds::minutes(60);
/// Nobody is told to wait longer than this: by then it may well be over.
const WAIT_MAX: u32 = 3600;

#[cfg(test)]
mod tests;
