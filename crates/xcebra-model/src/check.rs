//! Does a model's gradient belong to its value?

mod probe;
mod report;

use ndarray::{Array2, Array3, ArrayD, ArrayViewD, Axis, Dimension};
use xcebra_numeric::{Step, balanced_step};

use crate::error::{ModelError, Result};
use crate::model::{Model, batch_len};
use crate::scalar::Scalar;
use crate::shape::{as_matrices, returned};
use probe::{Probe, Weyl};
pub use report::{Answer, Mismatch, VjpReport};

/// Compares the gradients of `model` at the samples `x` `(n, …input_shape)` with central
/// differences, with the defaults of [`VjpCheck`].
///
/// ```
/// use ndarray::array;
/// use xcebra_model::{FnModel, check_vjp};
///
/// let cube = |gradient: fn(f64) -> f64| {
///     FnModel::new(
///         [1],
///         1,
///         |x| Ok(x.mapv(|v: f64| v.powi(3)).into_dimensionality().unwrap()),
///         move |x, cotangent| Ok((&x.mapv(gradient) * &cotangent).into_dyn()),
///     )
/// };
/// let x = array![[0.5], [2.0]].into_dyn();
/// assert!(check_vjp(&cube(|v| 3.0 * v * v), x.view())?.passed());
/// assert!(!check_vjp(&cube(|v| 2.0 * v * v), x.view())?.passed());
/// # Ok::<(), xcebra_model::ModelError>(())
/// ```
///
/// # Errors
/// As [`VjpCheck::run`]. A wrong gradient is not an error; the report has then not
/// [`passed`](VjpReport::passed).
pub fn check_vjp<A: Scalar, M: Model<A> + ?Sized>(
    model: &M,
    x: ArrayViewD<'_, A>,
) -> Result<VjpReport> {
    VjpCheck::default().run(model, x)
}

/// How to compare gradients with differences.
///
/// Along a direction `u` of unit length and for a cotangent `c`, both drawn anew for each sample
/// and repetition, `⟨vjp(x, c), u⟩` must equal `⟨c, f(x + hu) − f(x − hu)⟩ / 2h`. The same is
/// asked of [`value_and_vjp`](Model::value_and_vjp) and [`jacobian`](Model::jacobian), which a
/// model may have overridden. Directions are reproducible: they come from a quadratic Weyl
/// sequence.
///
/// Errors are relative to the larger of the measured slope and the slope `|vjp| / √D` to be
/// expected along a random direction of `D` inputs. Where the rounding error of the difference
/// exceeds the tolerance times that scale (constant or saturated outputs, a large offset), the
/// comparison can only say whether the difference lies within rounding; the report counts
/// such comparisons as [`unresolved`](VjpReport::unresolved).
///
/// A kink of the model closer to a sample than the step can fail a correct gradient: repeat with
/// a smaller step or at other samples.
#[derive(Clone, Debug)]
pub struct VjpCheck<A> {
    directions: usize,
    step: A,
    tolerance: f64,
    seed: u64,
}

impl<A: Scalar> Default for VjpCheck<A> {
    /// Eight directions a sample, the cube root of the machine precision as step, and a tolerance
    /// of 1e-6 for `f64`, 1e-2 for `f32`.
    fn default() -> Self {
        let double = A::epsilon().as_f64() < 1e-12;
        Self {
            directions: 8,
            step: balanced_step(),
            tolerance: if double { 1e-6 } else { 1e-2 },
            seed: 0,
        }
    }
}

impl<A: Scalar> VjpCheck<A> {
    /// Sets how many directions and cotangents are tried at each sample.
    #[must_use]
    pub fn directions(mut self, directions: usize) -> Self {
        self.directions = directions;
        self
    }

    /// Sets the step `h`; where the root mean square of a sample exceeds 1, the step is relative
    /// to it.
    #[must_use]
    pub fn step(mut self, step: A) -> Self {
        self.step = step;
        self
    }

