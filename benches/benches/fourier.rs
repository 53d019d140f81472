//! Fourier attributions of a small convolutional model.

mod common;

use cdig::{Explainer, RealFourier, Rule, Time};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array1;
use xcebra_benches::FilterBank;

fn integrated_gradients(c: &mut Criterion) {
    let model = FilterBank::<f64>::new();
    let x: Array1<f64> = (0..256)
        .map(|t| (t as f64 * 0.3).sin() + (t as f64 * 1.9).cos())
        .collect();
    let fourier = RealFourier::new(&[256], 32.0).expect("a positive rate");
    let time = Time::new(&[256]).expect("a shape");
    let mut group = c.benchmark_group("integrated_gradients");
    group.throughput(Throughput::Elements(64));
    let explainer = Explainer::new(&model).rule(Rule::Midpoint(64));
    group.bench_function("fourier, 64 points", |b| {
        b.iter(|| {
            explainer
                .explain(&fourier, x.view())
                .expect("an attribution")
        });
    });
    group.bench_function("fourier and time, 64 points", |b| {
        b.iter(|| {
            explainer
                .explain_many(&[&fourier, &time], x.view())
                .expect("attributions")
        });
    });
}

criterion_group! {
    name = benches;
    config = common::short();
    targets = integrated_gradients
}
criterion_main!(benches);
