//! What was measured, and how it is shown.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cores::{Used, peak_mib, resident_mib};
use crate::floor::Floor;
use crate::line::Failure;

/// What was asked, of what, and which signatures that takes.
pub(crate) struct Run {
    pub(crate) engine: String,
    pub(crate) operation: &'static str,
    pub(crate) connections: usize,
    pub(crate) signatures: fn(Floor) -> f64,
}

/// One round.
#[derive(Clone)]
pub(crate) struct Figures {
    pub(crate) load: Load,
    pub(crate) floor: Floor,
}

/// How the operations of a window ended.
#[derive(Default)]
pub(crate) struct Sample {
    latencies: Vec<Duration>,
    failures: BTreeMap<Failure, usize>,
}

impl Sample {
    pub(crate) fn take(&mut self, ended: Result<Duration, Failure>) {
        match ended {
            Ok(latency) => self.latencies.push(latency),
            Err(failure) => *self.failures.entry(failure).or_default() += 1,
        }
    }

    pub(crate) fn together(samples: Vec<Self>) -> Self {
        let mut all = Self::default();
        for sample in samples {
            all.latencies.extend(sample.latencies);
            for (failure, count) in sample.failures {
                *all.failures.entry(failure).or_default() += count;
            }
        }
        all
    }
}

/// What the server did under load.
#[derive(Clone)]
pub(crate) struct Load {
    /// Operations that succeeded.
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
    /// Of the server, for each operation that succeeded.
    pub(crate) cpu_us: f64,
    pub(crate) resident_mib: f64,
    pub(crate) peak_mib: f64,
    pub(crate) failures: BTreeMap<Failure, usize>,
}

impl Load {
    /// Without a single success all figures of time are infinite.
    pub(crate) fn of(sample: Sample, used: Used, process: u32) -> anyhow::Result<Self> {
        let mut latencies = sample.latencies;
        latencies.sort();
        let of_thousand = |part: usize| {
            let last = latencies.len().checked_sub(1);
            last.map_or(f64::INFINITY, |last| {
                latencies[last * part / 1000].as_secs_f64() * 1e3
            })
        };
        let count = f64::from(u32::try_from(latencies.len())?);
        Ok(Self {
            per_second: count / used.elapsed.as_secs_f64(),
            p50_ms: of_thousand(500),
            p99_ms: of_thousand(990),
            p999_ms: of_thousand(999),
            cpu_us: used.cpu_seconds * 1e6 / count,
            resident_mib: resident_mib(process)?,
            peak_mib: peak_mib(process)?,
            failures: sample.failures,
        })
    }

    pub(crate) fn errors(&self) -> usize {
        self.failures.values().sum()
    }
}

/// The median of each figure, and all failures.
pub(crate) fn median(rounds: &[Figures]) -> Figures {
    let of = |figure: fn(&Figures) -> f64| median_of(rounds.iter().map(figure).collect());
    let failures = rounds.iter().flat_map(|round| &round.load.failures).fold(
        BTreeMap::new(),
        |mut all, (failure, count)| {
            *all.entry(*failure).or_default() += count;
            all
        },
    );
    Figures {
        load: Load {
            per_second: of(|round| round.load.per_second),
            p50_ms: of(|round| round.load.p50_ms),
            p99_ms: of(|round| round.load.p99_ms),
            p999_ms: of(|round| round.load.p999_ms),
            cpu_us: of(|round| round.load.cpu_us),
            resident_mib: of(|round| round.load.resident_mib),
            peak_mib: of(|round| round.load.peak_mib),
            failures,
        },
        floor: Floor {
            verify_us: of(|round| round.floor.verify_us),
            sign_us: of(|round| round.floor.sign_us),
        },
    }
}

/// The middle one, the upper where two are in the middle; there must be one at all.
pub(crate) fn median_of(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

impl Run {
    /// For a person.
    pub(crate) fn line(&self, label: &str, Figures { load, floor }: &Figures) -> String {
        let signatures_us = (self.signatures)(*floor);
        let failures: Vec<String> = load
            .failures
            .iter()
            .map(|(failure, count)| format!("  {count} times {failure}"))
            .collect();
        format!(
            "{:<10} {:<16} {:>3} {label:<6} {:>6.0}/s  p50 {:>6.2} p99 {:>6.2} p999 {:>6.2} ms  \
             {:>6.0} us CPU, {signatures_us:>3.0} us = {:>2.0} % signatures  {:>3.0} MiB, peak {:.0}{}",
            self.engine,
            self.operation,
            self.connections,
            load.per_second,
            load.p50_ms,
            load.p99_ms,
            load.p999_ms,
            load.cpu_us,
            100.0 * signatures_us / load.cpu_us,
            load.resident_mib,
            load.peak_mib,
            failures.concat(),
        )
    }

    /// For a program.
    pub(crate) fn json(&self, Figures { load, floor }: &Figures) -> Value {
        let signatures_us = (self.signatures)(*floor);
        let failures: BTreeMap<String, usize> = load
            .failures
            .iter()
            .map(|(failure, count)| (failure.to_string(), *count))
            .collect();
        json!({
            "engine": self.engine,
            "operation": self.operation,
            "connections": self.connections,
            "requests_per_second": load.per_second,
            "p50_ms": load.p50_ms,
            "p99_ms": load.p99_ms,
            "p999_ms": load.p999_ms,
            "errors": load.errors(),
            "failures": failures,
            "server_cpu_us": load.cpu_us,
            "server_resident_mib": load.resident_mib,
            "server_peak_mib": load.peak_mib,
            "es256_verify_us": floor.verify_us,
            "es256k_sign_us": floor.sign_us,
            "signatures_us": signatures_us,
            "signatures_share": signatures_us / load.cpu_us,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_counted_by_its_kind_and_has_no_latency() {
        let mut sample = Sample::default();
        (1..=1000).for_each(|ms| sample.take(Ok(Duration::from_millis(ms))));
        for failure in [Failure::Refused(503), Failure::Late, Failure::Refused(503)] {
            sample.take(Err(failure));
        }
        let used = Used {
            cpu_seconds: 0.5,
            elapsed: Duration::from_secs(10),
        };
        let load = Load::of(sample, used, std::process::id()).unwrap();
        assert_eq!((load.p50_ms, load.p99_ms, load.p999_ms), (500.0, 990.0, 999.0));
        assert_eq!((load.per_second, load.cpu_us), (100.0, 500.0));
        assert_eq!(load.errors(), 3);
        assert_eq!(load.failures[&Failure::Refused(503)], 2);
    }
}
