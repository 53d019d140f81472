//! Convolutional encoders: every pass against its definition and against differences.

use std::sync::Arc;

use crate::common::encoders::{batch, named, normal, numbers};
use crate::common::plain;
use dfdx::tensor::{AsArray, Trace};
use ndarray::Array2;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use xcebra_core::encoder::{Layer, Trainable as _};
use xcebra_core::ops::{self, Head, Term};
use xcebra_core::regularizer::Probes;
use xcebra_core::train::{Penalty, evaluate};
use xcebra_core::{Architecture, Edges, Element, Encoder, EncoderName, Similarity};
use xcebra_model::Model;

const HEADS: [Head; 4] = [
    Head::Identity,
    Head::Normalize,
    Head::Clip { limit: 0.2 },
    Head::Tanh,
];

/// Every kind of layer, on odd sizes: windows of 1 to 12.
fn shapes() -> Vec<(usize, Vec<Layer>)> {
    let dense = Layer::dense;
    let conv = Layer::convolution;
    vec![
        (3, vec![conv(2, 4)]),
        (
            3,
            vec![dense(3).skip(), dense(5), dense(5).skip(), dense(2)],
        ),
        (2, vec![conv(3, 2), conv(3, 3).skip(), conv(2, 2)]),
        (
            3,
            vec![
                conv(3, 4).skip(),
                conv(3, 2).skip(),
                conv(4, 5),
                dense(4).skip(),
                conv(3, 1),
            ],
        ),
        (1, vec![conv(4, 3).identity(), conv(2, 2), conv(1, 3)]),
        (
            4,
            vec![
                dense(4).skip(),
                conv(4, 3).skip(),
                conv(4, 3).skip(),
                dense(3).identity(),
                dense(2),
            ],
        ),
    ]
}

fn encoder<E: Element>(channels: usize, layers: &[Layer], head: Head) -> Encoder<E> {
    Encoder::new(Architecture::new(channels, layers.to_vec(), head), 3).unwrap()
}

#[test]
fn outputs_equal_their_definition() {
    for (channels, layers) in shapes() {
        for head in HEADS {
            let encoder = encoder::<f64>(channels, &layers, head);
            for n in [1, 5, 141] {
                let x = normal::<f64>(n * numbers(&encoder), 2);
                let found = encoder.forward(batch(&encoder, &x).view()).unwrap();
                let taped = encoder.encode(
                    ops::vector(encoder.parameters().to_vec()).leaky_trace(),
                    Arc::new(x.clone()),
                );
                let taped = taped.as_vec();
                for (i, window) in x.chunks(numbers(&encoder)).enumerate() {
                    let expected =
                        plain::embed(encoder.architecture(), encoder.parameters(), window);
                    for (k, expected) in expected.iter().enumerate() {
                        // sums of at most 20 products of order 1 in five layers
                        assert!((found[[i, k]] - expected).abs() < 1e-13);
                        assert!((taped[i * found.ncols() + k] - expected).abs() < 1e-13);
                    }
                }
            }
        }
    }
}

