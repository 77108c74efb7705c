//! For the tests: an issuer, a network that may do anything, and a clock that moves only when somebody
//! waits. So hours pass in a moment, and nothing depends on how fast this machine is.

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

impl State {
    fn now(&self) -> Moment {
        Moment {
            wall: self.wall(self.our_jump),
            steady: self.steady,
        }
    }

    fn wall(&self, jump: i64) -> Timestamp {
        let passed = i64::try_from(self.steady.as_secs()).unwrap();
        Timestamp::from_seconds(NOON) + Seconds(passed + jump)
    }

    fn key(&self) -> FeedKey {
        FeedKey::from_bytes(&[self.key; 32]).unwrap()
    }

    /// The key before the present one is still published.
    fn published(&self) -> String {
        let keys = [self.key - 1, self.key].into_iter().filter(|key| *key > 0);
        let keys = keys.map(|key| {
            let key = FeedKey::from_bytes(&[key; 32]).unwrap();
            let mark = format!(r#"{{"kid":"{}","alg":"ES256","#, key.kid());
            key.public().canonical_json().replacen('{', &mark, 1)
        });
        format!(r#"{{"keys":[{}]}}"#, keys.collect::<Vec<_>>().join(","))
    }

    fn is_well(&self) -> bool {
        matches!(self.network, Network::Fine | Network::Buffering)
    }

    fn is_well_for(&self, duration: Duration) -> bool {
        self.fine_since
            .is_some_and(|since| self.steady.saturating_sub(since) > duration)
    }

    fn tell_fine(&mut self, staleness_max: Duration) {
        if self.is_well_for(RECOVERED_WITHIN) {
            // a head every five seconds whose date may be off by one, or a page every third of the limit
            let known = Duration::from_secs(7).max(staleness_max / 3 + AT_ONCE);
            self.good_until = (self.steady + staleness_max).saturating_sub(known);
        }
    }

    fn apply(&mut self, change: Change, staleness_max: Duration) {
        self.tell_fine(staleness_max);
        match change {
            Change::Revoke => self.revoke(),
            Change::RevokeMany(count) => (0..count).for_each(|_| self.revoke()),
            Change::Network(network) => {
                self.network = network;
                if network == Network::Down {
                    self.cut();
                }
                self.disturbed();
            }
            Change::ServerRestarts => {
                self.cut();
                self.disturbed();
            }
            Change::HistoryLost { events, new } => {
                let left = self.events.len().saturating_sub(events);
                self.events.truncate(left);
                self.kept_from = self.kept_from.min(left);
                for n in self.sessions.split_off(left) {
                    self.ended.remove(&n);
                }
                (0..new).for_each(|_| self.revoke());
                self.cut();
                // fails closed until it is read anew
                self.good_until = Duration::ZERO;
                self.disturbed();
            }
            Change::ServerClockJumps(seconds) => {
                self.server_jump += seconds;
                // how late a stream is can hide behind a clock that is set ahead by no more than that
                self.hidden += Duration::from_secs(seconds.clamp(0, 11).unsigned_abs());
                self.disturbed();
            }
            Change::OurClockJumps(seconds) => self.our_jump += seconds,
            Change::FeedKeyRotates => {
                self.key += 1;
                self.disturbed();
            }
            Change::Pruned => {
                let is_over = |n: &u64| {
                    let ended = self.ended.get(n);
                    ended.is_none_or(|ended| self.steady.saturating_sub(*ended) > TOKENS_LAST)
                };
                let sessions = self.sessions[self.kept_from..].iter();
                self.kept_from += sessions.take_while(|n| is_over(n)).count();
            }
        }
    }

    fn disturbed(&mut self) {
        self.fine_since = self.is_well().then_some(self.steady);
    }

    fn cut(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.id = 0;
        }
    }

    fn revoke(&mut self) {
        let n = self.next_session;
        self.next_session += 1;
        let iat = self.wall(self.server_jump);
        self.events.push(RevocationEvent {
            iss: issuer(),
            seq: u64::try_from(self.events.len()).unwrap() + 1,
            iat,
            until: iat + MINUTES_15,
            subject: Revoked::Session {
                sessions: vec![session(n)],
            },
        });
        self.sessions.push(n);
        self.ended.insert(n, self.steady);
    }

    fn head(&self, challenge: Option<Challenge>) -> Statement {
        Statement::Head(FeedHead {
            iss: issuer(),
            seq: self.events.len().try_into().unwrap(),
            oldest: u64::try_from(self.kept_from).unwrap() + 1,
            iat: self.wall(self.server_jump),
            challenge,
        })
    }

    /// From which index on a reader is served.
    fn begin(&self, request: FeedRequest) -> Result<usize, FeedFault> {
        let Some(after) = request.after else {
            return Ok(self.kept_from);
        };
        match usize::try_from(after).unwrap() {
            after if after < self.kept_from => Err(FeedFault::CursorRefused),
            after => Ok(after.min(self.events.len())),
        }
    }

    fn reachable(&self) -> Result<(), FeedFault> {
        match self.network {
            Network::Down => Err(FeedFault::Unreachable("down".into())),
            _ => Ok(()),
        }
    }

    /// What is answered by now, and how late it comes.
    fn page(
        &mut self,
        request: FeedRequest,
        until: Duration,
    ) -> Result<Option<(Duration, Vec<String>)>, FeedFault> {
        assert!(self.connection.is_none(), "two connections");
        self.reachable()?;
        if self.network == Network::Silent {
            return Ok(Some((Duration::MAX, Vec::new())));
        }
        let from = self.begin(request)?;
        let to = self.events.len().min(from + PAGE);
        if to == from && self.steady < until {
            return Ok(None);
        }
        let events = self.events[from..to].iter().cloned().map(Statement::Event);
        let said = events.chain([self.head(request.challenge)]).collect();
        self.pages += 1;
        let late = match self.network {
            Network::Late(late) => late,
            _ => Duration::ZERO,
        };
        Ok(Some((late, self.through(said))))
    }

    /// The server writes to its one connection.
    fn pump(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        if connection.id != 0 {
            let mut said = Vec::new();
            // the first head comes before the events
            if connection.next_head <= self.steady {
                said.push(self.head(connection.challenge));
                connection.next_head = self.steady + entryway_oauth::revocation::HEAD_EVERY;
            }
            for event in &self.events[connection.sent.min(self.events.len())..] {
                said.push(Statement::Event(event.clone()));
            }
            connection.sent = connection.sent.max(self.events.len());
            for text in self.through(said) {
                let late = match self.network {
                    Network::Late(late) => late,
                    Network::Silent | Network::Buffering => Duration::from_secs(1_000_000),
                    _ => Duration::ZERO,
                };
                connection.queue.push_back((self.steady + late, text));
            }
        }
        self.connection = Some(connection);
    }

    /// What the network makes of statements.
    fn through(&mut self, said: Vec<Statement>) -> Vec<String> {
        let mut texts = Vec::new();
        for statement in said {
            let mut text = self.key().sign(&statement).unwrap();
            self.said += 1;
            let third = self.said.is_multiple_of(3);
            let is_head = matches!(statement, Statement::Head(_));
            if is_head && self.first_head.is_none() {
                self.first_head = Some(text.clone());
            }
            match self.network {
                Network::Meddling(Meddling::Drops) if third => continue,
                Network::Meddling(Meddling::HidesEvents) if !is_head => continue,
                Network::Meddling(Meddling::Repeats) if third => texts.push(text.clone()),
                Network::Meddling(Meddling::Replays) if is_head => {
                    text = self.first_head.clone().unwrap();
                }
                Network::Meddling(Meddling::Forges) if third => {
                    text = FeedKey::from_bytes(&[99; 32]).unwrap().sign(&statement).unwrap();
                }
                _ => {}
            }
            texts.push(text);
        }
        if self.network == Network::Meddling(Meddling::Reorders) {
            texts.reverse();
        }
        texts
    }
}

struct Feed(Arc<World>);

impl FeedSource for Feed {
    type Stream = Stream;

