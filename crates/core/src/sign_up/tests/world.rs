//! A PDS, a directory and a store that fail where they are told to, and a driver between them.

use std::collections::BTreeSet;

use super::*;

/// What goes wrong with one call to the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The driver dies before it calls.
    DeathBefore,
    /// The driver dies after the call did its work, before it is recorded.
    DeathAfter,
    /// Nothing was done, and the answer is a 500 or no answer.
    Broken,
    /// All was done, and the answer is a 500.
    BrokenAfter,
    /// The directory took the operation, and the PDS then failed (contract 0, item 7).
    BrokenBetween,
    /// Nothing was done yet: the work is done four minutes later.
    Late,
    /// What was late is done just before this call.
    LateNow,
    /// The directory cannot be asked.
    NoDirectory,
    /// The PDS forgot the keys it kept.
    KeysLost,
}

impl Fault {
    pub(super) const ALL: [Self; 9] = [
        Self::DeathBefore,
        Self::DeathAfter,
        Self::Broken,
        Self::BrokenAfter,
        Self::BrokenBetween,
        Self::Late,
        Self::LateNow,
        Self::NoDirectory,
        Self::KeysLost,
    ];
}

/// How a run of the driver ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// With a session for this account.
    SignedIn(Did),
    /// With the record gone.
    Released,
    /// With a refusal.
    Refused(XrpcDenial),
    /// In the middle.
    Died,
}

enum Stop {
    Died,
    Failed(Failure),
}

/// A DID in the directory.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) did: Did,
    pub(super) operations: Vec<Made>,
    pub(super) ended: bool,
}

impl Log {
    fn last(&self) -> &Made {
        self.operations.last().unwrap()
    }

    /// The key that the DID document has for the repository.
    pub(super) fn key(&self) -> &str {
        &self.last().signing_key
    }
}

/// An account on the PDS, and the key it signs its repository with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OnPds {
    pub(super) did: Did,
    pub(super) handle: Handle,
    pub(super) key: String,
    /// Whether it was deactivated.
    pub(super) rests: bool,
}

/// Everything there is besides the driver.
pub(super) struct World {
    /// What is asked for.
    pub(super) asked: SignUpRequest,
    pub(super) now: Timestamp,
    /// What goes wrong with the call of each number.
    pub(super) faults: Vec<(usize, Fault)>,
    calls: usize,
    made: usize,
    late: Vec<(Timestamp, Made)>,
    /// The logs of the directory.
    pub(super) directory: Vec<Log>,
    pub(super) keys: BTreeSet<String>,
    /// The accounts on the PDS.
    pub(super) accounts: Vec<OnPds>,
    /// The one record of the store.
    pub(super) record: Option<SignUp>,
    /// The one account of the store.
    pub(super) stored: Option<Did>,
}

impl World {
    /// Somebody who makes a DID.
    pub(super) fn with(faults: Vec<(usize, Fault)>) -> Self {
        Self::asking(request(), faults)
    }

    /// Somebody who brings a DID, which names another host.
    pub(super) fn arriving(faults: Vec<(usize, Fault)>) -> Self {
        let mut world = Self::asking(arriving(), faults);
        let follows = world.brought().clone();
        world.directory.push(Log {
            did: follows.did.clone(),
            operations: vec![Made {
                did: follows.did,
                signing_key: "key-before".to_owned(),
                operation: "{}".to_owned(),
                cid: follows.last,
                prev: None,
            }],
            ended: false,
        });
        world
    }

    fn brought(&self) -> &Follows {
        &self.asked.arrival.as_ref().unwrap().follows
    }

    fn asking(asked: SignUpRequest, faults: Vec<(usize, Fault)>) -> Self {
        Self {
            asked,
            now: NOW,
            faults,
            calls: 0,
            made: 0,
            late: Vec::new(),
            directory: Vec::new(),
            keys: BTreeSet::new(),
            accounts: Vec::new(),
            record: None,
            stored: None,
        }
    }

    /// The request, sent for the first time or again.
    pub(super) fn request(&mut self) -> Run {
        let held = match self.record.take() {
            None if self.stored.is_some() => return Run::Refused(XrpcDenial::HandleNotAvailable),
            None => SignUp::admit(
                id(),
                self.asked.clone(),
                password(),
                "did:web:pds.test".to_owned(),
                self.now,
            ),
            Some(record) => {
                self.record = Some(record.clone());
                assert_eq!(
                    record.claim(&self.asked, true, self.now),
                    claim_of(&record, self.now)
                );
                match record.held_by_request(self.now) {
                    Ok(held) => held,
                    Err(denial) => return Run::Refused(denial),
                }
            }
        };
        self.record = Some(held);
        self.drive()
    }

    /// One round of the reconciler; nothing if nothing was due.
    pub(super) fn reconcile(&mut self) -> Option<Run> {
        if self
            .record
            .as_ref()
            .is_some_and(|record| record.is_spent(self.now))
        {
            self.record = None;
            return Some(Run::Released);
        }
        let held = self.record.clone()?.held_by_reconciler(self.now)?;
        self.record = Some(held);
        Some(self.drive())
    }

