//! Requests about one thing take turns: who sends the same twice gets the answer of the first, and what is done for
//! nothing, as hashing a password is, is done for one at a time.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The turns of one instance, by what they are about. Between instances the store decides.
#[derive(Clone)]
pub(crate) struct Turns<K>(Cache<K, Arc<Mutex<()>>>);

/// A turn, until it is dropped.
pub(crate) type Turn = OwnedMutexGuard<()>;

impl<K: Clone + Eq + Hash + Send + Sync + 'static> Turns<K> {
    pub(crate) fn new() -> Self {
        Self(
            Cache::builder()
                .max_capacity(TAKEN_MAX)
                .time_to_idle(FORGOTTEN_AFTER)
                .build(),
        )
    }

    /// Waits for the turn of this one; none where it does not come soon.
    pub(crate) async fn take(&self, of: &K) -> Option<Turn> {
        let turn = self.0.get_with_by_ref(of, Arc::default);
        tokio::time::timeout(WAIT, turn.lock_owned()).await.ok()
    }
}

impl<K: Eq + Hash + Send + Sync + 'static> fmt::Debug for Turns<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Turns({})", self.0.entry_count())
    }
}

/// What is done in a turn takes a second or two where nothing is slow.
const WAIT: Duration = Duration::from_secs(10);
/// Turns at once; of more than that the store decides.
const TAKEN_MAX: u64 = 10_000;
/// Longer than anybody waits.
const FORGOTTEN_AFTER: Duration = Duration::from_mins(2);
