//! What was read from a URL, and for how long it is good.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use url::Url;

use entryway_identity::fetch::Fetched;
use entryway_oauth::time::{Seconds, Timestamp};

use super::Weigh;

/// What was read, by URL.
#[derive(Debug)]
pub(super) struct Keeping<T: Weigh>(Cache<Url, Arc<Kept<T>>>);

/// Something that was read.
#[derive(Debug)]
pub(super) struct Kept<T> {
    value: Arc<T>,
    read_at: Timestamp,
    fresh_for: Seconds,
}

/// How long what was read is fresh when its host does not say.
const FRESH_FOR: Seconds = Seconds::minutes(10);
/// The longest, whatever its host says: about the life of an access token.
const FRESH_MAX: Seconds = Seconds::minutes(15);
/// How long it is taken for fresh while we cannot fetch it for want of turns (the upper bound of R-061).
const NEARLY_FRESH: Seconds = Seconds::minutes(30);
/// How long what nobody asks for is kept.
const IDLE_MAX: Duration = Duration::from_hours(24);
/// How long it may serve sessions while it cannot be fetched.
const SERVES_MAX: Seconds = Seconds::days(1);

impl<T: Weigh> Keeping<T> {
    pub(super) fn new(bytes_max: u64) -> Self {
        let weigher = |url: &Url, kept: &Arc<Kept<T>>| {
            u32::try_from(2 * url.as_str().len() + kept.value.weight()).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder().weigher(weigher).max_capacity(bytes_max);
        Self(cache.time_to_idle(IDLE_MAX).build())
    }

    pub(super) fn find(&self, url: &Url) -> Option<Arc<Kept<T>>> {
        self.0.get(url)
    }

    pub(super) fn keep(&self, url: &Url, kept: Kept<T>) -> Arc<T> {
        let value = kept.value();
        self.0.insert(url.clone(), Arc::new(kept));
        value
    }
}

impl<T> Kept<T> {
    pub(super) fn new(value: T, fetched: &Fetched, now: Timestamp) -> Self {
        let said = fetched.cache;
        let fresh_for = match said.max_age_seconds {
            // kept all the same, for the sessions that run
            _ if said.no_store || said.no_cache => Seconds(0),
            Some(seconds) => {
                i64::try_from(seconds).map_or(FRESH_MAX, |seconds| Seconds(seconds).min(FRESH_MAX))
            }
            None => FRESH_FOR,
        };
        Self {
            value: Arc::new(value),
            read_at: now,
            fresh_for,
        }
    }

    pub(super) fn value(&self) -> Arc<T> {
        self.value.clone()
    }

    /// A clock that was set back makes nothing fresh for longer.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        self.read_at <= now && now < self.read_at + self.fresh_for
    }

    /// Not fresh by a little: what our own shortage may stretch it by.
    pub(super) fn is_nearly_fresh(&self, now: Timestamp) -> bool {
        self.read_at <= now && now < self.read_at + NEARLY_FRESH
    }

    pub(super) fn may_serve(&self, now: Timestamp) -> bool {
        self.read_at <= now && now < self.read_at + SERVES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entryway_identity::fetch::CacheControl;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn kept(max_age_seconds: Option<u64>, no_store: bool, no_cache: bool) -> Kept<()> {
        let fetched = Fetched {
            body: bytes::Bytes::new(),
            content_type: "application/json",
            cache: CacheControl {
                no_store,
                no_cache,
                max_age_seconds,
            },
        };
        Kept::new((), &fetched, NOW)
    }

    //
    #[test]
    fn a_document_is_fresh_as_long_as_its_host_says_and_fifteen_minutes_at_most() {
        for (max_age, no_store, no_cache, fresh_for) in [
            (None, false, false, 600),
            (Some(60), false, false, 60),
            (Some(900), false, false, 900),
            (Some(86_400), false, false, 900),
            (Some(u64::MAX), false, false, 900),
            (Some(0), false, false, 0),
            (Some(60), true, false, 0),
            (Some(60), false, true, 0),
        ] {
            let kept = kept(max_age, no_store, no_cache);
            assert!(!kept.is_fresh(NOW + Seconds(fresh_for)), "{max_age:?}");
            assert_eq!(
                kept.is_fresh(NOW + Seconds(fresh_for - 1)),
                fresh_for > 0,
                "{max_age:?}"
            );
            assert!(!kept.is_fresh(NOW - Seconds(1)), "{max_age:?}");
        }
    }

    //
    #[test]
    fn what_was_read_serves_sessions_for_a_day() {
        let kept = kept(Some(0), true, true);
        assert!(kept.may_serve(NOW + Seconds::days(1) - Seconds(1)));
        assert!(!kept.may_serve(NOW + Seconds::days(1)));
    }
}
