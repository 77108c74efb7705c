//! The last part of a record's address, and the ones a server makes up: TIDs.

use std::fmt;
use std::str::FromStr;

use entryway_identity::repo_proof::Tid;
use entryway_oauth::time::Timestamp;
use entryway_scope::Nsid;
use serde::{Deserialize, Serialize};

/// A record key: 1 to 512 of a few characters (<https://atproto.com/specs/record-key>).
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct RecordKey(Box<str>);

impl RecordKey {
    /// The key of the record that publishes a lexicon: its name, which has no other characters than a key may.
    pub(super) fn of_lexicon(lexicon: &Nsid) -> Self {
        Self(lexicon.as_str().into())
    }

    /// The TID before all others.
    pub(super) fn first_tid() -> Self {
        Self("2222222222222".into())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RecordKey {
    type Err = InvalidRecordKey;

    fn from_str(text: &str) -> Result<Self, InvalidRecordKey> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._:~-".contains(&byte);
        let valid = (1..=RECORD_KEY_BYTES_MAX).contains(&text.len())
            && text.bytes().all(known)
            && !matches!(text, "." | "..");
        if valid {
            Ok(Self(text.into()))
        } else {
            Err(InvalidRecordKey)
        }
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RecordKey {
    type Error = InvalidRecordKey;

    fn try_from(text: String) -> Result<Self, InvalidRecordKey> {
        text.parse()
    }
}

impl From<RecordKey> for String {
    fn from(key: RecordKey) -> Self {
        key.0.into()
    }
}

/// The text is no record key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a record key: 1 to 512 of A-Z a-z 0-9 . _ : ~ - and neither . nor ..")]
pub(super) struct InvalidRecordKey;

/// Makes record keys, and revisions of repositories, that sort by the time they were made
/// (<https://atproto.com/specs/tid>).
#[derive(Debug)]
pub(super) struct Tids {
    clock_id: u64,
    last_micros: u64,
}

impl Tids {
    /// Two makers with different ids do not make the same key. Only 10 bits of the id count.
    pub(super) fn new(clock_id: u16) -> Self {
        Self {
            clock_id: u64::from(clock_id) & CLOCK_ID_MASK,
            last_micros: 0,
        }
    }

    /// Goes on after a key of an earlier run, whose clock may have been ahead. Other texts than TIDs are passed over.
    pub(super) fn continue_after(&mut self, earlier: &RecordKey) {
        if let Ok(tid) = earlier.as_str().parse::<Tid>() {
            let next_second = micros(tid.told_time()).saturating_add(MICROS_PER_SECOND);
            self.last_micros = self.last_micros.max(next_second & MICROS_MASK);
        }
    }

    /// A key later than every one before, even when the clock stands still or goes back.
    pub(super) fn next(&mut self, now: Timestamp) -> RecordKey {
        self.last_micros = micros(now).max(self.last_micros + 1) & MICROS_MASK;
        let number = self.last_micros << CLOCK_ID_BITS | self.clock_id;
        let text = (0..TID_CHARACTERS).rev().map(|place| {
            let digit = number >> (5 * place) & 0x1f;
            // 32 digits, 5 bits: the index is in range
            char::from(DIGITS[usize::try_from(digit).unwrap_or_default()])
        });
        RecordKey(text.collect::<String>().into())
    }
}

fn micros(at: Timestamp) -> u64 {
    u64::try_from(at.seconds())
        .unwrap_or_default()
        .saturating_mul(MICROS_PER_SECOND)
}

const RECORD_KEY_BYTES_MAX: usize = 512;

/// Base32 in the order of ASCII, so that text sorts as the number does.
const DIGITS: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
const TID_CHARACTERS: u32 = 13;
const CLOCK_ID_BITS: u32 = 10;
const CLOCK_ID_MASK: u64 = (1 << CLOCK_ID_BITS) - 1;
const MICROS_PER_SECOND: u64 = 1_000_000;
const MICROS_MASK: u64 = (1 << 53) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_key_keeps_to_its_characters() {
        for text in ["self", "3jui7kd54zh2y", "a.b:c~d_e-f", "...", &"a".repeat(512)] {
            assert_eq!(text.parse::<RecordKey>().unwrap().to_string(), text);
        }
        for text in [
            "",
            ".",
            "..",
            "a/b",
            "a b",
            "a\0",
            "\u{e9}",
            "#",
            "@",
            &"a".repeat(513),
        ] {
            assert_eq!(text.parse::<RecordKey>(), Err(InvalidRecordKey), "{text:?}");
        }
    }

    // The example of the specification: 3jzfcijpj2z2a. Its microseconds are 1688137381887007, its clock id 6.
    #[test]
    fn a_tid_is_written_as_the_specification_says() {
        let mut tids = Tids {
            clock_id: 6,
            last_micros: 1_688_137_381_887_006,
        };
        assert_eq!(tids.next(Timestamp::from_seconds(0)).to_string(), "3jzfcijpj2z2a");
    }

    #[test]
    fn tids_go_on_where_an_earlier_run_ended() {
        let mut earlier = Tids::new(u16::MAX);
        for seconds in [0, 1_782_000_000] {
            let last = earlier.next(Timestamp::from_seconds(seconds));
            let mut tids = Tids::new(0);
            tids.continue_after(&last);
            tids.continue_after(&RecordKey::first_tid());
            assert!(tids.next(Timestamp::from_seconds(5)) > last, "{seconds}");
        }
        let mut tids = Tids::new(0);
        tids.continue_after(&"self".parse().unwrap());
        assert!(tids.next(Timestamp::from_seconds(0)) > RecordKey::first_tid());
    }

    #[test]
    fn tids_grow_whatever_the_clock_does() {
        let mut tids = Tids::new(u16::MAX);
        let mut last = tids.next(Timestamp::from_seconds(5));
        for seconds in [5, 6, 4, -1, i64::MIN, 7, 1_782_000_000, 1_782_000_000] {
            let next = tids.next(Timestamp::from_seconds(seconds));
            assert!(next > last, "{seconds}");
            assert_eq!(next.to_string().len(), 13);
            last = next;
        }
    }
}
