//! Models made of closures.

use std::fmt;

use ndarray::{Array1, Array2, ArrayD, ArrayView1, ArrayView2, ArrayViewD, Axis};

use crate::black_box::BlackBox;
use crate::error::Result;
use crate::model::{Model, batch_len, cotangent_len};
use crate::scalar::Scalar;
use crate::shape::returned;

type Forward<A> = dyn Fn(ArrayViewD<'_, A>) -> Result<Array2<A>> + Send + Sync;
type Vjp<A> = dyn Fn(ArrayViewD<'_, A>, ArrayView2<'_, A>) -> Result<ArrayD<A>> + Send + Sync;

/// A model made of two closures, its value and its pull-back.
///
/// [`per_sample`](Self::per_sample) takes closures of one sample, the shortest way to state a function;
/// [`new`](Self::new) takes closures of a batch, which can use matrix products. Every call checks the shapes
/// of the arguments and of what the closures return.
///
/// ```
/// use ndarray::{Ix2, array};
/// use xcebra_model::{FnModel, Model};
///
/// let x = array![[1.0, 3.0], [-2.0, 0.5]].into_dyn();
///
/// // f(x) = x₁² + x₂², with its gradient 2x
/// let squared_norm = FnModel::per_sample(
///     [2],
///     1,
///     |x| Ok(array![x[0] * x[0] + x[1] * x[1]]),
///     |x, cotangent| Ok(&x * (2.0 * cotangent[0])),
/// );
/// assert_eq!(squared_norm.jacobian(x.view())?, array![[[2.0, 6.0]], [[-4.0, 1.0]]].into_dyn());
///
/// // W x for a whole batch, with the pull-back cᵀ W
/// let weights = array![[1.0, -1.0], [0.0, 2.0]];
/// let transposed = weights.t().to_owned();
/// let linear = FnModel::new(
///     [2],
///     2,
///     move |x| Ok(x.into_dimensionality::<Ix2>().unwrap().dot(&transposed)),
///     move |_, cotangent| Ok(cotangent.dot(&weights).into_dyn()),
/// );
/// assert_eq!(linear.forward(x.view())?, array![[-2.0, 6.0], [-2.5, 1.0]]);
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

    /// A model from its value and its pull-back for one sample; a batch is one sample after another.
    ///
    /// `forward` takes a sample of shape `input_shape` and returns `(outputs)`; `vjp` takes the same sample
    /// and a cotangent `(outputs)` and returns an array of shape `input_shape`.
    pub fn per_sample(
        input_shape: impl Into<Vec<usize>>,
        outputs: usize,
        forward: impl Fn(ArrayViewD<'_, A>) -> Result<Array1<A>> + Send + Sync + 'static,
        vjp: impl Fn(ArrayViewD<'_, A>, ArrayView1<'_, A>) -> Result<ArrayD<A>> + Send + Sync + 'static,
    ) -> Self {
        let forward = move |x: ArrayViewD<'_, A>| {
            let mut values = Array2::zeros((x.len_of(Axis(0)), outputs));
            for (mut row, sample) in values.outer_iter_mut().zip(x.axis_iter(Axis(0))) {
                let value = forward(sample)?;
                returned("the forward closure", value.shape(), &[outputs])?;
                row.assign(&value);
            }
            Ok(values)
        };
        let vjp = move |x: ArrayViewD<'_, A>, cotangent: ArrayView2<'_, A>| {
            let mut gradients = ArrayD::zeros(x.shape());
            let samples = x.axis_iter(Axis(0)).zip(cotangent.outer_iter());
            for (mut row, (sample, cotangent)) in gradients.axis_iter_mut(Axis(0)).zip(samples) {
                let gradient = vjp(sample, cotangent)?;
                returned("the vjp closure", gradient.shape(), row.shape())?;
                row.assign(&gradient);
            }
            Ok(gradients)
        };
        Self::new(input_shape, outputs, forward, vjp)
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

    /// (x₀₀ x₁₂, x₀₁²) of samples of shape (2, 3).
    fn one_by_one(broken: &'static str) -> FnModel<f64> {
        FnModel::per_sample(
            [2, 3],
            2,
            move |x| match broken {
                "forward" => Ok(array![0.0]),
                _ => Ok(array![x[[0, 0]] * x[[1, 2]], x[[0, 1]] * x[[0, 1]]]),
            },
            move |x, c| {
                let mut gradient = ArrayD::zeros(vec![2, 3]);
                gradient[[0, 0]] = c[0] * x[[1, 2]];
                gradient[[1, 2]] = c[0] * x[[0, 0]];
                gradient[[0, 1]] = 2.0 * c[1] * x[[0, 1]];
                match broken {
                    "vjp" => Ok(gradient.reversed_axes()),
                    _ => Ok(gradient),
                }
            },
        )
    }

    /// Values and Jacobians by hand, for a batch whose axes do not follow each other in memory, too.
    #[test]
    fn a_batch_is_one_sample_after_another() {
        let model = one_by_one("");
        let x = ArrayD::from_shape_fn(vec![4, 2, 3], |i| {
            1.0 + i[0] as f64 - 0.5 * i[1] as f64 + 2.0 * i[2] as f64
        });
        let turned = x.t().as_standard_layout().into_owned().reversed_axes();
        for x in [&x, &turned] {
            let value = model.forward(x.view()).unwrap();
            let jacobian = model.jacobian(x.view()).unwrap();
            for i in 0..4 {
                // x₀₀, x₀₁ and x₁₂ of the sample
                let (a, b, c) = (1.0 + i as f64, 3.0 + i as f64, 4.5 + i as f64);
                assert_eq!(value.row(i), array![a * c, b * b]);
                let expected = array![
                    [[c, 0.0, 0.0], [0.0, 0.0, a]],
                    [[0.0, 2.0 * b, 0.0], [0.0, 0.0, 0.0]]
                ];
                assert_eq!(jacobian.index_axis(Axis(0), i), expected.into_dyn());
            }
            assert!(crate::check_vjp(&model, x.view()).unwrap().passed());
        }
        let none = ArrayD::zeros(vec![0, 2, 3]);
        assert_eq!(model.forward(none.view()).unwrap().dim(), (0, 2));
    }

    #[test]
    fn one_sample_of_a_wrong_shape_is_refused() {
        let x = ArrayD::zeros(vec![4, 2, 3]);
        for (broken, what) in [
            (
                "forward",
                "the forward closure returned an array of shape [1], expected [2]",
            ),
            (
                "vjp",
                "the vjp closure returned an array of shape [3, 2], expected [2, 3]",
            ),
        ] {
            let error = one_by_one(broken)
                .value_and_vjp(x.view(), Array2::zeros((4, 2)).view())
                .unwrap_err();
            assert_eq!(error.to_string(), what);
        }
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