#[test]
fn jacobians_agree_with_differences() {
    for (channels, layers) in shapes() {
        for head in HEADS {
            let encoder = encoder::<f64>(channels, &layers, head);
            let x = batch(&encoder, &normal::<f64>(70 * numbers(&encoder), 4));
            let jacobian = encoder.jacobian(x.view()).unwrap();
            assert_eq!(jacobian.shape()[2..], x.shape()[1..]);
            let d = encoder.output_dim();
            let flat = |a: &ndarray::ArrayD<f64>, rows: usize| {
                let rest = a.len() / rows;
                a.as_standard_layout()
                    .to_owned()
                    .into_shape_with_order((rows, rest))
                    .unwrap()
            };
            let inputs = numbers(&encoder);
            let (rows, jacobian) = (flat(&x, 70), flat(&jacobian, 70 * d));
            let at = |x: &Array2<f64>| {
                let shape = batch(&encoder, &vec![0.0; 70 * inputs]).raw_dim();
                let x = x.clone().into_shape_with_order(shape).unwrap();
                encoder.forward(x.view()).unwrap()
            };
            // central differences: the third derivatives of a normalised embedding grow as 1 / norm³,
            // so that h must be small; rounding leaves 1e-10
            let h = 1e-6;
            for input in 0..inputs {
                let moved = |h: f64| {
                    let mut x = rows.clone();
                    x.column_mut(input).mapv_inplace(|v| v + h);
                    at(&x)
                };
                let difference = (moved(h) - moved(-h)) / (2.0 * h);
                for (found, expected) in jacobian.column(input).iter().zip(&difference) {
                    assert!(
                        (found - expected).abs() < 1e-8 * (1.0 + found.abs()),
                        "{head:?} {layers:?}: {found} {expected}"
                    );
                }
            }
            // the pull-back of a random cotangent is its product with the Jacobian
            let c = Array2::from_shape_vec((70, d), normal::<f64>(70 * d, 8)).unwrap();
            let pulled = flat(&encoder.vjp(x.view(), c.view()).unwrap(), 70);
            for ((i, input), found) in pulled.indexed_iter() {
                let expected: f64 = (0..d)
                    .map(|k| c[[i, k]] * jacobian[[i * d + k, input]])
                    .sum();
                assert!((found - expected).abs() < 1e-13);
            }
        }
    }
}

fn terms(n: usize, d: usize) -> Vec<Term> {
    vec![Term {
        reference: 0..n,
        positive: n..2 * n,
        negative: 2 * n..3 * n,
        dims: 0..d,
        similarity: Similarity::default(),
        weight: 0.7,
    }]
}

/// Value and gradient of loss and penalty.
fn total<E: Element>(
    encoder: &Encoder<E>,
    parameters: &[E],
    x: &Arc<Vec<E>>,
    probes: Probes,
) -> (f64, Vec<E>) {
    let (n, d) = (x.len() / numbers(encoder) / 3, encoder.output_dim());
    let (probes, factor) = probes.draw(n, d, &mut ChaCha8Rng::seed_from_u64(1));
    let penalty = Penalty {
        samples: n,
        probes,
        factor,
        weight: 0.8,
    };
    let parameters = ops::vector(parameters.to_vec());
    let e = evaluate(
        encoder,
        &parameters,
        Arc::clone(x),
        &terms(n, d),
        Some(&penalty),
    )
    .unwrap();
    let gradient = e.gradients.get(&parameters).as_vec();
    (e.loss + 0.8 * e.penalty.unwrap(), gradient)
}

#[test]
fn gradients_agree_with_differences() {
    for (channels, layers) in shapes() {
        for head in HEADS {
            let encoder = encoder::<f64>(channels, &layers, head);
            let x = Arc::new(normal::<f64>(3 * 7 * numbers(&encoder), 4));
            for probes in [Probes::Exact, Probes::Random(2)] {
                let start = encoder.parameters().to_vec();
                let gradient = total(&encoder, &start, &x, probes).1;
                for i in 0..start.len() {
                    let at = |h: f64| {
                        let mut p = start.clone();
                        p[i] += h;
                        total(&encoder, &p, &x, probes).0
                    };
                    // steps small enough that no output crosses the clip
                    let h = 1e-6;
                    let difference = (at(h) - at(-h)) / (2.0 * h);
                    assert!(
                        (gradient[i] - difference).abs() < 1e-7 * (1.0 + gradient[i].abs()),
                        "{head:?} {layers:?}, parameter {i}: {} {difference}",
                        gradient[i]
                    );
                }
            }
        }
    }
}

