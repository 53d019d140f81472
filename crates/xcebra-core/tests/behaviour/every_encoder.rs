//! What has to hold for every encoder that has a name.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::common::encoders::{batch, named, normal, numbers};
use crate::common::losses::assert_slope;
use crate::common::{config, latents, recording};
use dfdx::tensor::{AsArray, Trace};
use dfdx::tensor_ops::Backward;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use xcebra_core::encoder::Trainable as _;
use xcebra_core::ops;
use xcebra_core::regularizer::Probes;
use xcebra_core::{
    Element, Encoder, EncoderName, LossConfig, Metric, ObjectiveConfig, PositivesConfig,
    Similarity, Trainer,
};
use xcebra_model::Model;

/// All names but `custom`, from the list that an unknown one is answered with.
fn names() -> Vec<EncoderName> {
    let answer = EncoderName::parse("?").unwrap_err().to_string();
    let names: Vec<EncoderName> = answer
        .split('`')
        .filter_map(|word| EncoderName::parse(word).ok())
        .filter(|name| *name != EncoderName::Custom)
        .collect();
    assert_eq!(names.len(), 26);
    names
}

/// Value and gradient of the penalty.
fn penalty(
    encoder: &Encoder<f64>,
    parameters: &[f64],
    x: &[f64],
    probes: Probes,
) -> (f64, Vec<f64>) {
    let n = x.len() / numbers(encoder);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (directions, factor) = probes.draw(n, encoder.output_dim(), &mut rng);
    let parameters = ops::vector(parameters.to_vec());
    let value = encoder.jacobian_penalty(parameters.leaky_trace(), x, &directions, factor);
    let found = value.array();
    (found, value.backward().get(&parameters).as_vec())
}

#[test]
fn penalties_equal_differences_of_outputs() {
    for name in names() {
        let encoder = named::<f64>(name, 3, 2, 4);
        let each = numbers(&encoder);
        let x = normal::<f64>(2 * each, 4);
        let outputs = |x: &[f64]| encoder.forward(batch(&encoder, x).view()).unwrap();
        let h = 1e-5;
        let mut expected = 0.0;
        for input in 0..each {
            let moved = |h: f64| {
                let mut x = x.clone();
                x.iter_mut().skip(input).step_by(each).for_each(|v| *v += h);
                outputs(&x)
            };
            let slopes = (moved(h) - moved(-h)) / (2.0 * h);
            expected += 0.5 * slopes.mapv(|v| v * v).sum() / 2.0;
        }
        let start = encoder.parameters();
        let (found, _) = penalty(&encoder, start, &x, Probes::Exact);
        // central differences of relative error about 1e-9
        assert!(
            (found / expected - 1.0).abs() < 1e-7,
            "{name:?}: {found} {expected}"
        );
        for probes in [Probes::Exact, Probes::Random(3)] {
            let gradient = penalty(&encoder, start, &x, probes).1;
            let value = |p: &[f64]| penalty(&encoder, p, &x, probes).0;
            assert_slope(start, value, &gradient, &format!("{name:?} {probes:?}"));
        }
    }
}

#[test]
fn gradients_of_outputs_equal_differences() {
    for name in names() {
        let encoder = named::<f64>(name, 3, 2, 4);
        let x = Arc::new(normal::<f64>(5 * numbers(&encoder), 7));
        let weights = normal::<f64>(10, 8);
        let value = |p: &[f64]| {
            let parameters = ops::vector(p.to_vec());
            let y = encoder
                .encode(parameters.leaky_trace(), Arc::clone(&x))
                .as_vec();
            y.iter().zip(&weights).map(|(y, w)| y * w).sum::<f64>()
        };
        let parameters = ops::vector(encoder.parameters().to_vec());
        let y = encoder.encode(parameters.leaky_trace(), Arc::clone(&x));
        let (_, gradient) = {
            use xcebra_core::ops::dfdx::prelude::*;
            let w = Cpu::default().tensor_from_vec(weights.clone(), (5, 2));
            let sum = (y * w).sum::<Rank0, _>();
            (sum.array(), sum.backward().get(&parameters).as_vec())
        };
        assert_slope(encoder.parameters(), value, &gradient, &format!("{name:?}"));
    }
}

fn trains<E: Element>(name: EncoderName, projections: usize) -> Vec<f64> {
    let mut config = config(6);
    config.encoder.name = name;
    config.encoder.hidden = 4;
    config.train.batch = 16;
    config.regularizer.start = 2;
    config.regularizer.ramp = 2;
    config.regularizer.projections = projections;
    config.validation.held_out = 0.25;
    config.validation.blocks = 1;
    config.objective = vec![ObjectiveConfig::new(LossConfig::InfoNce {
        positives: PositivesConfig::Time { offset: 1 },
        similarity: Similarity::new(Metric::Cosine, 0.5),
    })];
    let mut trainer = Trainer::new(config, recording::<E>(&latents(300))).unwrap();
    let mut losses = Vec::new();
    trainer
        .run(|_, report| {
            losses.push(report.loss);
            losses.extend(report.part("jacobian").and_then(|part| part.value));
            ControlFlow::Continue(())
        })
        .unwrap();
    let (encoder, history) = trainer.finish().unwrap();
    assert!(encoder.parameters().iter().all(|p| p.is_finite()));
    losses.push(history.validation[0].loss);
    losses
}

#[test]
fn every_encoder_trains_alike_in_both_precisions() {
    for name in names() {
        for projections in [0, 1] {
            let (single, double) = (
                trains::<f32>(name, projections),
                trains::<f64>(name, projections),
            );
            assert_eq!(single.len(), 6 + 3 + 1);
            for (s, d) in single.iter().zip(&double) {
                // Adam divides by the size of the gradient: roundings of small ones count in full
                assert!((s - d).abs() < 2e-3 * d.abs().max(1.0), "{name:?}: {s} {d}");
            }
        }
    }
}
