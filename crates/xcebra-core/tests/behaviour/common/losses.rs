//! What the tests of several losses share.

use std::ops::Range;

use dfdx::tensor::{AsArray, Cpu, SplitTape, TensorFromVec, Trace};
use dfdx::tensor_ops::Backward;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_core::ops::{Taped, Term};
use xcebra_core::{Element, Similarity};

pub fn normal<E: Element>(len: usize, seed: u64) -> Vec<E> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..len)
        .map(|_| E::of(rng.sample::<f64, _>(rand_distr::StandardNormal)))
        .collect()
}

pub fn term(n: usize, dims: Range<usize>, similarity: Similarity) -> Term {
    Term {
        reference: 0..n,
        positive: 2 * n..3 * n,
        negative: n..2 * n,
        dims,
        similarity,
        weight: 0.8,
    }
}

/// The value of a loss of an embedding of `d` columns, and its gradient.
pub fn differentiate<E: Element>(
    values: &[E],
    d: usize,
    loss: impl Fn(Taped<(usize, usize), E>) -> Taped<dfdx::shapes::Rank0, E>,
) -> (f64, Vec<f64>) {
    let embedding = Cpu::default().tensor_from_vec(values.to_vec(), (values.len() / d, d));
    let (value, tape) = loss(embedding.leaky_trace()).split_tape();
    let found = value.array().as_f64();
    let gradients = dfdx::tensor::PutTape::put_tape(value, tape).backward();
    let gradient = gradients.get(&embedding).as_vec();
    (found, gradient.iter().map(|g| g.as_f64()).collect())
}

/// The gradient along a random direction against central differences, `h = 1e-5`: their truncation
/// is about 1e-9.
pub fn assert_slope(values: &[f64], loss: impl Fn(&[f64]) -> f64, gradient: &[f64], what: &str) {
    let direction = normal::<f64>(values.len(), 77);
    let moved = |h: f64| {
        let at: Vec<f64> = values
            .iter()
            .zip(&direction)
            .map(|(v, d)| v + h * d)
            .collect();
        loss(&at)
    };
    let slope: f64 = gradient.iter().zip(&direction).map(|(g, d)| g * d).sum();
    let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
    assert!(
        (slope - difference).abs() < 1e-6 * (1.0 + slope.abs()),
        "{what}: {slope} {difference}"
    );
}
