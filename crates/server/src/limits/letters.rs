//! How many letters somebody may have sent, to one and to many.

use std::net::IpAddr;

use entryway_oauth::secret::Digest;
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_store::{Allowance, Counting, Store};

use super::{TooMany, prefix};
use crate::password::Unchecked;

/// Counts letters in the store, by whom they go to and by the address they are asked for from; nothing where nobody is
/// limited.
#[derive(Clone, Debug)]
pub(crate) struct LetterLimits(Option<Store>);

/// At whose word a letter is sent: whoever asks in somebody's place uses up nothing of what they may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AskedBy {
    /// To the holder of an account, by whoever acts for it.
    Owner,
    /// To an address that anybody may name.
    Stranger,
    /// By an operator.
    Operator,
}

impl AskedBy {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Owner => b"account",
            Self::Stranger => b"stranger",
            Self::Operator => b"operator",
        }
    }
}

impl LetterLimits {
    pub(crate) const fn new(store: Option<Store>) -> Self {
        Self(store)
    }

    /// Counts a letter to somebody, asked for from somewhere, or refuses it.
    pub(crate) async fn count(
        &self,
        asked_by: AskedBy,
        to: &str,
        from: IpAddr,
        now: Timestamp,
    ) -> Result<(), Unchecked> {
        let Some(store) = &self.0 else {
            return Ok(());
        };
        let allowances = [
            Allowance {
                of: Digest::of_parts(&[b"letters from", asked_by.name(), &prefix(from)]),
                most: FROM_ADDRESS_MAX,
            },
            Allowance {
                of: Digest::of_parts(&[b"letters to", asked_by.name(), to.as_bytes()]),
                most: TO_ONE_MAX,
            },
        ];
        match store.count_attempt(allowances, now + WINDOW, now).await? {
            Counting::Counted => Ok(()),
            Counting::Exceeded => Err(Unchecked::TooMany(TooMany {
                retry_after_seconds: RETRY_AFTER_SECONDS,
            })),
        }
    }
}

/// How long letters are remembered.
const WINDOW: Seconds = Seconds::minutes(60);
const RETRY_AFTER_SECONDS: u32 = 3_600;
/// Letters to one in that time: more than somebody who looks into the wrong folder asks for.
const TO_ONE_MAX: u32 = 10;
/// Letters asked for from one address in that time: a household, or a school.
const FROM_ADDRESS_MAX: u32 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_700_000_000);

    async fn limits() -> (LetterLimits, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("entryway.db").display());
        (LetterLimits::new(Some(Store::open(&url).await.unwrap())), folder)
    }

    /// Whether a letter to this one goes out, asked for from this address.
    async fn goes_out(limits: &LetterLimits, asked_by: AskedBy, to: &str, last: u8) -> bool {
        let from = IpAddr::from([192, 0, 2, last]);
        match limits.count(asked_by, to, from, NOON).await {
            Ok(()) => true,
            Err(Unchecked::TooMany(_)) => false,
            Err(Unchecked::Fault(fault)) => panic!("{fault:?}"),
            Err(Unchecked::Overloaded) => panic!("overloaded"),
        }
    }

    #[tokio::test]
    async fn ten_letters_an_hour_go_to_one_wherever_they_are_asked_for() {
        let (limits, _folder) = limits().await;
        for n in 0..10 {
            assert!(goes_out(&limits, AskedBy::Stranger, "a@mail.example", n).await);
        }
        assert!(!goes_out(&limits, AskedBy::Stranger, "a@mail.example", 11).await);
        assert!(goes_out(&limits, AskedBy::Stranger, "b@mail.example", 11).await);
        // attack: a stranger asks in the owner's place until there are none left for the owner
        assert!(goes_out(&limits, AskedBy::Owner, "a@mail.example", 11).await);
    }

    #[tokio::test]
    async fn one_address_has_sixty_letters_an_hour_sent() {
        let (limits, _folder) = limits().await;
        for n in 0..60 {
            assert!(goes_out(&limits, AskedBy::Stranger, &format!("{n}@mail.example"), 1).await);
        }
        assert!(!goes_out(&limits, AskedBy::Stranger, "x@mail.example", 1).await);
        assert!(goes_out(&limits, AskedBy::Stranger, "x@mail.example", 2).await);
    }
}
