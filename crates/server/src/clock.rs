//! The one place where the process reads the clock and the random source.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand;
use entryway_oauth::time::Timestamp;

use crate::failure::Fault;

/// Tells the time. Tests give one they can move.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::new(system_now)
    }

    /// A clock that a test moves.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// This instant.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

/// Draws random bytes. Tests may give a source they can foresee.
#[derive(Clone)]
pub struct Chance(Arc<Fill>);

type Fill = dyn Fn(&mut [u8]) -> bool + Send + Sync;

impl Chance {
    /// The operating system's source.
    pub fn system() -> Self {
        Self::new(|bytes| rand::fill(bytes).is_ok())
    }

    /// Any source; it says whether it could fill the bytes.
    pub fn new(fill: impl Fn(&mut [u8]) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// Fills the bytes, or says that it could not.
    pub fn fill(&self, bytes: &mut [u8]) -> bool {
        (self.0)(bytes)
    }

    /// `N` fresh bytes.
    ///
    /// # Errors
    /// A [`Fault`] if the source fails: nothing is ever made from bytes that are not random.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        if (self.0)(&mut bytes) {
            Ok(bytes)
        } else {
            Err(Fault::new("random source failed"))
        }
    }
}

impl std::fmt::Debug for Chance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Chance")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock everybody else is given"
)]
fn system_now() -> Timestamp {
    // a clock before 1970 gives zero, which makes everything look expired rather than valid
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    Timestamp::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}
