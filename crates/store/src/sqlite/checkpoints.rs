//! Copies the log into the file, in a thread of its own: while the writer does it, everybody waits for the disk.

use std::fs;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use tracing::warn;

use super::{Connection, File};
use crate::fault::{EngineFault, Fault};

/// The thread, and how the writer tells it that there is enough to copy.
///
/// The log begins anew only when all of it is copied, which under load is never so once the thread is done. The little
/// that is missing then is copied by the writer itself, when the log has grown to [`LOG_PAGES_MAX`]; all of it, if the
/// thread is late.
pub(super) struct Checkpoints {
    due: SyncSender<()>,
    thread: JoinHandle<()>,
    on_disk: Arc<fs::File>,
    verbs: usize,
}

impl Checkpoints {
    pub(super) fn start(file: &File) -> Result<Self, Fault> {
        let db = file.connect_copier()?;
        let on_disk = Arc::new(file.on_disk()?);
        let (due, told) = sync_channel(1);
        let named = thread::Builder::new().name("sqlite log".to_owned());
        let copied = Arc::clone(&on_disk);
        let thread = named
            .spawn(move || copy_all(&db, &copied, &told))
            .map_err(|error| file.fault(error))?;
        Ok(Self {
            due,
            thread,
            on_disk,
            verbs: 0,
        })
    }

    /// Counts verbs that were committed.
    pub(super) fn count(&mut self, verbs: usize) {
        self.verbs += verbs;
        if self.verbs >= VERBS {
            self.verbs = 0;
            // if it is told already, or gone, the writer does what it leaves
            let _ = self.due.try_send(());
        }
    }

    /// Ends the thread, and then closes the writer's connection.
    ///
    /// In this order: a process that closes a file loses every lock it has on it, those of SQLite too.
    pub(super) fn close(self, writer: Connection) {
        drop(self.due);
        let _ = self.thread.join();
        drop(writer);
        drop(self.on_disk);
    }
}

fn copy_all(db: &rusqlite::Connection, on_disk: &fs::File, told: &Receiver<()>) {
    while told.recv().is_ok() {
        if let Err(fault) = copy(db, on_disk) {
            warn!(%fault, "the log of the SQLite file could not be copied into it");
        }
    }
}

fn copy(db: &rusqlite::Connection, on_disk: &fs::File) -> Result<(), EngineFault> {
    // waits for nobody: what readers still look at is left for the next time
    db.execute_batch("pragma wal_checkpoint(passive)")?;
    // SQLite waits for the disk only where all is copied: so the writer would, for everything since the last time
    Ok(on_disk.sync_data()?)
}

/// Verbs between two copies. So few that the disk has little to do for each: a commit that comes meanwhile waits for it.
const VERBS: usize = 64;

/// Pages of 4 KiB after which the log begins anew: 32 MiB.
pub(super) const LOG_PAGES_MAX: u32 = 8192;
