//! What a fetch asks for and what it brings.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, header};

/// What is wanted of a fetch, and what it may cost.
///
/// ```
/// use entryway_identity::fetch::Wanted;
///
/// let key_set = Wanted { body_bytes_max: 16 * 1024, ..Wanted::json() };
/// assert_eq!(key_set.content_types, ["application/json"]);
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Wanted {
    /// The types an answer may have, in order of preference: sent as `Accept`, and demanded of the answer's
    /// `Content-Type`, whose parameters are free.
    pub content_types: &'static [&'static str],
    /// Longest body, in bytes.
    pub body_bytes_max: usize,
    /// Longest time for the look-up, the connection, TLS, head and body, from when the fetch got its turn. What
    /// a new document then waits for its address counts in it.
    pub time_max: Duration,
    /// How much the fetch may take from others. The same document is fetched once for both kinds.
    pub standing: Standing,
}

/// Whether a document was good before.
///
/// Anybody can make us fetch what nobody has seen, as often as he likes. Such fetches get a part of everything
/// only, so that they never keep the documents of those who are known from being fetched.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Standing {
    /// Never seen: half of the turns and of the waiting places at most, a few at once for one address, and
    /// little patience.
    #[default]
    New,
    /// Good when it was fetched before: may use everything, and is served before all that are new.
    Known,
}

impl Wanted {
    /// The same, of a document that was good before.
    #[must_use]
    pub fn known(self) -> Self {
        Self {
            standing: Standing::Known,
            ..self
        }
    }

    /// A JSON document such as a client's or its key set: 64 KiB, 5 seconds (R-051, R-053, R-054).
    pub fn json() -> Self {
        Self {
            content_types: &["application/json"],
            body_bytes_max: 64 * 1024,
            time_max: Duration::from_secs(5),
            standing: Standing::New,
        }
    }

    /// A logo: 256 KiB, 5 seconds. Not SVG, which is a document that runs scripts.
    ///
    /// Not checked: that the bytes are such an image.
    pub fn image() -> Self {
        Self {
            content_types: &["image/png", "image/jpeg", "image/webp"],
            body_bytes_max: 256 * 1024,
            time_max: Duration::from_secs(5),
            standing: Standing::New,
        }
    }
}

/// What a fetch brought.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fetched {
    /// The body, never compressed. Nothing else about it is checked.
    pub body: Bytes,
    /// Which of the wanted types it has.
    pub content_type: &'static str,
    /// What its host says of keeping it.
    pub cache: CacheControl,
}

/// What `Cache-Control` says of keeping an answer (RFC 9111 section 5.2.2).
///
/// Read as by a cache of its own: `private` and `s-maxage` are for caches that others share, and `Expires`,
/// `Age` and validators are not read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct CacheControl {
    /// It must not be kept.
    pub no_store: bool,
    /// It may be kept, and has to be asked for again each time it is used.
    pub no_cache: bool,
    /// How long it is fresh, in seconds; the shortest where several are said, and 0 where it cannot be read.
    pub max_age_seconds: Option<u64>,
}

impl CacheControl {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut said = Self::default();
        for value in headers.get_all(header::CACHE_CONTROL) {
            // a comma within a quoted argument cuts it in two: its tail is then read as an unknown directive,
            // or as one that shortens what is kept
            for directive in value.as_bytes().split(|byte| *byte == b',') {
                said.read(&String::from_utf8_lossy(directive));
            }
        }
        said
    }

    fn read(&mut self, directive: &str) {
        let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" => self.no_store = true,
            // `no-cache="set-cookie"` speaks of fields only; it is taken for the whole, which keeps less
            "no-cache" => self.no_cache = true,
            "max-age" => {
                let seconds = seconds(argument.trim().trim_matches('"'));
                self.max_age_seconds = Some(self.max_age_seconds.map_or(seconds, |least| least.min(seconds)));
            }
            _ => {}
        }
    }
}

/// Digits as seconds; more than fit are for ever, anything else is stale (RFC 9111 section 4.2.1).
fn seconds(digits: &str) -> u64 {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    digits.parse().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_control_is_read_and_doubt_shortens() {
        let said = |no_store, no_cache, max_age_seconds| CacheControl {
            no_store,
            no_cache,
            max_age_seconds,
        };
        let cases: &[(&[&str], CacheControl)] = &[
            (&[], said(false, false, None)),
            (&[""], said(false, false, None)),
            (&["public"], said(false, false, None)),
            (
                &["private, s-maxage=9, must-revalidate"],
                said(false, false, None),
            ),
            (&["no-store"], said(true, false, None)),
            (&["No-Cache, No-Store"], said(true, true, None)),
            (&["no-cache=\"set-cookie\""], said(false, true, None)),
            (&["max-age=600"], said(false, false, Some(600))),
            (&["public,MAX-AGE = 600"], said(false, false, Some(600))),
            (&["max-age=\"60\""], said(false, false, Some(60))),
            (
                &["max-age=600", "max-age=60, no-store"],
                said(true, false, Some(60)),
            ),
            (&["max-age=-1"], said(false, false, Some(0))),
            (&["max-age=+5"], said(false, false, Some(0))),
            (&["max-age"], said(false, false, Some(0))),
            (&["max-age=1.5"], said(false, false, Some(0))),
            (
                &["max-age=99999999999999999999999"],
                said(false, false, Some(u64::MAX)),
            ),
            (&["x-no-store, max-ages=5"], said(false, false, None)),
        ];
        for (values, expected) in cases {
            let mut headers = HeaderMap::new();
            for value in *values {
                headers.append(header::CACHE_CONTROL, value.parse().unwrap());
            }
            assert_eq!(CacheControl::of(&headers), *expected, "{values:?}");
        }
    }
}
