//! Instants in words.

use std::fmt;

use time::OffsetDateTime;

use entryway_oauth::time::Timestamp;

/// An instant, told to somebody who reads it now.
///
/// Dates are in UTC: no page knows where its reader is without a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The instant.
    pub at: Timestamp,
    /// When the page is shown.
    pub now: Timestamp,
}

impl Moment {
    /// The date: "3 January 2027".
    pub fn date(self) -> impl fmt::Display {
        let at = self.utc();
        format!("{} {} {}", at.day(), at.month(), at.year())
    }

    /// How long ago it was, never more than that; from a month on the date says more: "2 hours ago", "on 3
    /// January 2027". An instant to come, by a clock that runs ahead, is now.
    pub fn ago(self) -> impl fmt::Display {
        let seconds = self.seconds_ago();
        match seconds {
            ..MINUTE => "just now".to_owned(),
            MINUTE..HOUR => ago(seconds / MINUTE, "minute"),
            HOUR..DAY => ago(seconds / HOUR, "hour"),
            DAY..MONTH => ago(seconds / DAY, "day"),
            MONTH.. => format!("on {}", self.date()),
        }
    }

    /// The same of what is known to within an hour only.
    pub fn ago_by_the_hour(self) -> impl fmt::Display {
        if self.seconds_ago() < HOUR {
            "in the last hour".to_owned()
        } else {
            self.ago().to_string()
        }
    }

    fn seconds_ago(self) -> u64 {
        u64::try_from((self.now - self.at).0).unwrap_or(0)
    }

    /// For the `datetime` of a `time` element.
    pub fn machine(self) -> impl fmt::Display {
        let at = self.utc();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        )
    }

    /// What no calendar has is shown as the beginning of the epoch.
    fn utc(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.at.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

fn ago(count: u64, unit: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const MONTH: u64 = 30 * DAY;

#[cfg(test)]
mod tests {
    use super::*;
    use entryway_oauth::time::Seconds;

    const NOON: Timestamp = Timestamp::from_seconds(1_800_014_400);

    fn earlier(seconds: i64) -> Moment {
        Moment {
            at: NOON - Seconds(seconds),
            now: NOON,
        }
    }

    #[test]
    fn what_happened_is_told_in_a_unit_people_use_and_never_as_longer_ago() {
        for (seconds, expected, by_the_hour) in [
            (-60, "just now", "in the last hour"),
            (0, "just now", "in the last hour"),
            (59, "just now", "in the last hour"),
            (60, "1 minute ago", "in the last hour"),
            (119, "1 minute ago", "in the last hour"),
            (120, "2 minutes ago", "in the last hour"),
            (3_599, "59 minutes ago", "in the last hour"),
            (3_600, "1 hour ago", "1 hour ago"),
            (7_199, "1 hour ago", "1 hour ago"),
            (86_399, "23 hours ago", "23 hours ago"),
            (86_400, "1 day ago", "1 day ago"),
            (172_799, "1 day ago", "1 day ago"),
            (29 * 86_400, "29 days ago", "29 days ago"),
            (30 * 86_400, "on 16 December 2026", "on 16 December 2026"),
        ] {
            assert_eq!(earlier(seconds).ago().to_string(), expected, "{seconds}");
            assert_eq!(
                earlier(seconds).ago_by_the_hour().to_string(),
                by_the_hour,
                "{seconds}"
            );
        }
    }

    #[test]
    fn a_date_is_one_of_the_calendar() {
        let moment = |seconds| Moment {
            at: Timestamp::from_seconds(seconds),
            now: NOON,
        };
        for (seconds, date, machine) in [
            (0, "1 January 1970", "1970-01-01T00:00:00Z"),
            (951_782_399, "28 February 2000", "2000-02-28T23:59:59Z"),
            (951_782_400, "29 February 2000", "2000-02-29T00:00:00Z"),
            (1_800_014_400, "15 January 2027", "2027-01-15T12:00:00Z"),
            (i64::MAX, "1 January 1970", "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(moment(seconds).date().to_string(), date);
            assert_eq!(moment(seconds).machine().to_string(), machine);
        }
    }
}
