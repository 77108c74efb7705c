//! What is revoked, and how old that knowledge is.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use entryway_oauth::jwk::Thumbprint;
use entryway_oauth::revocation::{RevocationEvent, Revoked};
use entryway_oauth::secret::SessionId;
use entryway_oauth::time::Timestamp;

use super::{FeedFault, FeedHealth, FeedLimits, Standing, WhenStale};
use crate::Moment;

/// The sessions and keys that one issuer revoked. Shared by a verifier, which asks, and a
/// [`super::Follower`], which tells; both must go by the same clock.
///
/// Each issuer has one of its own, so that no issuer ends the sessions of another.
///
/// ```
/// use entryway_oauth::access_token::AccessTokenKey;
/// use entryway_resource::feed::{FeedLimits, Revocations, Standing};
/// let revocations = Revocations::new(FeedLimits::default());
/// let key = AccessTokenKey::from_bytes(&[7; 32]).unwrap().public().thumbprint();
/// let now = entryway_resource::system_clock()();
/// // nothing was read yet
/// assert_eq!(revocations.standing(None, &key, now), Standing::Stale);
/// ```
pub struct Revocations {
    limits: FeedLimits,
    sessions: Vec<RwLock<HashMap<SessionId, Until>>>,
    /// Never forgotten: a stolen key signs tokens that end when the thief likes.
    keys: RwLock<HashSet<Thumbprint>>,
    entries: AtomicUsize,
    /// One more than the steady milliseconds at which the issuer last said that this is all; 0 for never.
    complete: AtomicU64,
    progress: Mutex<Progress>,
}

/// Beyond both an entry is of no use: by the issuer's calendar the last token has ended, and as much time
/// as that took has passed here, whoever set our calendar meanwhile.
#[derive(Clone, Copy)]
struct Until {
    wall: Timestamp,
    steady: Duration,
}

#[derive(Default)]
struct Progress {
    cursor: Option<u64>,
    trouble: Option<String>,
    swept: Duration,
}