#[test]
fn penalties_equal_the_norm_of_the_jacobian() {
    for name in [
        EncoderName::Offset10,
        EncoderName::Offset36Mse,
        EncoderName::Offset1V4,
    ] {
        let encoder = named::<f64>(name, 5, 3, 8);
        for n in [1, 130] {
            let x = normal::<f64>(n * numbers(&encoder), 4);
            let (probes, factor) = Probes::Exact.draw(n, 3, &mut ChaCha8Rng::seed_from_u64(1));
            let parameters = ops::vector(encoder.parameters().to_vec());
            let found = encoder
                .jacobian_penalty(parameters.leaky_trace(), &x, &probes, factor)
                .array();
            let jacobian = encoder.jacobian(batch(&encoder, &x).view()).unwrap();
            let expected = 0.5 * jacobian.mapv(|v| v * v).sum() / n as f64;
            assert!(
                (found - expected).abs() < 1e-12 * (1.0 + expected),
                "{found} {expected}"
            );
        }
    }
}

#[test]
fn single_precision_agrees_with_double() {
    for name in [
        EncoderName::Offset5,
        EncoderName::Offset10Mse,
        EncoderName::Offset1MseResnet,
    ] {
        let (double, single) = (named::<f64>(name, 20, 6, 32), named::<f32>(name, 20, 6, 32));
        let x = normal::<f64>(3 * 100 * numbers(&double), 4);
        let rounded = Arc::new(x.iter().map(|&v| v as f32).collect());
        let exact = total(&double, double.parameters(), &Arc::new(x), Probes::Exact);
        let found = total(&single, single.parameters(), &rounded, Probes::Exact);
        assert!(
            (found.0 / exact.0 - 1.0).abs() < 1e-5,
            "{} {}",
            found.0,
            exact.0
        );
        let norm = exact.1.iter().map(|g| g * g).sum::<f64>().sqrt();
        let pairs = exact.1.iter().zip(&found.1);
        let error = pairs
            .map(|(e, f)| (e - f64::from(*f)).powi(2))
            .sum::<f64>()
            .sqrt();
        // a few thousand single-precision roundings in each sum
        assert!(error < 1e-5 * norm, "{name:?}: {}", error / norm);
    }
}

#[test]
fn same_bits_for_any_number_of_threads() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let encoder = named::<f32>(EncoderName::Offset10Mse, 20, 6, 32);
            let x = Arc::new(normal::<f32>(3 * 333 * numbers(&encoder), 4));
            let (value, gradient) = total(&encoder, encoder.parameters(), &x, Probes::Random(1));
            let recording = Array2::from_shape_vec((3000, 20), normal::<f32>(60_000, 3)).unwrap();
            let embedding = encoder.embed(recording.view(), Edges::Pad).unwrap();
            let jacobian = encoder
                .jacobian(batch(&encoder, &x[..200 * 100]).view())
                .unwrap();
            (value.to_bits(), gradient, embedding, jacobian)
        })
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(5));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// A skip around a layer whose GELU is pushed to zero passes the cropped input on, to the bit.
    #[test]
    fn skips_crop_at_the_centre(kernel in 1_usize..6, channels in 1_usize..4, seed: u64) {
        let layers = vec![
            Layer::convolution(channels, kernel).skip(),
            Layer::dense(channels),
        ];
        let architecture = Architecture::new(channels, layers, Head::Identity);
        let blank = Encoder::<f64>::new(architecture.clone(), seed).unwrap();
        // GELU(−40) = 0 to rounding; then the identity
        let mut parameters = vec![0.0; blank.parameters().len()];
        let layout = blank.layout();
        parameters[layout[1].2..layout[2].2].fill(-40.0);
        for i in 0..channels {
            parameters[layout[2].2 + i * channels + i] = 1.0;
        }
        let encoder = Encoder::from_parameters(architecture, parameters).unwrap();
        let x = normal::<f64>(3 * kernel * channels, seed);
        let y = encoder.forward(batch(&encoder, &x).view()).unwrap();
        for (i, window) in x.chunks(kernel * channels).enumerate() {
            for c in 0..channels {
                prop_assert_eq!(y[[i, c]], window[(kernel - 1) / 2 * channels + c]);
            }
        }
    }
}
