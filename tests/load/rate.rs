//! Operations that begin when they would, whether or not the server keeps up.
//!
//! People do not wait for each other, so each operation has an instant at which it is due, as chance spreads them, and
//! its latency counts from there: also what it waited for a free connection.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use futures_util::future::join;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Notify;
use tokio::task::yield_now;

use crate::cores::Meter;
use crate::drive::{Caller, Callers, Window, ended};
use crate::figures::{Load, Sample};
use crate::line::{Failure, Line};
use crate::target::Target;

/// Has so many operations begin each second; gives the callers back for another round.
///
/// What is due but not begun when the window ends counts as a failure: the rate was more than the server can do.
pub(crate) async fn drive_at(
    rate: f64,
    target: &Target,
    callers: Callers,
    window: Window,
) -> anyhow::Result<(Callers, Load)> {
    let queue = Queue::default();
    let counts_from = Instant::now() + window.warm_up;
    let working: FuturesUnordered<_> = callers
        .into_iter()
        .map(|caller| work(target, caller, &queue, counts_from))
        .collect();
    let timing = async {
        queue.fill(rate, Instant::now(), counts_from).await;
        let meter = Meter::begin(target.id);
        queue.fill(rate, counts_from, counts_from + window.timed).await;
        let used = meter.read();
        // whoever was told of the last one begins it
        yield_now().await;
        queue.is_over.set(true);
        queue.news.notify_waiters();
        used
    };
    let (worked, used) = join(working.try_collect::<Vec<_>>(), timing).await;
    let (callers, samples): (Callers, Vec<Sample>) = worked?.into_iter().unzip();
    let mut sample = Sample::together(samples);
    for _ in queue.due.take() {
        sample.take(Err(Failure::Late));
    }
    Ok((callers, Load::of(sample, used?, target.id)?))
}

/// What is due and not begun.
#[derive(Default)]
struct Queue {
    due: RefCell<VecDeque<Instant>>,
    news: Notify,
    is_over: Cell<bool>,
}

impl Queue {
    /// Adds instants between these two as they come.
    ///
    /// Asks for the time again and again: a timer of the runtime is a millisecond late, and this core is ours alone.
    async fn fill(&self, rate: f64, from: Instant, to: Instant) {
        let mut gaps = Gaps(SEED);
        let mut next = from + gaps.next(rate);
        while next < to {
            while Instant::now() < next {
                yield_now().await;
            }
            self.due.borrow_mut().push_back(next);
            self.news.notify_one();
            next += gaps.next(rate);
        }
    }

    /// The next that is due; nothing once it is over.
    async fn next(&self) -> Option<Instant> {
        loop {
            if self.is_over.get() {
                return None;
            }
            if let Some(due) = self.due.borrow_mut().pop_front() {
                return Some(due);
            }
            self.news.notified().await;
        }
    }
}

async fn work(
    target: &Target,
    mut caller: Box<dyn Caller>,
    queue: &Queue,
    counts_from: Instant,
) -> anyhow::Result<(Box<dyn Caller>, Sample)> {
    let mut line = Line::to(target.address);
    let mut sample = Sample::default();
    while let Some(due) = queue.next().await {
        let operated = caller.operate(&mut line).await;
        let latency = due.elapsed();
        let ended = ended(operated)?;
        if due >= counts_from {
            sample.take(ended.map(|()| latency));
        }
    }
    Ok((caller, sample))
}

/// Gaps between people who know nothing of each other, the same in every run: a xorshift generator.
struct Gaps(u64);

impl Gaps {
    fn next(&mut self, rate: f64) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let upper = u32::try_from(self.0 >> 32).unwrap_or(u32::MAX);
        // never zero, whose logarithm is not finite
        let chance = (f64::from(upper) + 1.0) / (f64::from(u32::MAX) + 1.0);
        Duration::from_secs_f64(-chance.ln() / rate)
    }
}

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_spreads_operations_at_the_rate_that_is_asked_for() {
        let mut gaps = Gaps(SEED);
        let gaps: Vec<Duration> = (0..100_000).map(|_| gaps.next(2000.0)).collect();
        let mean = gaps.iter().sum::<Duration>() / 100_000;
        assert!((495..505).contains(&mean.as_micros()), "{mean:?}");
        // as many are shorter than the mean as an exponential distribution has: 63 %
        let shorter = gaps.iter().filter(|gap| **gap < mean).count();
        assert!((62_000..64_500).contains(&shorter), "{shorter}");
    }
}
