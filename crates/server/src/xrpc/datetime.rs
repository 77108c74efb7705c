//! Instants as lexicons write them.

use time::OffsetDateTime;

use entryway_oauth::time::Timestamp;

/// RFC 3339 in UTC with milliseconds, as stock clients and servers write it. An instant no calendar has, which only
/// a broken clock gives, is shown as the epoch.
///
/// `2026-08-20T10:00:00.000Z`
pub(crate) fn datetime(at: Timestamp) -> String {
    let at = OffsetDateTime::from_unix_timestamp(at.seconds())
        .ok()
        .filter(|at| (1..=9999).contains(&at.year()))
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let month = u8::from(at.month());
    format!(
        "{:04}-{month:02}-{:02}T{:02}:{:02}:{:02}.000Z",
        at.year(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_in_full() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_787_220_245, "2026-08-20T10:04:05.000Z"),
            (253_402_300_799, "9999-12-31T23:59:59.000Z"),
            (253_402_300_800, "1970-01-01T00:00:00.000Z"),
            (i64::MAX, "1970-01-01T00:00:00.000Z"),
            (i64::MIN, "1970-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(datetime(Timestamp::from_seconds(seconds)), text);
        }
    }
}
