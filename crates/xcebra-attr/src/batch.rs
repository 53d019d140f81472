//! Samples of one batch, and what methods share about them.

use std::cell::OnceCell;

use ndarray::{Array3, ArrayD, ArrayView2, ArrayViewD};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use xcebra_model::{Model, ModelError, Scalar};

use crate::error::{AttrError, Result};
use crate::inverse::Tolerance;
use crate::jacobian::{JacobianBy, estimate};
use crate::overview::Overview;

/// What all batches of an attribution have in common.
pub(crate) struct Setting<'a, A> {
    pub(crate) model: &'a dyn Model<A>,
    pub(crate) tolerance: Tolerance,
    pub(crate) jacobian_by: JacobianBy,
    pub(crate) seed: u64,
    pub(crate) overview: Overview<A>,
}

/// Consecutive samples, and what methods share about them.
pub struct Batch<'a, A> {
    setting: &'a Setting<'a, A>,
    x: ArrayD<A>,
    first_sample: usize,
    jacobians: OnceCell<Array3<f64>>,
}

impl<'a, A: Scalar> Batch<'a, A> {
    pub(crate) fn new(setting: &'a Setting<'a, A>, x: ArrayD<A>, first_sample: usize) -> Self {
        // so that rows are slices
        let x = if x.is_standard_layout() {
            x
        } else {
            x.as_standard_layout().into_owned()
        };
        Self {
            setting,
            x,
            first_sample,
            jacobians: OnceCell::new(),
        }
    }

    /// The model to be explained.
    pub fn model(&self) -> &'a dyn Model<A> {
        self.setting.model
    }

    /// The samples, `(n, …input_shape)`.
    pub fn x(&self) -> ArrayViewD<'_, A> {
        self.x.view()
    }

    /// The samples, `(n, inputs)`, with flattened inputs.
    pub fn rows(&self) -> ArrayView2<'_, A> {
        let shape = (self.len(), self.inputs());
        let rows = self.x.view().into_shape_with_order(shape);
        rows.expect("samples have the shape of the model's input")
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.x.shape()[0]
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of inputs of the model.
    pub fn inputs(&self) -> usize {
        self.model().input_shape().iter().product()
    }

    /// Number of outputs of the model.
    pub fn outputs(&self) -> usize {
        self.model().output_dim()
    }

    /// Index of the first of the samples among all samples; name it in errors.
    pub fn first_sample(&self) -> usize {
        self.first_sample
    }

    /// Wraps an error of the model, naming these samples.
    pub fn model_error(&self, source: ModelError) -> AttrError {
        AttrError::Model {
            first: self.first_sample,
            end: self.first_sample + self.len(),
            source,
        }
    }

    /// Tolerance of pseudo-inverses.
    pub fn tolerance(&self) -> Tolerance {
        self.setting.tolerance
    }

    /// What was asked of all samples by [`Method::needs`](crate::method::Method::needs).
    pub fn overview(&self) -> &'a Overview<A> {
        &self.setting.overview
    }

    /// Random numbers for the `sample`-th sample of the batch: a separate stream for each sample and
    /// `method`, which does not depend on how samples are cut into batches.
    pub fn rng(&self, method: &str, sample: usize) -> ChaCha8Rng {
        // FNV-1a
        let hash = method
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.setting.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&hash.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(seed);
        rng.set_stream((self.first_sample + sample) as u64);
        rng
    }

    /// Jacobians `(n, outputs, inputs)`, all finite; computed when first asked for, once for all
    /// methods, as [`Options::jacobians`](crate::Options::jacobians) says.
    ///
    /// # Errors
    /// As [`jacobians`](crate::jacobian::jacobians).
    pub fn jacobians(&self) -> Result<&Array3<f64>> {
        if let Some(known) = self.jacobians.get() {
            return Ok(known);
        }
        let by = self.setting.jacobian_by;
        let computed = estimate(self.model(), self.x.view(), self.first_sample, by)?;
        Ok(self.jacobians.get_or_init(|| computed))
    }

    pub(crate) fn jacobian_by(&self) -> JacobianBy {
        self.setting.jacobian_by
    }
}