    /// Minutes pass, and what was late is done.
    pub(super) fn wait(&mut self, duration: Seconds) {
        self.now = self.now + duration;
        self.finish_late(self.now);
    }

    fn finish_late(&mut self, until: Timestamp) {
        let (due, later) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|(at, _)| *at <= until);
        self.late = later;
        let due: Vec<(Timestamp, Made)> = due;
        for (_, made) in due {
            // whatever comes of it, nobody hears of it any more
            let _ = self.create(&made);
        }
    }

    fn drive(&mut self) -> Run {
        let mut seen: Option<Seen> = None;
        for _ in 0..STEPS_MAX {
            let record = self.record.clone().unwrap();
            let done = match record.next(seen.as_ref()) {
                Action::BeginSession(did) => return Run::SignedIn(did),
                Action::Release => {
                    self.record = None;
                    return Run::Released;
                }
                Action::Pause => return self.pause(XrpcDenial::PdsUnavailable),
                Action::Look(did) => match self.look(&did) {
                    Ok(found) => {
                        seen = Some(found);
                        continue;
                    }
                    Err(stop) => Err(stop),
                },
                action => self.act(action),
            };
            seen = None;
            let event = match done {
                Ok(Some(event)) => event,
                Ok(None) => continue,
                Err(Stop::Died) => return Run::Died,
                Err(Stop::Failed(failure)) => match self.after(&record, failure) {
                    Ok((event, found)) => {
                        seen = found;
                        match event {
                            Some(event) => event,
                            None => continue,
                        }
                    }
                    Err(run) => return run,
                },
            };
            let abandoned = match &event {
                Event::Abandoned { why, .. } => Some(why.denial()),
                _ => None,
            };
            self.record = Some(record.advance(event, self.now).unwrap());
            if let Some(denial) = abandoned {
                return Run::Refused(denial);
            }
        }
        self.pause(XrpcDenial::PdsUnavailable)
    }

    /// What to record after a failure, or with what was seen to go on; or how the run ends.
    fn after(&mut self, record: &SignUp, failure: Failure) -> Result<(Option<Event>, Option<Seen>), Run> {
        let mut seen = None;
        loop {
            match record.failed(failure, seen.as_ref()) {
                AfterFailure::Look => match self.look(record.did().unwrap()) {
                    Ok(found) => seen = Some(found),
                    Err(Stop::Died) => return Err(Run::Died),
                    Err(Stop::Failed(failure)) => return self.after(record, failure),
                },
                AfterFailure::GoOn => return Ok((None, seen)),
                AfterFailure::Record(event) => return Ok((Some(event), None)),
                AfterFailure::Pause(denial) => return Err(self.pause(denial)),
            }
        }
    }

    fn pause(&mut self, denial: XrpcDenial) -> Run {
        self.record = self.record.take().map(|record| record.paused(self.now));
        Run::Refused(denial)
    }

    fn fault(&mut self) -> Option<Fault> {
        let number = self.calls;
        self.calls += 1;
        self.faults
            .iter()
            .find(|(at, _)| *at == number)
            .map(|(_, fault)| *fault)
    }

    fn act(&mut self, action: Action) -> Result<Option<Event>, Stop> {
        let fault = self.fault();
        match fault {
            Some(Fault::DeathBefore) => return Err(Stop::Died),
            Some(Fault::Broken) => return Err(Stop::Failed(Failure::HostBroken)),
            Some(Fault::NoDirectory) if matches!(action, Action::Tombstone(_) | Action::PutBack(_)) => {
                return Err(Stop::Failed(Failure::DirectoryUnavailable));
            }
            Some(Fault::KeysLost) => self.keys.clear(),
            Some(Fault::LateNow) => self.finish_late(self.now + Seconds::days(1)),
            Some(Fault::Late) => {
                if let Action::CreateOnPds(made) = action {
                    self.late.push((self.now + Seconds::minutes(4), made));
                }
                return Err(Stop::Failed(Failure::HostSilent));
            }
            Some(Fault::BrokenBetween) => {
                if let Action::CreateOnPds(made) = &action
                    && self.keys.contains(&made.signing_key)
                {
                    let _ = self.publish(made);
                }
                return Err(Stop::Failed(Failure::HostBroken));
            }
            _ => {}
        }
        let done = self.work(action);
        match fault {
            Some(Fault::DeathAfter) => Err(Stop::Died),
            Some(Fault::BrokenAfter) => Err(Stop::Failed(Failure::HostBroken)),
            _ => done,
        }
    }

    fn work(&mut self, action: Action) -> Result<Option<Event>, Stop> {
        match action {
            Action::ReserveKey { did } => {
                if self
                    .holder()
                    .is_some_and(|holder| Some(&holder.did) != did.as_ref())
                {
                    return Err(Stop::Failed(Failure::HandleTaken));
                }
                self.made += 1;
                let signing_key = format!("key-{}", self.made);
                self.keys.insert(signing_key.clone());
                Ok(Some(Event::KeyReserved { signing_key }))
            }
            Action::MakeOperation { signing_key, follows } => {
                self.made += 1;
                Ok(Some(Event::OperationMade(Made {
                    did: follows
                        .as_ref()
                        .map_or_else(|| did(self.made), |it| it.did.clone()),
                    signing_key,
                    operation: "{}".to_owned(),
                    cid: format!("cid-{}", self.made),
                    prev: follows.map(|it| it.last),
                })))
            }
            Action::CreateOnPds(made) => self
                .create(&made)
                .map(|()| Some(Event::CreatedOnPds))
                .map_err(Stop::Failed),
            Action::Activate(did) => {
                assert!(self.accounts.iter().any(|account| account.did == did));
                Ok(Some(Event::Activated))
            }
            Action::Deactivate(did) => {
                let account = self.accounts.iter_mut().find(|account| account.did == did);
                account.unwrap().rests = true;
                Ok(Some(Event::Activated))
            }
            Action::StoreAccount(did) => {
                // one verb stores the account and records it, so a death after it finds both
                self.stored = Some(did);
                let record = self.record.take().unwrap();
                self.record = Some(record.advance(Event::AccountStored, self.now).unwrap());
                Ok(None)
            }
            Action::Record(event) => Ok(Some(event)),
            Action::DeleteOnPds(did) => {
                self.accounts.retain(|account| account.did != did);
                Ok(None)
            }
            Action::PutBack(follows) => {
                self.made += 1;
                let cid = format!("cid-{}", self.made);
                let log = self.log(&follows.did).unwrap();
                assert_eq!(log.last().cid, follows.last);
                log.operations.push(Made {
                    cid,
                    prev: Some(follows.last),
                    ..log.operations[0].clone()
                });
                Ok(None)
            }
            Action::Tombstone(follows) => {
                assert_eq!(self.asked.arrival, None, "a DID that was brought is ended");
                let log = self.log(&follows.did).unwrap();
                assert_eq!(log.last().cid, follows.last);
                log.ended = true;
                Ok(None)
            }
            Action::Look(_) | Action::BeginSession(_) | Action::Release | Action::Pause => unreachable!(),
        }
    }

    /// What the reference PDS does, in its order (contract 2.3, step 4).
    fn create(&mut self, made: &Made) -> Result<(), Failure> {
        if !self.keys.contains(&made.signing_key) {
            return Err(Failure::HostRefused(HostRefusal::KeyUnknown));
        }
        if !self.publish(made) {
            return Err(Failure::HostRefused(HostRefusal::Other));
        }
        let is_there = self.accounts.iter().any(|account| account.did == made.did);
        if is_there || self.holder().is_some() {
            return Err(Failure::HostBroken);
        }
        self.accounts.push(OnPds {
            did: made.did.clone(),
            handle: request().handle,
            key: made.signing_key.clone(),
            rests: false,
        });
        self.keys.remove(&made.signing_key);
        Ok(())
    }

    fn publish(&mut self, made: &Made) -> bool {
        let Some(log) = self.log(&made.did) else {
            let operations = vec![made.clone()];
            self.directory.push(Log {
                did: made.did.clone(),
                operations,
                ended: false,
            });
            return made.prev.is_none();
        };
        let follows = !log.ended && made.prev.as_ref() == Some(&log.last().cid);
        if follows {
            log.operations.push(made.clone());
        }
        follows
    }

    fn log(&mut self, did: &Did) -> Option<&mut Log> {
        self.directory.iter_mut().find(|log| log.did == *did)
    }

    /// Whoever has the handle on the PDS.
    fn holder(&self) -> Option<&OnPds> {
        self.accounts
            .iter()
            .find(|account| account.handle == request().handle)
    }

    fn look(&mut self, did: &Did) -> Result<Seen, Stop> {
        match self.fault() {
            Some(Fault::DeathBefore | Fault::DeathAfter) => return Err(Stop::Died),
            Some(Fault::NoDirectory) => return Err(Stop::Failed(Failure::DirectoryUnavailable)),
            Some(Fault::Broken) => return Err(Stop::Failed(Failure::HostBroken)),
            _ => {}
        }
        let directory = match self.log(did) {
            None => InDirectory::Absent,
            Some(log) if log.ended => InDirectory::Tombstoned,
            Some(log) => {
                let last = log.last().cid.clone();
                if log.key() == "key-before" {
                    InDirectory::Unmoved { last }
                } else {
                    InDirectory::Live { last }
                }
            }
        };
        let host = match self.holder() {
            Some(holder) if holder.did == *did => OnHost::Present,
            Some(_) => OnHost::HandleTaken,
            None => OnHost::Absent,
        };
        Ok(Seen { directory, host })
    }
}

fn claim_of(record: &SignUp, now: Timestamp) -> Claim {
    match record.stage {
        Stage::Undoing { .. } => Claim::Refuse(XrpcDenial::HandleNotAvailable),
        _ if record.is_spent(now) => Claim::Refuse(XrpcDenial::HandleNotAvailable),
        _ => Claim::Resume,
    }
}