impl Revocations {
    /// Knows nothing yet, so everything is [`Standing::Stale`].
    pub fn new(limits: FeedLimits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            sessions: (0..SHARDS).map(|_| RwLock::default()).collect(),
            keys: RwLock::default(),
            entries: AtomicUsize::new(0),
            complete: AtomicU64::new(NEVER),
            progress: Mutex::default(),
        })
    }

    /// What is known of a session and of the key that signed its token.
    ///
    /// [`Standing::Stale`] only where [`FeedLimits::when_stale`] says to refuse.
    pub fn standing(&self, session: Option<SessionId>, key: &Thumbprint, now: Moment) -> Standing {
        // first: what becomes known while we look must not lend its freshness to what we saw before it
        let stale = self.limits.when_stale == WhenStale::Refuse && self.is_stale(now);
        let ended = session.is_some_and(|session| {
            let shard = self.shard(&session);
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            shard.contains_key(&session)
        });
        if ended || read(&self.keys).contains(key) {
            Standing::Revoked
        } else if stale {
            Standing::Stale
        } else {
            Standing::Good
        }
    }

    /// How well the feed is followed.
    pub fn health(&self, now: Moment) -> FeedHealth {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        FeedHealth {
            cursor: progress.cursor,
            age: self.age(now),
            stale: self.is_stale(now),
            entries: self.entries.load(Ordering::Relaxed),
            trouble: progress.trouble.clone(),
        }
    }

    /// The limits it was made with.
    pub(super) const fn limits(&self) -> &FeedLimits {
        &self.limits
    }

    /// Remembers what an event revokes.
    pub(crate) fn admit(&self, event: &RevocationEvent, now: Moment) -> Result<(), FeedFault> {
        let lasts = u64::try_from((event.until - event.iat).0).unwrap_or_default();
        let until = Until {
            wall: event.until,
            steady: now.steady.saturating_add(Duration::from_secs(lasts)),
        };
        if let Revoked::Key { jkt } = &event.subject {
            return self.admit_key(*jkt, now);
        }
        for session in event.subject.sessions() {
            self.admit_session(*session, until, now)?;
        }
        Ok(())
    }

    /// Everything up to this number is known, as of this steady time. Says whether that is news: the first
    /// time, or after trouble.
    pub(crate) fn complete(&self, cursor: u64, as_of: Duration, now: Moment) -> bool {
        self.complete
            .fetch_max(milliseconds(as_of) + 1, Ordering::Release);
        let (news, due) = {
            let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
            let first = progress.cursor.replace(cursor).is_none();
            let news = progress.trouble.take().is_some() || first;
            let due = now.steady.saturating_sub(progress.swept) >= SWEEP_EVERY;
            if due {
                progress.swept = now.steady;
            }
            (news, due)
        };
        if due {
            self.sweep(now);
        }
        news
    }

    /// What is known is not all there is, until it is [`Self::complete`] again. Nothing is forgotten.
    pub(super) fn distrust(&self) {
        self.complete.store(NEVER, Ordering::Release);
    }

    /// Says what goes wrong.
    pub(super) fn trouble(&self, fault: &FeedFault) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.trouble = Some(fault.in_full());
    }

    fn is_stale(&self, now: Moment) -> bool {
        self.age(now).is_none_or(|age| age > self.limits.staleness_max)
    }

    fn age(&self, now: Moment) -> Option<Duration> {
        match self.complete.load(Ordering::Acquire) {
            NEVER => None,
            // a request that began before the head came is as good as one that begins with it
            at => Some(now.steady.saturating_sub(Duration::from_millis(at - 1))),
        }
    }

    fn admit_key(&self, key: Thumbprint, now: Moment) -> Result<(), FeedFault> {
        if !read(&self.keys).contains(&key) {
            self.make_room(now)?;
            let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
            keys.insert(key);
            self.entries.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn admit_session(&self, session: SessionId, until: Until, now: Moment) -> Result<(), FeedFault> {
        let known = {
            let shard = self.shard(&session);
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            let known = shard.get_mut(&session);
            known.map(|known| known.extend(until)).is_some()
        };
        if !known {
            self.make_room(now)?;
            let shard = self.shard(&session);
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            shard.insert(session, until);
            self.entries.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn make_room(&self, now: Moment) -> Result<(), FeedFault> {
        let entries_max = self.limits.entries_max;
        if self.entries.load(Ordering::Relaxed) >= entries_max {
            self.sweep(now);
        }
        if self.entries.load(Ordering::Relaxed) >= entries_max {
            return Err(FeedFault::Full { entries_max });
        }
        Ok(())
    }

    /// Forgets what is over, a shard at a time so that no request waits long.
    fn sweep(&self, now: Moment) {
        for shard in &self.sessions {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            let before = shard.len();
            shard.retain(|_, until| !until.has_passed(now));
            self.entries.fetch_sub(before - shard.len(), Ordering::Relaxed);
        }
    }

    fn shard(&self, session: &SessionId) -> &RwLock<HashMap<SessionId, Until>> {
        &self.sessions[usize::from(session.as_bytes()[0]) % SHARDS]
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations")
            .field("limits", &self.limits)
            .field("entries", &self.entries)
            .finish_non_exhaustive()
    }
}

impl Until {
    fn has_passed(&self, now: Moment) -> bool {
        now.wall >= self.wall && now.steady >= self.steady
    }

    /// An event that is read again changes nothing: its time began with the first reading.
    fn extend(&mut self, other: Self) {
        if other.wall > self.wall {
            *self = other;
        }
    }
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn milliseconds(steady: Duration) -> u64 {
    u64::try_from(steady.as_millis()).unwrap_or(u64::MAX - 1)
}

const NEVER: u64 = 0;
/// Requests wait for one of these while it is swept, and for none of the others.
const SHARDS: usize = 64;
/// How often what is over is forgotten.
const SWEEP_EVERY: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
