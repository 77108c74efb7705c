//! How often somebody may fail to sign in, or sign up.
//!
//! Of sign-ins only failures count, per account and address and per address over all accounts: a stranger who
//! guesses from elsewhere cannot lock an owner out, and an owner who signs in often is never stopped.
//! An attempt is counted before the password is checked and taken back on success, so sixty-four at
//! once cannot slip through together, whichever instances they ask.

use std::net::IpAddr;

use entryway_core::policy::FailedSignIns;
use entryway_oauth::secret::Digest;
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_store::{Allowance, Counting, Store};

use super::{TooMany, prefix};
use crate::password::Unchecked;

/// Counts failures of one kind in the store.
#[derive(Clone, Debug)]
pub(crate) struct SignInLimits {
    store: Store,
    kind: &'static str,
    /// None where nobody is limited.
    most: Option<FailedSignIns>,
}

/// How long failures are remembered.
const WINDOW: Seconds = Seconds::minutes(5);
const RETRY_AFTER_SECONDS: u32 = 300;

/// An attempt under way, counted as failed until it is [taken back](Attempt::take_back).
#[derive(Debug)]
pub(crate) struct Attempt(Option<Counted>);

#[derive(Debug)]
struct Counted {
    store: Store,
    of: [Digest; 2],
}

impl SignInLimits {
    /// Those of this kind: what counts against one kind does not count against another.
    pub(crate) const fn new(store: Store, kind: &'static str, most: Option<FailedSignIns>) -> Self {
        Self { store, kind, most }
    }

    /// Counts an attempt for what was typed and where it came from.
    pub(crate) async fn begin(
        &self,
        typed: &str,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<Attempt, Unchecked> {
        let Some(most) = self.most else {
            return Ok(Attempt(None));
        };
        let (kind, address) = (self.kind.as_bytes(), prefix(address));
        let name = typed.trim().to_ascii_lowercase();
        let allowances = [
            Allowance {
                of: Digest::of_parts(&[kind, b"address", &address]),
                most: most.of_address,
            },
            Allowance {
                of: Digest::of_parts(&[kind, b"name", name.as_bytes(), &address]),
                most: most.of_account,
            },
        ];
        match self.store.count_attempt(allowances, now + WINDOW, now).await? {
            Counting::Counted => Ok(Attempt(Some(Counted {
                store: self.store.clone(),
                of: allowances.map(|allowance| allowance.of),
            }))),
            Counting::Exceeded => Err(Unchecked::TooMany(TooMany {
                retry_after_seconds: RETRY_AFTER_SECONDS,
            })),
        }
    }
}

impl Attempt {
    /// Takes the attempt back: it is not held against anybody. Where that cannot be written it counts as failed, which
    /// is no reason to refuse who was right.
    pub(crate) async fn take_back(self, now: Timestamp) {
        let Some(Counted { store, of }) = self.0 else {
            return;
        };
        if let Err(fault) = store.take_back_attempt(of, now).await {
            tracing::warn!(fault = %fault, "an attempt could not be taken back");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));
    const NOON: Timestamp = Timestamp::from_seconds(1_700_000_000);

    /// The limits of an operator who chose these, on a database of their own.
    async fn limits(most: FailedSignIns) -> (SignInLimits, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("entryway.db").display());
        let store = Store::open(&url).await.unwrap();
        (SignInLimits::new(store, "sign-in", Some(most)), folder)
    }

    async fn is_admitted(limits: &SignInLimits, typed: &str, address: IpAddr) -> bool {
        match limits.begin(typed, address, NOON).await {
            Ok(_) => true,
            Err(Unchecked::TooMany(_)) => false,
            Err(Unchecked::Fault(fault)) => panic!("{fault:?}"),
            Err(Unchecked::Overloaded) => panic!("overloaded"),
        }
    }

    //
    #[tokio::test]
    async fn thirty_failures_stop_one_address_and_not_another() {
        let (limits, _folder) = limits(FailedSignIns::default()).await;
        for _ in 0..30 {
            assert!(is_admitted(&limits, "alice.test", ELSEWHERE).await);
        }
        assert!(!is_admitted(&limits, "Alice.test ", ELSEWHERE).await);
        assert!(is_admitted(&limits, "alice.test", HOME).await);
        assert!(is_admitted(&limits, "bob.test", ELSEWHERE).await);
        let of_sign_ups = SignInLimits {
            kind: "sign-up",
            ..limits
        };
        assert!(is_admitted(&of_sign_ups, "alice.test", ELSEWHERE).await);
    }

    // what an operator chose
    #[tokio::test]
    async fn an_operator_may_allow_fewer_failures() {
        let (limits, _folder) = limits(FailedSignIns {
            of_account: 1,
            of_address: 2,
        })
        .await;
        assert!(is_admitted(&limits, "alice.test", HOME).await);
        assert!(!is_admitted(&limits, "alice.test", HOME).await);
        assert!(is_admitted(&limits, "bob.test", HOME).await);
        assert!(!is_admitted(&limits, "carol.test", HOME).await);
    }

    //
    #[tokio::test]
    async fn spraying_over_accounts_is_stopped() {
        let (limits, _folder) = limits(FailedSignIns {
            of_account: 30,
            of_address: 40,
        })
        .await;
        for n in 0..40 {
            assert!(is_admitted(&limits, &format!("user{n}.test"), HOME).await);
        }
        assert!(!is_admitted(&limits, "another.test", HOME).await);
    }

    #[tokio::test]
    async fn successes_are_never_counted() {
        let (limits, _folder) = limits(FailedSignIns {
            of_account: 1,
            of_address: 1,
        })
        .await;
        for _ in 0..3 {
            let attempt = limits.begin("alice.test", HOME, NOON).await.unwrap();
            attempt.take_back(NOON).await;
        }
    }
}
