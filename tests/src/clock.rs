//! A clock that stands still until a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use entryway_oauth::time::Timestamp;
use entryway_server::Clock;

/// The time of one test.
#[derive(Clone, Debug)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    /// A clock that stands at the beginning of the present hour.
    ///
    /// The present, because cookies are dated by the system's clock; the beginning of an hour, because
    /// nonces change with the minute.
    pub fn new() -> Self {
        let now = Clock::system().now().seconds();
        Self(Arc::new(AtomicI64::new(now - now.rem_euclid(3600))))
    }

    /// This instant.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.0.load(Ordering::SeqCst))
    }

    /// Moves on by so many seconds, or back.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// The same clock, for the server.
    pub fn for_server(&self) -> Clock {
        let clock = self.clone();
        Clock::new(move || clock.now())
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}
