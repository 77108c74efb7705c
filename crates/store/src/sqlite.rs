//! SQLite: one writer that groups verbs into a commit, and readers that never wait for it.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AnyConnection, AnyPool, ConnectOptions as _, Connection as _, Executor as _, Row as _};
use tokio::sync::{mpsc, oneshot};
use tracing::{Instrument as _, Span};

use crate::fault::{EngineFault, Fault};
use crate::verbs::Verb;

/// A database file: the way to its writer, and its readers.
pub(crate) struct Sqlite {
    writer: mpsc::Sender<Message>,
    readers: AnyPool,
}

impl Sqlite {
    /// Starts the writer on a connection made by [`connect`].
    pub(crate) async fn start(file: &File, writer: AnyConnection) -> Result<Self, Fault> {
        let readers = AnyPoolOptions::new()
            .max_connections(READERS_MAX)
            .test_before_acquire(false)
            .after_connect(|db, _| Box::pin(async move { db.execute(READER_SETTINGS).await.map(drop) }))
            .connect_with(file.options.clone())
            .await
            .map_err(|error| file.fault(error))?;
        let (sender, queue) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(write_all(writer, queue));
        Ok(Self {
            writer: sender,
            readers,
        })
    }

    /// The readers, for loads.
    pub(crate) const fn readers(&self) -> &AnyPool {
        &self.readers
    }

    /// Has the verb done by the writer. Once queued it is done, even when the caller goes away.
    pub(crate) async fn write<V: Verb>(&self, verb: V) -> Result<V::Outcome, Fault> {
        let (answer, answered) = oneshot::channel();
        let job = Queued {
            verb,
            outcome: None,
            answer,
            span: Span::current(),
        };
        self.writer
            .send(Message::Verb(Box::new(job)))
            .await
            .map_err(|_| Fault::Closed)?;
        answered.await.map_err(|_| Fault::Closed)?
    }

    /// Waits until what is queued is done, and closes the file.
    pub(crate) async fn close(&self) {
        if self.writer.send(Message::Close).await.is_ok() {
            self.writer.closed().await;
        }
        self.readers.close().await;
    }
}

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

enum Message {
    Verb(Box<dyn Job>),
    Close,
}

/// A verb in the queue, whatever its outcome's type.
trait Job: Send {
    /// Does the verb and keeps its outcome.
    fn run<'a>(
        &'a mut self,
        db: &'a mut AnyConnection,
    ) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>>;

    /// Tells the caller: the outcome kept, or the fault.
    fn answer(self: Box<Self>, committed: Result<(), Fault>);
}

struct Queued<V: Verb> {
    verb: V,
    outcome: Option<V::Outcome>,
    answer: oneshot::Sender<Result<V::Outcome, Fault>>,
    span: Span,
}

impl<V: Verb> Job for Queued<V> {
    fn run<'a>(
        &'a mut self,
        db: &'a mut AnyConnection,
    ) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>> {
        let span = self.span.clone();
        let work = async move {
            self.outcome = Some(self.verb.apply(db).await?);
            Ok(())
        };
        Box::pin(work.instrument(span))
    }

    fn answer(self: Box<Self>, committed: Result<(), Fault>) {
        let outcome = match (committed, self.outcome) {
            (Ok(()), Some(outcome)) => Ok(outcome),
            (Err(fault), _) => Err(fault.during(V::NAME)),
            // a job is answered `Ok` only after it ran
            (Ok(()), None) => Err(Fault::Closed),
        };
        // a caller who went away learns nothing, and the verb is done all the same
        let _ = self.answer.send(outcome);
    }
}

/// The writer: takes what is queued, commits it together, answers, until there is nobody left to ask.
async fn write_all(mut db: AnyConnection, mut queue: mpsc::Receiver<Message>) {
    let mut messages = Vec::with_capacity(GROUP_MAX);
    let mut is_open = true;
    while is_open && queue.recv_many(&mut messages, GROUP_MAX).await > 0 {
        let mut group = Vec::with_capacity(messages.len());
        for message in messages.drain(..) {
            match message {
                Message::Verb(job) => group.push(job),
                Message::Close => is_open = false,
            }
        }
        commit_group(group, &mut db).await;
    }
    let _ = db.close().await;
}

/// Commits the verbs together; if that fails, each alone, so that a fault is only its own verb's.
///
/// A savepoint each would do the same at the cost of two more statements for every verb that goes well.
async fn commit_group(mut group: Vec<Box<dyn Job>>, db: &mut AnyConnection) {
    if group.len() > 1 && commit(&mut group, db).await.is_ok() {
        for job in group {
            job.answer(Ok(()));
        }
        return;
    }
    for mut job in group {
        let committed = commit(std::slice::from_mut(&mut job), db).await;
        job.answer(committed);
    }
}

/// All of them and their commit, or nothing.
async fn commit(group: &mut [Box<dyn Job>], db: &mut AnyConnection) -> Result<(), Fault> {
    let work = async {
        sqlx::query("begin immediate").execute(&mut *db).await?;
        for job in group {
            job.run(db).await?;
        }
        sqlx::query("commit").execute(&mut *db).await?;
        Ok(())
    };
    let done: Result<(), Fault> = work.await;
    if done.is_err() {
        // refused when SQLite has rolled back by itself, as it does when the disk is full
        let _ = sqlx::query("rollback").execute(db).await;
    }
    done
}

/// sqlx turns foreign keys on by itself; said again because everything hangs on it.
const WRITER_SETTINGS: &str = "
pragma foreign_keys = on;
pragma busy_timeout = 5000;
pragma synchronous = full;
pragma temp_store = memory";

const READER_SETTINGS: &str = "
pragma busy_timeout = 5000;
pragma temp_store = memory;
pragma query_only = on";

/// Connections for loads, each with a thread of its own.
const READERS_MAX: u32 = 4;

/// Verbs that wait for the writer; more wait to be queued.
const QUEUE_MAX: usize = 1024;

/// Verbs in one commit.
const GROUP_MAX: usize = 64;

/// Five seconds, as long as any statement waits for another process.
const WAL_ATTEMPTS_MAX: u32 = 250;
const WAL_PAUSE: Duration = Duration::from_millis(20);
