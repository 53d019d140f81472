//! Can a map be trusted? Ranks, dimensions, and agreement between trainings, in plain words.

mod agreement;

use std::fmt;

use ndarray::{Array1, Array2, ArrayRef2};
use rayon::prelude::*;
use xcebra_model::{Model, Scalar};
use xcebra_numeric::ensure_finite;

use crate::attribute::attribute;
use crate::catalogue::Methods;
use crate::error::{AttrError, Result};
use crate::map::InverseSummary;
use crate::methods::InvertedNeuronGradient;
use crate::options::Options;
use crate::samples::{Samples, check, finite};
use crate::words;

pub use agreement::{Agreement, agreement};

/// What Jacobians and embedding of a model are like over samples. Made by [`diagnose`].
///
/// [`Display`](fmt::Display) says so in plain words.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// Ranks and condition numbers of the Jacobians.
    pub jacobians: InverseSummary,
    /// In how many directions the embedding varies.
    pub embedding: EffectiveDimension,
}

/// In how many directions an embedding varies.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectiveDimension {
    /// The participation ratio `(tr C)² / tr C²` of the covariance `C` of the outputs: their number if
    /// all directions vary alike, 1 if only one does, 0 for a constant embedding.
    pub participation_ratio: f64,
    /// Variance of each output.
    pub variances: Array1<f64>,
}

/// Looks at the Jacobians and the embedding of `model` over all `samples`: what the inverted neuron
/// gradient rests on. One pass with the pseudo-inverses, one with values.
///
/// # Errors
/// As [`attribute`].
pub fn diagnose<A: Scalar>(
    model: &dyn Model<A>,
    samples: &dyn Samples<A>,
    options: &Options<'_>,
) -> Result<Diagnosis> {
    let methods = Methods::new().with(InvertedNeuronGradient);
    let map = attribute(model, samples, &methods, options)?.remove(0);
    let jacobians = map.inverses().cloned();
    let (total, outputs) = (samples.len(), model.output_dim());
    let size = options.samples_at_once(outputs.max(map.values().nrows()), 1);
    let mut covariance = Covariance::new(outputs);
    let starts: Vec<usize> = (0..total).step_by(size).collect();
    for wave in starts.chunks(2 * rayon::current_num_threads()) {
        options.report(wave[0], total)?;
        let values = wave.par_iter().map(|&first| {
            let end = (first + size).min(total);
            let x = samples.batch(first..end)?;
            check(&x, model.input_shape(), first)?;
            let y = model.forward(x.view());
            let y = y.map_err(|source| AttrError::Model { first, end, source })?;
            match y.dim() == (end - first, outputs) {
                true => finite("the output of the model", y.mapv(Scalar::as_f64)),
                false => Err(AttrError::Shape {
                    what: "the batch of values the model returned",
                    found: y.shape().to_vec(),
                    expected: format!("({}, {outputs}), samples by outputs", end - first),
                }),
            }
        });
        for values in values.collect::<Vec<_>>() {
            covariance.add(&values?);
        }
    }
    Ok(Diagnosis {
        jacobians: jacobians.expect("the method inverts Jacobians"),
        embedding: covariance.dimension()?,
    })
}

/// In how many directions an embedding `(n, outputs)` varies.
///
/// # Errors
/// [`AttrError::NoSamples`] if it is empty, [`AttrError::NonFinite`] for infinities and NaN.
pub fn effective_dimension<A: Scalar>(embedding: &ArrayRef2<A>) -> Result<EffectiveDimension> {
    if embedding.is_empty() {
        return Err(AttrError::NoSamples);
    }
    let embedding = finite("the embedding", embedding.mapv(Scalar::as_f64))?;
    let mut covariance = Covariance::new(embedding.ncols());
    covariance.add(&embedding);
    covariance.dimension()
}

/// A covariance by the recurrence of Welford (1962).
struct Covariance {
    count: f64,
    mean: Array1<f64>,
    products: Array2<f64>,
}

impl Covariance {
    fn new(size: usize) -> Self {
        Self {
            count: 0.0,
            mean: Array1::zeros(size),
            products: Array2::zeros((size, size)),
        }
    }

    fn add(&mut self, rows: &Array2<f64>) {
        for row in rows.outer_iter() {
            self.count += 1.0;
            let off = &row - &self.mean;
            self.mean.scaled_add(1.0 / self.count, &off);
            let after = &row - &self.mean;
            for ((i, j), product) in self.products.indexed_iter_mut() {
                *product += off[i] * after[j];
            }
        }
    }

    fn dimension(&self) -> Result<EffectiveDimension> {
        let variances = self.products.diag().to_owned() / self.count;
        ensure_finite("the variance of the outputs", &variances)?;
        let size = self.products.iter().fold(0.0, |max, v| v.abs().max(max));
        // relative to the largest, so that no square overflows or vanishes
        let products = if size > 0.0 {
            &self.products / size
        } else {
            self.products.clone()
        };
        let trace: f64 = products.diag().sum();
        let squares: f64 = products.iter().map(|v| v * v).sum();
        Ok(EffectiveDimension {
            participation_ratio: if squares > 0.0 {
                trace * trace / squares
            } else {
                0.0
            },
            variances,
        })
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}", self.jacobians, self.embedding)
    }
}

impl fmt::Display for InverseSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_words(usize::MAX))
    }
}

impl InverseSummary {
    /// Ranks and condition numbers in words, a sentence without its full stop; `possible` is the largest
    /// rank that the outputs allow, one less than there are if they are normalised.
    pub fn in_words(&self, possible: usize) -> String {
        let condition = self.condition();
        let condition = condition.map(|c| [c.geometric_mean, c.max]);
        words::ranks(self.rank_counts(), possible, condition)
    }
}

impl fmt::Display for EffectiveDimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (found, outputs) = (self.participation_ratio, self.variances.len());
        write!(f, "{}.", words::directions(found, outputs))
    }
}
