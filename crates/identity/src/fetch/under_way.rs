//! Those who want the same thing at the same time wait for one fetch.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use super::error::FetchError;
use super::wanted::{Fetched, Wanted};

/// The fetches under way or waiting for their turn, by what they fetch.
///
/// A result is shared with whoever asked before it was there, failures included; nothing is kept after.
#[derive(Clone, Default)]
pub(super) struct UnderWay(Arc<Mutex<HashMap<Errand, Entry>>>);

/// What makes two fetches the same: the URL without its fragment, and all that is wanted of it.
pub(super) type Errand = (String, Wanted);

type Outcome = Result<Fetched, FetchError>;

/// One fetch, awaited by any number; it goes on as long as one of them waits.
pub(super) type Fetching = Shared<BoxFuture<'static, Outcome>>;

struct Entry {
    number: u64,
    fetching: WeakShared<BoxFuture<'static, Outcome>>,
}

impl UnderWay {
    /// Joins the fetch under way, or begins one unless `max` others are under way.
    pub(super) fn join(
        &self,
        errand: Errand,
        max: usize,
        begin: impl FnOnce() -> BoxFuture<'static, Outcome>,
    ) -> Result<Fetching, FetchError> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(&errand);
        if let Some(fetching) = entry.and_then(|entry| entry.fetching.upgrade()) {
            return Ok(fetching);
        }
        if entries.len() >= max {
            return Err(FetchError::Busy);
        }
        let number = entry.map_or(0, |abandoned| abandoned.number.wrapping_add(1));
        let end = End {
            under_way: self.clone(),
            errand: errand.clone(),
            number,
        };
        let fetch = begin();
        let fetching = async move {
            let outcome = fetch.await;
            // before anybody sees the outcome, so that whoever asks after that asks anew
            drop(end);
            outcome
        };
        let fetching = fetching.boxed().shared();
        if let Some(weak) = fetching.downgrade() {
            entries.insert(
                errand,
                Entry {
                    number,
                    fetching: weak,
                },
            );
        }
        Ok(fetching)
    }
}

impl fmt::Debug for UnderWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnderWay").finish_non_exhaustive()
    }
}

/// Strikes a fetch off when it ends, or when the last who waited for it went away.
struct End {
    under_way: UnderWay,
    errand: Errand,
    number: u64,
}

impl Drop for End {
    fn drop(&mut self) {
        let mut entries = self.under_way.0.lock().unwrap_or_else(PoisonError::into_inner);
        // an abandoned fetch may be struck off only after the next one took its place
        if entries
            .get(&self.errand)
            .is_some_and(|entry| entry.number == self.number)
        {
            entries.remove(&self.errand);
        }
    }
}
