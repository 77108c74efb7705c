//! Which clients were asked for their keys because an assertion named one that was not known.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use moka::sync::Cache;

use entryway_oauth::client_id::ClientId;
use entryway_oauth::secret::Digest;
use entryway_oauth::time::{Seconds, Timestamp};

/// Counts, since whoever can name a client can name keys of it.
#[derive(Debug)]
pub(super) struct Asked(Cache<ClientId, Arc<Mutex<Since>>>);

/// What was asked of one client since an instant.
#[derive(Debug)]
struct Since {
    at: Timestamp,
    kids: BTreeSet<[u8; 32]>,
}

/// Clients remembered; the least asked go first.
const CLIENTS_MAX: u64 = 10_000;
/// How long one key is asked for once.
const WINDOW: Seconds = Seconds(30);
/// Keys of one client that are asked for in that time.
const KIDS_MAX: usize = 4;

impl Default for Asked {
    fn default() -> Self {
        Self(Cache::new(CLIENTS_MAX))
    }
}

impl Asked {
    /// Whether the client may be asked for this key now; if so, it counts as asked.
    pub(super) fn may_ask(&self, id: &ClientId, kid: &str, now: Timestamp) -> bool {
        let since = self.0.get_with(id.clone(), || {
            Arc::new(Mutex::new(Since {
                at: now,
                kids: BTreeSet::new(),
            }))
        });
        let mut since = since.lock().unwrap_or_else(PoisonError::into_inner);
        if now < since.at || now >= since.at + WINDOW {
            *since = Since {
                at: now,
                kids: BTreeSet::new(),
            };
        }
        since.kids.len() < KIDS_MAX && since.kids.insert(*Digest::of(kid.as_bytes()).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    //
    #[test]
    fn a_key_is_asked_for_once_in_thirty_seconds_and_four_keys_of_a_client() {
        let (asked, id) = (
            Asked::default(),
            ClientId::parse("https://app.example/c.json").unwrap(),
        );
        let ask = |kid: &str, after| asked.may_ask(&id, kid, NOW + Seconds(after));
        assert!(ask("a", 0));
        assert!(!ask("a", 29));
        assert!(ask("b", 1) && ask("c", 1) && ask("d", 1));
        assert!(!ask("e", 1));
        assert!(ask("a", 30));
        let other = ClientId::parse("https://other.example/c.json").unwrap();
        assert!(asked.may_ask(&other, "a", NOW));
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_out() {
        let (asked, id) = (
            Asked::default(),
            ClientId::parse("https://app.example/c.json").unwrap(),
        );
        assert!(asked.may_ask(&id, "a", NOW));
        assert!(asked.may_ask(&id, "a", NOW - Seconds(1)));
    }
}
