//! Oscillators whose phase diffuses.

use std::f64::consts::TAU;

use ndarray::{Array2, NdFloat};
use rand::Rng;

use super::circular::wrap;
use super::walk;
use crate::check::{non_negative, parameter};
use crate::error::Result;
use crate::random::normal;

/// Oscillators in `[−1, 1]`: `z_k(t) = sin φ_k(t)`, `φ_k(t+1) = φ_k(t) + 2π f_k + noise ξ`.
///
/// The first phases are uniform, hence every `z_k(t)` has mean 0 and variance ½, and the
/// autocovariance is `½ cos(2π f_k h) exp(−noise² h / 2)` at a lag of `h` samples. Frequencies rise
/// geometrically from the first to the last oscillator: `f_k = lowest · (highest / lowest)^{k/(d−1)}`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Oscillators {
    /// Frequency of the first oscillator, cycles a sample. Default 0.004.
    pub lowest: f64,
    /// Frequency of the last, cycles a sample, below one half. Default 0.04.
    pub highest: f64,
    /// Standard deviation of the phase's random step, radians a sample. 0 gives pure sines. Default
    /// 0.1.
    pub phase_noise: f64,
}

impl Default for Oscillators {
    fn default() -> Self {
        Self {
            lowest: 0.004,
            highest: 0.04,
            phase_noise: 0.1,
        }
    }
}

impl Oscillators {
    /// The frequencies of `dims` oscillators, cycles a sample; one alone has the lowest.
    #[must_use]
    pub fn frequencies(&self, dims: usize) -> Vec<f64> {
        let ratio = self.highest / self.lowest;
        let last = dims.saturating_sub(1).max(1) as f64;
        let power = |k| ratio.powf(k as f64 / last);
        (0..dims).map(|k| self.lowest * power(k)).collect()
    }

    /// A path (samples, dims) in `[−1, 1]`.
    ///
    /// # Errors
    /// [`SynthError::Parameter`](crate::SynthError::Parameter) unless `samples` and `dims` are at
    /// least 1, `0 < lowest ≤ highest < 0.5`, and the phase noise is finite and not negative.
    pub fn path<A: NdFloat, R: Rng + ?Sized>(
        &self,
        samples: usize,
        dims: usize,
        rng: &mut R,
    ) -> Result<Array2<A>> {
        let (low, high) = (self.lowest, self.highest);
        let expected = "cycles a sample, above 0 and up to the highest";
        parameter("lowest", low, low > 0.0 && low <= high, expected)?;
        parameter("highest", high, high < 0.5, "below 0.5 cycles a sample")?;
        non_negative("phase_noise", self.phase_noise)?;
        let advance: Vec<f64> = self.frequencies(dims).iter().map(|f| TAU * f).collect();
        let start = |rng: &mut R, _| rng.gen_range(0.0..TAU);
        let phases: Array2<f64> = walk(samples, dims, rng, start, |rng, k, phase| {
            *phase = wrap(*phase + advance[k] + self.phase_noise * normal(rng));
        })?;
        Ok(phases.mapv(|phase| crate::check::cast(phase.sin())))
    }
}
