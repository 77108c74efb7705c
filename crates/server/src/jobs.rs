//! Work that nobody waits for.

use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::app::App;

/// How often what has expired is removed.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// Rows of one kind removed at a time, so that no sweep holds up a verb for long.
const SWEEP_ROWS: u32 = 1_000;
/// Between two batches of one round: at most 50,000 rows of a kind a second.
const BATCH_PAUSE: Duration = Duration::from_millis(20);

/// Removes what has expired from the store, forever. A failed round is logged and tried again.
pub async fn sweep(app: App) {
    let mut rounds = tokio::time::interval(SWEEP_EVERY);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        if let Err(fault) = sweep_all(&app).await {
            tracing::warn!(fault = %fault, "sweep failed");
        }
    }
}

/// Removes everything that has expired by now, in batches with room for others between them.
async fn sweep_all(app: &App) -> Result<(), entryway_store::Fault> {
    loop {
        let swept = app.store().sweep(app.now(), SWEEP_ROWS).await?;
        tracing::debug!(?swept, "swept");
        if !swept.reached(SWEEP_ROWS) {
            return Ok(());
        }
        tokio::time::sleep(BATCH_PAUSE).await;
    }
}
