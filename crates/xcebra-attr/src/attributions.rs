//! What a method found for a batch.

use ndarray::{Array2, Array3};

use crate::inverse::Inversion;

/// What a method found for a batch.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attributions {
    /// `(n, columns, inputs)`, the inputs flattened; laid out as the Jacobians are, with one column
    /// an output unless [`Method::columns`](crate::method::Method::columns) says otherwise.
    pub values: Array3<f64>,
    /// For methods that invert matrices: rank and condition of each.
    pub inversions: Option<Vec<Inversion>>,
    /// For methods that draw at random: squared standard errors of `values`, of the same shape.
    pub variances: Option<Array3<f64>>,
    /// For methods that distribute a difference of outputs over the inputs: what remains of it,
    /// `f(x) − f(baseline) − Σ attributions`, `(n, outputs)`.
    pub residuals: Option<Array2<f64>>,
}

impl Attributions {
    /// Values alone.
    pub fn new(values: Array3<f64>) -> Self {
        Self {
            values,
            inversions: None,
            variances: None,
            residuals: None,
        }
    }

    /// Adds ranks and conditions.
    #[must_use]
    pub fn with_inversions(mut self, inversions: Vec<Inversion>) -> Self {
        self.inversions = Some(inversions);
        self
    }

    /// Adds squared standard errors.
    #[must_use]
    pub fn with_variances(mut self, variances: Array3<f64>) -> Self {
        self.variances = Some(variances);
        self
    }

    /// Adds residuals.
    #[must_use]
    pub fn with_residuals(mut self, residuals: Array2<f64>) -> Self {
        self.residuals = Some(residuals);
        self
    }
}
