//! What this instance knows of the feed: how far it has come, and the latest events, signed.
//!
//! Verbs of this instance say that there is news. Other instances are not heard, so while anybody reads,
//! the position is looked at several times a second. An event is signed once for all who follow closely;
//! one who comes from far behind has its events signed for itself.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use entryway_oauth::issuer::Issuer;
use entryway_oauth::revocation::{
    Challenge, FeedHead, FeedKey, PAGE_STATEMENTS_MAX, RevocationEvent, Statement,
};
use entryway_oauth::time::Timestamp;
use entryway_store::{FeedPosition, Store, ToldRevocation};

use crate::clock::Clock;
use crate::failure::Fault;
use crate::keys::Keys;

/// How often the position is looked at while anybody reads: what another instance writes is on its way
/// in half of this on average.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How old a look may be for a head to be said by it.
const LOOK_AGE_MAX: Duration = Duration::from_millis(500);
/// Signed events kept for readers who follow closely; some 500 bytes each, and sixteen thousand at most.
const LATEST_MAX: usize = 1_024;

/// The feed of one instance. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hub(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    key: FeedKey,
    issuer: Issuer,
    known: watch::Sender<Known>,
    latest: Mutex<Latest>,
    /// Looks come one after the other, so that what is known never goes back.
    looks: tokio::sync::Mutex<()>,
    /// Whether somebody looks again and again.
    looking: Mutex<bool>,
}

/// How far the feed had come at an instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// The number of the newest event.
    pub(super) head: u64,
    /// The number of the oldest that is kept; one more than `head` when none is.
    pub(super) oldest: u64,
    /// An instant before the look: whatever was committed by then is counted in.
    pub(super) at: Timestamp,
    /// The same instant on the clock that nobody sets.
    pub(super) looked: Instant,
}

/// An event as readers get it.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    pub(super) seq: u64,
    pub(super) jws: Arc<str>,
}

/// The newest events, without gaps.
struct Latest {
    /// The number of the last of them, or of the last event before them.
    last: u64,
    events: VecDeque<Signed>,
}

impl Hub {
    /// The feed in this store.
    pub(crate) async fn open(
        store: Store,
        clock: Clock,
        keys: &Keys,
        issuer: &Issuer,
    ) -> Result<Self, Fault> {
        let (at, looked) = (clock.now(), Instant::now());
        let FeedPosition { head, oldest } = store.feed_position().await?;
        let known = Known {
            head,
            oldest,
            at,
            looked,
        };
        Ok(Self(Arc::new(Inner {
            store,
            clock,
            key: keys.feed.clone(),
            issuer: issuer.clone(),
            known: watch::Sender::new(known),
            latest: Mutex::new(Latest::from(head)),
            looks: tokio::sync::Mutex::default(),
            looking: Mutex::default(),
        })))
    }

    /// Changes whenever the feed has moved. From the first subscription to the last somebody looks.
    pub(super) fn subscribe(&self) -> watch::Receiver<Known> {
        let mut looking = lock(&self.0.looking);
        if !*looking {
            *looking = true;
            tokio::spawn(self.clone().keep_looking());
        }
        self.0.known.subscribe()
    }

    /// Looks at the feed, after everything that was committed before.
    pub(super) async fn look(&self) -> Result<Known, Fault> {
        let _turn = self.0.looks.lock().await;
        let (at, looked) = (self.0.clock.now(), Instant::now());
        let FeedPosition { head, oldest } = self.0.store.feed_position().await?;
        self.sign_up_to(head).await?;
        let known = Known {
            head,
            oldest,
            at,
            looked,
        };
        self.0.known.send_if_modified(|before| {
            let has_moved = before.head != head;
            *before = known;
            has_moved
        });
        Ok(known)
    }

    /// What was seen a moment ago, or is now.
    pub(super) async fn recent(&self) -> Result<Known, Fault> {
        let known = *self.0.known.borrow();
        if known.looked.elapsed() <= LOOK_AGE_MAX {
            return Ok(known);
        }
        self.look().await
    }

