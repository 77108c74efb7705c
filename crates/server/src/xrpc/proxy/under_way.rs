//! How many calls of one method an account has under way.
//!
//! A PDS of a later make may call us for a method that we pass on. Each call would then be answered by waiting for
//! itself; a bound ends that, and frees everything that waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use entryway_scope::Did;

/// Calls of one method and account at once; browsers have a hundred streams to one server at most.
const UNDER_WAY_MAX: usize = 100;

/// The calls that were passed on and have no answer yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallsUnderWay(Arc<Mutex<HashMap<Key, usize>>>);

type Key = (Did, String);

impl CallsUnderWay {
    /// Counts a call while what is given back lives; nothing where there are too many.
    pub(super) fn admit(&self, account: &Did, method: &str) -> Option<UnderWay> {
        let key = (account.clone(), method.to_owned());
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key.clone()).or_default();
        if *count == UNDER_WAY_MAX {
            return None;
        }
        *count += 1;
        Some(UnderWay {
            counts: self.clone(),
            key,
        })
    }
}

/// A call that is counted.
#[derive(Debug)]
pub(super) struct UnderWay {
    counts: CallsUnderWay,
    key: Key,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut counts = self.counts.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.get_mut(&self.key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // attack: a PDS that sends back what is passed on to it
    #[test]
    fn a_call_that_comes_round_and_round_ends() {
        let calls = CallsUnderWay::default();
        let did = Did::parse("did:plc:alicealicealicealicealic").unwrap();
        let admit = || calls.admit(&did, "app.example.loop");
        let mut under_way: Vec<_> = (0..UNDER_WAY_MAX).map(|_| admit().unwrap()).collect();
        assert!(admit().is_none());
        assert!(calls.admit(&did, "app.example.other").is_some());
        under_way.pop();
        under_way.push(admit().unwrap());
        assert!(admit().is_none());
        under_way.clear();
        assert!(calls.0.lock().unwrap().is_empty(), "nothing is left behind");
    }
}
