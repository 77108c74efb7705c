//! How often somebody may call, have letters sent, or fail to sign in.
//!
//! What a stranger gains by, guesses and letters, is counted in the store, once for all instances. Calls are counted
//! by each instance for itself: that is asked of every one of them, and bounds what the instance has to do.

mod letters;
mod sign_ins;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use moka::sync::Cache;

use entryway_oauth::denial::Denial;
use entryway_oauth::secret::Digest;
use entryway_oauth::xrpc_denial::XrpcDenial;

pub(crate) use letters::{AskedBy, LetterLimits};
pub(crate) use sign_ins::{Attempt, SignInLimits};

/// How long failures are remembered.
const WINDOW: Duration = Duration::from_mins(5);
/// Failures of one kind by one address in that time.
const OF_ONE_KIND_MAX: u32 = 30;
/// Addresses remembered at once; the least recently seen are forgotten first.
const REMEMBERED_MAX: u64 = 100_000;

/// There were too many attempts, in whichever words the caller is told so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooMany {
    /// When to try again, in seconds.
    pub(crate) retry_after_seconds: u32,
}

impl From<TooMany> for Denial {
    fn from(TooMany { retry_after_seconds }: TooMany) -> Self {
        Self::TooManyAttempts { retry_after_seconds }
    }
}

impl From<TooMany> for XrpcDenial {
    fn from(TooMany { retry_after_seconds }: TooMany) -> Self {
        Self::RateLimitExceeded { retry_after_seconds }
    }
}

/// Counts back-channel calls by address, in memory, a minute at a time. Each instance counts for itself.
#[derive(Clone, Debug)]
pub(crate) struct CallLimits {
    of_address: Cache<Digest, Arc<AtomicU32>>,
    per_minute: u32,
}

impl CallLimits {
    pub(crate) fn new(per_minute: u32) -> Self {
        let of_address = Cache::builder()
            .max_capacity(REMEMBERED_MAX)
            .time_to_live(CALL_WINDOW)
            .build();
        Self {
            of_address,
            per_minute,
        }
    }

    /// Counts a call, or refuses it.
    pub(crate) fn admit(&self, address: IpAddr) -> Result<(), Denial> {
        let count = self
            .of_address
            .get_with(Digest::of(&prefix(address)), Arc::default);
        if add(&count) < self.per_minute {
            return Ok(());
        }
        Err(Denial::TooManyAttempts {
            retry_after_seconds: 60,
        })
    }
}

/// Counts failures of one kind by address, in memory: of what nobody can guess, and whose flood costs the instance that
/// it meets. Who succeeds is never refused for them, since others may share an address.
#[derive(Clone, Debug)]
pub(crate) struct FailureLimits {
    of_address: Cache<Digest, Arc<AtomicU32>>,
}

impl FailureLimits {
    pub(crate) fn new() -> Self {
        let of_address = Cache::builder()
            .max_capacity(REMEMBERED_MAX)
            .time_to_live(WINDOW)
            .build();
        Self { of_address }
    }

    /// Counts a failure, and gives what is answered: its own denial, or that there were too many.
    pub(crate) fn count(&self, address: IpAddr, denial: Denial) -> Denial {
        let count = self
            .of_address
            .get_with(Digest::of(&prefix(address)), Arc::default);
        if add(&count) < OF_ONE_KIND_MAX {
            return denial;
        }
        Denial::TooManyAttempts {
            retry_after_seconds: RETRY_AFTER_SECONDS,
        }
    }
}

const RETRY_AFTER_SECONDS: u32 = 300;

/// Adds one and says how many there were, saturating, so that no flood ever wraps around to zero.
fn add(count: &AtomicU32) -> u32 {
    let before = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
        Some(n.saturating_add(1))
    });
    before.unwrap_or(u32::MAX)
}

/// How long a count of calls runs.
const CALL_WINDOW: Duration = Duration::from_mins(1);

/// An IPv6 customer has a /64 at least: one address of it is as good as another.
pub(crate) fn prefix(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets()[..8].to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    //
    #[test]
    fn calls_of_one_address_are_bounded_and_others_go_on() {
        let limits = CallLimits::new(3);
        for _ in 0..3 {
            limits.admit(HOME).unwrap();
        }
        assert!(limits.admit(HOME).is_err());
        assert!(limits.admit(ELSEWHERE).is_ok());
    }
}
