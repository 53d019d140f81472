//! Losses and penalties through every head, against finite differences and each other.

use std::sync::Arc;

use crate::common::losses::{differentiate, normal};
use dfdx::tensor::{AsArray, Trace};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use xcebra_core::encoder::Trainable as _;
use xcebra_core::ops::{self, Head, Term, info_nce};
use xcebra_core::regularizer::Probes;
use xcebra_core::train::{Penalty, evaluate};
use xcebra_core::{Architecture, Element, Encoder, Metric, Similarity};
use xcebra_model::Model;

const HEADS: [Head; 4] = [
    Head::Identity,
    Head::Normalize,
    Head::Clip { limit: 0.2 },
    Head::Tanh,
];

fn encoder<E: Element>(inputs: usize, hidden: &[usize], outputs: usize, head: Head) -> Encoder<E> {
    Encoder::new(Architecture::dense(inputs, hidden, outputs, head), 3).unwrap()
}

fn terms(n: usize, d: usize) -> Vec<Term> {
    let term = |metric, dims, positive, weight| Term {
        reference: 0..n,
        positive,
        negative: n..2 * n,
        dims,
        similarity: Similarity::new(metric, 0.7),
        weight,
    };
    vec![
        term(Metric::Euclidean, 0..d, 2 * n..3 * n, 1.0),
        term(Metric::Cosine, d / 2..d, 3 * n..4 * n, 0.6),
        term(Metric::Dot, 0..d, 2 * n..3 * n, 0.3),
    ]
}

/// The loss of an embedding in three dimensions.
fn value<E: Element>(values: &[E], terms: &[Term]) -> f64 {
    differentiate(values, 3, |e| info_nce(e, terms).0).0
}

/// Far-spread embeddings: the similarities to all negatives underflow.
#[test]
fn info_nce_survives_far_negatives() {
    let mut values = normal::<f64>(4 * 40 * 3, 2);
    for v in &mut values[40 * 3..80 * 3] {
        *v += 300.0;
    }
    let terms = &terms(40, 3)[..1];
    let plain_sum = {
        // log-sum-exp by hand around the nearest negative
        let mut total = 0.0;
        for i in 0..40 {
            let squared = |j: usize| {
                (0..3)
                    .map(|k| (values[3 * i + k] - values[3 * j + k]).powi(2))
                    .sum::<f64>()
                    / 0.7
            };
            let nearest = (40..80).map(squared).fold(f64::INFINITY, f64::min);
            total -= nearest;
            total += (40..80)
                .map(|j| (nearest - squared(j)).exp())
                .sum::<f64>()
                .ln();
            total += squared(80 + i);
        }
        total / 40.0
    };
    let single: Vec<f32> = values.iter().map(|&v| v as f32).collect();
    for value in [value(&values, terms), value(&single, terms)] {
        assert!(
            (value / plain_sum - 1.0).abs() < 1e-5,
            "{value} {plain_sum}"
        );
    }
}

#[test]
fn a_nan_anywhere_makes_the_loss_nan() {
    for at in [0, 20, 50, 110] {
        let mut values = normal::<f32>(4 * 10 * 3, 2);
        values[at] = f32::NAN;
        assert!(value(&values, &terms(10, 3)[..2]).is_nan());
    }
}

#[test]
fn loss_gradient_agrees_with_differences_for_every_head() {
    let (n, inputs, d) = (29, 5, 4);
    for head in HEADS {
        let encoder = encoder::<f64>(inputs, &[7, 6], d, head);
        let x = Arc::new(normal::<f64>(4 * n * inputs, 4));
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let (probes, factor) = Probes::Random(2).draw(n, d, &mut rng);
        let penalty = Penalty {
            samples: n,
            probes,
            factor,
            weight: 0.8,
        };
        let terms = &terms(n, d)[..if head == Head::Normalize { 1 } else { 3 }];
        let total = |p: &[f64]| {
            let parameters = ops::vector(p.to_vec());
            let e = evaluate(&encoder, &parameters, Arc::clone(&x), terms, Some(&penalty)).unwrap();
            let gradient = e.gradients.get(&parameters).as_vec();
            (e.loss + 0.8 * e.penalty.unwrap(), gradient)
        };
        let start = encoder.parameters().to_vec();
        let gradient = total(&start).1;
        for i in 0..start.len() {
            // steps small enough that no output crosses the clip
            let h = 1e-6;
            let at = |h: f64| {
                let mut p = start.clone();
                p[i] += h;
                total(&p).0
            };
            let difference = (at(h) - at(-h)) / (2.0 * h);
            assert!(
                (gradient[i] - difference).abs() < 1e-7 * (1.0 + gradient[i].abs()),
                "{head:?}, parameter {i}: {} {difference}",
                gradient[i]
            );
        }
    }
}

#[test]
fn penalty_equals_the_norm_of_the_jacobian_for_every_head() {
    for head in HEADS {
        for n in [1, 7, 130, 513] {
            let encoder = encoder::<f64>(5, &[8, 6, 4], 3, head);
            let x = normal::<f64>(5 * n, 4);
            let mut rng = ChaCha8Rng::seed_from_u64(1);
            let (probes, factor) = Probes::Exact.draw(n, 3, &mut rng);
            let parameters = ops::vector(encoder.parameters().to_vec());
            let found = encoder
                .jacobian_penalty(parameters.leaky_trace(), &x, &probes, factor)
                .array();
            let batch = ndarray::ArrayView2::from_shape((n, 5), &x).unwrap();
            let jacobian = encoder.jacobian(batch.into_dyn()).unwrap();
            let expected = 0.5 * jacobian.mapv(|v| v * v).sum() / n as f64;
            assert!(
                (found - expected).abs() < 1e-12 * (1.0 + expected),
                "{found} {expected}"
            );
        }
    }
}

