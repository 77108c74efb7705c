//! How much anybody may ask for.

use super::Development;
use crate::config::Section;

/// Bounds of callers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Whether failed sign-ins are counted.
    pub(crate) sign_ins: bool,
    /// Calls of one address to the back channel; nothing for no limit.
    pub(crate) calls_per_minute: Option<u32>,
}

impl Limits {
    pub(super) fn read(root: &Section<'_>, development: Option<&Development>) -> Self {
        let calls = match root.section("limits") {
            Some(section) => section.number("calls_per_minute", (1, COUNT_MAX), CALLS_PER_MINUTE),
            None => CALLS_PER_MINUTE,
        };
        let are_on = development.is_none_or(|development| development.rate_limits);
        Self {
            sign_ins: are_on,
            calls_per_minute: are_on.then(|| u32::try_from(calls).unwrap_or(u32::MAX)),
        }
    }
}

/// Ten a second: a household or an office signs in and refreshes with a few, a backend of an app with more.
const CALLS_PER_MINUTE: u64 = 600;
const COUNT_MAX: u64 = 1_000_000;
