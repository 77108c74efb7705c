//! Mail that nobody delivers: a test reads it.

use std::sync::{Arc, Mutex};

use entryway_server::{Letter, Post, Sending};

/// What the service sent. Clones are the same letters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Letters(Arc<Mutex<Vec<Letter>>>);

impl Letters {
    /// All of them, in the order they were sent.
    pub(crate) fn all(&self) -> Vec<Letter> {
        self.0.lock().unwrap().clone()
    }
}

impl Post for Letters {
    fn send(&self, letter: Letter) -> Sending<'_> {
        self.0.lock().unwrap().push(letter);
        Box::pin(async { Ok(()) })
    }
}
