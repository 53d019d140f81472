//! Short measurements, so that all benches together take a few minutes.

use std::time::Duration;

use criterion::Criterion;

/// The settings of every bench.
pub fn short() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20)
}