    /// Sets the largest relative error that passes.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Sets where the sequence of directions begins.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Runs the check at the samples `x` `(n, …input_shape)`.
    ///
    /// It costs four evaluations and pull-backs of the batch a direction and one batch of
    /// Jacobians.
    ///
    /// # Errors
    /// [`ModelError::Parameter`] if there is no sample or no direction, if step or tolerance are
    /// not positive, or if `x` holds a value that is not finite; [`ModelError::Returned`] if an
    /// answer of the model has the wrong shape; and the model's own errors.
    pub fn run<M: Model<A> + ?Sized>(&self, model: &M, x: ArrayViewD<'_, A>) -> Result<VjpReport> {
        let n = batch_len(model.input_shape(), x.shape())?;
        self.check_parameters(&x)?;
        let asked = Asked {
            model,
            n,
            outputs: model.output_dim(),
            x,
        };
        let jacobian = asked.jacobian()?;

        let mut weyl = Weyl::new(self.seed);
        let mut report = VjpReport::new(self.tolerance);
        for direction in 0..self.directions {
            let probe = Probe::new(&asked.x, self.step, &mut weyl);
            let cotangent = Array2::from_shape_simple_fn((n, asked.outputs), || A::of(weyl.next()));
            let ahead = asked.forward(probe.ahead.view())?;
            let behind = asked.forward(probe.behind.view())?;
            let answers = [
                (Answer::Vjp, asked.vjp(&cotangent)?),
                (Answer::ValueAndVjp, asked.joint_vjp(&cotangent)?),
                (Answer::Jacobian, contract(&jacobian, &cotangent)),
            ];
            for sample in 0..n {
                let measured = probe.slope(sample, &cotangent, &ahead, &behind);
                for (answer, gradient) in &answers {
                    let claim = probe.along(sample, &gradient.row(sample));
                    report.compare(*answer, sample, direction, claim, measured);
                }
            }
        }
        Ok(report)
    }

    fn check_parameters(&self, x: &ArrayViewD<'_, A>) -> Result<()> {
        Step::Relative(self.step).checked()?;
        let refuse = |name, found: String, expected: &str| {
            Err(ModelError::Parameter {
                name,
                found,
                expected: expected.to_owned(),
            })
        };
        if self.tolerance.is_nan() || self.tolerance <= 0.0 {
            return refuse("tolerance", self.tolerance.to_string(), "a positive number");
        }
        if self.directions == 0 {
            return refuse("directions", "0".to_owned(), "at least 1 direction to try");
        }
        if x.is_empty() {
            let found = format!("empty, of shape {:?}", x.shape());
            return refuse("the batch to check at", found, "at least one sample");
        }
        match x.indexed_iter().find(|(_, v)| !v.is_finite()) {
            Some((at, v)) => {
                let found = format!("{v} at {:?}", at.slice());
                refuse("the batch to check at", found, "finite values only")
            }
            None => Ok(()),
        }
    }
}

/// A model and the batch it is asked about; the shapes of its answers are checked.
struct Asked<'a, A, M: ?Sized> {
    model: &'a M,
    x: ArrayViewD<'a, A>,
    n: usize,
    outputs: usize,
}

impl<A: Scalar, M: Model<A> + ?Sized> Asked<'_, A, M> {
    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>> {
        let value = self.model.forward(x)?;
        returned("forward", value.shape(), &[self.n, self.outputs])?;
        Ok(value)
    }

    fn vjp(&self, cotangent: &Array2<A>) -> Result<Array2<A>> {
        let gradient = self.model.vjp(self.x.view(), cotangent.view())?;
        returned("vjp", gradient.shape(), self.x.shape())?;
        Ok(rows(&gradient, self.n))
    }

    fn joint_vjp(&self, cotangent: &Array2<A>) -> Result<Array2<A>> {
        let (value, gradient) = self.model.value_and_vjp(self.x.view(), cotangent.view())?;
        returned("value_and_vjp", value.shape(), &[self.n, self.outputs])?;
        returned("value_and_vjp", gradient.shape(), self.x.shape())?;
        Ok(rows(&gradient, self.n))
    }

    fn jacobian(&self) -> Result<Array3<A>> {
        let jacobian = self.model.jacobian(self.x.view())?;
        as_matrices(jacobian, self.n, self.outputs, self.model.input_shape())
    }
}

/// A batch as one row a sample.
fn rows<A: Scalar>(batch: &ArrayD<A>, n: usize) -> Array2<A> {
    batch
        .to_shape((n, batch.len() / n))
        .expect("a batch holds whole samples")
        .into_owned()
}

/// `Σ_k c_k J_k` of each sample.
fn contract<A: Scalar>(jacobian: &Array3<A>, cotangent: &Array2<A>) -> Array2<A> {
    let mut gradient = Array2::zeros((jacobian.len_of(Axis(0)), jacobian.len_of(Axis(2))));
    for (i, mut gradient) in gradient.outer_iter_mut().enumerate() {
        gradient.assign(&cotangent.row(i).dot(&jacobian.index_axis(Axis(0), i)));
    }
    gradient
}
