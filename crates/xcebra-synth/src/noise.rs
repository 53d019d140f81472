//! What a recording adds to the mixed latents: normal noise, spike counts.

use ndarray::{Array, ArrayRef, Dimension, NdFloat};
use rand::Rng;
use rand_distr::{Distribution, Poisson};

use crate::check::{cast, non_negative, parameter};
use crate::error::{Result, SynthError};
use crate::random::normal;

/// How a channel value becomes a number of events: a Poisson count of mean
/// `rate · exp(gain · value)`, the canonical link.
///
/// The mean increases strictly with the value, so a channel depends on the same latents as before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PoissonCounts {
    /// Expected events a sample where the value is 0, at most 10⁶. Default 5.
    pub rate: f64,
    /// How steeply counts grow, above 0 and at most 2. Default 0.5.
    pub gain: f64,
}

impl Default for PoissonCounts {
    fn default() -> Self {
        Self {
            rate: 5.0,
            gain: 0.5,
        }
    }
}

impl PoissonCounts {
    /// The expected count at a channel value.
    #[must_use]
    pub fn mean(&self, value: f64) -> f64 {
        self.rate * (self.gain * value).exp()
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let (rate, gain) = (self.rate, self.gain);
        let valid = rate > 0.0 && rate <= 1e6;
        parameter("rate", rate, valid, "above 0, at most 10⁶ events a sample")?;
        let valid = gain > 0.0 && gain <= 2.0;
        parameter("gain", gain, valid, "above 0, at most 2")
    }
}

/// `values` plus independent normal noise of the given standard deviation.
///
/// # Errors
/// [`SynthError::Parameter`] unless the deviation is finite and not negative.
pub fn add_gaussian<A: NdFloat, D: Dimension, R: Rng + ?Sized>(
    values: &ArrayRef<A, D>,
    deviation: f64,
    rng: &mut R,
) -> Result<Array<A, D>> {
    non_negative("deviation", deviation)?;
    Ok(values.mapv(|value| value + cast(deviation * normal(rng))))
}

/// Independent Poisson counts with the given means, as whole numbers in a float type.
///
/// # Errors
/// [`SynthError::Rate`] where a mean is negative, NaN or infinite.
pub fn poisson_counts<A: NdFloat, D: Dimension, R: Rng + ?Sized>(
    means: &ArrayRef<A, D>,
    rng: &mut R,
) -> Result<Array<A, D>> {
    let mut counts = Array::zeros(means.raw_dim());
    for (index, (count, &mean)) in counts.iter_mut().zip(means).enumerate() {
        *count = cast(poisson(mean.to_f64().unwrap_or(f64::NAN), index, rng)?);
    }
    Ok(counts)
}

/// One count; `index` is where it stands, for the error.
pub(crate) fn poisson<R: Rng + ?Sized>(mean: f64, index: usize, rng: &mut R) -> Result<f64> {
    if mean == 0.0 {
        return Ok(0.0);
    }
    let distribution = Poisson::new(mean).ok().filter(|_| mean.is_finite());
    let distribution = distribution.ok_or_else(|| SynthError::Rate {
        index,
        value: mean.to_string(),
    })?;
    Ok(distribution.sample(rng))
}