    /// The events after this number up to the head, a page at most; none when they are not kept any more.
    pub(super) async fn after(&self, cursor: u64, head: u64) -> Result<Vec<Signed>, Fault> {
        let latest = lock(&self.0.latest).after(cursor, head);
        match latest {
            Some(events) => Ok(events),
            None => self.load(cursor, head).await,
        }
    }

    /// A head, signed for one reader.
    pub(super) fn head(&self, known: Known, challenge: Option<Challenge>) -> Result<String, Fault> {
        self.sign(&Statement::Head(FeedHead {
            iss: self.0.issuer.clone(),
            seq: known.head,
            oldest: known.oldest,
            iat: known.at,
            challenge,
        }))
    }

    async fn keep_looking(self) {
        let mut told = self.0.store.told();
        let mut is_well = true;
        loop {
            tokio::select! {
                // cannot fail: the store is here
                _ = told.changed() => {}
                () = sleep(LOOK_EVERY) => {}
            }
            // under the lock that a new reader takes, so that none is left without
            {
                let mut looking = lock(&self.0.looking);
                if self.0.known.receiver_count() == 0 {
                    *looking = false;
                    return;
                }
            }
            match self.look().await {
                Ok(_) => is_well = true,
                Err(fault) if is_well => {
                    is_well = false;
                    tracing::warn!(fault = format!("{fault:#}"), "cannot look at the revocation feed");
                }
                Err(_) => {}
            }
        }
    }

    /// Signs what came since the last look.
    async fn sign_up_to(&self, head: u64) -> Result<(), Fault> {
        loop {
            let last = lock(&self.0.latest).last;
            if last == head {
                return Ok(());
            }
            // an older database, or more than is kept here
            let is_far = head
                .checked_sub(last)
                .is_none_or(|behind| behind > LATEST_MAX as u64);
            let events = if is_far {
                Vec::new()
            } else {
                self.load(last, head).await?
            };
            let mut latest = lock(&self.0.latest);
            if events.is_empty() {
                *latest = Latest::from(head);
            }
            for event in events {
                latest.push(event);
            }
        }
    }

    async fn load(&self, cursor: u64, head: u64) -> Result<Vec<Signed>, Fault> {
        let limit = u32::try_from(PAGE_STATEMENTS_MAX).unwrap_or(u32::MAX);
        let told = self.0.store.revocations_after(cursor, limit).await?;
        let next = told
            .into_iter()
            .zip(cursor + 1..=head)
            .take_while(|(event, seq)| event.seq == *seq);
        next.map(|(event, _)| self.sign_event(event)).collect()
    }

    fn sign_event(&self, told: ToldRevocation) -> Result<Signed, Fault> {
        let seq = told.seq;
        let statement = Statement::Event(RevocationEvent {
            iss: self.0.issuer.clone(),
            seq,
            iat: told.revoked_at,
            until: told.over_at,
            subject: told.revoked,
        });
        let jws = self.sign(&statement)?.into();
        Ok(Signed { seq, jws })
    }

    fn sign(&self, statement: &Statement) -> Result<String, Fault> {
        let signed = self.0.key.sign(statement);
        signed.map_err(|unsigned| Fault::because("signing the revocation feed", unsigned))
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hub({:?})", *self.0.known.borrow())
    }
}

impl Latest {
    /// None yet, and the next is the one after this.
    fn from(last: u64) -> Self {
        Self {
            last,
            events: VecDeque::new(),
        }
    }

    fn push(&mut self, event: Signed) {
        self.last = event.seq;
        self.events.push_back(event);
        if self.events.len() > LATEST_MAX {
            self.events.pop_front();
        }
    }

    /// `None` when they are not all here.
    fn after(&self, cursor: u64, head: u64) -> Option<Vec<Signed>> {
        let before = self.last - self.events.len() as u64;
        let skipped = usize::try_from(cursor.checked_sub(before)?).ok()?;
        if head > self.last {
            return None;
        }
        let next = self.events.iter().skip(skipped).take(PAGE_STATEMENTS_MAX);
        Some(next.take_while(|event| event.seq <= head).cloned().collect())
    }
}

/// Poisoned or not: each change to what is behind these locks is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
