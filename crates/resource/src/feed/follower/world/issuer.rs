//! What goes on in the world: the issuer, the network, and the clocks.

use super::*;

impl State {
    pub(super) fn now(&self) -> Moment {
        Moment {
            wall: self.wall(self.our_jump),
            steady: self.steady,
        }
    }

    pub(super) fn wall(&self, jump: i64) -> Timestamp {
        let passed = i64::try_from(self.steady.as_secs()).unwrap();
        Timestamp::from_seconds(NOON) + Seconds(passed + jump)
    }

    pub(super) fn key(&self) -> FeedKey {
        FeedKey::from_bytes(&[self.key; 32]).unwrap()
    }

    /// The key before the present one is still published.
    pub(super) fn published(&self) -> String {
        let keys = [self.key - 1, self.key].into_iter().filter(|key| *key > 0);
        let keys = keys.map(|key| {
            let key = FeedKey::from_bytes(&[key; 32]).unwrap();
            let mark = format!(r#"{{"kid":"{}","alg":"ES256","#, key.kid());
            key.public().canonical_json().replacen('{', &mark, 1)
        });
        format!(r#"{{"keys":[{}]}}"#, keys.collect::<Vec<_>>().join(","))
    }

    pub(super) fn is_well(&self) -> bool {
        matches!(self.network, Network::Fine | Network::Buffering)
    }

    pub(super) fn is_well_for(&self, duration: Duration) -> bool {
        self.fine_since
            .is_some_and(|since| self.steady.saturating_sub(since) > duration)
    }

    pub(super) fn tell_fine(&mut self, staleness_max: Duration) {
        if self.is_well_for(RECOVERED_WITHIN) {
            // a head every five seconds whose date may be off by one, or a page every third of the limit
            let known = Duration::from_secs(7).max(staleness_max / 3 + AT_ONCE);
            self.good_until = (self.steady + staleness_max).saturating_sub(known);
        }
    }

    pub(super) fn apply(&mut self, change: Change, staleness_max: Duration) {
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

    pub(super) fn disturbed(&mut self) {
        self.fine_since = self.is_well().then_some(self.steady);
    }

    pub(super) fn cut(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.id = 0;
        }
    }

    pub(super) fn revoke(&mut self) {
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

    pub(super) fn head(&self, challenge: Option<Challenge>) -> Statement {
        Statement::Head(FeedHead {
            iss: issuer(),
            seq: self.events.len().try_into().unwrap(),
            oldest: u64::try_from(self.kept_from).unwrap() + 1,
            iat: self.wall(self.server_jump),
            challenge,
        })
    }

    /// From which index on a reader is served.
    pub(super) fn begin(&self, request: FeedRequest) -> Result<usize, FeedFault> {
        let Some(after) = request.after else {
            return Ok(self.kept_from);
        };
        match usize::try_from(after).unwrap() {
            after if after < self.kept_from => Err(FeedFault::CursorRefused),
            after => Ok(after.min(self.events.len())),
        }
    }

    pub(super) fn reachable(&self) -> Result<(), FeedFault> {
        match self.network {
            Network::Down => Err(FeedFault::Unreachable("down".into())),
            _ => Ok(()),
        }
    }

    /// What is answered by now, and how late it comes.
    pub(super) fn page(
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
    pub(super) fn pump(&mut self) {
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
    pub(super) fn through(&mut self, said: Vec<Statement>) -> Vec<String> {
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

/// Fewer than a real page, so that several are needed.
const PAGE: usize = 7;
