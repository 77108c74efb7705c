//! So many at once, and a line for those who come meanwhile.
//!
//! How long somebody waits in line depends on the line. One that forms now and then takes up a burst: whoever
//! joins it waits as long as the operator allows. One that stood all that time is no burst: everybody in it only
//! comes later, and no more of them are served. Whoever joins that one waits [`STANDING_WAIT`] at most, so that it
//! shrinks to what is served in that time, and what is let in is as fresh as the work allows (the controlled delay
//! of "Fail at Scale", Maurer 2015).

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::kind::Kind;
use super::turned_away::TurnedAway;

/// A place, for as long as this is held.
pub(super) type Place<'a> = SemaphorePermit<'a>;

/// The places of a kind.
#[derive(Debug)]
pub(super) struct Places {
    free: Semaphore,
    line: Mutex<Line>,
    waiting_max: usize,
    wait: Duration,
    turned_away: TurnedAway,
}

/// How many wait, and since when there was always somebody.
#[derive(Debug, Default)]
struct Line {
    waiting: usize,
    since: Option<Instant>,
}

impl Places {
    /// So many, for which one waits so long.
    pub(super) fn new(kind: Kind, count: usize, wait: Duration) -> Self {
        Self {
            free: Semaphore::new(count.min(Semaphore::MAX_PERMITS)),
            line: Mutex::default(),
            waiting_max: count.saturating_mul(WAITING_FOR_EACH),
            wait,
            turned_away: TurnedAway::of(kind.name()),
        }
    }

    /// Whether there is neither a place nor one to wait.
    pub(super) fn is_line_full(&self) -> bool {
        self.free.available_permits() == 0 && self.line().waiting >= self.waiting_max
    }

    /// A place, at once or after a wait; none for whom there is none.
    pub(super) async fn take(&self) -> Option<Place<'_>> {
        if let Ok(place) = self.free.try_acquire() {
            return Some(place);
        }
        let (_waiting, patience) = self.join()?;
        // in the order of coming; closed never
        timeout(patience, self.free.acquire()).await.ok()?.ok()
    }

    /// Counts somebody who gets no place, and says in how many seconds they may come again.
    pub(super) fn turn_away(&self) -> u32 {
        self.turned_away.count()
    }

    /// A place in the line, and how long to stand there.
    fn join(&self) -> Option<(Waiting<'_>, Duration)> {
        let mut line = self.line();
        if line.waiting >= self.waiting_max {
            return None;
        }
        line.waiting += 1;
        let now = Instant::now();
        let stood = now.duration_since(*line.since.get_or_insert(now));
        Some((Waiting(self), patience(stood, self.wait)))
    }

    fn line(&self) -> std::sync::MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long to wait in a line that stood so long already.
fn patience(stood: Duration, wait: Duration) -> Duration {
    if stood > wait {
        STANDING_WAIT.min(wait)
    } else {
        wait
    }
}

/// Somebody in line; gone from it when this is dropped.
struct Waiting<'a>(&'a Places);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut line = self.0.line();
        line.waiting -= 1;
        if line.waiting == 0 {
            line.since = None;
        }
    }
}

/// Who waits costs memory, and each place serves so many within the longest wait only where they are quick.
const WAITING_FOR_EACH: usize = 8;
/// How long to wait in a line that does not end.
const STANDING_WAIT: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn places(count: usize) -> Places {
        Places::new(Kind::Other, count, HOUR)
    }

    fn is_empty(line: &Line) -> bool {
        line.waiting == 0 && line.since.is_none()
    }

    /// What came of it so far.
    async fn now<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
        tokio::select! {
            biased;
            output = &mut future => Some(output),
            () = std::future::ready(()) => None,
        }
    }

    #[test]
    fn a_line_that_does_not_end_is_left_soon() {
        let (second, instant) = (Duration::from_secs(1), Duration::from_nanos(1));
        for (stood, patience) in [
            (Duration::ZERO, second),
            (Duration::from_nanos(999_999_999), second),
            (second, second),
            (second + instant, STANDING_WAIT),
            (HOUR, STANDING_WAIT),
        ] {
            assert_eq!(super::patience(stood, second), patience, "{stood:?}");
        }
        assert_eq!(
            super::patience(HOUR, instant),
            instant,
            "what an operator allows is the most"
        );
    }

    #[tokio::test]
    async fn a_line_is_no_longer_than_it_may_be_whoever_comes() {
        let places = places(2);
        let held = (places.take().await.unwrap(), places.take().await.unwrap());
        let in_line = 2 * WAITING_FOR_EACH;
        let mut waiting: Vec<_> = (0..in_line).map(|_| Box::pin(places.take())).collect();
        for one in &mut waiting {
            assert!(!places.is_line_full());
            assert!(now(one.as_mut()).await.is_none());
        }
        assert!(places.is_line_full());
        for _ in 0..100 {
            assert!(places.take().await.is_none());
        }
        assert_eq!(places.line().waiting, in_line);
        drop(held);
        // each gives its place back, and the next one has it
        for one in &mut waiting {
            assert!(now(one.as_mut()).await.unwrap().is_some());
        }
        assert!(is_empty(&places.line()));
        assert_eq!(places.free.available_permits(), 2);
    }

    #[tokio::test]
    async fn who_leaves_the_line_leaves_nothing_behind() {
        let places = places(1);
        let held = places.take().await.unwrap();
        {
            let mut waiting = pin!(places.take());
            assert!(now(waiting.as_mut()).await.is_none());
            assert_eq!(places.line().waiting, 1);
        }
        assert!(is_empty(&places.line()));
        drop(held);
        assert!(places.take().await.is_some());
    }

    #[tokio::test]
    async fn nobody_overtakes_who_waits() {
        let places = places(1);
        let held = places.take().await.unwrap();
        let mut first = pin!(places.take());
        assert!(now(first.as_mut()).await.is_none());
        drop(held);
        let mut second = pin!(places.take());
        assert!(now(second.as_mut()).await.is_none());
        assert!(now(first.as_mut()).await.unwrap().is_some());
    }
}
