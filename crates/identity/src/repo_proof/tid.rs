//! Timestamp identifiers, which number the revisions of a repository.

use std::fmt;
use std::str::FromStr;

use entryway_oauth::time::Timestamp;

/// A timestamp identifier (<https://atproto.com/specs/tid>): 13 characters that sort as the time they tell.
///
/// Whoever makes one chooses the time it tells.
///
/// ```
/// use entryway_identity::repo_proof::Tid;
/// use entryway_oauth::time::Timestamp;
///
/// let rev: Tid = "3lhhxizu5wr2d".parse()?;
/// assert_eq!(rev.to_string(), "3lhhxizu5wr2d");
/// assert_eq!(rev.told_time(), Timestamp::from_seconds(1_738_806_201));
/// assert!(rev > "3lhhxiz32k52v".parse()?);
/// # Ok::<(), entryway_identity::repo_proof::InvalidTid>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Tid(u64);

/// A text that is no TID.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a TID: 13 characters of 2-7 and a-z, the first of 2-7 and a-j")]
pub struct InvalidTid;

impl Tid {
    /// The time it tells, to the second.
    pub fn told_time(self) -> Timestamp {
        let seconds = (self.0 >> CLOCK_BITS) / MICROS_PER_SECOND;
        // 54 bits of microseconds are 34 bits of seconds
        Timestamp::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
    }
}

impl FromStr for Tid {
    type Err = InvalidTid;

    fn from_str(text: &str) -> Result<Self, InvalidTid> {
        if text.len() != LENGTH {
            return Err(InvalidTid);
        }
        text.bytes()
            .try_fold(0_u64, |read, byte| {
                let digit = ALPHABET.iter().position(|one| *one == byte)?;
                // the first of 13 digits of 5 bits has room for 4
                let shifted = read.checked_mul(1 << DIGIT_BITS)?;
                Some(shifted | u64::try_from(digit).ok()?)
            })
            .map(Self)
            .ok_or(InvalidTid)
    }
}

impl fmt::Display for Tid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for index in (0..LENGTH).rev() {
            let digits = usize::try_from(self.0 >> (index * DIGIT_BITS)).unwrap_or(0);
            write!(f, "{}", char::from(ALPHABET[digits % ALPHABET.len()]))?;
        }
        Ok(())
    }
}

const ALPHABET: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 13;
const DIGIT_BITS: usize = 5;

/// The last bits tell clocks apart that tell the same microsecond.
const CLOCK_BITS: usize = 10;

const MICROS_PER_SECOND: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_tid_has_thirteen_characters_of_its_alphabet() {
        for text in [
            "3jzfcijpj2z2a",
            "7777777777777",
            "3zzzzzzzzzzzz",
            "2222222222222",
            "jzzzzzzzzzzzz",
        ] {
            assert_eq!(text.parse().map(|tid: Tid| tid.to_string()).as_deref(), Ok(text));
        }
        for text in [
            "",
            "3jzfcijpj2z21",
            "0000000000000",
            "3JZFCIJPJ2Z2A",
            "3jzfcijpj2z2aa",
            "3jzfcijpj2z2",
            "3jzf-cij-pj2z-2a",
            "zzzzzzzzzzzzz",
            "kjzfcijpj2z2a",
            "3jzfcijpj2z2\u{e9}",
        ] {
            assert_eq!(text.parse::<Tid>(), Err(InvalidTid), "{text}");
        }
    }

    proptest! {
        #[test]
        fn tids_sort_as_their_texts(one in any::<u64>(), other in any::<u64>()) {
            let (one, other) = (Tid(one), Tid(other));
            prop_assert_eq!(one.to_string().parse(), Ok(one));
            prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
        }

        #[test]
        fn any_text_is_a_tid_or_refused(text in any::<String>()) {
            let _ = text.parse::<Tid>();
        }
    }
}
