//! Mean of a model's outputs.

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, Axis};

use crate::error::{ModelError, Result};
use crate::model::{Model, batch_len, cotangent_len};
use crate::scalar::Scalar;
use crate::shape::{pushed_forward, returned};

/// The mean of a model's outputs, as a model with one output. Made by [`mean_over_outputs`].
#[derive(Clone, Debug)]
pub struct MeanOverOutputs<M> {
    model: M,
}

/// The mean of the outputs of `model`, for example of a forecast over its horizon.
///
/// # Errors
/// [`ModelError::Parameter`] if `model` has no outputs.
pub fn mean_over_outputs<A: Scalar, M: Model<A>>(model: M) -> Result<MeanOverOutputs<M>> {
    if model.output_dim() == 0 {
        return Err(ModelError::Parameter {
            name: "output_dim",
            found: "0".to_owned(),
            expected: "at least 1 output to take the mean of".to_owned(),
        });
    }
    Ok(MeanOverOutputs { model })
}

fn mean<A: Scalar>(n: usize, outputs: usize, value: &Array2<A>) -> Result<Array2<A>> {
    returned("forward", value.shape(), &[n, outputs])?;
    Ok((value.sum_axis(Axis(1)) / A::of(outputs as f64)).insert_axis(Axis(1)))
}

fn spread<A: Scalar>(outputs: usize, cotangent: &ArrayView2<'_, A>) -> Array2<A> {
    let share = A::of(1.0 / outputs as f64);
    Array2::from_shape_fn((cotangent.nrows(), outputs), |(i, _)| {
        cotangent[[i, 0]] * share
    })
}

impl<A: Scalar, M: Model<A>> Model<A> for MeanOverOutputs<M> {
    fn input_shape(&self) -> &[usize] {
        self.model.input_shape()
    }

    fn output_dim(&self) -> usize {
        1
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>> {
        let n = batch_len(self.model.input_shape(), x.shape())?;
        mean(n, self.model.output_dim(), &self.model.forward(x)?)
    }

    fn vjp(&self, x: ArrayViewD<'_, A>, cotangent: ArrayView2<'_, A>) -> Result<ArrayD<A>> {
        cotangent_len(self.model.input_shape(), x.shape(), 1, cotangent.shape())?;
        let shares = spread(self.model.output_dim(), &cotangent);
        self.model.vjp(x, shares.view())
    }

    fn value_and_vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<(Array2<A>, ArrayD<A>)> {
        let n = cotangent_len(self.model.input_shape(), x.shape(), 1, cotangent.shape())?;
        let outputs = self.model.output_dim();
        let shares = spread(outputs, &cotangent);
        let (value, gradient) = self.model.value_and_vjp(x, shares.view())?;
        Ok((mean(n, outputs, &value)?, gradient))
    }

    fn jvp(&self, x: ArrayViewD<'_, A>, tangent: ArrayViewD<'_, A>) -> Result<Option<Array2<A>>> {
        let inner = pushed_forward(&self.model, x, tangent)?;
        let inner = inner.map(|inner| mean(inner.nrows(), self.model.output_dim(), &inner));
        inner.transpose()
    }
}
