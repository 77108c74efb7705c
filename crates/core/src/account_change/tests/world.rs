//! A PDS, a DID document and an account that fail where they are told to, and a driver between them.

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
    /// Nothing was done yet: the work is done four minutes later.
    Late,
}

impl Fault {
    pub(super) const ALL: [Self; 5] = [
        Self::DeathBefore,
        Self::DeathAfter,
        Self::Broken,
        Self::BrokenAfter,
        Self::Late,
    ];
}

/// How a run of the driver ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Run {
    Done,
    Refused(XrpcDenial),
    Died,
}

/// What an account is, there or here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) handle: Handle,
    pub(super) is_off: bool,
    pub(super) is_down: bool,
}

/// Everything there is besides the driver.
pub(super) struct World {
    pub(super) now: Timestamp,
    /// What goes wrong with the call of each number.
    pub(super) faults: Vec<(usize, Fault)>,
    calls: usize,
    late: Vec<(Timestamp, usize, Action)>,
    /// How many operations the directory took: what is on its way follows on one of them.
    operations: usize,
    /// What stands first in the DID document.
    pub(super) document: Handle,
    /// Whether our rotation key is in it.
    pub(super) has_key: bool,
    /// Whether the PDS takes the new handle.
    pub(super) takes_handle: bool,
    /// The account on the PDS.
    pub(super) host: Option<Known>,
    /// The account here.
    pub(super) ours: Option<Known>,
    /// The one record of the store.
    pub(super) record: Option<AccountChange>,
}

enum Stop {
    Died,
    Failed(Failure),
}

impl World {
    pub(super) fn with(faults: Vec<(usize, Fault)>) -> Self {
        let known = Known {
            handle: handle("old.test"),
            is_off: false,
            is_down: false,
        };
        Self {
            now: NOW,
            faults,
            calls: 0,
            late: Vec::new(),
            operations: 0,
            document: handle("old.test"),
            has_key: true,
            takes_handle: true,
            host: Some(known.clone()),
            ours: Some(known),
            record: None,
        }
    }

