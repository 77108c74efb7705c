//! Those who want the same thing at the same time wait for one fetch.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use url::Url;

use super::error::FetchError;
use super::turns::Ticket;
use super::wanted::{Fetched, Standing, Wanted};

/// The fetches under way or waiting for their turn, by what they fetch.
///
/// A result is shared with whoever asked before it was there, failures included; nothing is kept after.
#[derive(Clone, Default)]
pub(super) struct UnderWay(Arc<Mutex<HashMap<Errand, Entry>>>);

/// What makes two fetches the same: the URL without its fragment, and all that is wanted of it.
///
/// Not whether the document is known: it is the same document, and who is known must not wait for a second
/// fetch of it.
#[derive(Clone, Eq, Hash, PartialEq)]
pub(super) struct Errand {
    url: String,
    wanted: Wanted,
}

impl Errand {
    pub(super) fn of(mut url: Url, wanted: &Wanted) -> Self {
        url.set_fragment(None);
        let wanted = Wanted {
            standing: Standing::New,
            ..wanted.clone()
        };
        Self {
            url: url.into(),
            wanted,
        }
    }
}

type Outcome = Result<Fetched, FetchError>;

/// One fetch, awaited by any number; it goes on as long as one of them waits.
pub(super) type Fetching = Shared<BoxFuture<'static, Outcome>>;

struct Entry {
    ticket: Ticket,
    fetching: WeakShared<BoxFuture<'static, Outcome>>,
}

impl UnderWay {
    /// Joins the fetch under way, which is then told, or begins one.
    pub(super) fn join(
        &self,
        errand: Errand,
        joined: impl FnOnce(Ticket),
        begin: impl FnOnce() -> Result<(Ticket, BoxFuture<'static, Outcome>), FetchError>,
    ) -> Result<Fetching, FetchError> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get(&errand)
            && let Some(fetching) = entry.fetching.upgrade()
        {
            joined(entry.ticket);
            return Ok(fetching);
        }
        let (ticket, fetch) = begin()?;
        let end = End {
            under_way: self.clone(),
            errand: errand.clone(),
            ticket,
        };
        let fetching = async move {
            let outcome = fetch.await;
            // before anybody sees the outcome, so that whoever asks after that asks anew
            drop(end);
            outcome
        };
        let fetching = fetching.boxed().shared();
        if let Some(weak) = fetching.downgrade() {
            let fetching = weak;
            entries.insert(errand, Entry { ticket, fetching });
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
    ticket: Ticket,
}

impl Drop for End {
    fn drop(&mut self) {
        let mut entries = self.under_way.0.lock().unwrap_or_else(PoisonError::into_inner);
        // an abandoned fetch may be struck off only after the next one took its place
        if entries
            .get(&self.errand)
            .is_some_and(|entry| entry.ticket == self.ticket)
        {
            entries.remove(&self.errand);
        }
    }
}
