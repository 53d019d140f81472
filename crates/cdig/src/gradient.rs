//! Gradients of models that have none.

use ndarray::{Array1, Array2, Array3, ArrayD, ArrayViewD, Axis, IxDyn};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use xcebra_model::{Model, Scalar, central_differences};
use xcebra_numeric::Step;

use crate::error::{CdigError, Result};
use crate::probe::ensure_shape;
use crate::selection::Rows;

/// Where gradients come from.
///
/// The cost of every choice is in the result: [`Evaluations`](crate::attribution::Evaluations) counts model
/// values and gradients. For a model with many inputs and no gradient, [`Switched`](crate::interactions::Switched)
/// asks about a few groups of coefficients instead of every sample.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub enum Gradient {
    /// The model's own pull-back.
    #[default]
    Model,
    /// Central differences in every input: two values an input and path point, error of second
    /// order in the step. Steps are absolute: give one that is small against the scale on which the
    /// model bends and large against its rounding. Where a step is lost in the rounding of a sample there is no
    /// difference to divide by, and the gradient is refused as not finite.
    FiniteDifferences {
        /// Half the width of a difference, in the unit of the signal.
        step: f64,
    },
    /// Randomised smoothing: the gradient of the model's mean over Gaussian perturbations of
    /// standard deviation `sigma`, from antithetic pairs,
    /// `Σ (f(x + σε) − f(x − σε)) ε / (2σ · pairs)`. Two values a pair and path point, however many
    /// inputs there are. Unbiased for the smoothed model; the standard error of an entry is about
    /// the size of the gradient divided by `√pairs`. It also suits models that are steps.
    Smoothing {
        /// Standard deviation of the perturbations, in the unit of the signal.
        sigma: f64,
        /// Pairs of perturbations, the same at every path point.
        pairs: usize,
        /// Seed of the perturbations.
        seed: u64,
    },
}

pub(crate) struct Estimate<A> {
    /// `(n, rows, …input)`.
    pub(crate) gradients: ArrayD<A>,
    /// Samples whose outputs were computed.
    pub(crate) values: usize,
}

impl Gradient {
    pub(crate) fn check(self) -> Result<()> {
        let (name, size) = match self {
            Self::Model => return Ok(()),
            Self::FiniteDifferences { step } => ("the step of finite differences", step),
            Self::Smoothing { sigma, pairs, .. } => {
                if pairs == 0 {
                    return Err(CdigError::parameter(
                        "the number of pairs of perturbations",
                        pairs,
                        "at least 1",
                    ));
                }
                ("the standard deviation of smoothing", sigma)
            }
        };
        if size.is_finite() && size > 0.0 {
            return Ok(());
        }
        Err(CdigError::parameter(name, size, "a positive finite number"))
    }

    /// Estimates of the gradients at a batch of points, from values alone.
    pub(crate) fn estimate<A: Scalar>(
        self,
        model: &dyn Model<A>,
        selection: &Rows,
        x: &ArrayViewD<'_, A>,
        batch: usize,
    ) -> Result<Estimate<A>> {
        let inputs = x.shape()[1..].iter().product();
        let mut gradients = Array3::<f64>::zeros((x.shape()[0], selection.len(), inputs));
        let values = |x: ArrayViewD<'_, A>| values(model, selection, &x);
        let asked = match self {
            Self::Model => unreachable!("the model is asked for its own gradient"),
            Self::FiniteDifferences { step } => {
                let step = Step::Absolute(A::of(step));
                central_differences(x, step, batch, values, |sample, input, slopes| {
                    let mut gradients = gradients.index_axis_mut(Axis(0), sample);
                    gradients.column_mut(input).assign(&slopes);
                })?;
                2 * x.len()
            }
            Self::Smoothing { sigma, pairs, seed } => {
                smooth(x, sigma, (pairs, seed), batch, values, &mut gradients)?;
                2 * x.shape()[0] * pairs
            }
        };
        let mut shape = x.shape().to_vec();
        shape.insert(1, selection.len());
        let gradients = gradients.mapv(A::of);
        Ok(Estimate {
            gradients: gradients
                .into_shape_with_order(IxDyn(&shape))
                .expect("one entry an input"),
            values: asked,
        })
    }
}

/// Values of the explained rows, `(n, rows)`.
fn values<A: Scalar>(
    model: &dyn Model<A>,
    selection: &Rows,
    x: &ArrayViewD<'_, A>,
) -> Result<Array2<f64>> {
    let values = model.forward(x.view())?;
    let expected = [x.shape()[0], model.output_dim()];
    ensure_shape("the model's values", values.shape(), &expected)?;
    Ok(selection.values(&values))
}

