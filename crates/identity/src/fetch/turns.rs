//! How many fetches are on the network at once, in all and to one host.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::FetchError;

/// Gives fetches their turns, in the order they asked.
#[derive(Debug)]
pub(super) struct Turns {
    all: Arc<Semaphore>,
    per_host_max: usize,
    /// Only hosts with somebody under way or waiting; the others are forgotten.
    hosts: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// The right to be on the network, given back when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _host: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Turns {
    pub(super) fn new(max: usize, per_host_max: usize) -> Self {
        Self {
            all: semaphore(max),
            per_host_max,
            hosts: Mutex::default(),
        }
    }

    /// Waits for a turn, for as long as the caller does.
    pub(super) async fn take(&self, host: &str) -> Result<Turn, FetchError> {
        // the host's first: whoever waits for a slow host keeps nobody else from the network
        let host = self.host(host).acquire_owned().await;
        let all = Arc::clone(&self.all).acquire_owned().await;
        match (host, all) {
            (Ok(host), Ok(all)) => Ok(Turn {
                _host: host,
                _all: all,
            }),
            // nobody closes them
            _ => Err(FetchError::Busy),
        }
    }

    fn host(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = hosts.get(host).and_then(Weak::upgrade) {
            return known;
        }
        hosts.retain(|_, turns| turns.strong_count() > 0);
        let turns = semaphore(self.per_host_max);
        hosts.insert(host.to_owned(), Arc::downgrade(&turns));
        turns
    }
}

#[cfg(test)]
impl Turns {
    /// How many hosts are remembered.
    pub(super) fn hosts(&self) -> usize {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

fn semaphore(permits: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)))
}
