//! SQLite: one writer that groups verbs into a commit, and readers that never wait for it.

mod checkpoints;
mod connection;
mod file;
mod readers;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tracing::Span;

use self::checkpoints::Checkpoints;
pub(crate) use self::connection::Connection;
pub(crate) use self::file::File;
use self::readers::Readers;
use crate::db::Db;
use crate::fault::Fault;
use crate::verbs::{Steps, Verb};

/// A database file: the way to its writer, and its readers.
pub(crate) struct Sqlite {
    writer: mpsc::Sender<Message>,
    readers: Readers,
}

impl Sqlite {
    /// Starts the writer on a connection made by [`File::connect`]. Reads the file.
    pub(crate) fn start(file: &File, writer: Connection) -> Result<Self, Fault> {
        let readers = Readers::open(file)?;
        let checkpoints = Checkpoints::start(file)?;
        let (sender, queue) = mpsc::channel(QUEUE_MAX);
        let named = thread::Builder::new().name("sqlite writer".to_owned());
        named
            .spawn(move || write_all(writer, queue, checkpoints))
            .map_err(|error| file.fault(error))?;
        Ok(Self {
            writer: sender,
            readers,
        })
    }

    /// The connections for loads.
    pub(crate) const fn readers(&self) -> &Readers {
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
        // not waited for: who stands behind so many is served too late
        self.writer
            .try_send(Message::Verb(Box::new(job)))
            .map_err(|error| match error {
                TrySendError::Full(_) => Fault::Busy,
                TrySendError::Closed(_) => Fault::Closed,
            })?;
        answered.await.map_err(|_| Fault::Closed)?
    }

    /// Waits until what is queued is done, and closes the file.
    pub(crate) async fn close(&self) {
        if self.writer.send(Message::Close).await.is_ok() {
            self.writer.closed().await;
        }
        self.readers.close();
    }
}

enum Message {
    Verb(Box<dyn Job>),
    Close,
}

/// A verb in the queue, whatever its outcome's type.
trait Job: Send {
    /// Does the verb and keeps its outcome.
    fn run(&mut self, db: &mut Connection) -> Result<(), Fault>;

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
    fn run(&mut self, db: &mut Connection) -> Result<(), Fault> {
        let _entered = self.span.enter();
        let verb = &self.verb;
        let work = async {
            let db = &mut Db::Sqlite(db);
            let at_once = match V::STEPS {
                Steps::Several => verb.at_once(db).await?,
                Steps::OneWrite => None,
            };
            match at_once {
                Some(outcome) => Ok(outcome),
                None => verb.apply(db).await,
            }
        };
        // the hook has told of a panic; the writer goes on for everybody else
        let done = catch_unwind(AssertUnwindSafe(|| answered(work)));
        self.outcome = Some(done.unwrap_or(Err(Fault::PANICKED))?);
        Ok(())
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

/// What asks nothing but SQLite, which answers at once.
pub(crate) fn answered<T>(asking: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    match pin!(asking).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        // a verb that waits for anything else would stop every other one
        Poll::Pending => Err(Fault::Closed),
    }
}

/// The writer: takes what is queued, commits it together, answers, until there is nobody left to ask.
fn write_all(mut db: Connection, mut queue: mpsc::Receiver<Message>, mut checkpoints: Checkpoints) {
    let mut messages = Vec::with_capacity(GROUP_MAX);
    let mut is_open = true;
    while is_open && let Some(first) = queue.blocking_recv() {
        messages.push(first);
        // who is about to ask for something shares this commit; where there is nobody, this takes no time
        thread::yield_now();
        while messages.len() < GROUP_MAX
            && let Ok(next) = queue.try_recv()
        {
            messages.push(next);
        }
        let mut group = Vec::with_capacity(messages.len());
        for message in messages.drain(..) {
            match message {
                Message::Verb(job) => group.push(job),
                Message::Close => is_open = false,
            }
        }
        let count = group.len();
        commit_group(group, &mut db);
        checkpoints.count(count);
    }
    // before the queue, whose end tells that it is closed
    checkpoints.close(db);
}

/// Commits the verbs together; if that fails, each alone, so that a fault is only its own verb's.
///
/// A savepoint each would do the same at the cost of two more statements for every verb that goes well.
fn commit_group(mut group: Vec<Box<dyn Job>>, db: &mut Connection) {
    if group.len() > 1 && commit(&mut group, db).is_ok() {
        for job in group {
            job.answer(Ok(()));
        }
        return;
    }
    for mut job in group {
        let committed = commit(std::slice::from_mut(&mut job), db);
        job.answer(committed);
    }
}

/// All of them and their commit, or nothing.
fn commit(group: &mut [Box<dyn Job>], db: &mut Connection) -> Result<(), Fault> {
    let done = commit_or_stop(group, db);
    if done.is_err() {
        // refused when SQLite has rolled back by itself, as it does when the disk is full
        let _ = db.execute("rollback", &[]);
    }
    done
}

fn commit_or_stop(group: &mut [Box<dyn Job>], db: &mut Connection) -> Result<(), Fault> {
    db.execute("begin immediate", &[])?;
    for job in group {
        job.run(db)?;
    }
    db.execute("commit", &[]).map(drop)
}

/// Verbs that wait for the writer; more are refused.
const QUEUE_MAX: usize = 1024;

/// Verbs in one commit.
const GROUP_MAX: usize = 64;
