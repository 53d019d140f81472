//! Models of which only the value is known.

use std::fmt;

use ndarray::{Array2, Array3, ArrayD, ArrayView1, ArrayView2, ArrayViewD, Axis};
use xcebra_numeric::{Step, balanced_step};

use crate::differences::central_differences;
use crate::error::{ModelError, Result};
use crate::model::{Model, batch_len, cotangent_len};
use crate::scalar::Scalar;
use crate::shape::{jacobian_shape, returned};

type Forward<A> = dyn Fn(ArrayViewD<'_, A>) -> Result<Array2<A>> + Send + Sync;

/// A model of which only the value is known, differentiated by central differences.
/// Made by [`FnModel::black_box`](crate::FnModel::black_box). Settings that are out of range are refused when the
/// model is asked, with [`ModelError::Parameter`].
///
/// **Cost**: the gradients or Jacobians of `n` samples of `D` inputs evaluate `2 n D` samples, in
/// calls of at most [`batch_size`](Self::batch_size) samples, whatever the number of outputs.
///
/// **Accuracy**: each derivative is off by about `h²|f‴|/6 + ε|f|/h`, with the step `h` and the
/// machine precision `ε`. With the default step and a function whose value and derivatives are
/// of size 1 that is of the order of 1e-10 in `f64` and 1e-4 in `f32`. Where the function has a
/// kink closer than `h`, the result lies between the slopes of the two sides.
///
/// ```
/// use ndarray::{Axis, array};
/// use xcebra_model::{FnModel, Model};
///
/// let product = FnModel::black_box([2], 1, |x| {
///     Ok(x.map_axis(Axis(1), |row| row[0] * row[1]).into_shape_with_order((x.len() / 2, 1)).unwrap())
/// });
/// let jacobian = product.jacobian(array![[2.0, 3.0]].view().into_dyn())?;
/// assert!((jacobian[[0, 0, 0]] - 3.0_f64).abs() < 1e-9);
/// # Ok::<(), xcebra_model::ModelError>(())
/// ```
pub struct BlackBox<A> {
    input_shape: Vec<usize>,
    outputs: usize,
    forward: Box<Forward<A>>,
    step: A,
    batch_size: usize,
}

impl<A: Scalar> BlackBox<A> {
    pub(crate) fn new(input_shape: Vec<usize>, outputs: usize, forward: Box<Forward<A>>) -> Self {
        Self {
            input_shape,
            outputs,
            forward,
            step: balanced_step(),
            batch_size: 1024,
        }
    }

    /// Sets the relative step: input `x_j` moves by `± step · max(1, |x_j|)`.
    ///
    /// The default is the cube root of the machine precision, which balances truncation and
    /// rounding for functions that vary on a scale of 1: 6.1e-6 in `f64`, 4.9e-3 in `f32`.
    /// It must be positive and finite.
    #[must_use]
    pub fn step(mut self, step: A) -> Self {
        self.step = step;
        self
    }

    /// Sets how many samples one call to the closure gets at most while differentiating
    /// (default 1024); at least 2, the two ends of one difference.
    #[must_use]
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// Fails if a setting is out of range, before anything is evaluated.
    fn check(&self) -> Result<Step<A>> {
        if self.batch_size < 2 {
            return Err(ModelError::Parameter {
                name: "batch_size",
                found: self.batch_size.to_string(),
                expected: "at least 2, the two ends of one difference".to_owned(),
            });
        }
        Ok(Step::Relative(self.step).checked()?)
    }

    /// Calls `visit(sample, input, ∂f/∂x_input)` for every input of every sample.
    fn slopes(
        &self,
        x: &ArrayViewD<'_, A>,
        visit: impl FnMut(usize, usize, ArrayView1<'_, f64>),
    ) -> Result<()> {
        let step = self.check()?;
        central_differences(x, step, self.batch_size, |x| self.value(x), visit)
    }

    fn value(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>> {
        let n = x.shape()[0];
        let value = (self.forward)(x)?;
        returned("the forward closure", value.shape(), &[n, self.outputs])?;
        Ok(value)
    }
}

impl<A: Scalar> Model<A> for BlackBox<A> {
    fn input_shape(&self) -> &[usize] {
        &self.input_shape
    }

    fn output_dim(&self) -> usize {
        self.outputs
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>> {
        self.check()?;
        batch_len(&self.input_shape, x.shape())?;
        self.value(x)
    }

    fn vjp(&self, x: ArrayViewD<'_, A>, cotangent: ArrayView2<'_, A>) -> Result<ArrayD<A>> {
        let n = cotangent_len(
            &self.input_shape,
            x.shape(),
            self.outputs,
            cotangent.shape(),
        )?;
        let cotangent = cotangent.mapv(Scalar::as_f64);
        let mut gradient = Array2::zeros((n, self.input_shape.iter().product()));
        self.slopes(&x, |sample, input, slope| {
            gradient[[sample, input]] = A::of(cotangent.row(sample).dot(&slope));
        })?;
        Ok(gradient
            .into_shape_with_order(x.shape())
            .expect("the shape was checked"))
    }

    fn jacobian(&self, x: ArrayViewD<'_, A>) -> Result<ArrayD<A>> {
        let n = batch_len(&self.input_shape, x.shape())?;
        let inputs = self.input_shape.iter().product();
        let mut jacobian = Array3::zeros((n, self.outputs, inputs));
        self.slopes(&x, |sample, input, slope| {
            let mut matrix = jacobian.index_axis_mut(Axis(0), sample);
            matrix.column_mut(input).assign(&slope.mapv(A::of));
        })?;
        Ok(jacobian
            .into_shape_with_order(jacobian_shape(n, self.outputs, &self.input_shape))
            .expect("the shape was checked"))
    }
}

impl<A: Scalar> fmt::Debug for BlackBox<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlackBox")
            .field("input_shape", &self.input_shape)
            .field("outputs", &self.outputs)
            .field("step", &self.step)
            .field("batch_size", &self.batch_size)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use approx::assert_abs_diff_eq;
    use ndarray::array;

    use super::*;
    use crate::FnModel;

    /// (sin x₁ · x₂, exp x₂) with Jacobian [[cos x₁ · x₂, sin x₁], [0, exp x₂]].
    fn curved<A: Scalar>() -> BlackBox<A> {
        FnModel::<A>::black_box([2], 2, |x| {
            let mut value = Array2::zeros((x.shape()[0], 2));
            for (mut value, x) in value.outer_iter_mut().zip(x.axis_iter(Axis(0))) {
                value[0] = x[0].sin() * x[1];
                value[1] = x[1].exp();
            }
            Ok(value)
        })
    }

    fn exact(x: [f64; 2]) -> [[f64; 2]; 2] {
        [[x[0].cos() * x[1], x[0].sin()], [0.0, x[1].exp()]]
    }

    #[test]
    fn jacobian_is_as_accurate_as_documented() {
        let samples = [[0.3, -0.7], [1.9, 0.4]];
        let in_f64 = curved::<f64>()
            .jacobian(ndarray::arr2(&samples).view().into_dyn())
            .unwrap();
        let in_f32 = curved::<f32>()
            .jacobian(ndarray::arr2(&samples).mapv(|v| v as f32).view().into_dyn())
            .unwrap();
        for (i, x) in samples.into_iter().enumerate() {
            for k in 0..2 {
                for j in 0..2 {
                    // h²|f‴|/6 + ε|f|/h ≈ 1e-11 + 1e-10, and 7e-6 + 4e-5
                    assert_abs_diff_eq!(in_f64[[i, k, j]], exact(x)[k][j], epsilon = 5e-10);
                    let single = f64::from(in_f32[[i, k, j]]);
                    assert_abs_diff_eq!(single, exact(x)[k][j], epsilon = 2e-4);
                }
            }
        }
    }

    #[test]
    fn calls_are_bounded_and_do_not_change_the_result() {
        let largest = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&largest);
        let model = FnModel::black_box([3], 1, move |x: ArrayViewD<'_, f64>| {
            seen.fetch_max(x.shape()[0], Ordering::Relaxed);
            Ok(x.map_axis(Axis(1), |row| row[0] * row[1] + row[2].powi(3))
                .insert_axis(Axis(1))
                .into_dimensionality()
                .unwrap())
        });
        let x = Array2::from_shape_fn((5, 3), |(i, j)| 0.3 * i as f64 - j as f64).into_dyn();
        let at_once = model.jacobian(x.view()).unwrap();
        assert_eq!(largest.swap(0, Ordering::Relaxed), 30);
        let in_pieces = model.batch_size(5).jacobian(x.view()).unwrap();
        assert_eq!(largest.load(Ordering::Relaxed), 4);
        assert_eq!(at_once, in_pieces);
    }

    #[test]
    fn an_empty_batch_costs_nothing() {
        let x = ArrayD::zeros(vec![0, 2]);
        let model = curved::<f64>();
        assert_eq!(model.jacobian(x.view()).unwrap().shape(), [0, 2, 2]);
        let gradient = model.vjp(x.view(), Array2::zeros((0, 2)).view());
        assert_eq!(gradient.unwrap().shape(), [0, 2]);
    }

    #[test]
    fn settings_are_refused_before_the_closure_is_called() {
        let unasked = || FnModel::black_box([2], 1, |_| unreachable!("the closure was called"));
        let step = "step is 0, expected a positive finite number";
        let size = "batch_size is 1, expected at least 2, the two ends of one difference";
        let x = ArrayD::<f64>::zeros(vec![3, 2]);
        let cotangent = Array2::zeros((3, 1));
        for (model, expected) in [(unasked().step(0.0), step), (unasked().batch_size(1), size)] {
            let answers = [
                model.forward(x.view()).map(drop),
                model.vjp(x.view(), cotangent.view()).map(drop),
                model.jacobian(x.view()).map(drop),
            ];
            for answer in answers {
                assert_eq!(answer.unwrap_err().to_string(), expected);
            }
        }
        for step in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(unasked().step(step).forward(x.view()).is_err());
        }
    }

    #[test]
    fn closures_of_another_shape_are_refused() {
        let wrong = FnModel::black_box([2], 3, |x| Ok(Array2::<f64>::zeros((x.shape()[0], 2))));
        let jacobian = wrong.jacobian(array![[1.0, 2.0]].view().into_dyn());
        assert!(matches!(jacobian, Err(ModelError::Returned { .. })));
    }
}
