//! How much anybody may ask for.

use std::time::Duration;

use entryway_core::policy::FailedSignIns;
use entryway_server::Capacity;

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
    pub(crate) capacity: Capacity,
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
        let capacity = Capacity::default();
        let count = |name, otherwise: usize| {
            let given = number(name, u32::try_from(otherwise).unwrap_or(u32::MAX));
            usize::try_from(given).unwrap_or(usize::MAX)
        };
        let wait = u32::try_from(capacity.wait.as_millis()).unwrap_or(u32::MAX);
        let capacity = Capacity {
            connections: count("connections", capacity.connections),
            connections_of_address: count("connections_of_address", capacity.connections_of_address),
            session_calls: count("session_calls", capacity.session_calls),
            other_calls: count("other_calls", capacity.other_calls),
            password_calls: count("password_calls", capacity.password_calls),
            passed_calls: count("passed_calls", capacity.passed_calls),
            wait: Duration::from_millis(number("wait_milliseconds", wait).into()),
        };
        let are_on = development.is_none_or(|development| development.rate_limits);
        Self {
            sign_ins: are_on,
            calls_per_minute: are_on.then_some(calls_per_minute),
            failed_sign_ins,
            capacity,
        }
    }
}

/// Ten a second: a household or an office signs in and refreshes with a few, a backend of an app with more.
const CALLS_PER_MINUTE: u32 = 600;
const COUNT_MAX: u64 = 1_000_000;