    pub(super) fn wait(&mut self, time: Seconds) {
        self.now = self.now + time;
        let (arrived, late) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|(at, ..)| *at <= self.now);
        self.late = late;
        for (_, operations, action) in arrived {
            let is_stale = matches!(action, Action::ChangeDocument { .. }) && operations != self.operations;
            if !is_stale {
                let _ = self.work(&action);
            }
        }
    }

    /// The verb that begins a change, and then its driver.
    pub(super) fn request(&mut self, wish: &Change) -> Run {
        let begun = AccountChange::begin(&account(), wish.clone(), self.now);
        let held = match self.record.take() {
            Some(other) => match other.claim(wish, self.now) {
                Claim::Resume => match other.clone().held_by_request(self.now) {
                    Ok(held) => held,
                    Err(denial) => {
                        self.record = Some(other);
                        return Run::Refused(denial);
                    }
                },
                Claim::Replace => begun.replacing(&other),
                Claim::Wait => {
                    let denial = other.under_way(self.now);
                    self.record = Some(other);
                    return Run::Refused(denial);
                }
                Claim::Unrelated => unreachable!("one kind at a time"),
            },
            None => begun,
        };
        match (wish, &mut self.ours) {
            (Change::Deletion, ours) => *ours = None,
            (Change::Status(StatusChange::Deactivated), Some(ours)) => ours.is_off = true,
            (Change::Status(StatusChange::TakenDown { .. }), Some(ours)) => ours.is_down = true,
            // the verb that begins it says so
            (Change::Handle { to, .. }, Some(ours)) if ours.handle == *to => return Run::Done,
            _ => {}
        }
        self.record = Some(held);
        self.drive()
    }

    pub(super) fn reconcile(&mut self) {
        let due = self.record.clone().and_then(|it| it.held_by_reconciler(self.now));
        if due.is_some() {
            self.record = due;
            self.drive();
        }
    }

    fn drive(&mut self) -> Run {
        let mut document = None;
        for _ in 0..STEPS_MAX {
            let record = self.record.clone().unwrap();
            let action = record.next(document.as_ref());
            let done = match &action {
                Action::Finish => {
                    self.do_our_part();
                    self.record = None;
                    return Run::Done;
                }
                Action::Rest => return Run::Done,
                Action::Drop(why) => {
                    self.record = None;
                    return Run::Refused(why.denial());
                }
                Action::Record(event) => Ok(*event),
                Action::Look => match self.look() {
                    Ok(found) => {
                        document = Some(found);
                        continue;
                    }
                    Err(stop) => Err(stop),
                },
                other => self.act(other, record.stage),
            };
            let event = match done {
                Ok(event) => event,
                Err(Stop::Died) => return Run::Died,
                Err(Stop::Failed(failure)) => match record.failed(failure, None, self.now) {
                    AfterFailure::Record(event) => event,
                    AfterFailure::Pause(denial) => {
                        self.record = Some(record.paused(self.now));
                        return Run::Refused(denial);
                    }
                    other => panic!("{other:?}"),
                },
            };
            let advanced = record.advance(event, self.now).unwrap();
            let settles = advanced.stage == Stage::Settling;
            self.record = Some(advanced);
            if settles {
                self.do_our_part();
            }
            document = None;
        }
        panic!("a way without an end: {:?}", self.record);
    }

    fn fault(&mut self) -> Option<Fault> {
        let number = self.calls;
        self.calls += 1;
        self.faults
            .iter()
            .find(|(at, _)| *at == number)
            .map(|(_, it)| *it)
    }

    fn look(&mut self) -> Result<Document, Stop> {
        match self.fault() {
            Some(Fault::DeathBefore | Fault::DeathAfter) => Err(Stop::Died),
            Some(_) => Err(Stop::Failed(Failure::DirectoryUnavailable)),
            None => Ok(Document::Plc {
                handle: Some(self.document.clone()),
                is_ours_to_sign: self.has_key,
            }),
        }
    }

    fn act(&mut self, action: &Action, stage: Stage) -> Result<Event, Stop> {
        let fault = self.fault();
        let broken = Stop::Failed(match action {
            Action::ChangeDocument { .. } => Failure::DirectoryUnavailable,
            _ => Failure::HostBroken,
        });
        match fault {
            Some(Fault::DeathBefore) => return Err(Stop::Died),
            Some(Fault::Broken) => return Err(broken),
            Some(Fault::Late) => {
                let arrives = self.now + Seconds::minutes(4);
                self.late.push((arrives, self.operations, action.clone()));
                return Err(broken);
            }
            _ => {}
        }
        let done = self.work(action).map_err(Stop::Failed);
        match fault {
            Some(Fault::DeathAfter) => Err(Stop::Died),
            Some(Fault::BrokenAfter) => Err(broken),
            _ => done.map(|()| match (action, stage) {
                (Action::ChangeDocument { .. }, Stage::Reverting { .. }) => Event::DocumentReverted,
                (Action::ChangeDocument { .. }, _) => Event::DocumentChanged,
                _ => Event::HostTold,
            }),
        }
    }

    fn work(&mut self, action: &Action) -> Result<(), Failure> {
        match action {
            Action::ChangeDocument { handle } => {
                if !self.has_key {
                    return Err(Failure::DirectoryRefused);
                }
                self.document = handle.clone();
                self.operations += 1;
            }
            Action::TellHost(HostCall::Delete) => self.host = None,
            Action::TellHost(HostCall::Handle(handle)) => {
                let host = self.host.as_mut().unwrap();
                if !self.takes_handle {
                    return Err(Failure::HostRefused(HostRefusal::HandleTaken));
                }
                if self.document != *handle {
                    return Err(Failure::HostRefused(HostRefusal::Document));
                }
                host.handle = handle.clone();
            }
            Action::TellHost(HostCall::Status(status)) => {
                if let Some(host) = &mut self.host {
                    apply(status, host);
                }
            }
            other => panic!("nobody is asked for {other:?}"),
        }
        Ok(())
    }

    /// What the verb that finishes a change does.
    fn do_our_part(&mut self) {
        let change = self.record.as_ref().unwrap().change.clone();
        match (change, &mut self.ours) {
            (Change::Handle { to, .. }, Some(ours)) => ours.handle = to,
            (Change::Status(status), Some(ours)) => apply(&status, ours),
            _ => {}
        }
    }
}

fn apply(status: &StatusChange, to: &mut Known) {
    match status {
        StatusChange::Deactivated => to.is_off = true,
        StatusChange::Activated => to.is_off = false,
        StatusChange::TakenDown { .. } => to.is_down = true,
        StatusChange::Restored => to.is_down = false,
    }
}
