//! Connections for loads, which see what is committed and never wait for the writer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;

use tokio::task::spawn_blocking;

use super::Connection;
use crate::fault::Fault;
use crate::sqlite::File;

/// A few connections, so many that each processor has one, and one for lists.
pub(crate) struct Readers {
    /// Each `None` once closed.
    connections: Vec<Mutex<Option<Connection>>>,
    /// Which one to wait for when none is free.
    turn: AtomicUsize,
    lists: Arc<Mutex<Option<Connection>>>,
}

impl Readers {
    pub(super) fn open(file: &File) -> Result<Self, Fault> {
        let count = available_parallelism().map_or(1, usize::from).min(READERS_MAX);
        let open = || Ok(Mutex::new(Some(file.connect_reader()?)));
        Ok(Self {
            connections: (0..count).map(|_| open()).collect::<Result<_, Fault>>()?,
            turn: AtomicUsize::new(0),
            lists: Arc::new(open()?),
        })
    }

    /// Asks for a handful of rows, each found by a key: here and now, since to have a thread wait for the file in our
    /// place costs more than most files.
    pub(crate) fn point<T>(&self, ask: impl FnOnce(&mut Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        self.acquire().as_mut().map_or(Err(Fault::Closed), ask)
    }

    /// Asks for rows that may be many, in a thread that may take its time.
    pub(crate) async fn list<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let lists = Arc::clone(&self.lists);
        let asked = spawn_blocking(move || lock(&lists).as_mut().map_or(Err(Fault::Closed), ask));
        // the runtime is shutting down, or this panicked
        asked.await.map_err(|_| Fault::Closed)?
    }

    /// A free connection, or the next one in turn. Gone when the store is closed.
    fn acquire(&self) -> MutexGuard<'_, Option<Connection>> {
        for connection in &self.connections {
            if let Ok(free) = connection.try_lock() {
                return free;
            }
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        lock(&self.connections[turn % self.connections.len()])
    }

    /// Waits for the loads that are under way, and closes the file.
    pub(super) fn close(&self) {
        for connection in self.connections.iter().chain([&*self.lists]) {
            drop(lock(connection).take());
        }
    }
}

/// A load that panicked changed nothing.
fn lock(connection: &Mutex<Option<Connection>>) -> MutexGuard<'_, Option<Connection>> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Each has its own cache of the file.
const READERS_MAX: usize = 8;