#[test]
fn jacobians_agree_with_differences_for_every_head() {
    for head in HEADS {
        let encoder = encoder::<f64>(5, &[8, 6], 3, head);
        let x = ndarray::Array2::from_shape_vec((150, 5), normal::<f64>(750, 6)).unwrap();
        let jacobian = encoder.jacobian(x.view().into_dyn()).unwrap();
        let h = 1e-6;
        for input in 0..5 {
            let shifted = |h: f64| {
                let mut x = x.clone();
                x.column_mut(input).mapv_inplace(|v| v + h);
                encoder.forward(x.into_dyn().view()).unwrap()
            };
            let difference = (shifted(h) - shifted(-h)) / (2.0 * h);
            let found = jacobian.index_axis(ndarray::Axis(2), input);
            for (f, d) in found.iter().zip(&difference) {
                assert!((f - d).abs() < 1e-8, "{head:?}: {f} {d}");
            }
        }
        // the pull-back of a random cotangent is its product with the Jacobian
        let c = ndarray::Array2::from_shape_vec((150, 3), normal::<f64>(450, 8)).unwrap();
        let pulled = encoder.vjp(x.view().into_dyn(), c.view()).unwrap();
        for i in 0..150 {
            for input in 0..5 {
                let expected: f64 = (0..3).map(|k| c[[i, k]] * jacobian[[i, k, input]]).sum();
                assert!((pulled[[i, input]] - expected).abs() < 1e-13);
            }
        }
    }
}

#[test]
fn random_projections_are_unbiased() {
    let encoder = encoder::<f64>(5, &[8, 6], 4, Head::Identity);
    let (n, rounds) = (200, 100);
    let x = normal::<f64>(5 * n, 4);
    let parameters = ops::vector(encoder.parameters().to_vec());
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut value = |probes: Probes| {
        let (directions, factor) = probes.draw(n, 4, &mut rng);
        encoder
            .jacobian_penalty(parameters.leaky_trace(), &x, &directions, factor)
            .array()
    };
    let exact = value(Probes::Exact);
    for count in [1, 3] {
        let draws: Vec<f64> = (0..rounds).map(|_| value(Probes::Random(count))).collect();
        let mean = draws.iter().sum::<f64>() / f64::from(rounds);
        let variance =
            draws.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / f64::from(rounds - 1);
        // four standard errors of the mean
        assert!((mean - exact).abs() < 4.0 * (variance / f64::from(rounds)).sqrt());
    }
}

#[test]
fn single_precision_training_gradient_agrees_with_double() {
    let (n, inputs, d) = (300, 20, 6);
    let widths = [60, 60, 20];
    let double = encoder::<f64>(inputs, &widths, d, Head::Clip { limit: 5.0 });
    let single = encoder::<f32>(inputs, &widths, d, Head::Clip { limit: 5.0 });
    let x = normal::<f64>(4 * n * inputs, 4);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (probes, factor) = Probes::Random(1).draw::<f64>(n, d, &mut rng);
    let terms = terms(n, d);
    let exact = {
        let parameters = ops::vector(double.parameters().to_vec());
        let penalty = Penalty {
            samples: n,
            probes: probes.clone(),
            factor,
            weight: 0.5,
        };
        let e = evaluate(
            &double,
            &parameters,
            Arc::new(x.clone()),
            &terms,
            Some(&penalty),
        )
        .unwrap();
        e.gradients.get(&parameters).as_vec()
    };
    let found = {
        let parameters = ops::vector(single.parameters().to_vec());
        let probes = probes.iter().map(|&p| p as f32).collect();
        let penalty = Penalty {
            samples: n,
            probes,
            factor,
            weight: 0.5,
        };
        let x = Arc::new(x.iter().map(|&v| v as f32).collect());
        let e = evaluate(&single, &parameters, x, &terms, Some(&penalty)).unwrap();
        e.gradients.get(&parameters).as_vec()
    };
    let norm = exact.iter().map(|g| g * g).sum::<f64>().sqrt();
    let error = exact
        .iter()
        .zip(&found)
        .map(|(e, f)| (e - f64::from(*f)).powi(2))
        .sum::<f64>()
        .sqrt();
    // a few thousand single-precision roundings in each sum
    assert!(error < 1e-5 * norm, "{}", error / norm);
}

/// A row of zeros has no direction: it stays, with a zero derivative.
#[test]
fn rows_of_zeros_are_not_normalised() {
    let architecture = Architecture::dense(2, &[], 3, Head::Normalize);
    let encoder = Encoder::<f64>::from_parameters(architecture, vec![0.0; 9]).unwrap();
    let x = ndarray::array![[1.0, 2.0]].into_dyn();
    assert_eq!(
        encoder.forward(x.view()).unwrap(),
        ndarray::array![[0.0; 3]]
    );
    assert!(
        encoder
            .jacobian(x.view())
            .unwrap()
            .iter()
            .all(|&j| j == 0.0)
    );
    let parameters = ops::vector(encoder.parameters().to_vec());
    let (probes, factor) = Probes::Exact.draw(1, 3, &mut ChaCha8Rng::seed_from_u64(0));
    let penalty = Penalty {
        samples: 1,
        probes,
        factor,
        weight: 1.0,
    };
    let x = Arc::new(vec![1.0, 2.0]);
    let e = evaluate(&encoder, &parameters, x, &[], Some(&penalty)).unwrap();
    assert_eq!(e.penalty, Some(0.0));
    assert_eq!(e.gradients.get(&parameters).as_vec(), [0.0; 9]);
}
