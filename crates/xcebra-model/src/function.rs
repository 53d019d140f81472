//! Models made of closures.

use std::fmt;

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD};

use crate::black_box::BlackBox;
use crate::error::Result;
use crate::model::{Model, batch_len, cotangent_len};
use crate::scalar::Scalar;
use crate::shape::returned;

type Forward<A> = dyn Fn(ArrayViewD<'_, A>) -> Result<Array2<A>> + Send + Sync;
type Vjp<A> = dyn Fn(ArrayViewD<'_, A>, ArrayView2<'_, A>) -> Result<ArrayD<A>> + Send + Sync;

/// A model made of two closures, its value and its pull-back.
///
/// Every call checks the shapes of the arguments and of what the closures return.
///
/// ```
/// use ndarray::{Axis, array};
/// use xcebra_model::{FnModel, Model};
///
/// // f(x) = x₁² + x₂², with its gradient 2x
/// let squared_norm = FnModel::new(
///     [2],
///     1,
///     |x| {
///         let value = x.mapv(|v: f64| v * v).sum_axis(Axis(1));
///         let n = value.len();
///         Ok(value.into_shape_with_order((n, 1)).unwrap())
///     },
///     |x, cotangent| Ok((&x * &cotangent * 2.0).into_dyn()),
/// );
/// let jacobian = squared_norm.jacobian(array![[1.0, 3.0]].view().into_dyn())?;
/// assert_eq!(jacobian, array![[[2.0, 6.0]]].into_dyn());
/// # Ok::<(), xcebra_model::ModelError>(())
/// ```
pub struct FnModel<A> {
    input_shape: Vec<usize>,
    outputs: usize,
    forward: Box<Forward<A>>,
    vjp: Box<Vjp<A>>,
}

impl<A: Scalar> FnModel<A> {
    /// A model from its value and its pull-back.
    ///
    /// `forward` takes `(n, …input_shape)` and returns `(n, outputs)`; `vjp` takes the same batch
    /// and a cotangent `(n, outputs)` and returns `(n, …input_shape)`, as [`Model`] says.
    /// [`check_vjp`](crate::check_vjp) tells whether the two belong together.
    pub fn new(
        input_shape: impl Into<Vec<usize>>,
        outputs: usize,
        forward: impl Fn(ArrayViewD<'_, A>) -> Result<Array2<A>> + Send + Sync + 'static,
        vjp: impl Fn(ArrayViewD<'_, A>, ArrayView2<'_, A>) -> Result<ArrayD<A>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            input_shape: input_shape.into(),
            outputs,
            forward: Box::new(forward),
            vjp: Box::new(vjp),
        }
    }

    /// A model of which only the value is known; its gradients come from central differences.
    ///
    /// See [`BlackBox`] for what they cost and how accurate they are.
    pub fn black_box(
        input_shape: impl Into<Vec<usize>>,
        outputs: usize,
        forward: impl Fn(ArrayViewD<'_, A>) -> Result<Array2<A>> + Send + Sync + 'static,
    ) -> BlackBox<A> {
        BlackBox::new(input_shape.into(), outputs, Box::new(forward))
    }
}

impl<A: Scalar> Model<A> for FnModel<A> {
    fn input_shape(&self) -> &[usize] {
        &self.input_shape
    }

    fn output_dim(&self) -> usize {
        self.outputs
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>> {
        let n = batch_len(&self.input_shape, x.shape())?;
        let value = (self.forward)(x)?;
        returned("the forward closure", value.shape(), &[n, self.outputs])?;
        Ok(value)
    }

    fn vjp(&self, x: ArrayViewD<'_, A>, cotangent: ArrayView2<'_, A>) -> Result<ArrayD<A>> {
        cotangent_len(
            &self.input_shape,
            x.shape(),
            self.outputs,
            cotangent.shape(),
        )?;
        let gradient = (self.vjp)(x.view(), cotangent)?;
        returned("the vjp closure", gradient.shape(), x.shape())?;
        Ok(gradient)
    }
}

impl<A> fmt::Debug for FnModel<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FnModel")
            .field("input_shape", &self.input_shape)
            .field("outputs", &self.outputs)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Axis, array};

    use super::*;
    use crate::ModelError;

    fn sums(broken: &'static str) -> FnModel<f64> {
        FnModel::new(
            [2, 3],
            1,
            move |x| {
                let n = x.shape()[0];
                let columns = if broken == "forward" { 2 } else { 1 };
                let sums = x.sum_axis(Axis(2)).sum_axis(Axis(1));
                Ok(Array2::from_shape_fn((n, columns), |(i, _)| sums[i]))
            },
            move |x, cotangent| {
                let mut shape = x.shape().to_vec();
                if broken == "vjp" {
                    shape.swap(1, 2);
                }
                Ok(ArrayD::from_shape_fn(shape, |index| {
                    cotangent[[index[0], 0]]
                }))
            },
        )
    }

    #[test]
    fn value_and_pull_back_come_from_the_closures() {
        let x = ArrayD::from_elem(vec![4, 2, 3], 0.5);
        let (value, gradient) = sums("")
            .value_and_vjp(x.view(), Array2::from_elem((4, 1), 2.0).view())
            .unwrap();
        assert_eq!(value, Array2::from_elem((4, 1), 3.0));
        assert_eq!(gradient, ArrayD::from_elem(vec![4, 2, 3], 2.0));
    }

    #[test]
    fn wrong_shapes_are_refused_whoever_made_them() {
        let x = ArrayD::zeros(vec![4, 2, 3]);
        let wrong = sums("").forward(ArrayD::zeros(vec![4, 3, 2]).view());
        assert!(matches!(wrong, Err(ModelError::Shape { .. })));
        let wrong = sums("").vjp(x.view(), array![[1.0, 2.0]].view());
        assert!(matches!(wrong, Err(ModelError::Shape { .. })));

        let message = sums("forward").forward(x.view()).unwrap_err().to_string();
        assert!(
            message
                .contains("the forward closure returned an array of shape [4, 2], expected [4, 1]")
        );
        let broken = sums("vjp").jacobian(x.view());
        assert!(matches!(
            broken,
            Err(ModelError::Returned {
                what: "the vjp closure",
                ..
            })
        ));
    }
}
