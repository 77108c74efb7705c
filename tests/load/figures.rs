//! What was measured, and how it is shown.

use std::time::Duration;

use anyhow::ensure;
use serde_json::{Value, json};

use crate::floor::Floor;

/// What was asked, of what, and which signatures that takes.
pub(crate) struct Run {
    pub(crate) engine: &'static str,
    pub(crate) request: &'static str,
    pub(crate) connections: usize,
    pub(crate) signatures: fn(Floor) -> f64,
}

/// One round.
#[derive(Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) load: Load,
    pub(crate) floor: Floor,
}

/// What the server did under load.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    requests_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    cpu_us: f64,
    peak_mib: f64,
}

impl Load {
    pub(crate) fn of(
        mut latencies: Vec<Duration>,
        elapsed: Duration,
        cpu_seconds: f64,
        peak_mib: f64,
    ) -> anyhow::Result<Self> {
        ensure!(!latencies.is_empty(), "no answer came in time");
        latencies.sort();
        let percentile =
            |percent: usize| latencies[(latencies.len() - 1) * percent / 100].as_secs_f64() * 1e3;
        let count = f64::from(u32::try_from(latencies.len())?);
        Ok(Self {
            requests_per_second: count / elapsed.as_secs_f64(),
            p50_ms: percentile(50),
            p99_ms: percentile(99),
            cpu_us: cpu_seconds * 1e6 / count,
            peak_mib,
        })
    }
}

/// The median of each figure.
pub(crate) fn median(rounds: &[Figures]) -> Figures {
    let of = |figure: fn(&Figures) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(figure).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Figures {
        load: Load {
            requests_per_second: of(|round| round.load.requests_per_second),
            p50_ms: of(|round| round.load.p50_ms),
            p99_ms: of(|round| round.load.p99_ms),
            cpu_us: of(|round| round.load.cpu_us),
            peak_mib: of(|round| round.load.peak_mib),
        },
        floor: Floor {
            verify_us: of(|round| round.floor.verify_us),
            sign_us: of(|round| round.floor.sign_us),
        },
    }
}

impl Run {
    /// For a person.
    pub(crate) fn line(&self, label: &str, Figures { load, floor }: &Figures) -> String {
        let signatures_us = (self.signatures)(*floor);
        format!(
            "{:<10} {:<7} {label:<6} {:>6.0} requests/s  p50 {:>5.1} ms  p99 {:>5.1} ms  \
             {:>5.0} us CPU = {:.2} times {signatures_us:.0} us of signatures  {:.0} MiB",
            self.engine,
            self.request,
            load.requests_per_second,
            load.p50_ms,
            load.p99_ms,
            load.cpu_us,
            load.cpu_us / signatures_us,
            load.peak_mib,
        )
    }

    /// For a program.
    pub(crate) fn json(&self, Figures { load, floor }: &Figures) -> Value {
        let signatures_us = (self.signatures)(*floor);
        json!({
            "engine": self.engine,
            "request": self.request,
            "connections": self.connections,
            "requests_per_second": load.requests_per_second,
            "p50_ms": load.p50_ms,
            "p99_ms": load.p99_ms,
            "server_cpu_us": load.cpu_us,
            "server_peak_mib": load.peak_mib,
            "es256_verify_us": floor.verify_us,
            "es256k_sign_us": floor.sign_us,
            "times_signatures": load.cpu_us / signatures_us,
        })
    }
}
