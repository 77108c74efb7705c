//! How much anybody may ask for.

use entryway_core::policy::FailedSignIns;

use super::Development;
use crate::config::Section;

/// Bounds of callers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Whether failed sign-ins are counted.
    pub(crate) sign_ins: bool,
    /// Calls of one address to the back channel; nothing for no limit.
    pub(crate) calls_per_minute: Option<u32>,
    pub(crate) failed_sign_ins: FailedSignIns,
}

impl Limits {
    pub(super) fn read(root: &Section<'_>, development: Option<&Development>) -> Self {
        let section = root.section("limits");
        let number = |name, otherwise: u32| {
            let otherwise = u64::from(otherwise);
            let number = section.as_ref().map_or(otherwise, |section| {
                section.number(name, (1, COUNT_MAX), otherwise)
            });
            u32::try_from(number).unwrap_or(u32::MAX)
        };
        let default = FailedSignIns::default();
        let calls_per_minute = number("calls_per_minute", CALLS_PER_MINUTE);
        let failed_sign_ins = FailedSignIns {
            of_account: number("failed_sign_ins_of_account", default.of_account),
            of_address: number("failed_sign_ins_of_address", default.of_address),
        };
        let are_on = development.is_none_or(|development| development.rate_limits);
        Self {
            sign_ins: are_on,
            calls_per_minute: are_on.then_some(calls_per_minute),
            failed_sign_ins,
        }
    }
}

/// Ten a second: a household or an office signs in and refreshes with a few, a backend of an app with more.
const CALLS_PER_MINUTE: u32 = 600;
const COUNT_MAX: u64 = 1_000_000;
