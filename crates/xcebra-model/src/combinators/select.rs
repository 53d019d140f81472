//! One output of a model.

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, Axis};

use crate::error::{ModelError, Result};
use crate::model::{Model, batch_len, cotangent_len};
use crate::scalar::Scalar;
use crate::shape::{pushed_forward, returned};

/// One output of a model, as a model with one output. Made by [`select_output`].
#[derive(Clone, Debug)]
pub struct SelectOutput<M> {
    model: M,
    index: usize,
}

/// Output `index` of `model`: the class, horizon or latent to be explained.
///
/// # Errors
/// [`ModelError::Parameter`] if `model` has no output `index`.
pub fn select_output<A: Scalar, M: Model<A>>(model: M, index: usize) -> Result<SelectOutput<M>> {
    if index >= model.output_dim() {
        return Err(ModelError::Parameter {
            name: "the index of the output",
            found: index.to_string(),
            expected: format!("less than {}, the outputs of the model", model.output_dim()),
        });
    }
    Ok(SelectOutput { model, index })
}

impl<M> SelectOutput<M> {
    fn column<A: Scalar>(&self, n: usize, outputs: usize, value: &Array2<A>) -> Result<Array2<A>> {
        returned("forward", value.shape(), &[n, outputs])?;
        Ok(value.column(self.index).to_owned().insert_axis(Axis(1)))
    }

    fn widen<A: Scalar>(&self, outputs: usize, cotangent: &ArrayView2<'_, A>) -> Array2<A> {
        let mut wide = Array2::zeros((cotangent.nrows(), outputs));
        wide.column_mut(self.index).assign(&cotangent.column(0));
        wide
    }
}

impl<A: Scalar, M: Model<A>> Model<A> for SelectOutput<M> {
    fn input_shape(&self) -> &[usize] {
        self.model.input_shape()
    }

    fn output_dim(&self) -> usize {
        1
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>> {
        let n = batch_len(self.model.input_shape(), x.shape())?;
        self.column(n, self.model.output_dim(), &self.model.forward(x)?)
    }

    fn vjp(&self, x: ArrayViewD<'_, A>, cotangent: ArrayView2<'_, A>) -> Result<ArrayD<A>> {
        cotangent_len(self.model.input_shape(), x.shape(), 1, cotangent.shape())?;
        let wide = self.widen(self.model.output_dim(), &cotangent);
        self.model.vjp(x, wide.view())
    }

    fn value_and_vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<(Array2<A>, ArrayD<A>)> {
        let n = cotangent_len(self.model.input_shape(), x.shape(), 1, cotangent.shape())?;
        let outputs = self.model.output_dim();
        let wide = self.widen(outputs, &cotangent);
        let (value, gradient) = self.model.value_and_vjp(x, wide.view())?;
        Ok((self.column(n, outputs, &value)?, gradient))
    }

    fn jvp(&self, x: ArrayViewD<'_, A>, tangent: ArrayViewD<'_, A>) -> Result<Option<Array2<A>>> {
        let inner = pushed_forward(&self.model, x, tangent)?;
        Ok(inner.map(|inner| inner.column(self.index).to_owned().insert_axis(Axis(1))))
    }
}
