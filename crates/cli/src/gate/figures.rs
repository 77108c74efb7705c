//! Figures in the form that Prometheus reads.

use std::sync::Arc;

use anyhow::Context as _;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};

use entryway_resource::proxy::{Figures, HealthSource, figures};

/// From now on everything is counted. To be called once.
pub(super) fn exported(health: &HealthSource) -> anyhow::Result<Figures> {
    let seconds = Matcher::Full(figures::REQUEST_SECONDS.to_owned());
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(seconds, &BUCKETS_SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .context("figures cannot be kept")?;
    figures::describe();
    let health = health.clone();
    Ok(Arc::new(move || {
        figures::observe(&health());
        handle.render()
    }))
}

/// From what a cached token costs to what a client waits for.
const BUCKETS_SECONDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0];
