//! Lengths of time in words.

use std::fmt;

/// A length of time in seconds, shown in the largest unit that says enough: "2 minutes", "14 days".
///
/// Rounded up: a wait is never said to be shorter than it is, and an app never keeps access for longer than
/// the page said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InWords(pub u64);

impl fmt::Display for InWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (amount, unit) = match self.0 {
            0..=90 => (self.0.max(1), "second"),
            91..=5_400 => (self.0.div_ceil(MINUTE), "minute"),
            5_401..=172_799 => (self.0.div_ceil(HOUR), "hour"),
            // in days unless it is whole years: three for two and a day would be a promise broken by far
            seconds if seconds.is_multiple_of(YEAR) => (seconds / YEAR, "year"),
            _ => (self.0.div_ceil(DAY), "day"),
        };
        let plural = if amount == 1 { "" } else { "s" };
        write!(f, "{amount} {unit}{plural}")
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_rounded_up_to_a_unit_people_use() {
        for (seconds, expected) in [
            (0, "1 second"),
            (1, "1 second"),
            (90, "90 seconds"),
            (91, "2 minutes"),
            (120, "2 minutes"),
            (121, "3 minutes"),
            (5_400, "90 minutes"),
            (5_401, "2 hours"),
            (86_400, "24 hours"),
            (172_799, "48 hours"),
            (172_800, "2 days"),
            (172_801, "3 days"),
            (14 * 86_400, "14 days"),
            (365 * 86_400, "1 year"),
            (730 * 86_400, "2 years"),
            (731 * 86_400, "731 days"),
            (u64::MAX, "213503982334602 days"),
        ] {
            assert_eq!(InWords(seconds).to_string(), expected);
        }
    }
}
