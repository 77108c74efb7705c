//! How many fetches are on the network at once, in all, to one host and to one address, and who comes next.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use self::table::{At, Table};
use super::error::FetchError;
use super::settings::FetchSettings;
use super::wanted::Standing;

mod table;

pub(super) use self::table::Ticket;

/// Gives fetches their turns: those of known documents first, each kind in the order they asked.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    table: Arc<Mutex<Table>>,
    wait_max: Duration,
    new_step_time_max: Duration,
}

/// The turn of one fetch, waited for and then held; it is given back when dropped, and so is a place in the line.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Turns,
    ticket: Ticket,
    call: Arc<Notify>,
}

/// A step that a new document is not waited for any longer.
#[derive(Debug, thiserror::Error)]
#[error("a step took longer than a document that was never seen may take")]
pub(super) struct StepTooSlow {
    pub(super) time_max: Duration,
}

impl Turns {
    pub(super) fn new(settings: &FetchSettings) -> Self {
        Self {
            table: Arc::new(Mutex::new(Table::new(settings))),
            wait_max: settings.turn_wait_max,
            new_step_time_max: settings.new_step_time_max,
        }
    }

    /// Takes a place in the line; the turn may come at once or later.
    pub(super) fn enter(&self, host: &str, standing: Standing) -> Result<Turn, FetchError> {
        let (ticket, call) = self
            .change(|table| table.enter(host, standing))
            .ok_or(FetchError::Busy)?;
        Ok(Turn {
            turns: self.clone(),
            ticket,
            call,
        })
    }

    /// Lets a fetch that somebody began go on as one of a known document, whatever it waits for.
    pub(super) fn raise(&self, ticket: Ticket) {
        self.change(|table| table.raise(ticket));
    }

    fn change<T>(&self, change: impl FnOnce(&mut Table) -> T) -> T {
        let (outcome, called) = {
            let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
            (change(&mut table), table.serve())
        };
        for call in called {
            call.notify_one();
        }
        outcome
    }

    fn look<T>(&self, look: impl FnOnce(&Table) -> T) -> T {
        look(&self.table.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Turn {
    pub(super) fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Waits for the turn, no longer than anybody has to.
    pub(super) async fn comes(&self) -> Result<(), FetchError> {
        let comes = async {
            loop {
                match self.turns.look(|table| table.at(self.ticket)) {
                    At::OnNetwork => return Ok(()),
                    At::SentAway => return Err(FetchError::Busy),
                    At::Waiting => self.call.notified().await,
                }
            }
        };
        let comes = timeout(self.turns.wait_max, comes).await;
        comes.unwrap_or(Err(FetchError::Busy))
    }

    /// Waits until this address may be connected to; the one before it no longer counts.
    pub(super) async fn comes_at(&self, address: IpAddr) -> Result<(), FetchError> {
        self.turns.change(|table| table.lead(self.ticket, address));
        self.comes().await
    }

    /// Waits for a step of the other side; for a new document not long, unless it is raised meanwhile.
    pub(super) async fn step<T>(&self, step: impl Future<Output = T>) -> Result<T, StepTooSlow> {
        let time_max = self.turns.new_step_time_max;
        let mut step = pin!(step);
        match timeout(time_max, &mut step).await {
            Ok(done) => Ok(done),
            Err(_) if self.turns.look(|table| table.is_known(self.ticket)) => Ok(step.await),
            Err(_) => Err(StepTooSlow { time_max }),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.change(|table| table.leave(self.ticket));
    }
}

#[cfg(test)]
impl Turns {
    /// Says whether nothing is remembered of any fetch.
    pub(super) fn is_empty(&self) -> bool {
        self.look(Table::is_empty)
    }
}
