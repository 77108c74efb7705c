//! How old a permission set may be, for whom.
//!
//! A set belongs to its publisher, who may change it at any time and whose host may be gone at any time.
//! New requests see what it says about now; sessions that run are never broken by it.

use entryway_oauth::time::{Seconds, Timestamp};

/// How long what was read of a permission set counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetLifetimes {
    /// Until it is asked for again while what is known is used.
    pub revalidated_after: Seconds,
    /// Until it is asked for again before it is used.
    pub fresh_for: Seconds,
    /// How long one that could not be had is not asked for again.
    pub asked_again_after: Seconds,
    /// Until no new request is admitted on it, if it cannot be asked for.
    pub serves_requests_for: Seconds,
}

impl Default for SetLifetimes {
    fn default() -> Self {
        Self {
            revalidated_after: Seconds::minutes(30),
            fresh_for: Seconds::days(1),
            asked_again_after: Seconds(30),
            serves_requests_for: Seconds::days(90),
        }
    }
}

/// What to do with a set that was read before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SetAge {
    /// Use it.
    Fresh,
    /// Use it, and ask for it again meanwhile.
    Ageing,
    /// Ask for it again; use it if it cannot be had.
    Stale,
    /// As stale, but it admits no new request by itself.
    Expired,
}

impl SetLifetimes {
    /// The age of what was read at an instant. A clock that was set back makes nothing fresher.
    pub fn age(&self, read_at: Timestamp, now: Timestamp) -> SetAge {
        match now - read_at {
            age if age < Seconds(0) => SetAge::Stale,
            age if age < self.revalidated_after => SetAge::Fresh,
            age if age < self.fresh_for => SetAge::Ageing,
            age if age < self.serves_requests_for => SetAge::Stale,
            _ => SetAge::Expired,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::NOW;

    //
    #[test]
    fn a_set_ages_by_the_second() {
        let lifetimes = SetLifetimes::default();
        for (age, expected) in [
            (-1, SetAge::Stale),
            (0, SetAge::Fresh),
            (1_799, SetAge::Fresh),
            (1_800, SetAge::Ageing),
            (86_399, SetAge::Ageing),
            (86_400, SetAge::Stale),
            (90 * 86_400 - 1, SetAge::Stale),
            (90 * 86_400, SetAge::Expired),
        ] {
            assert_eq!(lifetimes.age(NOW - Seconds(age), NOW), expected, "{age}");
        }
    }
}
