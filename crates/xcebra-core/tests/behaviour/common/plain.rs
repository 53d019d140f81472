//! Encoders, their Jacobian penalty, InfoNCE and Adam from their definitions, sample by sample.

use super::dual::{Dual, Real, sum};
use xcebra_core::ops::{Head, Term};
use xcebra_core::{Architecture, Metric};

/// The output for one window (time, channels), flat.
pub fn embed<T: Real>(architecture: &Architecture, parameters: &[T], window: &[T]) -> Vec<T> {
    let (mut x, mut inputs, mut start) = (window.to_vec(), architecture.inputs, 0);
    for (l, layer) in architecture.layers.iter().enumerate() {
        let (outputs, kernel) = (layer.outputs, layer.kernel);
        let weight = &parameters[start..][..kernel * outputs * inputs];
        let bias = &parameters[start + weight.len()..][..outputs];
        start += weight.len() + outputs;
        let at = |t: usize, o: usize| {
            let taps = (0..kernel).flat_map(|j| (0..inputs).map(move |i| (j, i)));
            let products =
                taps.map(|(j, i)| weight[(j * outputs + o) * inputs + i] * x[(t + j) * inputs + i]);
            let pre = bias[o] + sum(products);
            if l + 1 == architecture.layers.len() {
                pre
            } else if layer.skip {
                pre * pre.normal() + x[(t + (kernel - 1) / 2) * inputs + o]
            } else {
                pre * pre.normal()
            }
        };
        let times = x.len() / inputs + 1 - kernel;
        x = (0..times * outputs)
            .map(|i| at(i / outputs, i % outputs))
            .collect();
        inputs = outputs;
    }
    assert_eq!((start, x.len()), (parameters.len(), inputs));
    match architecture.head {
        Head::Identity => x,
        Head::Normalize => {
            let inverse = sum(x.iter().map(|&y| y * y)).sqrt().recip();
            x.iter().map(|&y| y * inverse).collect()
        }
        Head::Clip { limit } => {
            let clip = |&y: &T| match y.value() {
                value if value.abs() > limit => T::of(limit.copysign(value)),
                _ => y,
            };
            x.iter().map(clip).collect()
        }
        Head::Tanh => x.iter().map(|y| y.tanh()).collect(),
    }
}

/// `½ factor / n · Σ_i Σ_p ‖J(x_i)ᵀ v_ip‖²` over `n` windows, for `probes` (n, probe, outputs).
pub fn penalty<T: Real>(
    architecture: &Architecture,
    parameters: &[T],
    (x, n): (&[f64], usize),
    probes: &[f64],
    factor: f64,
) -> T {
    let constant = |&p: &T| Dual::constant(p);
    let parameters: Vec<Dual<T>> = parameters.iter().map(constant).collect();
    let (inputs, each, d) = (x.len() / n, probes.len() / n, architecture.outputs());
    let windows = x.chunks_exact(inputs).zip(probes.chunks_exact(each));
    let squares = windows.flat_map(|(x, probes)| {
        let mut window: Vec<Dual<T>> = x.iter().map(|&x| Dual::of(x)).collect();
        let mut squares = Vec::new();
        for input in 0..inputs {
            window[input].slope = T::of(1.0);
            let y = embed(architecture, &parameters, &window);
            window[input].slope = T::of(0.0);
            squares.extend(probes.chunks_exact(d).map(|v| {
                let seen = v.iter().zip(&y).filter(|(v, _)| **v != 0.0);
                let pulled = sum(seen.map(|(&v, y)| T::of(v) * y.slope));
                pulled * pulled
            }));
        }
        squares
    });
    T::of(0.5 * factor / n as f64) * sum(squares)
}

/// The weighted sum of InfoNCE terms of an embedding of `columns`, each at its inverse temperature.
pub fn info_nce<T: Real>(values: &[T], columns: usize, terms: &[Term], inverse: &[T]) -> T {
    sum(terms.iter().zip(inverse).map(|(term, &inverse)| {
        let rows: Vec<Vec<T>> = values
            .chunks_exact(columns)
            .map(|row| {
                let row = &row[term.dims.clone()];
                if term.similarity.metric != Metric::Cosine {
                    return row.to_vec();
                }
                let inverse = sum(row.iter().map(|&v| v * v)).sqrt().recip();
                row.iter().map(|&v| v * inverse).collect()
            })
            .collect();
        let similarity = |i: usize, j: usize| {
            let pairs = rows[i].iter().zip(&rows[j]);
            let raw = if term.similarity.metric == Metric::Euclidean {
                T::of(0.0) - sum(pairs.map(|(&u, &v)| (u - v) * (u - v)))
            } else {
                sum(pairs.map(|(&u, &v)| u * v))
            };
            raw * inverse
        };
        let pairs = term.reference.clone().zip(term.positive.clone());
        let losses = pairs.map(|(i, p)| {
            let all: Vec<T> = term.negative.clone().map(|j| similarity(i, j)).collect();
            let highest = all
                .iter()
                .map(|s| s.value())
                .fold(f64::NEG_INFINITY, f64::max);
            let shifted = all.iter().map(|&s| (s - T::of(highest)).exp());
            sum(shifted).ln() + T::of(highest) - similarity(i, p)
        });
        T::of(term.weight / term.reference.len() as f64) * sum(losses)
    }))
}

/// Adam of some numbers (Kingma and Ba 2015, algorithm 1); with decay it is AdamW (Loshchilov and
/// Hutter 2019, algorithm 2).
pub struct Adam {
    pub values: Vec<f64>,
    moments: [Vec<f64>; 2],
    decay: f64,
}

impl Adam {
    pub fn new(values: Vec<f64>, decay: f64) -> Self {
        let moments = [(); 2].map(|()| vec![0.0; values.len()]);
        Self {
            values,
            moments,
            decay,
        }
    }

    /// A step, counted from 0.
    pub fn step(&mut self, gradient: &[f64], step: usize, rate: f64) {
        let [first, second] = &mut self.moments;
        let t = step as i32 + 1;
        for i in 0..gradient.len() {
            first[i] = 0.9 * first[i] + 0.1 * gradient[i];
            second[i] = 0.999 * second[i] + 0.001 * gradient[i] * gradient[i];
            let mean = first[i] / (1.0 - 0.9_f64.powi(t));
            let root = (second[i] / (1.0 - 0.999_f64.powi(t))).sqrt();
            self.values[i] -= rate * (mean / (root + 1e-8) + self.decay * self.values[i]);
        }
    }
}
