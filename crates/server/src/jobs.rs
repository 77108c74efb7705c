//! Work that nobody waits for.

use std::time::Duration;

use crate::app::App;

/// How often what has expired is removed.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// Rows of one kind removed at a time, so that no sweep holds up a verb for long.
const SWEEP_ROWS: u32 = 1_000;

/// Removes what has expired from the store, forever. A failed round is logged and tried again.
pub async fn sweep(app: App) {
    let mut rounds = tokio::time::interval(SWEEP_EVERY);
    loop {
        rounds.tick().await;
        match app.store().sweep(app.now(), SWEEP_ROWS).await {
            Ok(swept) => tracing::debug!(?swept, "swept"),
            Err(fault) => tracing::warn!(fault = %fault, "sweep failed"),
        }
    }
}
