//! The trait every explained model implements.

use std::ops::Deref;
use std::sync::Arc;

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, Axis, IxDyn};

use crate::error::{ModelError, Result};
use crate::scalar::Scalar;
use crate::shape::{jacobian_shape, returned};

/// A differentiable function of a batch of samples.
///
/// `n` samples of shape [`input_shape`](Model::input_shape) come as one array `(n, …input_shape)`
/// and give `(n, output_dim)`. Samples do not influence each other. `n` may be 0.
///
/// The trait is object-safe: explainers take `&dyn Model<A>`.
pub trait Model<A: Scalar>: Send + Sync {
    /// Shape of one sample, for example `[features]` or `[channels, time]`.
    fn input_shape(&self) -> &[usize];

    /// Number of outputs.
    fn output_dim(&self) -> usize;

    /// Values `(n, output_dim)` of a batch `x` of shape `(n, …input_shape)`.
    ///
    /// # Errors
    /// [`ModelError::Shape`] if `x` is not such a batch; [`ModelError::Evaluation`] if the model
    /// fails.
    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>>;

    /// Pull-back of one cotangent a sample: `(n, …input_shape)` with
    /// `out[i] = Σ_k cotangent[i, k] ∂f_k/∂x (x[i])`.
    ///
    /// # Errors
    /// As [`forward`](Model::forward), also if `cotangent` is not `(n, output_dim)`.
    fn vjp(&self, x: ArrayViewD<'_, A>, cotangent: ArrayView2<'_, A>) -> Result<ArrayD<A>>;

    /// Values and pull-back in one call; models that share work between the two override it.
    ///
    /// # Errors
    /// As [`vjp`](Model::vjp).
    fn value_and_vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<(Array2<A>, ArrayD<A>)> {
        Ok((self.forward(x.view())?, self.vjp(x, cotangent)?))
    }

    /// Jacobians `(n, output_dim, …input_shape)` of a batch: one pull-back an output unless the
    /// model knows better.
    ///
    /// # Errors
    /// As [`vjp`](Model::vjp).
    fn jacobian(&self, x: ArrayViewD<'_, A>) -> Result<ArrayD<A>> {
        let n = batch_len(self.input_shape(), x.shape())?;
        let outputs = self.output_dim();
        let shape = jacobian_shape(n, outputs, self.input_shape());
        let mut jacobian = ArrayD::zeros(IxDyn(&shape));
        for k in 0..outputs {
            let mut cotangent = Array2::zeros((n, outputs));
            cotangent.column_mut(k).fill(A::one());
            let row = self.vjp(x.view(), cotangent.view())?;
            returned("vjp", row.shape(), x.shape())?;
            jacobian.index_axis_mut(Axis(1), k).assign(&row);
        }
        Ok(jacobian)
    }

    /// Push-forward of one tangent a sample, `(n, output_dim)` with
    /// `out[i] = Σ_j ∂f/∂x_j (x[i]) tangent[i, j]`, for models that can differentiate in forward
    /// mode; `None`, the default, means that this one cannot. A model answers alike for all batches.
    ///
    /// Pays where there are fewer inputs, or directions of interest, than outputs.
    ///
    /// # Errors
    /// As [`forward`](Model::forward), also if `tangent` is not of the shape of `x`.
    fn jvp(&self, x: ArrayViewD<'_, A>, tangent: ArrayViewD<'_, A>) -> Result<Option<Array2<A>>> {
        let _ = (x, tangent);
        Ok(None)
    }
}

/// Number of samples of a batch of shape `(n, …input_shape)`.
///
/// # Errors
/// [`ModelError::Shape`] if `shape` is not of that form.
pub fn batch_len(input_shape: &[usize], shape: &[usize]) -> Result<usize> {
    match shape.split_first() {
        Some((&n, rest)) if rest == input_shape => Ok(n),
        _ => Err(ModelError::Shape {
            what: "the input",
            found: shape.to_vec(),
            expected: batch_shape(input_shape),
        }),
    }
}

/// Number of samples of a batch with its cotangent `(n, outputs)`.
///
/// # Errors
/// [`ModelError::Shape`] if either array does not fit.
pub fn cotangent_len(
    input_shape: &[usize],
    shape: &[usize],
    outputs: usize,
    cotangent: &[usize],
) -> Result<usize> {
    let n = batch_len(input_shape, shape)?;
    if cotangent != [n, outputs] {
        return Err(ModelError::Shape {
            what: "the cotangent",
            found: cotangent.to_vec(),
            expected: format!("({n}, {outputs})"),
        });
    }
    Ok(n)
}

fn batch_shape(input_shape: &[usize]) -> String {
    let dims: Vec<String> = input_shape.iter().map(ToString::to_string).collect();
    format!("(n, {})", dims.join(", "))
}

/// A pointer to a model is a model.
macro_rules! delegate {
    ($($pointer:ty),*) => {$(
        impl<A: Scalar, M: Model<A> + ?Sized> Model<A> for $pointer {
            fn input_shape(&self) -> &[usize] {
                self.deref().input_shape()
            }
            fn output_dim(&self) -> usize {
                self.deref().output_dim()
            }
            fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>> {
                self.deref().forward(x)
            }
            fn vjp(&self, x: ArrayViewD<'_, A>, cotangent: ArrayView2<'_, A>) -> Result<ArrayD<A>> {
                self.deref().vjp(x, cotangent)
            }
            fn value_and_vjp(
                &self,
                x: ArrayViewD<'_, A>,
                cotangent: ArrayView2<'_, A>,
            ) -> Result<(Array2<A>, ArrayD<A>)> {
                self.deref().value_and_vjp(x, cotangent)
            }
            fn jacobian(&self, x: ArrayViewD<'_, A>) -> Result<ArrayD<A>> {
                self.deref().jacobian(x)
            }
            fn jvp(
                &self,
                x: ArrayViewD<'_, A>,
                tangent: ArrayViewD<'_, A>,
            ) -> Result<Option<Array2<A>>> {
                self.deref().jvp(x, tangent)
            }
        }
    )*};
}

delegate!(&M, Box<M>, Arc<M>);
