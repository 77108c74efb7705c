//! Requests for one handle take turns: who sends the same twice gets the answer of the first, and hashing a password
//! for nothing is kept to one at a time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use tokio::sync::{Mutex, OwnedMutexGuard};

use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Handle;

/// The turns of one instance. Between instances the store decides.
#[derive(Clone)]
pub(crate) struct Turns(Cache<Handle, Arc<Mutex<()>>>);

impl Turns {
    pub(crate) fn new() -> Self {
        Self(
            Cache::builder()
                .max_capacity(HANDLES_MAX)
                .time_to_idle(FORGOTTEN_AFTER)
                .build(),
        )
    }

    /// Waits for the turn of this handle, and has it until it is dropped.
    ///
    /// # Errors
    /// [`XrpcDenial::SignUpUnderWay`] where it does not come soon.
    pub(super) async fn take(&self, handle: &Handle) -> Result<OwnedMutexGuard<()>, XrpcDenial> {
        let turn = self.0.get_with_by_ref(handle, Arc::default);
        let taken = tokio::time::timeout(WAIT, turn.lock_owned()).await;
        taken.map_err(|_| XrpcDenial::SignUpUnderWay {
            retry_after_seconds: super::OVERTAKEN_RETRY_SECONDS,
        })
    }
}

impl fmt::Debug for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Turns({})", self.0.entry_count())
    }
}

/// A sign-up takes a second or two where nothing is slow.
const WAIT: Duration = Duration::from_secs(10);
/// Handles that have turns at once; of more than that the store decides.
const HANDLES_MAX: u64 = 10_000;
/// Longer than anybody waits.
const FORGOTTEN_AFTER: Duration = Duration::from_mins(2);
