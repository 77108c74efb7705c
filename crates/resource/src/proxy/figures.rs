//! What a gate counts. Names and labels are few and fixed: nothing a stranger sends becomes one.

use std::time::Duration;

use http::StatusCode;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use super::fault::GateFault;
use super::settings::IssuerHealth;
use super::wire::WireFault;

/// In whose name a request was made.
#[derive(Clone, Copy, Debug)]
pub(super) struct By(pub(super) &'static str);

impl By {
    /// Answered here, or refused before it was looked at whose it is.
    pub(super) const GATE: Self = Self("gate");
    /// A document or a page, which is for anybody.
    pub(super) const DOCUMENT: Self = Self("document");
}

/// Says in words what is counted, to whoever exports it.
pub fn describe() {
    for (name, unit, words) in [
        (
            REQUESTS,
            Unit::Count,
            "Requests answered, by kind of credentials and status.",
        ),
        (
            UPSTREAM_FAULTS,
            Unit::Count,
            "Requests to a PDS without a usable answer.",
        ),
        (
            WIRE_FAULTS,
            Unit::Count,
            "Connections ended for what came on them, by what that was.",
        ),
    ] {
        describe_counter!(name, unit, words);
    }
    describe_histogram!(
        REQUEST_SECONDS,
        Unit::Seconds,
        "Time from the head of a request to the head of its answer."
    );
    for (name, unit, words) in [
        (CONNECTIONS, Unit::Count, "Connections open."),
        (SUBSCRIPTIONS, Unit::Count, "Subscriptions open."),
        (KEYS_KNOWN, Unit::Count, "Whether a key of the issuer is known."),
        (
            FEED_FRESH,
            Unit::Count,
            "Whether the issuer's revocation feed is fresh enough.",
        ),
        (
            FEED_AGE_SECONDS,
            Unit::Seconds,
            "Age of what is known of the issuer's revocations.",
        ),
    ] {
        describe_gauge!(name, unit, words);
    }
}

/// Tells how it stands with the issuers; to be called before figures are read.
pub fn observe(issuers: &[IssuerHealth]) {
    for health in issuers {
        let issuer = health.issuer.to_string();
        gauge!(KEYS_KNOWN, "issuer" => issuer.clone()).set(f64::from(health.keys_known));
        if let Some(feed) = health.feed {
            gauge!(FEED_FRESH, "issuer" => issuer.clone()).set(f64::from(feed.fresh));
            let age = feed.age_seconds.map(Duration::from_secs);
            gauge!(FEED_AGE_SECONDS, "issuer" => issuer).set(age.map_or(f64::NAN, |age| age.as_secs_f64()));
        }
    }
}

pub(super) fn answered(By(by): By, status: StatusCode, after: Duration) {
    // three digits, of which a PDS could make up nine hundred
    counter!(REQUESTS, "by" => by, "status" => status.as_str().to_owned()).increment(1);
    histogram!(REQUEST_SECONDS, "by" => by).record(after);
}

pub(super) fn upstream_failed(fault: &GateFault) {
    let kind = match fault {
        GateFault::UpstreamUnreachable => "unreachable",
        GateFault::UpstreamTimedOut => "timeout",
        GateFault::UpstreamBroken => "broken",
        _ => return,
    };
    counter!(UPSTREAM_FAULTS, "fault" => kind).increment(1);
}

pub(super) fn wire_failed(fault: WireFault) {
    counter!(WIRE_FAULTS, "fault" => fault.name()).increment(1);
}

/// One more of what is open, until this is dropped.
pub(super) struct Open(&'static str);

impl Open {
    pub(super) fn connection() -> Self {
        Self::new(CONNECTIONS)
    }

    pub(super) fn subscription() -> Self {
        Self::new(SUBSCRIPTIONS)
    }

    fn new(name: &'static str) -> Self {
        gauge!(name).increment(1);
        Self(name)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        gauge!(self.0).decrement(1);
    }
}

const REQUESTS: &str = "entryway_gate_requests_total";
/// A histogram; whoever exports it names its buckets.
pub const REQUEST_SECONDS: &str = "entryway_gate_request_seconds";
const UPSTREAM_FAULTS: &str = "entryway_gate_upstream_faults_total";
const WIRE_FAULTS: &str = "entryway_gate_wire_faults_total";
const CONNECTIONS: &str = "entryway_gate_connections";
const SUBSCRIPTIONS: &str = "entryway_gate_subscriptions";
const KEYS_KNOWN: &str = "entryway_gate_issuer_keys_known";
const FEED_FRESH: &str = "entryway_gate_feed_fresh";
const FEED_AGE_SECONDS: &str = "entryway_gate_feed_age_seconds";
