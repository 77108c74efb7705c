//! Connections for loads, which see what is committed and never wait for the writer.

use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::AnyConnection;
use sqlx::Connection as _;
use tokio::sync::{Mutex, MutexGuard};

use crate::fault::Fault;
use crate::sqlite::File;

/// A few connections, each with a thread of its own.
///
/// Not a pool of sqlx: that one sends a connection a message more, and spawns a task, whenever one comes back,
/// which here costs as much as the load.
pub(crate) struct Readers {
    /// `None` once closed.
    connections: Vec<Mutex<Option<AnyConnection>>>,
    /// Which one to wait for when none is free.
    turn: AtomicUsize,
}

impl Readers {
    pub(super) async fn open(file: &File) -> Result<Self, Fault> {
        let mut connections = Vec::with_capacity(READERS);
        for _ in 0..READERS {
            connections.push(Mutex::new(Some(file.connect_reader().await?)));
        }
        Ok(Self {
            connections,
            turn: AtomicUsize::new(0),
        })
    }

    /// A free connection, or the next one in turn. Gone when the store is closed.
    pub(crate) async fn acquire(&self) -> MutexGuard<'_, Option<AnyConnection>> {
        for connection in &self.connections {
            if let Ok(free) = connection.try_lock() {
                return free;
            }
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.connections[turn % READERS].lock().await
    }

    /// Waits for the loads that are under way, and closes the file.
    pub(super) async fn close(&self) {
        for connection in &self.connections {
            if let Some(db) = connection.lock().await.take() {
                let _ = db.close().await;
            }
        }
    }
}

/// How many. Loads take microseconds, and more threads than processors only take turns.
const READERS: usize = 4;