    async fn open(&self, request: FeedRequest) -> Result<Stream, FeedFault> {
        self.0.tick().await;
        let mut state = self.0.state();
        assert!(state.connection.is_none(), "two connections");
        state.reachable()?;
        let sent = state.begin(request)?;
        state.connections += 1;
        state.connection = Some(Connection {
            id: state.connections,
            challenge: request.challenge,
            sent,
            next_head: state.steady,
            queue: VecDeque::new(),
        });
        drop(state);
        Ok(Stream(Arc::clone(&self.0)))
    }

    async fn page(&self, request: FeedRequest) -> Result<Vec<String>, FeedFault> {
        let until = self.0.now().steady + Duration::from_secs(request.wait.into());
        loop {
            self.0.tick().await;
            let page = self.0.state().page(request, until)?;
            let Some((late, texts)) = page else { continue };
            self.pause(late.min(QUIET_MAX)).await;
            return if late > QUIET_MAX {
                Err(FeedFault::Silent)
            } else {
                Ok(texts)
            };
        }
    }

    async fn pause(&self, duration: Duration) {
        let until = self.0.now().steady + duration;
        while self.0.now().steady < until {
            self.0.tick().await;
        }
    }
}

struct Published(Arc<World>);

#[async_trait::async_trait]
impl KeySource for Published {
    async fn key_set(&self) -> Result<Bytes, IssuerSilent> {
        self.0.tick().await;
        let state = self.0.state();
        assert!(state.connection.is_none(), "two connections");
        state.reachable().map_err(IssuerSilent::because)?;
        Ok(state.published().into())
    }
}

impl fmt::Debug for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Published")
    }
}

/// As long as a follower over HTTP waits.
const QUIET_MAX: Duration = Duration::from_secs(10);

/// Fewer than a real page, so that several are needed.
const PAGE: usize = 7;

struct Stream(Arc<World>);

impl FeedStream for Stream {
    async fn next(&mut self) -> Result<String, FeedFault> {
        let silent = self.0.now().steady + QUIET_MAX;
        loop {
            {
                let mut state = self.0.state();
                let now = state.steady;
                let connection = state.connection.as_mut().unwrap();
                if connection.queue.front().is_some_and(|(at, _)| *at <= now) {
                    return Ok(connection.queue.pop_front().unwrap().1);
                }
                if connection.id == 0 {
                    return Err(FeedFault::Ended);
                }
                if now >= silent {
                    return Err(FeedFault::Silent);
                }
            }
            self.0.tick().await;
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.state().connection = None;
    }
}
