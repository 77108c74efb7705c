//! Which proofs were used, for as long as they could be used again.
//!
//! A proof is accepted while its `iat` and its nonce are near the calendar, so it can come back for as
//! long as the calendar may be there. Nobody sets the steady clock; somebody may set the calendar. A mark
//! is therefore dropped only when it is over by both: when the calendar is past its end, and when as much
//! steady time went by as it had left when it was made.
//!
//! - The calendar jumps ahead and back: by the steady clock nothing was over, so nothing was dropped.
//!   Every mark still refuses its proof, and no other proof is refused.
//! - The calendar goes back to where marks were dropped: what they refused would be accepted again. From
//!   then on an [`Era`] of its own has nonces of its own. No proof made before has one, so all of them are
//!   refused with `use_dpop_nonce`, upon which clients go on by themselves; and no nonce of an earlier era
//!   ever counts again, so the marks of that time can be forgotten. Once the calendar is past everything
//!   that was ever dropped, the common nonces count again.
//! - It goes back by less than proofs may be behind it: no mark that still counts was dropped, and nothing
//!   happens.
//!
//! Eras are this process's own. Several processes behind one name take each other's nonces again when the
//! calendar is past what they dropped, as they take each other's proofs once each in any case.
//!
//! When the marks are full the answer is no. Dropping a mark that still counts would let whoever can fill
//! the store replay what others sent; refusing costs availability, which the bound is sized for. Only
//! marks of a time ahead, to which the calendar jumped and from which it came back, make room: they do not
//! count before that time comes, and an era keeps their proofs out until it has gone.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use entryway_oauth::dpop::{CLOCK_SKEW_MAX, Proof};
use entryway_oauth::secret::Digest;
use entryway_oauth::time::{Seconds, Timestamp};

use crate::Moment;

/// The marks of one process.
pub(crate) struct ReplayMarks {
    state: Mutex<State>,
    marks_max: usize,
    /// [`State::dropped`], to be read without waiting for the marks.
    dropped: AtomicI64,
}

/// Whose nonces count: the common ones, or those of the time since the calendar went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Era {
    /// Nothing that could be accepted now was dropped.
    Common,
    /// Something was; how often that happened in this process.
    Own(u64),
}

/// What became of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marked {
    /// Never seen before; now remembered.
    Fresh,
    /// Seen before.
    Replayed,
    /// The proof has a nonce of another era than this, which began a moment ago.
    Outdated,
    /// There is no room to remember it.
    Full,
}

struct State {
    /// By the last minute of the calendar in which a mark counts.
    minutes: BTreeMap<i64, Minute>,
    count: usize,
    /// The last minute of which marks were ever dropped.
    dropped: i64,
    /// How often the calendar went back to where marks had been dropped.
    eras: u64,
    /// The last minute of which marks were dropped since it did so last.
    dropped_in_era: i64,
}

#[derive(Default)]
struct Minute {
    marks: HashSet<Digest>,
    /// When the last of them is over by the steady clock.
    until: Duration,
}

impl ReplayMarks {
    pub(crate) fn new(marks_max: usize) -> Self {
        Self {
            state: Mutex::new(State {
                minutes: BTreeMap::new(),
                count: 0,
                dropped: i64::MIN,
                eras: 0,
                dropped_in_era: i64::MIN,
            }),
            marks_max,
            dropped: AtomicI64::new(i64::MIN),
        }
    }

    /// Whose nonces to issue and to demand now.
    pub(crate) fn era(&self, now: Moment) -> Era {
        if earliest_end(now.wall) > self.dropped.load(Ordering::Relaxed) {
            return Era::Common;
        }
        let mut state = self.state();
        state.turn(now);
        self.dropped.store(state.dropped, Ordering::Relaxed);
        state.era(now.wall)
    }

