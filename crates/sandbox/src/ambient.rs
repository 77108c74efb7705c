//! Time and chance, as the caller gives them.

use std::sync::Arc;

use entryway_oauth::time::Timestamp;

/// The present moment, on demand.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Fills a buffer with random bytes, fit for keys.
pub type Entropy = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// An instant as people and other servers read it, such as `2026-08-20T10:00:00Z`.
///
/// Instants no calendar has, which only a broken clock gives, are shown as the epoch.
pub fn rfc_3339(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.seconds())
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .to_string()
}
