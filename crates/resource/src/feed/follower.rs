//! Follows a feed for as long as it is let: connects, reads, and connects again.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use entryway_oauth::issuer::Issuer;
use entryway_oauth::jwk::PublicKey;
use entryway_oauth::revocation::{Challenge, FeedRequest, WAIT_MAX};

use super::reading::{Place, Reading};
use super::{FeedFault, FeedKeys, FeedSource, FeedStream, Revocations};
use crate::Clock;

/// Sixteen bytes of the operating system's random source, new ones each time.
pub type Chance = Arc<dyn Fn() -> [u8; 16] + Send + Sync>;

/// Follows the feed of one issuer. Keeps one connection at a time and no task of its own.
pub struct Follower {
    issuer: Issuer,
    keys: FeedKeys,
    chance: Chance,
}

/// How the feed is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// As a stream, which tells of an event at once.
    Stream,
    /// Page by page, where no stream gets through: a proxy that buffers, a server that has none.
    Pages {
        /// When to try a stream again.
        until: Duration,
    },
}

impl Follower {
    /// Follows this issuer, whose statements these keys sign. `chance` makes challenges, so nobody may
    /// foresee it.
    pub const fn new(issuer: Issuer, keys: FeedKeys, chance: Chance) -> Self {
        Self { issuer, keys, chance }
    }

