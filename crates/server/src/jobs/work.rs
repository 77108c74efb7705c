//! A job that comes again and again, and that one instance does for all.
//!
//! Whoever has it holds a lease in the store and prolongs it, also while it is at work. Who dies leaves a lease that
//! ends by itself, and another instance goes on. A round that is done twice does no harm, so a moment in which two
//! believe they have it is only work.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use entryway_oauth::time::Seconds;
use entryway_store::{Engine, Lease};

use crate::app::App;
use crate::failure::Fault;

/// What is done so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// Removing what has expired from the store.
    Sweep,
    /// Finishing, or undoing, what sign-ups and changes of accounts left half-made (C28).
    Reconcile,
    /// Asking PDS hosts what was done there.
    Watch,
}

impl Job {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sweep => "sweep",
            Self::Reconcile => "reconcile",
            Self::Watch => "watch",
        }
    }

    /// Whether its first round waits: hosts that start beside us may not be up yet.
    const fn waits_at_first(self) -> bool {
        matches!(self, Self::Watch)
    }
}

/// How long a job stays with an instance that is not heard of: so long it may be nobody's.
const HELD: Seconds = Seconds(10);
/// How often it is asked for, and prolonged: three times within that.
const ASKED_EVERY: Duration = Duration::from_secs(3);

/// A job as this instance sees it.
pub(super) struct Work {
    app: App,
    job: Job,
    /// From the end of one round to the next; none where it is never to be done.
    every: Option<Duration>,
    is_held: bool,
}

impl Work {
    pub(super) fn new(app: &App, job: Job, every: Option<Duration>) -> Self {
        Self {
            app: app.clone(),
            job,
            every,
            is_held: false,
        }
    }

    /// Does it whenever it is due and ours, forever. A round that fails is logged, and comes again.
    pub(super) async fn go_on<F: Future<Output = Result<(), Fault>>>(mut self, round: impl Fn(App) -> F) {
        let Some(every) = self.every else {
            return;
        };
        let mut due = Instant::now();
        if self.job.waits_at_first() {
            due += every;
        }
        loop {
            if !self.hold().await {
                sleep(ASKED_EVERY).await;
                continue;
            }
            let next_look = Instant::now() + ASKED_EVERY;
            if due > next_look {
                sleep_until(next_look).await;
                continue;
            }
            sleep_until(due).await;
            let done = tokio::select! {
                done = round(self.app.clone()) => done,
                () = self.lost() => Ok(()),
            };
            if let Err(fault) = done {
                tracing::warn!(
                    job = self.job.name(),
                    fault = format!("{fault:#}"),
                    "a job failed"
                );
            }
            due = Instant::now() + every;
        }
    }

    pub(super) async fn lay_down(&self) -> Result<(), Fault> {
        if self.is_alone() {
            return Ok(());
        }
        let (job, holder) = (self.job.name(), self.app.instance());
        Ok(self.app.store().release_lease(job, holder).await?)
    }

    /// Resolves when it is another instance's.
    async fn lost(&mut self) {
        loop {
            sleep(ASKED_EVERY).await;
            if !self.hold().await {
                return;
            }
        }
    }

    /// Takes it, or keeps it. Where the store does not say, it is as before.
    async fn hold(&mut self) -> bool {
        let held = self.ask().await;
        match held {
            Ok(is_held) if is_held == self.is_held => {}
            Ok(is_held) => {
                let said = if is_held { "takes up a job" } else { "lost a job" };
                tracing::info!(job = self.job.name(), "{said}");
                self.is_held = is_held;
            }
            Err(fault) => {
                tracing::warn!(
                    job = self.job.name(),
                    fault = format!("{fault:#}"),
                    "a job was not asked for"
                );
            }
        }
        self.is_held
    }

    async fn ask(&self) -> Result<bool, entryway_store::Fault> {
        if self.is_alone() {
            return Ok(true);
        }
        let (job, holder, now) = (self.job.name(), self.app.instance(), self.app.now());
        let lease = self.app.store().hold_lease(job, holder, now + HELD, now).await?;
        Ok(lease == Lease::Held)
    }

    /// A file has one instance, which goes on with what it left behind at once.
    fn is_alone(&self) -> bool {
        self.app.store().engine() == Engine::Sqlite
    }
}