    /// Remembers a proof with a nonce of this era; of any number of simultaneous calls with one proof, one
    /// is told `Fresh`.
    pub(crate) fn remember(&self, proof: &Proof, era: Era, now: Moment) -> Marked {
        self.remember_mark(proof.mark(), proof.mark_expires_at(), era, now)
    }

    fn remember_mark(&self, mark: Digest, expires_at: Timestamp, era: Era, now: Moment) -> Marked {
        let mut state = self.state();
        state.turn(now);
        let marked = state.remember(mark, expires_at, era, now, self.marks_max);
        self.dropped.store(state.dropped, Ordering::Relaxed);
        marked
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // the lock guards plain collections, which are whole after every step
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn remember(
        &mut self,
        mark: Digest,
        expires_at: Timestamp,
        era: Era,
        now: Moment,
        marks_max: usize,
    ) -> Marked {
        // from here on no mark of a proof that this era accepts was dropped
        if self.era(now.wall) != era {
            return Marked::Outdated;
        }
        let end = minute(expires_at);
        if self
            .minutes
            .get(&end)
            .is_some_and(|minute| minute.marks.contains(&mark))
        {
            return Marked::Replayed;
        }
        if self.count >= marks_max {
            self.forget_what_is_ahead(now);
            return if self.era(now.wall) == era {
                Marked::Full
            } else {
                Marked::Outdated
            };
        }
        let minute = self.minutes.entry(end).or_default();
        minute.until = minute
            .until
            .max(now.steady.saturating_add(left(expires_at, now.wall)));
        minute.marks.insert(mark);
        self.count += 1;
        Marked::Fresh
    }

    /// Drops what is over, and begins another era where that was dropped before what may come now.
    fn turn(&mut self, now: Moment) {
        let wall = minute(now.wall);
        while let Some(entry) = self.minutes.first_entry() {
            if *entry.key() >= wall || entry.get().until > now.steady {
                break;
            }
            let (end, minute) = entry.remove_entry();
            self.count -= minute.marks.len();
            self.dropped = self.dropped.max(end);
            self.dropped_in_era = self.dropped_in_era.max(end);
        }
        if earliest_end(now.wall) <= self.dropped_in_era {
            self.begin_era();
        }
    }

    /// No proof made before is accepted in the new era, nor before the last of their marks would be over.
    fn begin_era(&mut self) {
        let last = self.minutes.last_key_value().map(|(end, _)| *end);
        self.dropped = self.dropped.max(last.unwrap_or(i64::MIN));
        self.minutes.clear();
        self.count = 0;
        self.eras += 1;
        self.dropped_in_era = i64::MIN;
    }

    /// Where marks end later than any made now does, the calendar was ahead when they were made.
    fn forget_what_is_ahead(&mut self, now: Moment) {
        let last = self.minutes.last_key_value();
        if last.is_some_and(|(end, _)| *end > minute(now.wall + LIFE_MAX)) {
            self.begin_era();
        }
    }

    fn era(&self, wall: Timestamp) -> Era {
        if earliest_end(wall) > self.dropped {
            Era::Common
        } else {
            Era::Own(self.eras)
        }
    }
}

/// The earliest minute in which the mark of a proof ends that is accepted now.
fn earliest_end(wall: Timestamp) -> i64 {
    // `dpop::verify`: `iat` is at least the calendar less the skew, and a mark ends two skews after it
    minute(wall + CLOCK_SKEW_MAX)
}

/// What a mark made now has left by the calendar.
fn left(expires_at: Timestamp, wall: Timestamp) -> Duration {
    let seconds = (expires_at - wall).0.clamp(0, LIFE_MAX.0);
    Duration::from_secs(seconds.unsigned_abs())
}

const fn minute(instant: Timestamp) -> i64 {
    instant.seconds().div_euclid(60)
}

/// From the making of a mark to its end: a proof may be ahead by one skew, and its mark ends two after.
const LIFE_MAX: Seconds = Seconds(3 * CLOCK_SKEW_MAX.0);

#[cfg(test)]
mod tests;
