//! Bounds, as the file has them; what it leaves out is as in the library.

use std::time::Duration;

use entryway_resource::Limits;
use entryway_resource::client::ClientSettings;
use entryway_resource::proxy::GateLimits;

use crate::config::Section;

/// All of them.
#[derive(Clone, Debug)]
pub(in crate::gate) struct Bounds {
    pub(in crate::gate) gate: GateLimits,
    /// Of each host's verifier.
    pub(in crate::gate) verifier: Limits,
    /// Waits for issuers and PDS hosts; authorities and names are not set.
    pub(in crate::gate) client: ClientSettings,
}

impl Bounds {
    pub(super) fn read(root: &Section<'_>) -> Self {
        let (gate, verifier, client) = Default::default();
        match root.section("limits") {
            Some(section) => Self {
                gate: gate_limits(&section, gate),
                verifier: verifier_limits(&section, verifier),
                client: client_settings(&section, client),
            },
            None => Self {
                gate,
                verifier,
                client,
            },
        }
    }
}

fn gate_limits(section: &Section<'_>, default: GateLimits) -> GateLimits {
    let seconds = |name, otherwise| seconds(section, name, otherwise);
    let count = |name, otherwise| count(section, name, otherwise);
    GateLimits {
        connections_max: count("connections_max", default.connections_max),
        body_bytes_max: section.number("body_bytes_max", (1, i64::MAX as u64), default.body_bytes_max),
        tunnels_max: count("subscriptions_max", default.tunnels_max),
        tunnel_idle: seconds("subscription_idle_seconds", default.tunnel_idle),
        head_wait: seconds("head_wait_seconds", default.head_wait),
        body_wait: seconds("body_wait_seconds", default.body_wait),
        answer_wait: seconds("answer_wait_seconds", default.answer_wait),
        exchange_wait: seconds("exchange_wait_seconds", default.exchange_wait),
        drain_wait: seconds("drain_wait_seconds", default.drain_wait),
    }
}

fn verifier_limits(section: &Section<'_>, default: Limits) -> Limits {
    Limits {
        cached_token_bytes_max: section.number(
            "cached_token_bytes_max",
            (0, i64::MAX as u64),
            default.cached_token_bytes_max,
        ),
        replay_marks_max: count(section, "replay_marks_max", default.replay_marks_max),
    }
}

fn client_settings(section: &Section<'_>, default: ClientSettings) -> ClientSettings {
    let seconds = |name, otherwise| seconds(section, name, otherwise);
    ClientSettings {
        connect_wait: seconds("upstream_connect_wait_seconds", default.connect_wait),
        answer_wait: seconds("upstream_answer_wait_seconds", default.answer_wait),
        idle_wait: seconds("upstream_idle_wait_seconds", default.idle_wait),
        keep_wait: seconds("upstream_keep_wait_seconds", default.keep_wait),
        ..default
    }
}

fn count(section: &Section<'_>, name: &str, otherwise: usize) -> usize {
    let otherwise = u64::try_from(otherwise).unwrap_or(u64::MAX);
    usize::try_from(section.number(name, (1, COUNT_MAX), otherwise)).unwrap_or(usize::MAX)
}

fn seconds(section: &Section<'_>, name: &str, otherwise: Duration) -> Duration {
    Duration::from_secs(section.number(name, (1, WAIT_SECONDS_MAX), otherwise.as_secs()))
}

const COUNT_MAX: u64 = 1_000_000_000;
const WAIT_SECONDS_MAX: u64 = 7 * 24 * 60 * 60;
