//! What was measured, and how it is shown.

use std::time::Duration;

use anyhow::ensure;
use serde_json::{Value, json};

/// What was asked, of what, and what its signatures alone cost.
pub(crate) struct Run {
    pub(crate) engine: &'static str,
    pub(crate) request: &'static str,
    pub(crate) connections: usize,
    pub(crate) signatures_us: f64,
}

/// The figures of one round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    requests_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    cpu_us: f64,
    peak_mib: f64,
}

impl Figures {
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

    /// The median of each figure.
    pub(crate) fn median(rounds: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| {
            let mut values: Vec<f64> = rounds.iter().map(figure).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        Self {
            requests_per_second: of(|round| round.requests_per_second),
            p50_ms: of(|round| round.p50_ms),
            p99_ms: of(|round| round.p99_ms),
            cpu_us: of(|round| round.cpu_us),
            peak_mib: of(|round| round.peak_mib),
        }
    }
}

impl Run {
    /// For a person.
    pub(crate) fn line(&self, label: &str, figures: &Figures) -> String {
        format!(
            "{:<10} {:<7} {label:<6} {:>6.0} requests/s  p50 {:>5.1} ms  p99 {:>5.1} ms  \
             {:>5.0} us CPU, {:.1} times its signatures  {:.0} MiB",
            self.engine,
            self.request,
            figures.requests_per_second,
            figures.p50_ms,
            figures.p99_ms,
            figures.cpu_us,
            figures.cpu_us / self.signatures_us,
            figures.peak_mib,
        )
    }

    /// For a program.
    pub(crate) fn json(&self, figures: &Figures) -> Value {
        json!({
            "engine": self.engine,
            "request": self.request,
            "connections": self.connections,
            "requests_per_second": figures.requests_per_second,
            "p50_ms": figures.p50_ms,
            "p99_ms": figures.p99_ms,
            "server_cpu_us": figures.cpu_us,
            "signatures_us": self.signatures_us,
            "times_signatures": figures.cpu_us / self.signatures_us,
            "server_peak_mib": figures.peak_mib,
        })
    }
}
