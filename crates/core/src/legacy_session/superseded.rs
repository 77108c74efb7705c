//! When the last generations of a session were first used.

use std::fmt;

use entryway_oauth::time::{Seconds, Timestamp};

/// The instants at which generations were superseded, the newest first: no more than the grace needs.
///
/// As text, which is how it is stored, seconds since the epoch with commas between.
///
/// ```
/// use entryway_core::legacy_session::Superseded;
/// assert_eq!(Superseded::parse("1700000900,1700000000").unwrap().to_string(), "1700000900,1700000000");
/// assert_eq!(Superseded::default().to_string(), "");
/// assert!(Superseded::parse("yesterday").is_none());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Superseded(Vec<Timestamp>);

impl Superseded {
    /// Reads the text.
    pub fn parse(text: &str) -> Option<Self> {
        let instants = text.split(',').filter(|_| !text.is_empty());
        let instants = instants.map(|instant| instant.parse().ok().map(Timestamp::from_seconds));
        let instants: Option<Vec<Timestamp>> = instants.take(REMEMBERED_MAX + 1).collect();
        instants.filter(|all| all.len() <= REMEMBERED_MAX).map(Self)
    }

    /// The same after one more generation was superseded, without those whose grace is over.
    pub(super) fn after(&self, grace: Seconds, now: Timestamp) -> Self {
        let kept = self.0.iter().copied().filter(|at| now < *at + grace);
        Self(std::iter::once(now).chain(kept).take(REMEMBERED_MAX).collect())
    }

    /// Whether the generation that many before the present one may still be used: 0 is the one before it.
    pub(super) fn is_in_grace(&self, before: u32, grace: Seconds, now: Timestamp) -> bool {
        let at = usize::try_from(before).ok().and_then(|before| self.0.get(before));
        at.is_some_and(|at| now < *at + grace)
    }
}

impl fmt::Display for Superseded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, instant) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            instant.fmt(f)?;
        }
        Ok(())
    }
}

/// Two hours of a refresh every seven minutes: whoever refreshes faster loses the oldest early.
const REMEMBERED_MAX: usize = 16;
