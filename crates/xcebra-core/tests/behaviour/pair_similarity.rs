//! InfoNCE with similarities of one's own: against the built-in ones and their definition.

use crate::common::losses::{assert_slope, differentiate, normal, term};
use xcebra_core::ops::{Buffers, PairSimilarity, info_nce, info_nce_by};
use xcebra_core::{Element, Metric, Similarity};

/// The built-in similarities as foreign ones.
struct Scaled {
    dot: bool,
    scale: f64,
}

impl<E: Element> PairSimilarity<E> for Scaled {
    fn value(&self, u: &[E], v: &[E]) -> E {
        let terms = u.iter().zip(v);
        let raw: E = if self.dot {
            terms.map(|(&u, &v)| u * v).sum()
        } else {
            terms.map(|(&u, &v)| -(u - v) * (u - v)).sum()
        };
        raw * E::of(self.scale)
    }

    fn add_gradient(&self, u: &[E], v: &[E], c: E, du: &mut [E], dv: &mut [E]) {
        let c = c * E::of(self.scale);
        for k in 0..u.len() {
            if self.dot {
                du[k] += c * v[k];
                dv[k] += c * u[k];
            } else {
                let slope = E::of(-2.0) * c * (u[k] - v[k]);
                du[k] += slope;
                dv[k] -= slope;
            }
        }
    }
}

fn check_pairs<E: Element>(tolerance: f64) {
    let buffers = Buffers::default();
    for n in [1, 7, 513] {
        for d in [1, 3, 64] {
            let values = normal::<E>(3 * n * d, 6);
            for dot in [false, true] {
                let metric = if dot { Metric::Dot } else { Metric::Euclidean };
                let mut term = term(n, d / 3..d, Similarity::new(metric, 0.7));
                term.weight = 1.0;
                // more negatives than references
                term.negative.end = 2 * n + n.div_ceil(3);
                let foreign = Scaled {
                    dot,
                    scale: 1.0 / 0.7,
                };
                let (found, gradient) = differentiate(&values, d, |e| {
                    info_nce_by(e, &term.pairs(), &foreign, &buffers).0
                });
                let terms = [term];
                let (expected, exact) = differentiate(&values, d, |e| info_nce(e, &terms).0);
                assert!((found - expected).abs() < tolerance * (d as f64 + expected.abs()));
                let largest = exact.iter().fold(0.0_f64, |a, g| a.max(g.abs()));
                for (f, e) in gradient.iter().zip(&exact) {
                    // single negatives have gradients that vanish but for rounding
                    let scale = largest.max(1e-3);
                    assert!(
                        (f - e).abs() < 20.0 * tolerance * scale,
                        "n {n}, d {d}: {f} {e}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_foreign_similarity_equals_the_built_in_one() {
    // sums of d products of order 1, twice in another order
    check_pairs::<f64>(1e-14);
    check_pairs::<f32>(5e-6);
}

/// Minus the sum of √(1 + squared difference): smooth, and neither homogeneous nor built in.
struct Soft;

impl PairSimilarity<f64> for Soft {
    fn value(&self, u: &[f64], v: &[f64]) -> f64 {
        u.iter()
            .zip(v)
            .map(|(u, v)| -(1.0 + (u - v).powi(2)).sqrt())
            .sum()
    }

    fn add_gradient(&self, u: &[f64], v: &[f64], c: f64, du: &mut [f64], dv: &mut [f64]) {
        for k in 0..u.len() {
            let difference = u[k] - v[k];
            let slope = -c * difference / (1.0 + difference * difference).sqrt();
            du[k] += slope;
            dv[k] -= slope;
        }
    }
}

#[test]
fn a_similarity_of_ones_own_agrees_with_its_definition() {
    let (n, d) = (45, 3);
    let values = normal::<f64>(3 * n * d, 6);
    let pairs = term(n, 0..d, Similarity::default()).pairs();
    let plain = |values: &[f64]| {
        let phi = |i: usize, j: usize| Soft.value(&values[i * d..][..d], &values[j * d..][..d]);
        let row = |i: usize| {
            let sum: f64 = (n..2 * n).map(|j| phi(i, j).exp()).sum();
            sum.ln() - phi(i, 2 * n + i)
        };
        (0..n).map(row).sum::<f64>() / n as f64
    };
    let buffers = Buffers::default();
    let (found, gradient) =
        differentiate(&values, d, |e| info_nce_by(e, &pairs, &Soft, &buffers).0);
    assert!((found - plain(&values)).abs() < 1e-13);
    assert_slope(&values, plain, &gradient, "soft");
    // used memory gives the same bits, and so do other numbers of threads
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let again = pool
            .install(|| differentiate(&values, d, |e| info_nce_by(e, &pairs, &Soft, &buffers).0));
        assert_eq!(again, (found, gradient.clone()));
    }
}
