//! The training step and its parts, on 20,000 samples of 50 channels.

mod common;

use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use xcebra_benches::{DIMS, config, labelled, recording};
use xcebra_core::ops::{Head, Term, vector};
use xcebra_core::regularizer::Probes;
use xcebra_core::sampling::{Positives, References, TimeDelta};
use xcebra_core::train::{Penalty, evaluate};
use xcebra_core::{Architecture, Encoder, Recording, Similarity, Trainer};

const SAMPLES: usize = 20_000;

fn data() -> Recording<f32> {
    let (x, z2) = recording(SAMPLES).expect("a positive number of samples");
    labelled(&x, z2).expect("a recording that changes")
}

fn step(c: &mut Criterion) {
    let recording = data();
    let mut group = c.benchmark_group("step");
    for objectives in ["time", "hybrid"] {
        for batch in [64, 512] {
            let config = config(objectives, batch).expect("known objectives");
            let mut trainer = Trainer::new(config, recording.clone()).expect("valid settings");
            group.throughput(Throughput::Elements(batch as u64));
            group.bench_function(BenchmarkId::new(objectives, batch), |b| {
                b.iter(|| trainer.step().expect("a stable training"));
            });
        }
    }
}

/// Through an encoder of one 6 × 6 layer, whose cost vanishes beside that of all pairs.
fn info_nce(c: &mut Criterion) {
    let (x, _) = recording(SAMPLES).expect("a positive number of samples");
    let architecture = Architecture::dense(DIMS, &[], DIMS, Head::Identity);
    let encoder = Encoder::<f32>::new(architecture, 0).expect("a possible architecture");
    let parameters = vector(encoder.parameters().to_vec());
    let mut group = c.benchmark_group("info_nce");
    for n in [512, 2048] {
        let rows = Arc::new(x.iter().take(3 * n * DIMS).copied().collect::<Vec<_>>());
        let term = Term {
            reference: 0..n,
            positive: n..2 * n,
            negative: 2 * n..3 * n,
            dims: 0..DIMS,
            similarity: Similarity::default(),
            weight: 1.0,
        };
        group.throughput(Throughput::Elements((n * n) as u64));
        group.bench_function(BenchmarkId::from_parameter(n), |b| {
            b.iter(|| {
                let terms = std::slice::from_ref(&term);
                evaluate(&encoder, &parameters, Arc::clone(&rows), terms, None).expect("a loss")
            });
        });
    }
}

/// With the encoder's own pass over the same samples.
fn jacobian_penalty(c: &mut Criterion) {
    let recording = data();
    let config = config("hybrid", 512).expect("known objectives");
    let architecture = config.encoder.architecture(recording.channels());
    let encoder = Encoder::<f32>::new(architecture, 0).expect("a possible architecture");
    let parameters = vector(encoder.parameters().to_vec());
    let n = 512;
    let samples = recording.samples();
    let rows = Arc::new(samples.iter().take(n * 50).copied().collect::<Vec<_>>());
    let mut group = c.benchmark_group("encode_and_penalty");
    for probes in [Probes::Random(1), Probes::Exact] {
        let (directions, factor) = probes.draw(n, DIMS, &mut ChaCha8Rng::seed_from_u64(0));
        let penalty = Penalty {
            samples: n,
            probes: directions,
            factor,
            weight: 0.1,
        };
        group.bench_function(BenchmarkId::from_parameter(format!("{probes:?}")), |b| {
            b.iter(|| {
                let rows = Arc::clone(&rows);
                evaluate(&encoder, &parameters, rows, &[], Some(&penalty)).expect("a loss")
            });
        });
    }
}

fn nearest_label(c: &mut Criterion) {
    let recording = data();
    let centers = recording.pieces();
    let positives = TimeDelta::new(&recording, &centers, "z2", 1).expect("a label that changes");
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let references = References::new(&centers, 1).expect("a long recording");
    let references = references.draw(512, &mut rng);
    let mut group = c.benchmark_group("nearest_label");
    group.throughput(Throughput::Elements(512));
    group.bench_function("512 queries", |b| {
        b.iter(|| positives.draw(&references, &mut rng));
    });
}

criterion_group! {
    name = benches;
    config = common::short();
    targets = step, info_nce, jacobian_penalty, nearest_label
}
criterion_main!(benches);
