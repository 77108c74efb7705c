//! Documents that could not be had, remembered for moments.
//!
//! The first failure is forgotten at once: whoever corrects a document may try again. A document
//! that goes on failing is asked for less and less, so that nobody makes us call the same host without end.

use moka::sync::Cache;
use url::Url;

use entryway_identity::fetch::FetchError;
use entryway_oauth::time::{Seconds, Timestamp};

/// The failures by URL.
#[derive(Debug)]
pub(super) struct Failures(Cache<Url, Failed>);

#[derive(Clone, Debug)]
struct Failed {
    at: Timestamp,
    /// How long it stands.
    pause: Seconds,
    failure: FetchError,
    count: u32,
}

/// URLs remembered; the least asked for go first.
const URLS_MAX: u64 = 10_000;
/// How long the second failure in a row stands; each further one twice as long.
const PAUSE: Seconds = Seconds(2);
/// The longest.
const PAUSE_MAX: Seconds = Seconds::minutes(1);
/// Failures further apart are not in a row.
const ROW_WITHIN: Seconds = Seconds::minutes(2);

impl Default for Failures {
    fn default() -> Self {
        Self(Cache::new(URLS_MAX))
    }
}

impl Failures {
    /// The failure that stands at this instant.
    pub(super) fn recent(&self, url: &Url, now: Timestamp) -> Option<FetchError> {
        let failed = self.0.get(url)?;
        (failed.at <= now && now < failed.at + failed.pause).then_some(failed.failure)
    }

    /// How many failures there were, to be taken before a fetch: of many who share one, the first counts it.
    pub(super) fn count(&self, url: &Url) -> u32 {
        self.0.get(url).map_or(0, |failed| failed.count)
    }

    /// Remembers a failure, unless somebody who shared the fetch did. Our own shortage says nothing of the
    /// document.
    pub(super) fn remember(&self, url: &Url, failure: &FetchError, count: u32, now: Timestamp) {
        if failure.is_ours() || self.count(url) != count {
            return;
        }
        let in_a_row = self
            .0
            .get(url)
            .filter(|last| last.at <= now && now < last.at + ROW_WITHIN);
        let pause = match in_a_row {
            None => Seconds(0),
            Some(last) => Seconds((last.pause.0 * 2).max(PAUSE.0)).min(PAUSE_MAX),
        };
        let failed = Failed {
            at: now,
            pause,
            failure: failure.clone(),
            count: count.wrapping_add(1),
        };
        self.0.insert(url.clone(), failed);
    }

    pub(super) fn forget(&self, url: &Url) {
        self.0.invalidate(url);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    //
    #[test]
    fn one_failure_is_tried_again_at_once_and_more_of_them_ever_later() {
        let (failures, url) = (
            Failures::default(),
            Url::parse("https://app.example/c.json").unwrap(),
        );
        let mut at = NOW;
        for pause in [0, 2, 4, 8, 16, 32, 60, 60] {
            failures.remember(&url, &FetchError::Compressed, failures.count(&url), at);
            if pause > 0 {
                assert!(
                    failures.recent(&url, at + Seconds(pause - 1)).is_some(),
                    "{pause}"
                );
            }
            at = at + Seconds(pause);
            assert_eq!(failures.recent(&url, at), None, "{pause}");
        }
        failures.forget(&url);
        failures.remember(&url, &FetchError::Compressed, 0, at);
        assert_eq!(failures.recent(&url, at), None);
    }

    //
    #[test]
    fn a_failure_that_many_share_is_one() {
        let (failures, url) = (
            Failures::default(),
            Url::parse("https://app.example/c.json").unwrap(),
        );
        for _ in 0..64 {
            failures.remember(&url, &FetchError::Compressed, 0, NOW);
        }
        assert_eq!(failures.recent(&url, NOW), None);
    }

    #[test]
    fn our_own_shortage_is_not_held_against_a_document() {
        let (failures, url) = (
            Failures::default(),
            Url::parse("https://app.example/c.json").unwrap(),
        );
        for _ in 0..3 {
            failures.remember(&url, &FetchError::Busy, 0, NOW);
        }
        assert_eq!(failures.recent(&url, NOW), None);
    }
}