/// Adds `Σ (f(x + σε) − f(x − σε)) ε / (2σ · pairs)` to `sums` (n, rows, inputs), with at most `batch` samples in a
/// call.
fn smooth<A: Scalar>(
    x: &ArrayViewD<'_, A>,
    sigma: f64,
    (pairs, seed): (usize, u64),
    batch: usize,
    values: impl Fn(ArrayViewD<'_, A>) -> Result<Array2<f64>>,
    sums: &mut Array3<f64>,
) -> Result<()> {
    let (n, _, inputs) = sums.dim();
    let flat = x.to_shape((n, inputs)).expect("one row a sample");
    let scale = 0.5 / (sigma * pairs as f64);
    let mut epsilon = Array1::zeros(inputs);
    let draw = |pair: usize, epsilon: &mut Array1<f64>| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(pair as u64);
        epsilon.map_inplace(|e| *e = StandardNormal.sample(&mut rng));
    };
    let all: Vec<(usize, usize)> = (0..n)
        .flat_map(|i| (0..pairs).map(move |pair| (i, pair)))
        .collect();
    for asked in all.chunks((batch / 2).max(1)) {
        let mut ends = Array2::zeros((2 * asked.len(), inputs));
        for (p, &(i, pair)) in asked.iter().enumerate() {
            draw(pair, &mut epsilon);
            for (end, sign) in [(2 * p, sigma), (2 * p + 1, -sigma)] {
                let row = ends.row_mut(end).into_iter().zip(flat.row(i)).zip(&epsilon);
                row.for_each(|((to, from), e)| *to = *from + A::of(sign * e));
            }
        }
        let mut shape = x.shape().to_vec();
        shape[0] = ends.nrows();
        let ends = ends.view().into_shape_with_order(IxDyn(&shape));
        let found = values(ends.expect("whole samples"))?;
        for (p, &(i, pair)) in asked.iter().enumerate() {
            draw(pair, &mut epsilon);
            let rises = scale * (&found.row(2 * p) - &found.row(2 * p + 1));
            for (mut sum, rise) in sums.index_axis_mut(Axis(0), i).outer_iter_mut().zip(rises) {
                sum.scaled_add(rise, &epsilon);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::Selection;
    use approx::assert_abs_diff_eq;
    use ndarray::array;
    use xcebra_model::FnModel;

    /// (x₀² + 3 x₁, x₀ x₁)
    fn model() -> FnModel<f64> {
        FnModel::new(
            [2],
            2,
            |x| {
                let rows = x.axis_iter(Axis(0));
                let values = rows.flat_map(|x| [x[0] * x[0] + 3.0 * x[1], x[0] * x[1]]);
                Ok(Array2::from_shape_vec((x.shape()[0], 2), values.collect()).unwrap())
            },
            |_, _| panic!("values only"),
        )
    }

    /// Central differences are exact for parabolas; 1e-9 is rounding over a step of 1e-4.
    #[test]
    fn central_differences_and_their_cost() {
        let x = array![[1.0, 2.0], [-0.5, 4.0]].into_dyn();
        let rows = Selection::All.rows(2).unwrap();
        let gradient = Gradient::FiniteDifferences { step: 1e-4 };
        let found = gradient.estimate(&model(), &rows, &x.view(), 3).unwrap();
        let expected = [2.0, 3.0, 2.0, 1.0, -1.0, 3.0, 4.0, -0.5];
        for (found, expected) in found.gradients.iter().zip(expected) {
            assert_abs_diff_eq!(found, &expected, epsilon = 1e-9);
        }
        assert_eq!(found.values, 2 * 2 * 2);
    }

    /// For a parabola the smoothed gradient is the gradient; the standard error of an entry with
    /// 20,000 pairs is below √(2·(2² + 3²)/20000) = 0.04, four of which are allowed.
    #[test]
    fn smoothing_estimates_the_gradient_of_a_sum() {
        let x = array![[1.0, 2.0]].into_dyn();
        let rows = Selection::Sum(vec![(0, 1.0), (1, -2.0)]).rows(2).unwrap();
        let gradient = Gradient::Smoothing {
            sigma: 0.5,
            pairs: 20_000,
            seed: 1,
        };
        let found = gradient.estimate(&model(), &rows, &x.view(), 1000).unwrap();
        assert_abs_diff_eq!(found.gradients[[0, 0, 0]], 2.0 - 4.0, epsilon = 0.16);
        assert_abs_diff_eq!(found.gradients[[0, 0, 1]], 3.0 - 2.0, epsilon = 0.16);
        let other_batch = gradient.estimate(&model(), &rows, &x.view(), 7).unwrap();
        assert_eq!(other_batch.gradients, found.gradients);
        assert_eq!(found.values, 40_000);
    }

    /// 1e17 and the numbers beside it are 16 apart.
    #[test]
    fn a_step_lost_in_rounding_gives_no_gradient() {
        let x = array![[1e17, 2.0]].into_dyn();
        let rows = Selection::All.rows(2).unwrap();
        let gradient = Gradient::FiniteDifferences { step: 1e-4 };
        let found = gradient.estimate(&model(), &rows, &x.view(), 8).unwrap();
        assert!(found.gradients[[0, 0, 0]].is_nan() && found.gradients[[0, 0, 1]].is_finite());
    }

    #[test]
    fn refuses_steps_that_are_none() {
        for step in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Gradient::FiniteDifferences { step }.check().is_err());
        }
        let smoothing = |sigma, pairs| Gradient::Smoothing {
            sigma,
            pairs,
            seed: 0,
        };
        assert!(smoothing(1.0, 0).check().is_err());
        assert!(smoothing(0.0, 1).check().is_err());
        assert!(smoothing(1.0, 1).check().is_ok());
    }
}
