//! Being asked to stop.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for Ctrl-C, or for the signal that service managers send.
pub(crate) async fn interrupted() {
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        drop(tokio::signal::ctrl_c().await);
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}
