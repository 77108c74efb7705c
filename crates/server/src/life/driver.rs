//! Drives one change that is held, until all agree, it is taken back, or cannot go on for now.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use entryway_core::account_change::{
    AccountChange, Action, AfterFailure, Document, Event, Failure, Former, OutOfOrder, STEPS_MAX, Why,
};
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_store::{ChangeAdvance, ChangeDrop, ChangeFinish, PdsHost};

use super::changes::UNDER_WAY;
use super::moving::{Moving, Reached};
use super::parties::{Parties, Stop};
use crate::app::App;
use crate::failure::Fault;

/// A record, and those it takes to carry it further.
pub(super) struct Driver<'a> {
    app: &'a App,
    parties: Parties<'a>,
    record: AccountChange,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With all agreeing, as far as anybody waits for it.
    Done,
    /// With a refusal.
    Refused(XrpcDenial),
}

impl<'a> Driver<'a> {
    pub(super) fn new(app: &'a App, host: Option<Arc<PdsHost>>, record: AccountChange) -> Self {
        Self {
            app,
            parties: Parties::new(app, host),
            record,
        }
    }

    /// Takes step after step. Each is recorded before the next is taken.
    pub(super) async fn run(mut self) -> Result<End, Fault> {
        let mut document: Option<Document> = None;
        for _ in 0..STEPS_MAX {
            let done = match self.record.next(document.take().as_ref()) {
                Action::Finish => return self.finish().await,
                Action::Rest => return Ok(End::Done),
                Action::Drop(why) => return self.drop(why).await,
                Action::Record(event) => Ok(event),
                Action::Look => match self.parties.document(&self.record.did).await {
                    Ok(found) => {
                        document = Some(found);
                        continue;
                    }
                    Err(stop) => Err(stop),
                },
                Action::MoveTo { pds_did, former } => match self.carry(&pds_did, former).await? {
                    Ok(done) => done,
                    Err(end) => return Ok(end),
                },
                action => self.parties.act(&self.record, action).await,
            };
            let event = match done {
                Ok(event) => event,
                Err(Stop::Fault(fault)) => return Err(fault),
                Err(Stop::Failed(failure)) => match self.after(failure).await? {
                    Ok(event) => event,
                    Err(end) => return Ok(end),
                },
            };
            if let Some(end) = self.record(event).await? {
                return Ok(end);
            }
        }
        self.pause(XrpcDenial::PdsUnavailable).await
    }

    /// Carries the account to another PDS, which takes as long as there is to be carried: the record is held
    /// meanwhile, and says how far it came. How the run ends where somebody else has it.
    async fn carry(&mut self, to: &str, former: Former) -> Result<Result<Result<Event, Stop>, End>, Fault> {
        let (told, mut reached) = mpsc::channel(1);
        let moving = match Moving::prepare(self.app, &self.record, to, former, told).await {
            Ok(moving) => moving,
            Err(stop) => return Ok(Ok(Err(stop))),
        };
        let mut moving = pin!(moving.run());
        let mut rounds = tokio::time::interval(HELD_EVERY);
        loop {
            let prolonged = tokio::select! {
                biased;
                Some(Reached { step, written }) = reached.recv() => {
                    let end = self.record(Event::Moving(step)).await?;
                    if end.is_none() {
                        // whoever waits for it is in this very loop
                        let _ = written.send(());
                    }
                    end
                }
                moved = &mut moving => return Ok(Ok(moved)),
                _ = rounds.tick() => self.prolong().await?,
            };
            if let Some(end) = prolonged {
                return Ok(Err(end));
            }
        }
    }

    async fn prolong(&mut self) -> Result<Option<End>, Fault> {
        let next = self.record.clone().prolonged(self.app.now());
        match self.app.store().advance_change(&self.record, &next).await? {
            ChangeAdvance::Advanced => {
                self.record = next;
                Ok(None)
            }
            ChangeAdvance::Overtaken => Ok(Some(overtaken())),
        }
    }

    /// What became true all the same after a step failed; or how the run ends.
    async fn after(&mut self, failure: Failure) -> Result<Result<Event, End>, Fault> {
        let mut document = None;
        for _ in 0..LOOKS_MAX {
            match self.record.failed(failure, document.as_ref(), self.app.now()) {
                AfterFailure::Record(event) => return Ok(Ok(event)),
                AfterFailure::Pause(denial) => return self.pause(denial).await.map(Err),
                AfterFailure::Drop(why) => return self.drop(why).await.map(Err),
                AfterFailure::Look => match self.parties.document(&self.record.did).await {
                    Ok(found) => document = Some(found),
                    Err(Stop::Fault(fault)) => return Err(fault),
                    Err(Stop::Failed(_)) => break,
                },
            }
        }
        self.pause(XrpcDenial::DirectoryUnavailable).await.map(Err)
    }

    /// Records what became true; how the run ends where somebody else has the record.
    async fn record(&mut self, event: Event) -> Result<Option<End>, Fault> {
        if matches!(event, Event::DocumentChanged | Event::DocumentReverted) {
            self.app.did_documents().forget(&self.record.did);
        }
        let next = self.record.clone().advance(event, self.app.now());
        let next = next.map_err(|OutOfOrder| Fault::because("a step of a change", OutOfOrder))?;
        match self.app.store().advance_change(&self.record, &next).await? {
            ChangeAdvance::Advanced => {
                tracing::info!(
                    account.did = %next.did,
                    change = next.kind().name(),
                    change.stage = next.stage.name(),
                    "change advanced"
                );
                self.record = next;
                Ok(None)
            }
            ChangeAdvance::Overtaken => Ok(Some(overtaken())),
        }
    }

    async fn pause(&mut self, denial: XrpcDenial) -> Result<End, Fault> {
        let paused = self.record.clone().paused(self.app.now());
        match self.app.store().advance_change(&self.record, &paused).await? {
            ChangeAdvance::Advanced => Ok(End::Refused(denial)),
            ChangeAdvance::Overtaken => Ok(overtaken()),
        }
    }

    async fn finish(&self) -> Result<End, Fault> {
        let did = &self.record.did;
        match self.app.store().finish_change(&self.record).await? {
            ChangeFinish::Finished => {
                self.app.did_documents().forget(did);
                tracing::info!(account.did = %did, change = self.record.kind().name(), "change made");
                Ok(End::Done)
            }
            ChangeFinish::Overtaken => Ok(overtaken()),
        }
    }

    async fn drop(&self, why: Why) -> Result<End, Fault> {
        let did = &self.record.did;
        match self.app.store().drop_change(&self.record).await? {
            ChangeDrop::Dropped => {
                tracing::info!(account.did = %did, change = self.record.kind().name(), ?why, "change dropped");
                Ok(End::Refused(why.denial()))
            }
            ChangeDrop::Overtaken => Ok(overtaken()),
        }
    }
}

const fn overtaken() -> End {
    End::Refused(UNDER_WAY)
}

/// How often a record is held anew that somebody is at work on: a third of the time it is held for.
const HELD_EVERY: Duration = Duration::from_secs(30);
/// A failure is looked at as it is, and once more with the document.
const LOOKS_MAX: usize = 2;
