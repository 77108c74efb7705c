//! Instants and durations, in whole seconds, always given by the caller.

use std::fmt;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// An instant: seconds since the Unix epoch.
///
/// Arithmetic saturates, so hostile claims such as `exp: 9e18` cannot overflow.
///
/// ```
/// use entryway_oauth::time::{Seconds, Timestamp};
/// let now = Timestamp::from_seconds(1_000);
/// assert_eq!(now + Seconds(60) - now, Seconds(60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant that many seconds after the Unix epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since the Unix epoch.
    pub const fn seconds(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Add<Seconds> for Timestamp {
    type Output = Self;

    fn add(self, duration: Seconds) -> Self {
        Self(self.0.saturating_add(duration.0))
    }
}

impl Sub<Seconds> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Seconds) -> Self {
        Self(self.0.saturating_sub(duration.0))
    }
}

impl Sub for Timestamp {
    type Output = Seconds;

    fn sub(self, earlier: Self) -> Seconds {
        Seconds(self.0.saturating_sub(earlier.0))
    }
}

/// A length of time in whole seconds; negative when the later instant came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub i64);

impl Seconds {
    /// That many minutes.
    pub const fn minutes(minutes: i64) -> Self {
        Self(minutes * 60)
    }

    /// That many days of 24 hours.
    pub const fn days(days: i64) -> Self {
        Self(days * 86_400)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_on_hostile_instants_saturates() {
        let end = Timestamp::from_seconds(i64::MAX);
        assert_eq!(end + Seconds(1), end);
        assert_eq!(Timestamp::from_seconds(i64::MIN) - end, Seconds(i64::MIN));
    }
}
