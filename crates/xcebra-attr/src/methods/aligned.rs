//! Inverted attributions, undone of the linear mixing of an embedding.

use ndarray::{Array2, Array3, Axis, linalg::general_mat_mul};
use xcebra_model::Scalar;

use super::align::Alignment;
use crate::attributions::Attributions;
use crate::batch::Batch;
use crate::error::{AttrError, Result};
use crate::method::Method;
use crate::overview::Needs;

/// An inverse-like method after [`align`](crate::methods::align), `"…-aligned"`: with an embedding `f ≈ A z`, the
/// attributions `J_f⁺ A` of inputs to the latents `z` instead of to the outputs, one column for each latent.
///
/// Where Jacobians have full row rank, `J⁺ A` does not change if the embedding is mixed by any
/// invertible matrix `L`: `(L J)⁺ L A = J⁺ A`. That holds for pseudo-inverses, [`"ing"`] and
/// [`"…-inverse"`], not for gradients, and not where the tolerance drops singular values.
///
/// [`"ing"`]: crate::methods::InvertedNeuronGradient
/// [`"…-inverse"`]: crate::methods::Inverse
pub struct Aligned<A> {
    method: Box<dyn Method<A>>,
    /// `outputs × latents`.
    matrix: Array2<f64>,
    name: String,
}

impl<A: Scalar> Aligned<A> {
    /// `method` with its columns mixed by the matrix of `alignment`.
    pub fn new(method: impl Method<A> + 'static, alignment: &Alignment) -> Self {
        Self {
            name: format!("{}-aligned", method.name()),
            method: Box::new(method),
            matrix: alignment.matrix().to_owned(),
        }
    }
}

impl<A: Scalar> Method<A> for Aligned<A> {
    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self) -> Result<()> {
        self.method.check()
    }

    fn attribute(&self, batch: &Batch<'_, A>) -> Result<Attributions> {
        let found = self.method.attribute(batch)?;
        let (n, columns, inputs) = found.values.dim();
        let (outputs, latents) = self.matrix.dim();
        if columns != outputs {
            return Err(AttrError::Shape {
                what: "the matrix of the alignment",
                found: vec![outputs, latents],
                expected: format!("{columns} rows, one an output of the model"),
            });
        }
        let mut values = Array3::zeros((n, latents, inputs));
        for (found, mut value) in found.values.outer_iter().zip(values.axis_iter_mut(Axis(0))) {
            general_mat_mul(1.0, &self.matrix.t(), &found, 0.0, &mut value);
        }
        let mut aligned = Attributions::new(values);
        aligned.inversions = found.inversions;
        Ok(aligned)
    }

    fn needs(&self) -> Needs {
        self.method.needs()
    }

    fn evaluations(&self, outputs: usize, inputs: usize) -> usize {
        self.method.evaluations(outputs, inputs)
    }

    fn columns(&self, _: usize) -> usize {
        self.matrix.ncols()
    }
}
