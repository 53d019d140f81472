//! A model that computes in single precision, for callers that compute in double precision.

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD};

use crate::error::Result;
use crate::model::Model;

/// A model of `f32` as a model of `f64`: inputs are rounded to single precision, values and gradients widened.
///
/// The caller's sums are then in double precision, while the model needs half the memory traffic and does twice the
/// arithmetic per vector instruction. Values and gradients are off by the model's own rounding, about 2⁻²³ of the
/// terms they are sums of.
///
/// ```
/// use ndarray::{Array2, array};
/// use xcebra_model::{FnModel, Model, Narrowed};
///
/// let third = FnModel::<f32>::per_sample(
///     [1],
///     1,
///     |x| Ok(array![x.sum() / 3.0]),
///     |x, cotangent| Ok(x.mapv(|_| cotangent[0] / 3.0)),
/// );
/// let model = Narrowed(third);
/// let value = model.forward(array![[1.0_f64]].into_dyn().view())?;
/// assert_eq!(value, Array2::from_elem((1, 1), f64::from(1.0_f32 / 3.0)));
/// # Ok::<(), xcebra_model::ModelError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Narrowed<M>(
    /// The model in single precision.
    pub M,
);

impl<M: Model<f32>> Model<f64> for Narrowed<M> {
    fn input_shape(&self) -> &[usize] {
        self.0.input_shape()
    }

    fn output_dim(&self) -> usize {
        self.0.output_dim()
    }

    fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>> {
        Ok(self.0.forward(narrow(&x).view())?.mapv(f64::from))
    }

    fn vjp(&self, x: ArrayViewD<'_, f64>, cotangent: ArrayView2<'_, f64>) -> Result<ArrayD<f64>> {
        let cotangent = cotangent.mapv(|v| v as f32);
        let gradient = self.0.vjp(narrow(&x).view(), cotangent.view())?;
        Ok(gradient.mapv(f64::from))
    }

    fn value_and_vjp(
        &self,
        x: ArrayViewD<'_, f64>,
        cotangent: ArrayView2<'_, f64>,
    ) -> Result<(Array2<f64>, ArrayD<f64>)> {
        let cotangent = cotangent.mapv(|v| v as f32);
        let (value, gradient) = self.0.value_and_vjp(narrow(&x).view(), cotangent.view())?;
        Ok((value.mapv(f64::from), gradient.mapv(f64::from)))
    }

    fn jacobian(&self, x: ArrayViewD<'_, f64>) -> Result<ArrayD<f64>> {
        Ok(self.0.jacobian(narrow(&x).view())?.mapv(f64::from))
    }

    fn jvp(
        &self,
        x: ArrayViewD<'_, f64>,
        tangent: ArrayViewD<'_, f64>,
    ) -> Result<Option<Array2<f64>>> {
        let found = self.0.jvp(narrow(&x).view(), narrow(&tangent).view())?;
        Ok(found.map(|found| found.mapv(f64::from)))
    }
}

/// Numbers beyond the range of single precision become infinite, which explainers refuse.
fn narrow(x: &ArrayViewD<'_, f64>) -> ArrayD<f32> {
    x.mapv(|v| v as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::function::FnModel;
    use ndarray::{Array1, array};

    /// (x₀ x₁, x₀²): whole numbers below 2²⁴ are exact in both precisions.
    #[test]
    fn values_and_derivatives_are_those_of_the_narrow_model() {
        let inner = FnModel::<f32>::per_sample(
            [2],
            2,
            |x| Ok(array![x[0] * x[1], x[0] * x[0]]),
            |x, c| Ok(array![c[0] * x[1] + 2.0 * c[1] * x[0], c[0] * x[0]].into_dyn()),
        );
        let model = Narrowed(inner);
        let x = array![[3.0, 5.0], [2.0, -7.0]].into_dyn();
        let cotangent = array![[1.0, 0.0], [0.0, 2.0]];
        let (value, gradient) = model.value_and_vjp(x.view(), cotangent.view()).unwrap();
        assert_eq!(value, array![[15.0, 9.0], [-14.0, 4.0]]);
        assert_eq!(gradient, array![[5.0, 3.0], [8.0, 0.0]].into_dyn());
        assert_eq!(model.forward(x.view()).unwrap(), value);
        assert_eq!(model.vjp(x.view(), cotangent.view()).unwrap(), gradient);
        let jacobian = model.jacobian(x.view()).unwrap();
        let expected = array![[[5.0, 3.0], [6.0, 0.0]], [[-7.0, 2.0], [4.0, 0.0]]];
        assert_eq!(jacobian, expected.into_dyn());
        // 1 + 2⁻³⁰ is 1 in single precision
        let tiny = Array1::from(vec![1.0 + 2.0_f64.powi(-30), 1.0]);
        let tiny = tiny.insert_axis(ndarray::Axis(0)).into_dyn();
        assert_eq!(model.forward(tiny.view()).unwrap(), array![[1.0, 1.0]]);
    }
}
