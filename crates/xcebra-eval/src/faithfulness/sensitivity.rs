//! How much an explanation changes when its input hardly does (Yeh et al. 2019).

use ndarray::{Array, Array1, Array2, ArrayRef, ArrayView, Axis, Dimension};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_model::ModelError;

use crate::check::{finite_flat, parameter, same_shape};
use crate::error::{EvalError, Result};

/// Sensitivity of an explanation to noise on its input, estimated from draws: `max` and mean over
/// draws of `‖Φ(x + ε) − Φ(x)‖`, Euclidean.
///
/// The maximum is Yeh et al.'s `SENS_MAX` from below: it rises with the number of draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensitivity {
    /// Largest change over the draws, (samples).
    pub max: Array1<f64>,
    /// Mean change over the draws, (samples).
    pub average: Array1<f64>,
    /// `‖Φ(x)‖`, (samples): divide by it to compare methods of different scale, as captum does.
    pub norms: Array1<f64>,
}

/// How to estimate [`Sensitivity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SensitivityConfig {
    /// Number of draws. Default 10.
    pub draws: usize,
    /// Seed of the noise. Default 0.
    pub seed: u64,
}

impl Default for SensitivityConfig {
    fn default() -> Self {
        Self { draws: 10, seed: 0 }
    }
}

impl SensitivityConfig {
    /// Estimates the sensitivity of `explain`, which maps a batch of inputs (samples, …) to their
    /// attributions (samples, …).
    ///
    /// `perturb` draws a neighbour of one coefficient: [`uniform_noise`], [`normal_noise`], or any
    /// closure, for complex coefficients for example. Each draw has a separate random stream.
    ///
    /// # Errors
    /// [`EvalError::Parameter`] without draws, [`EvalError::Empty`], [`EvalError::Shape`] if the
    /// explanation's first axis is not the samples or its shape changes,
    /// [`EvalError::NotFinite`] if it is, and whatever `explain` returns.
    ///
    /// ```
    /// use ndarray::{Array2, ArrayView2};
    /// use xcebra_eval::faithfulness::{SensitivityConfig, uniform_noise};
    ///
    /// // input × gradient of Σ x², twice the square
    /// let explain = |x: ArrayView2<'_, f64>| Ok(x.mapv(|v| 2.0 * v * v));
    /// let x = Array2::<f64>::ones((3, 4));
    /// let found = SensitivityConfig::default().estimate(explain, &x, uniform_noise(0.01)?)?;
    /// assert!(found.max.iter().all(|&v| v > 0.0 && v < 4.0 * 0.01 * 1.01 * 2.0));
    /// # Ok::<(), xcebra_eval::EvalError>(())
    /// ```
    pub fn estimate<T, D, E>(
        &self,
        mut explain: impl FnMut(ArrayView<'_, T, D>) -> Result<Array<f64, E>>,
        x: &ArrayRef<T, D>,
        mut perturb: impl FnMut(&T, &mut dyn RngCore) -> T,
    ) -> Result<Sensitivity>
    where
        D: Dimension,
        E: Dimension,
    {
        parameter(
            "the number of draws",
            self.draws,
            self.draws > 0,
            "at least 1",
        )?;
        if x.is_empty() || x.ndim() == 0 {
            return Err(EvalError::Empty {
                what: "the inputs",
                shape: x.shape().to_vec(),
            });
        }
        let samples = x.shape()[0];
        let reference = flat(&explain(x.view())?, samples)?;
        let mut max = Array1::zeros(samples);
        let mut sum = Array1::zeros(samples);
        for draw in 0..self.draws {
            let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
            rng.set_stream(draw as u64);
            let neighbour = x.map(|value| perturb(value, &mut rng));
            let attribution = flat(&explain(neighbour.view())?, samples)?;
            let (what, other) = ("the explanation", "that of the inputs");
            same_shape(what, attribution.shape(), other, reference.shape())?;
            let change = norms(&(attribution - &reference));
            max.zip_mut_with(&change, |m: &mut f64, c| *m = m.max(*c));
            sum += &change;
        }
        Ok(Sensitivity {
            max,
            average: sum / self.draws as f64,
            norms: norms(&reference),
        })
    }
}

/// Adds uniform noise from `[−radius, radius]` to real coefficients: the ball of Yeh et al. in the
/// maximum norm.
///
/// # Errors
/// [`EvalError::Parameter`] unless the radius is positive and finite.
pub fn uniform_noise(radius: f64) -> Result<impl Fn(&f64, &mut dyn RngCore) -> f64> {
    let valid = radius > 0.0 && radius.is_finite();
    parameter("the radius", radius, valid, "a positive, finite number")?;
    Ok(move |value: &f64, rng: &mut dyn RngCore| value + radius * rng.gen_range(-1.0..=1.0))
}

/// Adds normal noise of the given standard deviation to real coefficients.
///
/// # Errors
/// [`EvalError::Parameter`] unless the deviation is positive and finite.
pub fn normal_noise(deviation: f64) -> Result<impl Fn(&f64, &mut dyn RngCore) -> f64> {
    let valid = deviation > 0.0 && deviation.is_finite();
    parameter(
        "the deviation",
        deviation,
        valid,
        "a positive, finite number",
    )?;
    Ok(move |value: &f64, rng: &mut dyn RngCore| {
        // Box and Muller; 1 − u is in (0, 1]
        let (u, v): (f64, f64) = (rng.gen_range(0.0..1.0), rng.gen_range(0.0..1.0));
        let radius = (-2.0 * (1.0 - u).ln()).sqrt();
        value + deviation * radius * (std::f64::consts::TAU * v).cos()
    })
}

/// Attributions (samples, everything else).
fn flat<E: Dimension>(attribution: &Array<f64, E>, samples: usize) -> Result<Array2<f64>> {
    let what = "the explanation";
    let found = attribution.shape();
    let found = &found[..found.len().min(1)];
    same_shape(what, found, "the inputs' samples", &[samples])?;
    let values = finite_flat(what, attribution)?;
    let shape = (samples, values.len() / samples);
    Array2::from_shape_vec(shape, values).map_err(|e| EvalError::model(ModelError::evaluation(e)))
}

fn norms(rows: &Array2<f64>) -> Array1<f64> {
    rows.mapv(|v| v * v).sum_axis(Axis(1)).mapv(f64::sqrt)
}
