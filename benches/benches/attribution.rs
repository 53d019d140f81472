//! Attribution maps of 1,000 samples of an untrained encoder, 50 channels to 6 outputs.

mod common;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use xcebra_attr::jacobian::jacobians;
use xcebra_attr::{Methods, Options, attribute};
use xcebra_benches::{config, recording};
use xcebra_core::Encoder;

const SAMPLES: usize = 1000;

fn maps(c: &mut Criterion) {
    let (x, _) = recording(SAMPLES).expect("a positive number of samples");
    let architecture = config("hybrid", 512)
        .expect("known objectives")
        .encoder
        .architecture(x.ncols());
    let encoder = Encoder::<f32>::new(architecture, 0).expect("a possible architecture");
    let mut group = c.benchmark_group("attribution");
    group.throughput(Throughput::Elements(SAMPLES as u64));
    group.bench_function("jacobians", |b| {
        b.iter(|| jacobians(&encoder, x.view().into_dyn()).expect("finite Jacobians"));
    });
    for name in ["neuron-gradient", "ing"] {
        let methods: Methods<f32> = name.parse().expect("a known method");
        group.bench_function(name, |b| {
            b.iter(|| attribute(&encoder, &x, &methods, &Options::new()).expect("a map"));
        });
    }
}

criterion_group! {
    name = benches;
    config = common::short();
    targets = maps
}
criterion_main!(benches);
