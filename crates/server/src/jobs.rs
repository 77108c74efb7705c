//! Work that nobody waits for.

mod work;

use std::time::Duration;

use tokio::time::Instant;

use crate::app::App;
use crate::failure::Fault;
use crate::fleet;
use crate::life::{self, Changes};
use crate::sign_up::{self, SignUps};

use work::{Job, Work};

/// How often what has expired is removed.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// How often what is half-made is looked for: well below the shortest time after which some is due.
const RECONCILE_EVERY: Duration = Duration::from_secs(30);
/// Rounds in a row: what was taken up is not due again soon, unless it could not even be recorded.
const ROUNDS_MAX: usize = 20;
/// Rows of one kind removed at a time, so that no sweep holds up a verb for long: in a table of millions each row is
/// on pages of its own, and SQLite has one writer for all.
const SWEEP_ROWS: u32 = 50;
/// Between two batches of one round, at least.
const BATCH_PAUSE_MIN: Duration = Duration::from_millis(5);
/// How many times as long as a batch took the pause after it is: so a sweep has a fifth of the writer at most, on a
/// slow disk too.
const BATCH_PAUSES: u32 = 4;

/// Does all of it, forever. Of several instances each job is one's at a time.
pub async fn tend(app: App) {
    let watched = Work::new(&app, Job::Watch, app.config().pds_watch_every);
    tokio::join!(
        Work::new(&app, Job::Sweep, Some(SWEEP_EVERY)).go_on(sweep_all),
        Work::new(&app, Job::Reconcile, Some(RECONCILE_EVERY)).go_on(reconcile_all),
        watched.go_on(fleet::watch),
    );
}

/// Leaves the jobs of this instance to the others, which take them up within seconds. To be called once
/// [`tend`] has ended.
pub async fn lay_down_jobs(app: &App) {
    for job in [Job::Sweep, Job::Reconcile, Job::Watch] {
        if let Err(fault) = Work::new(app, job, None).lay_down().await {
            tracing::warn!(
                job = job.name(),
                fault = format!("{fault:#}"),
                "a job was not laid down"
            );
        }
    }
}

/// Takes up what is due by now, once: for tests, whose clock stands still.
///
/// # Errors
/// A [`Fault`] of the store.
pub async fn reconcile_once(app: &App) -> Result<usize, Fault> {
    let sign_ups = SignUps::new(app.clone()).reconcile().await?;
    Ok(sign_ups + Changes::of(app).reconcile().await?)
}

/// One of the two may be broken: the other goes on.
async fn reconcile_all(app: App) -> Result<(), Fault> {
    let app = &app;
    let sign_ups = async {
        for _ in 0..ROUNDS_MAX {
            if SignUps::new(app.clone()).reconcile().await? < sign_up::ROUND {
                break;
            }
        }
        Ok(())
    };
    let changes = async {
        for _ in 0..ROUNDS_MAX {
            if Changes::of(app).reconcile().await? < life::ROUND {
                break;
            }
        }
        Ok(())
    };
    let (sign_ups, changes) = tokio::join!(sign_ups, changes);
    sign_ups.and(changes)
}

/// Removes everything that has expired by now, in batches with room for others between them.
async fn sweep_all(app: App) -> Result<(), Fault> {
    loop {
        let begun = Instant::now();
        let swept = app.store().sweep(app.now(), SWEEP_ROWS).await?;
        tracing::debug!(?swept, "swept");
        if !swept.reached(SWEEP_ROWS) {
            return Ok(());
        }
        tokio::time::sleep(BATCH_PAUSE_MIN.max(begun.elapsed() * BATCH_PAUSES)).await;
    }
}