    /// Reads the feed into `revocations` until `stop` is ready. To be dropped at any time.
    ///
    /// The first complete reading makes the revocations fresh. When the connection is lost, or what it
    /// says cannot be believed, it connects again after a wait that grows to some ten seconds.
    ///
    /// `clock` must be the verifier's.
    pub async fn follow<S: FeedSource>(
        self,
        source: S,
        revocations: Arc<Revocations>,
        clock: Clock,
        stop: impl Future<Output = ()>,
    ) {
        let session = Session {
            follower: &self,
            source: &source,
            revocations: &revocations,
            clock: &clock,
        };
        let mut following = pin!(session.run());
        let mut stop = pin!(stop);
        poll_fn(|context| {
            if stop.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            match following.as_mut().poll(context) {
                Poll::Ready(never) => match never {},
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// What one call of [`Follower::follow`] works with.
struct Session<'a, S> {
    follower: &'a Follower,
    source: &'a S,
    revocations: &'a Revocations,
    clock: &'a Clock,
}

/// What came of a connection, or of a round of pages, before it ended.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    /// Whether the issuer was heard at all.
    answered: bool,
    /// Whether an event came.
    moved: bool,
}

impl Heard {
    fn of(&mut self, reading: &Reading<'_>) {
        self.answered = reading.was_answered();
        self.moved = reading.has_moved();
    }
}

impl<S: FeedSource> Session<'_, S> {
    async fn run(&self) -> Infallible {
        let mut place = Place::start(self.follower.issuer.clone());
        let mut keys = self.follower.keys.clone().known();
        let mut way = Way::Stream;
        let mut failures = 0;
        loop {
            let began = (self.clock)().steady;
            let mut heard = Heard::default();
            let ended = match (keys.current(self.clock).await, way) {
                (Err(fault), _) => Err(fault),
                (Ok(keys), Way::Stream) => self.stream(&mut place, keys, &mut heard).await,
                (Ok(keys), Way::Pages { .. }) => self.pages(&mut place, keys, &mut heard).await,
            };
            let now = (self.clock)().steady;
            let lasted = now.saturating_sub(began);
            way = next_way(way, heard, ended.as_ref().err(), now);
            let Err(fault) = ended else {
                failures = 0;
                // a server that does not wait when it is asked to is not asked all the time
                if !heard.moved && lasted < ROUND_MIN {
                    self.source.pause(ROUND_MIN).await;
                }
                continue;
            };
            keys.doubt(&fault);
            self.report(&fault, &place);
            if let FeedFault::CursorRefused | FeedFault::HistoryLost { .. } = fault {
                // asks for everything next, which is refused for other reasons only: no loop
                place.start_over();
                continue;
            }
            // a connection that lasted was no failure, only its end is
            failures = if lasted > LASTED_MIN { 1 } else { failures + 1 };
            self.source.pause(self.backoff(failures)).await;
        }
    }

    async fn stream(
        &self,
        place: &mut Place,
        keys: &[PublicKey],
        heard: &mut Heard,
    ) -> Result<(), FeedFault> {
        let challenge = self.challenge();
        let asked = (self.clock)();
        let mut stream = self.source.open(place.request(challenge)).await?;
        let mut reading = Reading::new(place, self.revocations, challenge, asked);
        loop {
            let text = stream.next().await?;
            let now = (self.clock)();
            let taken = reading.take(&text, keys, now);
            heard.of(&reading);
            taken?;
            let lasted = now.steady.saturating_sub(asked.steady);
            if lasted > STREAM_LASTS_MAX && reading.is_complete() {
                return Ok(());
            }
        }
    }

    /// Reads what there is, then asks to be told when there is more. The second question has no overlap,
    /// since with it there would always be an answer at once: so its answer is but a bell.
    async fn pages(&self, place: &mut Place, keys: &[PublicKey], heard: &mut Heard) -> Result<(), FeedFault> {
        let challenge = self.challenge();
        let asked = (self.clock)();
        let page = self.source.page(place.request(challenge)).await?;
        let mut reading = Reading::new(place, self.revocations, challenge, asked);
        for text in &page {
            let taken = reading.take(text, keys, (self.clock)());
            heard.of(&reading);
            taken?;
        }
        match (reading.is_complete(), *heard) {
            (true, _) => {}
            // the rest is on the next page
            (
                false,
                Heard {
                    answered: true,
                    moved: true,
                },
            ) => return Ok(()),
            (false, _) => return Err(FeedFault::Withheld),
        }
        let bell = FeedRequest {
            after: Some(place.cursor()),
            wait: self.wait(),
            challenge: None,
        };
        self.source.page(bell).await.map(drop)
    }

    /// A third of what the knowledge may age, so that one lost page does no harm.
    fn wait(&self) -> u8 {
        let third = self.revocations.limits().staleness_max.as_secs() / 3;
        u8::try_from(third).unwrap_or(WAIT_MAX).clamp(1, WAIT_MAX)
    }

    fn challenge(&self) -> Challenge {
        Challenge::from_entropy((self.follower.chance)())
    }

    /// Somewhere up to a second, then two, four and so on, so that the readers of a server that comes back
    /// do not all come at once.
    fn backoff(&self, failures: u32) -> Duration {
        let longest = BACKOFF_FIRST
            .saturating_mul(1 << failures.saturating_sub(1).min(10))
            .min(BACKOFF_MAX);
        let [a, b, ..] = (self.follower.chance)();
        let share = f64::from(u16::from_le_bytes([a, b])) / f64::from(u16::MAX);
        longest.mul_f64(share).max(BACKOFF_MIN)
    }

    fn report(&self, fault: &FeedFault, place: &Place) {
        self.revocations.trouble(fault);
        let (issuer, cursor) = (&self.follower.issuer, place.cursor());
        match fault {
            FeedFault::HistoryLost { .. } | FeedFault::Full { .. } => {
                tracing::error!(%issuer, cursor, "{}", fault.in_full());
            }
            FeedFault::CursorRefused => tracing::debug!(%issuer, cursor, "{fault}"),
            _ => tracing::warn!(%issuer, cursor, "{}", fault.in_full()),
        }
    }
}

/// Whether to go on as before.
fn next_way(way: Way, heard: Heard, fault: Option<&FeedFault>, now: Duration) -> Way {
    match (way, fault) {
        (Way::Stream, Some(fault)) if is_of_the_stream(fault, heard) => Way::Pages {
            until: now.saturating_add(STREAM_AGAIN_AFTER),
        },
        // no page would get further
        (_, Some(FeedFault::CursorRefused | FeedFault::TokenRefused | FeedFault::KeysUnknown(_)))
        | (Way::Stream, _) => way,
        (Way::Pages { .. }, Some(_)) => Way::Stream,
        (Way::Pages { until }, None) if now >= until => Way::Stream,
        (Way::Pages { .. }, None) => way,
    }
}

/// Whether a page may get through where this stream did not: a page has an end, which a proxy that buffers
/// waits for.
fn is_of_the_stream(fault: &FeedFault, heard: Heard) -> bool {
    match fault {
        FeedFault::HeldUp { .. } | FeedFault::AnswerOld => true,
        FeedFault::Silent | FeedFault::Ended | FeedFault::Malformed { .. } | FeedFault::TooLong => {
            !heard.answered
        }
        // 501 is for what a server never learnt, the others above for what it cannot now
        FeedFault::Refused { status } => *status < 500 || *status == 501,
        _ => false,
    }
}

/// A stream is opened anew as often: it begins with an overlap, which shows what happened to the history
/// meanwhile.
const STREAM_LASTS_MAX: Duration = Duration::from_mins(10);
/// How long pages are asked for before a stream is tried again: a try that fails tells of nothing for as
/// long as a stream may be silent.
const STREAM_AGAIN_AFTER: Duration = Duration::from_hours(1);
/// A connection that ends sooner counts as one that failed.
const LASTED_MIN: Duration = Duration::from_secs(5);
/// The least that a round of pages takes where nothing happens; with it a revocation still takes effect
/// within a second.
const ROUND_MIN: Duration = Duration::from_millis(500);
const BACKOFF_MIN: Duration = Duration::from_millis(50);
const BACKOFF_FIRST: Duration = Duration::from_secs(1);
/// A sixth of the default limit of staleness.
const BACKOFF_MAX: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
#[cfg(test)]
mod world;
