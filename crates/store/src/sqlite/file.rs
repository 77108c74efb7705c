//! The file a SQLite database lives in: named by a URL, made for its owner only.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::any::AnyConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AnyConnection, ConnectOptions as _, Executor as _, Row as _};

use crate::fault::{EngineFault, Fault};

/// Where a database is, as its URL says.
pub(crate) struct File {
    path: PathBuf,
    options: AnyConnectOptions,
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
        let parsed = SqliteConnectOptions::from_str(url)
            .map_err(|_| Fault::Url("is not one of SQLite: expected sqlite:///path/to/file.db"))?;
        let path = std::path::absolute(parsed.get_filename())
            .map_err(|_| Fault::Url("must name a file: expected sqlite:///path/to/file.db"))?;
        let may_create = !url.contains("mode=") || url.contains("mode=rwc");
        let location = parsed.filename(&path).to_url_lossy();
        let options = AnyConnectOptions::from_url(&location)
            .map_err(|_| Fault::Url("has a path that is not understood"))?
            .disable_statement_logging();
        Ok(Self {
            path,
            options,
            may_create,
        })
    }

    /// Whether somebody made it.
    pub(crate) fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Opens the file for writing, making it if the URL allows that.
    pub(crate) async fn connect(&self) -> Result<AnyConnection, Fault> {
        if self.may_create {
            create_private(&self.path).map_err(|error| self.fault(sqlx::Error::Io(error)))?;
        }
        let open = async {
            let mut db = self.options.connect().await?;
            db.execute(WRITER_SETTINGS).await?;
            keep_a_write_ahead_log(&mut db).await?;
            Ok(db)
        };
        open.await.map_err(|error| self.fault(error))
    }

    /// Opens the file, which is there by now, for reading only.
    pub(crate) async fn connect_reader(&self) -> Result<AnyConnection, Fault> {
        let open = async {
            let mut db = self.options.connect().await?;
            db.execute(READER_SETTINGS).await?;
            Ok(db)
        };
        open.await.map_err(|error| self.fault(error))
    }

    fn fault(&self, error: sqlx::Error) -> Fault {
        Fault::Open {
            engine: "SQLite",
            at: format!(" at {}", self.path.display()),
            source: EngineFault::new(error),
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
async fn keep_a_write_ahead_log(db: &mut AnyConnection) -> Result<(), sqlx::Error> {
    for _ in 0..WAL_ATTEMPTS_MAX {
        match sqlx::query("pragma journal_mode = wal").fetch_one(&mut *db).await {
            Ok(row) if row.try_get::<&str, _>(0)? == "wal" => return Ok(()),
            Ok(_) | Err(sqlx::Error::Database(_)) => tokio::time::sleep(WAL_PAUSE).await,
            Err(error) => return Err(error),
        }
    }
    let io = std::io::Error::other("the file cannot keep a write-ahead log");
    Err(sqlx::Error::Io(io))
}

/// sqlx turns foreign keys on by itself; said again because everything hangs on it. The cache, 16 MB for each connection
/// at most, holds the inner pages of the trees of ten million sessions: without them a look-up reads several.
const WRITER_SETTINGS: &str = "
pragma foreign_keys = on;
pragma busy_timeout = 5000;
pragma synchronous = full;
pragma cache_size = -16000;
pragma temp_store = memory";

const READER_SETTINGS: &str = "
pragma busy_timeout = 5000;
pragma cache_size = -16000;
pragma temp_store = memory;
pragma query_only = on";

/// Five seconds, as long as any statement waits for another process.
const WAL_ATTEMPTS_MAX: u32 = 250;
const WAL_PAUSE: Duration = Duration::from_millis(20);
