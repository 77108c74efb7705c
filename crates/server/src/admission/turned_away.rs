//! What becomes known of those who are not let in: a figure, a line in the log, and when they may come again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use metrics::counter;

/// Counts those of one kind.
#[derive(Debug)]
pub(crate) struct TurnedAway {
    kind: &'static str,
    unsaid: Mutex<Unsaid>,
    count: AtomicU64,
}

/// How many the log does not know of.
#[derive(Debug, Default)]
struct Unsaid {
    count: u64,
    said_at: Option<Instant>,
}

impl TurnedAway {
    pub(crate) fn of(kind: &'static str) -> Self {
        Self {
            kind,
            unsaid: Mutex::default(),
            count: AtomicU64::new(0),
        }
    }

    /// Counts one, and says in how many seconds they may come again: not all of them at once.
    pub(crate) fn count(&self) -> u32 {
        counter!(TURNED_AWAY, "kind" => self.kind).increment(1);
        if let Some(count) = self.to_be_said() {
            tracing::warn!(
                kind = self.kind,
                count,
                "more is asked than can be done: some are turned away"
            );
        }
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        RETRY_SECONDS[usize::try_from(number % 4).unwrap_or(0)]
    }

    /// How many there were since the last line in the log, if that is a while ago.
    fn to_be_said(&self) -> Option<u64> {
        let mut unsaid = self.unsaid.lock().unwrap_or_else(PoisonError::into_inner);
        unsaid.count += 1;
        if unsaid.said_at.is_some_and(|at| at.elapsed() < SAID_EVERY) {
            return None;
        }
        unsaid.said_at = Some(Instant::now());
        Some(std::mem::take(&mut unsaid.count))
    }
}

const TURNED_AWAY: &str = "entryway_turned_away_total";
const SAID_EVERY: Duration = Duration::from_secs(1);
const RETRY_SECONDS: [u32; 4] = [1, 3, 2, 4];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_are_turned_away_are_told_to_come_back_at_different_times() {
        let turned_away = TurnedAway::of("test");
        let waits: Vec<u32> = (0..8).map(|_| turned_away.count()).collect();
        assert_eq!(waits, [1, 3, 2, 4, 1, 3, 2, 4]);
    }

    #[test]
    fn the_first_is_said_at_once_and_the_others_together() {
        let turned_away = TurnedAway::of("test");
        assert_eq!(turned_away.to_be_said(), Some(1));
        turned_away.unsaid.lock().unwrap().said_at = Some(Instant::now() + SAID_EVERY);
        assert_eq!((turned_away.to_be_said(), turned_away.to_be_said()), (None, None));
        turned_away.unsaid.lock().unwrap().said_at = None;
        assert_eq!(turned_away.to_be_said(), Some(3));
    }
}
