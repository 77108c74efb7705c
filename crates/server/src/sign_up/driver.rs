//! Drives one sign-up that is held, until it is done, undone, or cannot go on for now.

use std::sync::Arc;

use entryway_core::sign_up::{Action, AfterFailure, Event, Failure, OutOfOrder, STEPS_MAX, Seen, SignUp};
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Did;
use entryway_store::{PdsHost, SignUpAdvance, SignUpRelease};

use super::steps::{Parties, Stop};
use super::under_way;
use crate::app::App;
use crate::failure::Fault;

/// A record, and those it takes to carry it further.
pub(super) struct Driver<'a> {
    app: &'a App,
    parties: Parties<'a>,
    record: SignUp,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With this account.
    Done(Did),
    /// With the record gone, and everything it had free.
    Released,
    /// With a refusal.
    Refused(XrpcDenial),
}

/// What comes of a failure: an event to record, or none where what was seen says how to go on.
type Onwards = (Option<Event>, Option<Seen>);

impl<'a> Driver<'a> {
    pub(super) fn new(app: &'a App, host: Arc<PdsHost>, record: SignUp) -> Self {
        Self {
            app,
            parties: Parties::new(app, host),
            record,
        }
    }

    /// Takes step after step. Each is recorded before the next is taken.
    pub(super) async fn run(mut self) -> Result<End, Fault> {
        let mut seen: Option<Seen> = None;
        for _ in 0..STEPS_MAX {
            let done = match self.record.next(seen.as_ref()) {
                Action::BeginSession(did) => return Ok(End::Done(did)),
                Action::Release => return self.release().await,
                Action::Pause => return self.pause(XrpcDenial::PdsUnavailable).await,
                Action::Look(did) => match self.look(&did).await {
                    Ok(found) => {
                        seen = Some(found);
                        continue;
                    }
                    Err(stop) => Err(stop),
                },
                Action::StoreAccount(_) => match self.record(Event::AccountStored).await? {
                    Recorded::Advanced => continue,
                    Recorded::Overtaken => return Ok(overtaken()),
                    Recorded::Taken(failure) => Err(Stop::Failed(failure)),
                },
                action => self.parties.act(&self.record, action).await,
            };
            seen = None;
            let event = match done {
                Ok(Some(event)) => event,
                Ok(None) => continue,
                Err(Stop::Fault(fault)) => return Err(fault),
                Err(Stop::Failed(failure)) => match self.after(failure).await? {
                    Ok((Some(event), _)) => event,
                    Ok((None, found)) => {
                        seen = found;
                        continue;
                    }
                    Err(end) => return Ok(end),
                },
            };
            let abandoned = match &event {
                Event::Abandoned { why, .. } => Some(why.denial()),
                _ => None,
            };
            match self.record(event).await? {
                Recorded::Advanced => {}
                Recorded::Overtaken => return Ok(overtaken()),
                Recorded::Taken(_) => return Err(Fault::new("a step of a sign-up met an account")),
            }
            if let Some(denial) = abandoned {
                return Ok(End::Refused(denial));
            }
        }
        self.pause(XrpcDenial::PdsUnavailable).await
    }

    /// How to go on after a step failed; or how the run ends.
    async fn after(&mut self, mut failure: Failure) -> Result<Result<Onwards, End>, Fault> {
        let mut seen = None;
        loop {
            match self.record.failed(failure, seen.as_ref()) {
                AfterFailure::GoOn => return Ok(Ok((None, seen))),
                AfterFailure::Record(event) => return Ok(Ok((Some(event), None))),
                AfterFailure::Pause(denial) => return self.pause(denial).await.map(Err),
                AfterFailure::Look => {
                    let Some(did) = self.record.did().cloned() else {
                        return Err(Fault::new("a sign-up without a DID is to be looked at"));
                    };
                    match self.look(&did).await {
                        Ok(found) => seen = Some(found),
                        Err(Stop::Fault(fault)) => return Err(fault),
                        // a look that fails too says nothing: that is how it ends for now
                        Err(Stop::Failed(of_look)) => {
                            if matches!(self.record.failed(of_look, None), AfterFailure::Look) {
                                let denial = denial_of(of_look);
                                return self.pause(denial).await.map(Err);
                            }
                            failure = of_look;
                        }
                    }
                }
            }
        }
    }

    async fn look(&self, did: &Did) -> Result<Seen, Stop> {
        self.parties.look(&self.record, did).await
    }

    async fn record(&mut self, event: Event) -> Result<Recorded, Fault> {
        let next = self.record.clone().advance(event, self.app.now());
        let next = next.map_err(|OutOfOrder| Fault::because("a step of a sign-up", OutOfOrder))?;
        let advance = self.app.store().advance_sign_up(&self.record, &next).await?;
        Ok(match advance {
            SignUpAdvance::Advanced => {
                tracing::info!(sign_up.id = %next.id, sign_up.stage = next.stage.name(), "sign-up advanced");
                self.record = next;
                Recorded::Advanced
            }
            SignUpAdvance::Overtaken => Recorded::Overtaken,
            SignUpAdvance::HandleTaken => Recorded::Taken(Failure::HandleTaken),
            SignUpAdvance::EmailTaken => Recorded::Taken(Failure::EmailTaken),
            // undoing it would end the DID of that account
            SignUpAdvance::DidTaken => {
                return Err(Fault::new(
                    "an account was added by hand under the DID of a sign-up",
                ));
            }
        })
    }

    async fn pause(&mut self, denial: XrpcDenial) -> Result<End, Fault> {
        let paused = self.record.clone().paused(self.app.now());
        match self.app.store().advance_sign_up(&self.record, &paused).await? {
            SignUpAdvance::Advanced => Ok(End::Refused(denial)),
            _ => Ok(overtaken()),
        }
    }

    async fn release(&self) -> Result<End, Fault> {
        match self.app.store().release_sign_up(&self.record).await? {
            SignUpRelease::Released => Ok(End::Released),
            SignUpRelease::Overtaken => Ok(overtaken()),
        }
    }
}

/// What became of a record that was to be written.
enum Recorded {
    Advanced,
    /// Somebody else has it; nothing changed.
    Overtaken,
    /// Somebody else has its handle or its address; nothing changed.
    Taken(Failure),
}

const fn overtaken() -> End {
    End::Refused(under_way())
}

const fn denial_of(failure: Failure) -> XrpcDenial {
    match failure {
        Failure::DirectoryUnavailable => XrpcDenial::DirectoryUnavailable,
        Failure::HostSilent => XrpcDenial::PdsTooSlow,
        _ => XrpcDenial::PdsUnavailable,
    }
}
