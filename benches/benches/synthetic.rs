//! Generating recordings, and scoring maps.

mod common;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use xcebra_benches::recording;
use xcebra_eval::auroc;

fn generate(c: &mut Criterion) {
    let mut group = c.benchmark_group("synthetic");
    group.throughput(Throughput::Elements(5000));
    group.bench_function("5,000 samples of 50 channels", |b| {
        b.iter(|| recording(5000).expect("a positive number of samples"));
    });
}

fn score(c: &mut Criterion) {
    let n = 100_000_u64;
    let hash = |i: u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    let scores: Vec<f64> = (0..n).map(|i| hash(i) as f64).collect();
    let labels: Vec<bool> = (0..n).map(|i| hash(i + n) % 3 == 0).collect();
    let mut group = c.benchmark_group("score");
    group.throughput(Throughput::Elements(n));
    group.bench_function("auROC of 100,000 pairs", |b| {
        b.iter(|| auroc(&labels, &scores).expect("both classes"));
    });
}

criterion_group! {
    name = benches;
    config = common::short();
    targets = generate, score
}
criterion_main!(benches);
