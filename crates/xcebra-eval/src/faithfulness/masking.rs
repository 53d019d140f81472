//! Replacing coefficients by a baseline in the order of their attribution.

use ndarray::{Array1, Array2, ArrayRef, ArrayView, Axis, Dimension};
use xcebra_model::ModelError;
use xcebra_numeric::{area, exchange, ranking};

use crate::check::{finite_flat, finite_values, same_shape};
use crate::error::{EvalError, Result};

/// One curve a sample over the share of coefficients that were removed, inserted or kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// Shares of coefficients (points), from 0 to 1.
    pub fractions: Array1<f64>,
    /// What was measured, (samples, points).
    pub values: Array2<f64>,
}

impl Curves {
    /// The mean curve (points).
    #[must_use]
    pub fn mean(&self) -> Array1<f64> {
        self.values.sum_axis(Axis(0)) / self.values.nrows() as f64
    }

    /// Area under each curve by the trapezoidal rule, (samples).
    #[must_use]
    pub fn areas(&self) -> Array1<f64> {
        let fractions = self.fractions.to_vec();
        let curves = self.values.rows().into_iter();
        curves
            .map(|curve| area(&fractions, &curve.to_vec()))
            .collect()
    }

    /// The mean over points of each curve (samples): the AOPC of comprehensiveness and sufficiency.
    #[must_use]
    pub fn averages(&self) -> Array1<f64> {
        self.values.sum_axis(Axis(1)) / self.values.ncols() as f64
    }
}

/// Whether the coefficients of highest attribution are replaced, or all others.
#[derive(Clone, Copy)]
pub(super) enum Highest {
    Removed,
    Kept,
}

/// Samples, their baselines, and the coefficients of each in the order of falling attribution.
pub(super) struct Masking<T, D> {
    x: Vec<T>,
    baseline: Vec<T>,
    /// Of each sample, its own positions.
    order: Vec<usize>,
    dim: D,
    coefficients: usize,
}

impl<T: Clone, D: Dimension> Masking<T, D> {
    /// All three (samples, …) of one shape. Equal scores rank in the order of their positions.
    pub(super) fn new<S: Copy + Into<f64>>(
        x: &ArrayRef<T, D>,
        baseline: &ArrayRef<T, D>,
        scores: &ArrayRef<S, D>,
    ) -> Result<Self> {
        let other = "the coefficients";
        same_shape("the baseline", baseline.shape(), other, x.shape())?;
        same_shape("the attribution", scores.shape(), other, x.shape())?;
        let Some(&samples) = x.shape().first() else {
            return Err(EvalError::Empty {
                what: other,
                shape: vec![],
            });
        };
        let scores = finite_flat("the attribution", scores)?;
        let coefficients = scores.len() / samples;
        Ok(Self {
            x: x.iter().cloned().collect(),
            baseline: baseline.iter().cloned().collect(),
            order: scores.chunks(coefficients).flat_map(ranking).collect(),
            dim: x.raw_dim(),
            coefficients,
        })
    }

    pub(super) fn coefficients(&self) -> usize {
        self.coefficients
    }

    /// The model's output (samples, counts) where the `counts[j]` coefficients of highest attribution
    /// are replaced by the baseline, or all but these. One batch of `counts` rows a sample.
    pub(super) fn outputs(
        &self,
        mut model: impl FnMut(ArrayView<'_, T, D>) -> Result<Array1<f64>>,
        counts: &[usize],
        highest: Highest,
    ) -> Result<Array2<f64>> {
        let samples = self.x.len() / self.coefficients;
        let mut outputs = Array2::zeros((samples, counts.len()));
        let mut dim = self.dim.clone();
        let mut batch = Vec::with_capacity(counts.len() * self.coefficients);
        for (sample, mut row) in outputs.rows_mut().into_iter().enumerate() {
            let range = sample * self.coefficients..(sample + 1) * self.coefficients;
            let (start, replacement) = match highest {
                Highest::Removed => (&self.x, &self.baseline),
                Highest::Kept => (&self.baseline, &self.x),
            };
            let (start, replacement) = (&start[range.clone()], &replacement[range.clone()]);
            exchange(start, replacement, &self.order[range], counts, &mut batch);
            set_samples(&mut dim, counts.len());
            row.assign(&evaluate(&mut model, &dim, &batch)?);
        }
        Ok(outputs)
    }
}

/// Sets the length of the first axis.
fn set_samples<D: Dimension>(dim: &mut D, samples: usize) {
    if let Some(first) = dim.slice_mut().first_mut() {
        *first = samples;
    }
}

/// The outputs of a batch in row-major order, checked.
fn evaluate<T, D: Dimension>(
    model: &mut impl FnMut(ArrayView<'_, T, D>) -> Result<Array1<f64>>,
    dim: &D,
    batch: &[T],
) -> Result<Array1<f64>> {
    let view = ArrayView::from_shape(dim.clone(), batch)
        .map_err(|e| EvalError::model(ModelError::evaluation(e)))?;
    let samples = view.shape().first().copied().unwrap_or(1);
    let outputs = model(view)?;
    same_shape(
        "the model's outputs",
        outputs.shape(),
        "its batch",
        &[samples],
    )?;
    let outputs = finite_values("the model's outputs", &outputs.to_vec())?;
    Ok(Array1::from(outputs))
}
