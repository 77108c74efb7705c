//! How often somebody may call, have letters sent, or fail to sign in.
//!
//! Of sign-ins only failures count, per account and address and per address over all accounts: a stranger who
//! guesses from elsewhere cannot lock an owner out, and an owner who signs in often is never stopped.
//! An attempt is counted before the password is checked and taken back on success, so sixty-four at
//! once cannot slip through together.

mod letters;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use moka::sync::Cache;

use entryway_core::policy::FailedSignIns;
use entryway_oauth::denial::Denial;
use entryway_oauth::secret::Digest;
use entryway_oauth::xrpc_denial::XrpcDenial;

pub(crate) use letters::{AskedBy, LetterLimits};

/// Counts failed sign-ins in memory. Each instance counts for itself.
#[derive(Clone, Debug)]
pub(crate) struct SignInLimits {
    of_account: Cache<Digest, Arc<AtomicU32>>,
    of_address: Cache<Digest, Arc<AtomicU32>>,
    most: FailedSignIns,
}

/// How long failures are remembered.
const WINDOW: Duration = Duration::from_mins(5);
/// Failures of another kind by one address in that time.
const OF_ONE_KIND_MAX: u32 = 30;
/// Accounts and addresses remembered at once; the least recently seen are forgotten first.
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

/// An attempt under way, counted as failed until it is [taken back](Attempt::take_back).
#[derive(Debug)]
pub(crate) struct Attempt([Arc<AtomicU32>; 2]);

impl SignInLimits {
    pub(crate) fn new(most: FailedSignIns) -> Self {
        let counters = || {
            Cache::builder()
                .max_capacity(REMEMBERED_MAX)
                .time_to_live(WINDOW)
                .build()
        };
        Self {
            of_account: counters(),
            of_address: counters(),
            most,
        }
    }

    /// Counts an attempt for what was typed and where it came from.
    pub(crate) fn begin(&self, typed: &str, address: IpAddr) -> Result<Attempt, TooMany> {
        let address = prefix(address);
        let name = Digest::of_parts(&[typed.trim().to_ascii_lowercase().as_bytes(), &address]);
        let counts = [
            (self.of_account.get_with(name, Arc::default), self.most.of_account),
            (
                self.of_address.get_with(Digest::of(&address), Arc::default),
                self.most.of_address,
            ),
        ];
        // both are counted before either is looked at: an attempt is taken back from both
        let before = counts
            .each_ref()
            .map(|(count, max)| (count.fetch_add(1, Ordering::Relaxed), *max));
        let over = before.iter().any(|(before, max)| before >= max);
        let attempt = Attempt(counts.map(|(count, _)| count));
        if over {
            attempt.take_back();
            return Err(TooMany {
                retry_after_seconds: RETRY_AFTER_SECONDS,
            });
        }
        Ok(attempt)
    }
}

const RETRY_AFTER_SECONDS: u32 = 300;

impl Attempt {
    /// Takes the attempt back: it is not held against anybody.
    pub(crate) fn take_back(self) {
        for count in self.0 {
            // cannot go below zero: each attempt added one and is taken back once
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Counts back-channel calls by address, in memory, a minute at a time.
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

/// Counts failures of one kind by address, in memory. Who succeeds is never refused for them, since others may
/// share an address.
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
fn prefix(address: IpAddr) -> Vec<u8> {
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
    fn thirty_failures_stop_one_address_and_not_another() {
        let limits = SignInLimits::new(FailedSignIns::default());
        for _ in 0..30 {
            limits.begin("alice.test", ELSEWHERE).unwrap();
        }
        assert!(limits.begin("Alice.test ", ELSEWHERE).is_err());
        assert!(limits.begin("alice.test", HOME).is_ok());
        assert!(limits.begin("bob.test", ELSEWHERE).is_ok());
    }

    // what an operator chose
    #[test]
    fn an_operator_may_allow_fewer_failures() {
        let limits = SignInLimits::new(FailedSignIns {
            of_account: 1,
            of_address: 2,
        });
        limits.begin("alice.test", HOME).unwrap();
        assert!(limits.begin("alice.test", HOME).is_err());
        limits.begin("bob.test", HOME).unwrap();
        assert!(limits.begin("carol.test", HOME).is_err());
    }

    //
    #[test]
    fn spraying_over_accounts_is_stopped() {
        let limits = SignInLimits::new(FailedSignIns::default());
        for n in 0..300 {
            limits.begin(&format!("user{n}.test"), HOME).unwrap();
        }
        assert!(limits.begin("another.test", HOME).is_err());
    }

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

    // attack: refused tries on one name must neither pay back nor use up what the address may do
    #[test]
    fn tries_over_the_limit_of_one_account_change_nothing_for_the_address() {
        let limits = SignInLimits::new(FailedSignIns::default());
        for _ in 0..30 {
            limits.begin("alice.test", HOME).unwrap();
        }
        for _ in 0..400 {
            assert!(limits.begin("alice.test", HOME).is_err());
        }
        for n in 0..270 {
            limits.begin(&format!("user{n}.test"), HOME).unwrap();
        }
        assert!(limits.begin("another.test", HOME).is_err());
    }

    #[test]
    fn successes_are_never_counted() {
        let limits = SignInLimits::new(FailedSignIns::default());
        for _ in 0..1_000 {
            limits.begin("alice.test", HOME).unwrap().take_back();
        }
    }
}
