//! Which proofs were used, for as long as they could be used again.
//!
//! A mark's last instant depends on its proof alone, so marks lie in one set a minute and a whole set
//! is dropped at once. What was dropped stays refused: a clock set back opens nothing.
//!
//! When the marks are full the answer is no. Dropping a mark that still counts would let whoever can
//! fill the store replay what others sent; refusing costs availability, which the bound is sized for.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use entryway_oauth::dpop::Proof;
use entryway_oauth::secret::Digest;
use entryway_oauth::time::Timestamp;

/// The marks of one process.
pub(crate) struct ReplayMarks {
    state: Mutex<State>,
    marks_max: usize,
}

/// What became of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marked {
    /// Never seen before; now remembered.
    Fresh,
    /// Seen before, or too old to tell.
    Replayed,
    /// There is no room to remember it.
    Full,
}

#[derive(Default)]
struct State {
    /// By the last minute in which a mark counts.
    minutes: BTreeMap<i64, HashSet<Digest>>,
    count: usize,
    /// Minutes before this one were dropped.
    kept_from: i64,
}

impl ReplayMarks {
    pub(crate) fn new(marks_max: usize) -> Self {
        Self {
            state: Mutex::new(State {
                kept_from: i64::MIN,
                ..State::default()
            }),
            marks_max,
        }
    }

    /// Remembers a proof; of any number of simultaneous calls with one proof, one is told `Fresh`.
    pub(crate) fn remember(&self, proof: &Proof, now: Timestamp) -> Marked {
        self.remember_mark(proof.mark(), proof.mark_expires_at(), now)
    }

    fn remember_mark(&self, mark: Digest, expires_at: Timestamp, now: Timestamp) -> Marked {
        // the lock guards plain collections, which are whole after every step
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.forget_before(minute(now));
        let minute = minute(expires_at);
        if minute < state.kept_from {
            return Marked::Replayed;
        }
        if state
            .minutes
            .get(&minute)
            .is_some_and(|marks| marks.contains(&mark))
        {
            return Marked::Replayed;
        }
        if state.count >= self.marks_max {
            return Marked::Full;
        }
        state.minutes.entry(minute).or_default().insert(mark);
        state.count += 1;
        Marked::Fresh
    }
}

impl State {
    fn forget_before(&mut self, minute: i64) {
        if minute <= self.kept_from {
            return;
        }
        self.kept_from = minute;
        let kept = self.minutes.split_off(&minute);
        let dropped = std::mem::replace(&mut self.minutes, kept);
        self.count -= dropped.values().map(HashSet::len).sum::<usize>();
    }
}

const fn minute(instant: Timestamp) -> i64 {
    instant.seconds().div_euclid(60)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn mark(n: u32) -> Digest {
        Digest::of(&n.to_be_bytes())
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(NOW.seconds() + seconds)
    }

    //
    #[test]
    fn of_sixty_four_simultaneous_presentations_one_is_fresh() {
        for round in 0..50 {
            let (marks, start) = (ReplayMarks::new(1_000), Barrier::new(64));
            let fresh = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..64)
                    .map(|_| {
                        scope.spawn(|| {
                            start.wait();
                            marks.remember_mark(mark(round), at(600), NOW)
                        })
                    })
                    .collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().unwrap())
                    .filter(|marked| *marked == Marked::Fresh)
                    .count()
            });
            assert_eq!(fresh, 1);
        }
    }

    //
    #[test]
    fn a_mark_counts_to_its_last_second_and_stays_refused_after() {
        for later in [0, 1, 599, 600, 601, 700, 100_000] {
            let marks = ReplayMarks::new(10);
            assert_eq!(marks.remember_mark(mark(1), at(600), NOW), Marked::Fresh);
            assert_eq!(
                marks.remember_mark(mark(1), at(600), at(later)),
                Marked::Replayed,
                "{later}"
            );
        }
    }

    #[test]
    fn a_clock_set_back_opens_no_old_proof() {
        let marks = ReplayMarks::new(10);
        marks.remember_mark(mark(1), at(600), NOW);
        marks.remember_mark(mark(2), at(1_300), at(700));
        assert_eq!(marks.remember_mark(mark(1), at(600), NOW), Marked::Replayed);
        assert_eq!(marks.remember_mark(mark(2), at(1_300), NOW), Marked::Replayed);
    }

    //
    #[test]
    fn full_marks_refuse_until_time_makes_room() {
        let marks = ReplayMarks::new(3);
        for n in 0..3 {
            assert_eq!(marks.remember_mark(mark(n), at(600), NOW), Marked::Fresh);
        }
        assert_eq!(marks.remember_mark(mark(3), at(600), NOW), Marked::Full);
        assert_eq!(marks.remember_mark(mark(0), at(600), NOW), Marked::Replayed);
        assert_eq!(marks.remember_mark(mark(3), at(1_300), at(700)), Marked::Fresh);
    }

    #[test]
    fn hostile_instants_do_not_panic() {
        let marks = ReplayMarks::new(10);
        for seconds in [i64::MIN, -1, 0, i64::MAX] {
            let instant = Timestamp::from_seconds(seconds);
            marks.remember_mark(mark(1), instant, instant);
        }
    }
}
