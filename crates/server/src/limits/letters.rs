//! How many letters somebody may have sent, to one and to many.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use moka::sync::Cache;

use entryway_oauth::secret::Digest;

use super::{REMEMBERED_MAX, TooMany, add, prefix};

/// Counts letters in memory, by whom they go to and by the address they are asked for from. Each instance counts for
/// itself.
#[derive(Clone, Debug)]
pub(crate) struct LetterLimits {
    to_one: Cache<Digest, Arc<AtomicU32>>,
    from_address: Cache<Digest, Arc<AtomicU32>>,
}

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
    pub(crate) fn new() -> Self {
        let counters = || {
            Cache::builder()
                .max_capacity(REMEMBERED_MAX)
                .time_to_live(WINDOW)
                .build()
        };
        Self {
            to_one: counters(),
            from_address: counters(),
        }
    }

    /// Counts a letter to somebody, asked for from somewhere, or refuses it.
    pub(crate) fn count(&self, asked_by: AskedBy, to: &str, from: IpAddr) -> Result<(), TooMany> {
        let to = Digest::of_parts(&[asked_by.name(), to.as_bytes()]);
        let from = Digest::of_parts(&[asked_by.name(), &prefix(from)]);
        let within = |count: &AtomicU32, max| add(count) < max;
        let is_fine = within(&self.to_one.get_with(to, Arc::default), TO_ONE_MAX)
            && within(&self.from_address.get_with(from, Arc::default), FROM_ADDRESS_MAX);
        if is_fine {
            return Ok(());
        }
        Err(TooMany {
            retry_after_seconds: RETRY_AFTER_SECONDS,
        })
    }
}

/// How long letters are remembered.
const WINDOW: Duration = Duration::from_hours(1);
const RETRY_AFTER_SECONDS: u32 = 3_600;
/// Letters to one in that time: more than somebody who looks into the wrong folder asks for.
const TO_ONE_MAX: u32 = 10;
/// Letters asked for from one address in that time: a household, or a school.
const FROM_ADDRESS_MAX: u32 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn ten_letters_an_hour_go_to_one_wherever_they_are_asked_for() {
        let limits = LetterLimits::new();
        for n in 0..10 {
            limits
                .count(AskedBy::Stranger, "a@mail.example", address(n))
                .unwrap();
        }
        assert!(
            limits
                .count(AskedBy::Stranger, "a@mail.example", address(11))
                .is_err()
        );
        assert!(
            limits
                .count(AskedBy::Stranger, "b@mail.example", address(11))
                .is_ok()
        );
        // attack: a stranger asks in the owner's place until there are none left for the owner
        assert!(
            limits
                .count(AskedBy::Owner, "a@mail.example", address(11))
                .is_ok()
        );
    }

    #[test]
    fn one_address_has_sixty_letters_an_hour_sent() {
        let limits = LetterLimits::new();
        for n in 0..60 {
            limits
                .count(AskedBy::Stranger, &format!("{n}@mail.example"), address(1))
                .unwrap();
        }
        assert!(
            limits
                .count(AskedBy::Stranger, "x@mail.example", address(1))
                .is_err()
        );
        assert!(
            limits
                .count(AskedBy::Stranger, "x@mail.example", address(2))
                .is_ok()
        );
    }
}
