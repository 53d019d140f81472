//! Every fused operation, value and gradient, against its definition in plain double precision: for
//! one sample, few and many, on one, few and many dimensions, in both precisions. Many means more
//! than the chunks and the lanes in which the work is cut.

use std::any::type_name;
use std::sync::Arc;

use crate::common::dual::{Dual, Real, along, sum};
use crate::common::losses::{differentiate, normal};
use crate::common::plain;
use dfdx::tensor::{AsArray, Cpu, TensorFromVec, Trace};
use dfdx::tensor_ops::{Backward, SumTo};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use xcebra_core::encoder::{Layer, Trainable as _};
use xcebra_core::ops::{self, Adam, Head, Term};
use xcebra_core::regularizer::Probes;
use xcebra_core::{Architecture, Element, Encoder, Metric, Similarity};

const HEADS: [Head; 4] = [
    Head::Identity,
    Head::Normalize,
    Head::Clip { limit: 0.2 },
    Head::Tanh,
];

/// Samples and embedding dimensions.
const SHAPES: [(usize, usize); 9] = [
    (1, 1),
    (1, 3),
    (1, 64),
    (7, 1),
    (7, 3),
    (7, 64),
    (513, 1),
    (513, 3),
    (513, 64),
];

fn wide<E: Element>(values: &[E]) -> Vec<f64> {
    values.iter().map(|v| v.as_f64()).collect()
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// Rounding of sums of a few thousand terms, relative to the norm of what is summed.
fn tolerance<E: Element>() -> f64 {
    if type_name::<E>() == "f64" {
        1e-12
    } else {
        1e-5
    }
}

/// The value and, along a random direction, the gradient, whose terms are of the order of `size`
/// where it vanishes.
fn assert_exact<E: Element>(
    (value, gradient): (f64, &[f64]),
    expected: Dual<f64>,
    direction: &[f64],
    size: f64,
    what: &str,
) {
    let tolerance = tolerance::<E>();
    assert!(
        (value - expected.value).abs() <= tolerance * (1.0 + expected.value.abs()),
        "{what}: {value}, by definition {}",
        expected.value
    );
    let slope: f64 = gradient.iter().zip(direction).map(|(g, d)| g * d).sum();
    assert!(
        (slope - expected.slope).abs() <= tolerance * (size + norm(gradient)),
        "{what}: slope {slope}, by definition {}",
        expected.slope
    );
}

/// The gradient of a loss, taken of `½ loss + ¼ loss`: what follows on the tape counts, and what
/// else flows into the same numbers.
fn twice<E: Element>(parameters: &ops::Vector<E>, loss: impl Fn() -> ops::Value<E>) -> Vec<f64> {
    let gradients = (loss() * E::of(0.5) + loss() * E::of(0.25)).backward();
    let gradient = gradients.get(parameters).as_vec();
    gradient.iter().map(|g| g.as_f64() / 0.75).collect()
}

/// A dense encoder of more parameters than are added up in one piece, and one with a window.
fn architectures(d: usize, head: Head) -> [Architecture; 2] {
    let convolutions = vec![
        Layer::convolution(3, 3),
        Layer::convolution(3, 2).skip(),
        Layer::dense(3).skip(),
        Layer::convolution(d, 2),
    ];
    [
        Architecture::dense(3, &[9, 8], d, head),
        Architecture::new(2, convolutions, head),
    ]
}

/// `Σ_i ⟨c_i, f(x_i)⟩`.
fn encodes<E: Element>(architecture: &Architecture, n: usize) {
    let encoder = Encoder::<E>::new(architecture.clone(), 3).unwrap();
    let x = normal::<E>(n * architecture.inputs * architecture.window.len(), 4);
    let cotangents = normal::<E>(n * architecture.outputs(), 5);
    let parameters = ops::vector(encoder.parameters().to_vec());
    let shape = (n, architecture.outputs());
    let x_shared = Arc::new(x.clone());
    let embed = || encoder.encode(ops::traced(&parameters), Arc::clone(&x_shared));
    let found = wide(&embed().as_vec());
    let gradient = twice(&parameters, || {
        let c = Cpu::default().tensor_from_vec(cotangents.clone(), shape);
        (embed() * c).sum()
    });

    let (x, cotangents) = (wide(&x), wide(&cotangents));
    let direction = normal::<f64>(gradient.len(), 6);
    let parameters = along(&wide(encoder.parameters()), &direction);
    let expected: Vec<Dual<f64>> = x
        .chunks_exact(x.len() / n)
        .flat_map(|window| {
            let window: Vec<_> = window.iter().map(|&x| Dual::of(x)).collect();
            plain::embed(architecture, &parameters, &window)
        })
        .collect();
    for (f, e) in found.iter().zip(&expected) {
        assert!((f - e.value).abs() < tolerance::<E>() * (1.0 + f.abs()));
    }
    let value: f64 = found.iter().zip(&cotangents).map(|(y, c)| y * c).sum();
    let weighted = expected.iter().zip(&cotangents);
    let mut expected = sum(weighted.map(|(&y, &c)| y * Dual::of(c)));
    // the values were compared one by one; their sum may cancel
    expected.value = value;
    let what = format!("{} {architecture:?}, n {n}", type_name::<E>());
    let size = norm(&cotangents);
    assert_exact::<E>((value, &gradient), expected, &direction, size, &what);
}

fn penalises<E: Element>(architecture: &Architecture, n: usize, probes: Probes) {
    let encoder = Encoder::<E>::new(architecture.clone(), 3).unwrap();
    let x = normal::<E>(n * architecture.inputs * architecture.window.len(), 4);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (directions, factor) = probes.draw::<E>(n, architecture.outputs(), &mut rng);
    let parameters = ops::vector(encoder.parameters().to_vec());
    let penalty = || {
        let taped = ops::traced(&parameters);
        encoder.jacobian_penalty(taped, &x, &directions, factor)
    };
    let value = penalty().array().as_f64();
    let gradient = twice(&parameters, penalty);

    let (x, directions) = (wide(&x), wide(&directions));
    let direction = normal::<f64>(gradient.len(), 6);
    let parameters = along(&wide(encoder.parameters()), &direction);
    let expected = plain::penalty(architecture, &parameters, (&x, n), &directions, factor);
    let what = format!("{} {architecture:?}, n {n}, {probes:?}", type_name::<E>());
    assert_exact::<E>((value, &gradient), expected, &direction, 0.1, &what);
}

#[test]
fn encoders() {
    for head in HEADS {
        for (n, d) in SHAPES {
            for architecture in architectures(d, head) {
                encodes::<f64>(&architecture, n);
                encodes::<f32>(&architecture, n);
            }
        }
    }
    // more chunks than lanes, and more parameters than are added up in one piece
    let [dense, _] = architectures(3, Head::Identity);
    encodes::<f64>(&dense, 2500);
    encodes::<f64>(&Architecture::dense(3, &[70, 70], 3, Head::Identity), 300);
}

#[test]
fn jacobian_penalties() {
    for head in HEADS {
        for (n, d) in SHAPES {
            for architecture in architectures(d, head) {
                for probes in [Probes::Exact, Probes::Random(2)] {
                    penalises::<f64>(&architecture, n, probes);
                    penalises::<f32>(&architecture, n, probes);
                }
            }
        }
    }
    let [dense, _] = architectures(3, Head::Tanh);
    penalises::<f64>(&dense, 1300, Probes::Random(1));
}

/// Every similarity on its own dimensions, at temperatures that are fixed or learned.
fn terms(n: usize, d: usize) -> Vec<Term> {
    let term = |metric, learn, dims, positive, weight| Term {
        reference: 0..n,
        positive,
        negative: n..2 * n,
        dims,
        similarity: Similarity {
            learn,
            ..Similarity::new(metric, 0.7)
        },
        weight,
    };
    let mut terms = vec![
        term(Metric::Euclidean, false, 0..d, 2 * n..3 * n, 1.0),
        term(Metric::Cosine, true, d / 2..d, 3 * n..4 * n, 0.6),
        term(Metric::Dot, false, 0..d, 2 * n..3 * n, 0.3),
        term(Metric::Dot, true, d / 2..d, 2 * n..3 * n, 0.5),
        term(Metric::Euclidean, true, d / 3..d, 3 * n..4 * n, 0.4),
    ];
    // more negatives than references, some of them positives
    terms[4].negative.end = 2 * n + n.div_ceil(3);
    terms
}

fn contrasts<E: Element>(n: usize, d: usize) {
    // rows of about unit length: similarities of order 1 in any number of dimensions
    let values: Vec<E> = normal::<f64>(4 * n * d, 9)
        .iter()
        .map(|v| E::of(v / (d as f64).sqrt()))
        .collect();
    let terms = terms(n, d);
    let learned = [-0.4, 1.1, 0.3].map(E::of);
    let temperatures = ops::vector(learned.to_vec());
    let embedding = Cpu::default().tensor_from_vec(values.clone(), (4 * n, d));
    let contrast = || {
        let temperatures = Some(ops::traced(&temperatures));
        ops::info_nce_at(
            embedding.leaky_trace(),
            temperatures,
            &terms,
            &ops::Cpu::default(),
        )
    };
    let (loss, reports) = contrast();
    let value = loss.array().as_f64();
    let mut total = 0.0;
    for (report, term) in reports.iter().zip(&terms) {
        total += term.weight * report.loss();
        assert_eq!(report.negatives, term.negative.len());
    }
    assert!((value - total).abs() <= tolerance::<E>() * (1.0 + value.abs()));
    // what follows on the tape counts, and what else flows into the same numbers
    let gradients = (loss * E::of(0.5) + contrast().0 * E::of(0.25)).backward();
    let mut gradient = wide(&gradients.get(&embedding).as_vec());
    gradient.extend(wide(&gradients.get(&temperatures).as_vec()));
    gradient.iter_mut().for_each(|g| *g /= 0.75);

    let direction = normal::<f64>(gradient.len(), 7);
    let numbers: Vec<f64> = wide(&values).into_iter().chain(wide(&learned)).collect();
    let dual = along(&numbers, &direction);
    let (values, learned) = dual.split_at(values.len());
    let fixed = Dual::of(1.0 / 0.7);
    let free = |i: usize| learned[i].exp();
    let inverse = [fixed, free(0), fixed, free(1), free(2)];
    for (report, inverse) in reports.iter().zip(inverse) {
        assert!((report.temperature * inverse.value - 1.0).abs() < 1e-14);
    }
    let expected = plain::info_nce(values, d, &terms, &inverse);
    let what = format!("{}, n {n}, d {d}", type_name::<E>());
    assert_exact::<E>((value, &gradient), expected, &direction, 0.1, &what);
}

#[test]
fn info_nce() {
    for (n, d) in SHAPES {
        contrasts::<f64>(n, d);
        contrasts::<f32>(n, d);
    }
}

fn supervises<E: Element>(n: usize, d: usize) {
    let columns = d + 2;
    let values = normal::<E>((n + 3) * columns, 8);
    let (rows, dims) = (2..n + 2, 1..d + 1);
    let targets = normal::<E>(n * d, 9);
    let classes: Vec<usize> = (0..n).map(|i| i * 5 % d).collect();
    let direction = normal::<f64>(values.len(), 7);
    let dual = along(&wide(&values), &direction);
    let row = |i: usize| &dual[(i + 2) * columns + 1..][..d];

    let found = differentiate(&values, columns, |e| {
        ops::mean_squared_error(e, rows.clone(), dims.clone(), &targets)
    });
    let squares = (0..n * d).map(|i| {
        let difference = row(i / d)[i % d] - Dual::of(targets[i].as_f64());
        difference * difference
    });
    let expected = sum(squares) * Dual::of(1.0 / (n * d) as f64);
    let what = format!("{}, n {n}, d {d}", type_name::<E>());
    assert_exact::<E>((found.0, &found.1), expected, &direction, 0.1, &what);

    let found = differentiate(&values, columns, |e| {
        ops::cross_entropy(e, rows.clone(), dims.clone(), &classes)
    });
    let losses = (0..n).map(|i| sum(row(i).iter().map(|v| v.exp())).ln() - row(i)[classes[i]]);
    let expected = sum(losses) * Dual::of(1.0 / n as f64);
    assert_exact::<E>((found.0, &found.1), expected, &direction, 0.1, &what);
}

#[test]
fn supervised_losses() {
    for (n, d) in SHAPES {
        supervises::<f64>(n, d);
        supervises::<f32>(n, d);
    }
}

fn optimises<E: Element>(n: usize, decay: f64) {
    let start = normal::<E>(n, 1);
    let mut parameters = ops::vector(start.clone());
    let mut adam = Adam::new(n).unwrap();
    let mut plain = plain::Adam::new(wide(&start), decay);
    for step in 0..30 {
        let gradient = normal::<E>(n, 100 + step as u64);
        let rate = 0.01 * (step + 1) as f64;
        plain.step(&wide(&gradient), step, rate);
        let slope = Cpu::default().tensor_from_vec(gradient, (n,));
        let mut gradients = (ops::traced(&parameters) * slope).sum().backward();
        adam.step(&mut parameters, &mut gradients, rate, decay)
            .unwrap();
        if step % 10 == 0 {
            adam = Adam::from_moments(&adam.moments()).unwrap();
        }
    }
    // in single precision 1 − 0.999^t keeps four digits in the first steps
    let tolerance = if type_name::<E>() == "f64" {
        1e-13
    } else {
        1e-4
    };
    for (found, expected) in parameters.as_vec().iter().zip(&plain.values) {
        let error = (found.as_f64() - expected).abs();
        assert!(
            error < tolerance,
            "{} {decay}: {found} {expected}",
            type_name::<E>()
        );
    }
}

#[test]
fn adam() {
    for n in [1, 7, 513] {
        for decay in [0.0, 0.3] {
            optimises::<f64>(n, decay);
            optimises::<f32>(n, decay);
        }
    }
}
