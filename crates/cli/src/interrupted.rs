//! Being asked to stop.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C, and the signal that service managers send. From when it is made neither ends the process by itself.
pub(crate) struct Interruptions {
    typed: Option<Signal>,
    sent: Option<Signal>,
}

impl Interruptions {
    /// Listens from now on. To be called within the runtime, and before anybody is told that there is something
    /// to stop.
    pub(crate) fn watched() -> Self {
        Self {
            typed: signal(SignalKind::interrupt()).ok(),
            sent: signal(SignalKind::terminate()).ok(),
        }
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            () = heard(&mut self.typed) => {}
            () = heard(&mut self.sent) => {}
        }
    }
}

async fn heard(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}
