//! For the tests: an issuer, a network that may do anything, and a clock that moves only when somebody
//! waits. So hours pass in a moment, and nothing depends on how fast this machine is.

mod issuer;
mod source;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use entryway_oauth::revocation::{
    Challenge, FeedHead, FeedKey, FeedRequest, RevocationEvent, Revoked, Statement,
};
use entryway_oauth::time::{Seconds, Timestamp};

use super::super::scene::{MINUTES_15, NOON, issuer, session, token_key};
use super::super::{
    FeedFault, FeedKeys, FeedLimits, FeedSource, FeedStream, Follower, Revocations, Standing,
};
use crate::{Clock, IssuerSilent, KeySource, Moment};

use source::{Feed, Published, QUIET_MAX};

/// What is between the reader and the issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Network {
    Fine,
    /// No connection is made, and those there are end.
    Down,
    /// Nothing comes any more, and nobody says so.
    Silent,
    /// A proxy keeps what comes until there is much of it: no stream is of use, a page is.
    Buffering,
    /// Everything comes this late.
    Late(Duration),
    /// Somebody in between drops every third statement, says others twice, in another order, or gives
    /// recorded ones instead.
    Meddling(Meddling),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meddling {
    Drops,
    Repeats,
    Reorders,
    /// Every head is the first one that was ever sent.
    Replays,
    /// Statements signed by somebody else.
    Forges,
    /// Every event stays away, every head comes.
    HidesEvents,
}

/// What happens at some moment.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    Revoke,
    RevokeMany(u64),
    Network(Network),
    /// Connections end, and events go on from the database.
    ServerRestarts,
    /// The database is restored without its last events; then this many new ones follow at once.
    HistoryLost {
        events: usize,
        new: u64,
    },
    ServerClockJumps(i64),
    OurClockJumps(i64),
    FeedKeyRotates,
    /// Events that are over are not kept any more.
    Pruned,
}

pub(super) struct World {
    state: Mutex<State>,
    pub(super) revocations: Arc<Revocations>,
    staleness_max: Duration,
}

struct State {
    steady: Duration,
    our_jump: i64,
    server_jump: i64,
    network: Network,
    events: Vec<RevocationEvent>,
    /// Whose session each event ended.
    sessions: Vec<u64>,
    kept_from: usize,
    next_session: u64,
    key: u8,
    connection: Option<Connection>,
    connections: u64,
    first_head: Option<String>,
    said: u64,
    script: VecDeque<(Duration, Change)>,
    /// When each session of today's history ended.
    ended: BTreeMap<u64, Duration>,
    /// Since when nothing is wrong.
    fine_since: Option<Duration>,
    /// Until when what is valid must pass: the limit of staleness after the last time it was fine.
    good_until: Duration,
    pages: u64,
    draws: u64,
    /// By how much knowledge may be older than it seems.
    hidden: Duration,
}

struct Connection {
    id: u64,
    challenge: Option<Challenge>,
    sent: usize,
    next_head: Duration,
    queue: VecDeque<(Duration, String)>,
}

/// The smallest time that passes.
const TICK: Duration = Duration::from_millis(100);
/// However bad it was: silence, one page in vain, and the longest wait.
pub(super) const RECOVERED_WITHIN: Duration = Duration::from_secs(45);
const TOKENS_LAST: Duration = Duration::from_secs(MINUTES_15.0.unsigned_abs());
const AT_ONCE: Duration = Duration::from_secs(1);
/// A session that is never revoked.
const VALID: u64 = u64::MAX;

impl World {
    pub(super) fn new(limits: FeedLimits, script: Vec<(Duration, Change)>) -> Arc<Self> {
        Arc::new(Self {
            revocations: Revocations::new(limits),
            staleness_max: limits.staleness_max,
            state: Mutex::new(State {
                steady: Duration::from_secs(1),
                our_jump: 0,
                server_jump: 0,
                network: Network::Fine,
                events: Vec::new(),
                sessions: Vec::new(),
                kept_from: 0,
                next_session: 1,
                key: 1,
                connection: None,
                connections: 0,
                first_head: None,
                said: 0,
                script: script.into(),
                ended: BTreeMap::new(),
                fine_since: Some(Duration::from_secs(1)),
                good_until: Duration::ZERO,
                pages: 0,
                draws: 0,
                hidden: Duration::ZERO,
            }),
        })
    }

    /// Follows until this much time has passed, checking at each moment.
    pub(super) fn run(self: &Arc<Self>, duration: Duration) {
        let keys = FeedKeys::published(Arc::new(Published(Arc::clone(self))));
        let world = Arc::clone(self);
        let clock: Clock = Arc::new(move || world.state().now());
        let world = Arc::clone(self);
        let chance = move || {
            let n = {
                let mut state = world.state();
                state.draws += 1;
                state.draws
            };
            // spreads over all waits; differs each time
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&(n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).to_le_bytes());
            bytes[8..].copy_from_slice(&n.to_le_bytes());
            bytes
        };
        let follower = Follower::new(issuer(), keys, Arc::new(chance));
        let end = self.state().steady + duration;
        let world = Arc::clone(self);
        let stop = poll_fn(move |_| {
            if world.state().steady >= end {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        let source = Feed(Arc::clone(self));
        let following = follower.follow(source, Arc::clone(&self.revocations), clock, stop);
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(following);
        assert!(
            self.state().connection.is_none(),
            "a connection outlived its follower"
        );
    }

    pub(super) fn standing(&self, n: u64) -> Standing {
        let now = self.state().now();
        self.revocations.standing(Some(session(n)), &token_key(), now)
    }

    pub(super) fn valid(&self) -> Standing {
        self.standing(VALID)
    }

    pub(super) fn now(&self) -> Moment {
        self.state().now()
    }

    pub(super) fn connections(&self) -> u64 {
        self.state().connections
    }

    pub(super) fn pages(&self) -> u64 {
        self.state().pages
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a tick pass, and looks whether all is as it must be.
    async fn tick(&self) {
        {
            let mut state = self.state();
            state.steady += TICK;
            while state.script.front().is_some_and(|(at, _)| *at <= state.steady) {
                let (_, change) = state.script.pop_front().unwrap();
                state.apply(change, self.staleness_max);
            }
            state.pump();
            state.tell_fine(self.staleness_max);
        }
        self.check();
        tokio::task::yield_now().await;
    }

    fn check(&self) {
        let state = self.state();
        let now = state.now();
        let stands = |n| self.revocations.standing(Some(session(n)), &token_key(), now);
        let well = state.is_well_for(RECOVERED_WITHIN);
        let at_once = match state.network {
            // while a stream is tried in vain
            Network::Buffering => AT_ONCE + QUIET_MAX,
            _ => AT_ONCE,
        };
        for (n, ended) in &state.ended {
            let since = now.steady.saturating_sub(*ended);
            // by then its last token has ended
            if since > TOKENS_LAST {
                continue;
            }
            if since > self.staleness_max + state.hidden {
                assert_ne!(
                    stands(*n),
                    Standing::Good,
                    "revoked {n} passes after {since:?} at {now:?}"
                );
            }
            if well && since > at_once {
                assert_eq!(
                    stands(*n),
                    Standing::Revoked,
                    "{n} is not known after {since:?} at {now:?}"
                );
            }
        }
        let valid = stands(VALID);
        assert_ne!(valid, Standing::Revoked);
        if well || now.steady <= state.good_until {
            assert_eq!(
                valid,
                Standing::Good,
                "at {now:?}, good until {:?}",
                state.good_until
            );
        }
    }
}
