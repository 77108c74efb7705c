//! SQLite: one writer that groups verbs into a commit, and readers that never wait for it.

mod file;
mod readers;

use std::future::Future;
use std::pin::Pin;

use sqlx::{AnyConnection, Connection as _};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tracing::{Instrument as _, Span};

pub(crate) use self::file::File;
use self::readers::Readers;
use crate::fault::Fault;
use crate::store::Engine;
use crate::verbs::{Steps, Verb};

/// A database file: the way to its writer, and its readers.
pub(crate) struct Sqlite {
    writer: mpsc::Sender<Message>,
    readers: Readers,
}

impl Sqlite {
    /// Starts the writer on a connection made by [`File::connect`].
    pub(crate) async fn start(file: &File, writer: AnyConnection) -> Result<Self, Fault> {
        let readers = Readers::open(file).await?;
        let (sender, queue) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(write_all(writer, queue));
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
        self.readers.close().await;
    }
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
            let at_once = match V::STEPS {
                Steps::Several => self.verb.at_once(Engine::Sqlite, db).await?,
                Steps::OneWrite => None,
            };
            self.outcome = Some(match at_once {
                Some(outcome) => outcome,
                None => self.verb.apply(db).await?,
            });
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

/// Verbs that wait for the writer; more are refused.
const QUEUE_MAX: usize = 1024;

/// Verbs in one commit.
const GROUP_MAX: usize = 64;
