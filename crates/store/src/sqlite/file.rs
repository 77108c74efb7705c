//! The file a SQLite database lives in: named by a URL, made for its owner only.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use rusqlite::OpenFlags;

use super::Connection;
use super::checkpoints::LOG_PAGES_MAX;
use crate::fault::{EngineFault, Fault};

/// Where a database is, as its URL says.
#[derive(Clone)]
pub(crate) struct File {
    path: PathBuf,
    may_create: bool,
}

impl File {
    /// Reads `sqlite:///path/file.db`, `sqlite://file.db` and `sqlite:file.db`, with or without `?mode=rwc`.
    pub(crate) fn parse(url: &str) -> Result<Self, Fault> {
        if url.contains(":memory:") || url.contains("mode=memory") {
            return Err(Fault::Url(
                "must name a file: SQLite in memory has one connection only",
            ));
        }
        let rest = url.strip_prefix("sqlite:").ok_or(Fault::Url(
            "is not one of SQLite: expected sqlite:///path/to/file.db",
        ))?;
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let may_create = match parameters {
            "" | "mode=rwc" => true,
            "mode=rw" => false,
            _ => {
                return Err(Fault::Url(
                    "has a parameter that is not understood: SQLite takes mode=rw and mode=rwc",
                ));
            }
        };
        let path = percent_decode_str(path)
            .decode_utf8()
            .map_err(|_| Fault::Url("has a path that is not understood"))?;
        let path = std::path::absolute(&*path)
            .map_err(|_| Fault::Url("must name a file: expected sqlite:///path/to/file.db"))?;
        Ok(Self { path, may_create })
    }

    /// Whether somebody made it.
    pub(crate) fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Opens the file for writing, making it if the URL allows that. Waits for others who open it.
    pub(crate) fn connect(&self) -> Result<Connection, Fault> {
        if self.may_create {
            create_private(&self.path).map_err(|error| self.fault(error))?;
        }
        let open = || {
            let db = self.open()?;
            db.execute_batch(WRITER_SETTINGS)?;
            db.pragma_update(None, "wal_autocheckpoint", LOG_PAGES_MAX)?;
            keep_a_write_ahead_log(&db)?;
            Ok(Connection::new(db))
        };
        open().map_err(|error: EngineFault| self.fault(error))
    }

    /// Opens the file, which is there by now, for reading only.
    pub(crate) fn connect_reader(&self) -> Result<Connection, Fault> {
        self.open_with(READER_SETTINGS).map(Connection::new)
    }

    /// Opens the file, which is there by now, for copying its log into it.
    pub(super) fn connect_copier(&self) -> Result<rusqlite::Connection, Fault> {
        self.open_with(COPIER_SETTINGS)
    }

    fn open_with(&self, settings: &str) -> Result<rusqlite::Connection, Fault> {
        let opened = self.open().and_then(|db| db.execute_batch(settings).map(|()| db));
        opened.map_err(|error| self.fault(error))
    }

    /// The file itself, to wait for the disk.
    pub(super) fn on_disk(&self) -> Result<std::fs::File, Fault> {
        std::fs::File::open(&self.path).map_err(|error| self.fault(error))
    }

    /// A connection is asked by one at a time, so it needs no lock of its own.
    fn open(&self) -> Result<rusqlite::Connection, rusqlite::Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        rusqlite::Connection::open_with_flags(&self.path, flags)
    }

    pub(super) fn fault(&self, error: impl Into<EngineFault>) -> Fault {
        Fault::Open {
            engine: "SQLite",
            at: format!(" at {}", self.path.display()),
            source: error.into(),
        }
    }
}

/// Makes the file, and its folder, for its owner's eyes only; SQLite gives its log the same mode.
fn create_private(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Switching to a write-ahead log takes the file alone and does not wait for that, so starters that
/// come at the same time take turns here. It is done once in the life of a file.
fn keep_a_write_ahead_log(db: &rusqlite::Connection) -> Result<(), EngineFault> {
    for _ in 0..WAL_ATTEMPTS_MAX {
        match db.query_row("pragma journal_mode = wal", [], |row| row.get::<_, String>(0)) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(_) | Err(rusqlite::Error::SqliteFailure(..)) => sleep(WAL_PAUSE),
            Err(error) => return Err(error.into()),
        }
    }
    Err(std::io::Error::other("the file cannot keep a write-ahead log").into())
}

/// The cache, 16 MB at most, holds the inner pages of the trees of ten million sessions: without them a look-up reads
/// several.
const WRITER_SETTINGS: &str = "
pragma foreign_keys = on;
pragma busy_timeout = 5000;
pragma synchronous = full;
pragma cache_size = -16000;
pragma temp_store = memory";

/// It copies from one file to the other and keeps no page.
const COPIER_SETTINGS: &str = "
pragma busy_timeout = 5000;
pragma synchronous = full";

/// A small cache: a reader drops what it has whenever somebody else has written, and reads from the system's.
const READER_SETTINGS: &str = "
pragma busy_timeout = 5000;
pragma cache_size = -2000;
pragma temp_store = memory;
pragma query_only = on";

/// Five seconds, as long as any statement waits for another process.
const WAL_ATTEMPTS_MAX: u32 = 250;
const WAL_PAUSE: Duration = Duration::from_millis(20);
