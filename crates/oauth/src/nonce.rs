//! DPoP nonces without storage: an HMAC of a counter that rotates every minute (RFC 9449 section 8).
//!
//! The counter before, the current and the next one are accepted, so a nonce lives three minutes at
//! most and two instances whose clocks differ by less than a minute accept each other's (R-310,
//! R-354). Nothing about the caller goes in: a nonce proves freshness, the proof proves the caller.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::secret::{ServerKey, constant_time_eq, hmac_sha256};
use crate::time::Timestamp;

/// Issues and recognises nonces. Instances that share the key accept each other's.
///
/// ```
/// use entryway_oauth::{nonce::NonceKey, secret::ServerKey, time::Timestamp};
/// let key = NonceKey::new(ServerKey::new([1; 32]));
/// let now = Timestamp::from_seconds(1_700_000_000);
/// assert!(key.recognises(&key.issue(now), now));
/// assert!(!key.recognises("made-up", now));
/// ```
#[derive(Clone, Debug)]
pub struct NonceKey(ServerKey);

/// Seconds between two nonces.
pub const ROTATION_SECONDS: i64 = 60;

impl NonceKey {
    /// Wraps the shared secret.
    pub const fn new(key: ServerKey) -> Self {
        Self(key)
    }

    /// Issues and recognises nonces of its own: none of this key's, and none of another era's.
    ///
    /// For whoever must refuse every proof that was made before.
    ///
    /// ```
    /// use entryway_oauth::{nonce::NonceKey, secret::ServerKey, time::Timestamp};
    /// let key = NonceKey::new(ServerKey::new([1; 32]));
    /// let now = Timestamp::from_seconds(1_700_000_000);
    /// assert!(!key.of_era(1).recognises(&key.issue(now), now));
    /// ```
    pub fn of_era(&self, number: u64) -> Self {
        Self(self.0.derive(&format!("nonces of era {number}")))
    }

    /// The nonce to send now: the next one, so that its receiver has two to three minutes.
    pub fn issue(&self, now: Timestamp) -> String {
        self.at(counter(now).saturating_add(1))
    }

    /// Whether the nonce is the previous, the current or the next one; in constant time each.
    pub fn recognises(&self, nonce: &str, now: Timestamp) -> bool {
        let current = counter(now);
        [1, 0, -1]
            .into_iter()
            .any(|step| constant_time_eq(self.at(current.saturating_add(step)).as_bytes(), nonce.as_bytes()))
    }

    fn at(&self, counter: i64) -> String {
        URL_SAFE_NO_PAD.encode(hmac_sha256(&self.0, &[&counter.to_be_bytes()]))
    }
}

const fn counter(now: Timestamp) -> i64 {
    now.seconds().div_euclid(ROTATION_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    // R-310
    #[test]
    fn a_nonce_lives_two_to_three_minutes() {
        let key = NonceKey::new(ServerKey::new([3; 32]));
        let issued = Timestamp::from_seconds(6_000);
        let nonce = key.issue(issued);
        for (at, fine) in [
            (5_999, false),
            (6_000, true),
            (6_060, true),
            (6_179, true),
            (6_180, false),
        ] {
            assert_eq!(key.recognises(&nonce, Timestamp::from_seconds(at)), fine, "{at}");
        }
    }

    #[test]
    fn nonces_of_another_era_are_unknown() {
        let key = NonceKey::new(ServerKey::new([3; 32]));
        let now = Timestamp::from_seconds(6_000);
        for (issued, asked, fine) in [(1, 1, true), (1, 2, false), (2, 1, false)] {
            let nonce = key.of_era(issued).issue(now);
            assert_eq!(key.of_era(asked).recognises(&nonce, now), fine);
            assert!(!key.recognises(&nonce, now));
        }
    }

    // R-311
    #[test]
    fn nonces_of_another_key_are_unknown() {
        let [ours, theirs] = [1, 2].map(|byte| NonceKey::new(ServerKey::new([byte; 32])));
        let now = Timestamp::from_seconds(6_000);
        assert!(!ours.recognises(&theirs.issue(now), now));
        assert!(!ours.recognises("", now));
    }
}
