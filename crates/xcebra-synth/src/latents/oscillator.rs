//! Oscillators whose phase diffuses.

use std::f64::consts::TAU;

use ndarray::{Array2, NdFloat};
use rand::Rng;

use super::circular::wrap;
use super::walk::{Coordinate, Process, path};
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
        (0..dims).map(|k| self.frequency(k, dims)).collect()
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
        path(*self, samples, dims, rng)
    }

    fn frequency(&self, k: usize, dims: usize) -> f64 {
        let last = dims.saturating_sub(1).max(1) as f64;
        self.lowest * (self.highest / self.lowest).powf(k as f64 / last)
    }
}

/// The state is the phase.
impl Process for Oscillators {
    fn validate(&self) -> Result<()> {
        let (low, high) = (self.lowest, self.highest);
        let expected = "cycles a sample, above 0 and up to the highest";
        parameter("lowest", low, low > 0.0 && low <= high, expected)?;
        parameter("highest", high, high < 0.5, "below 0.5 cycles a sample")?;
        non_negative("phase_noise", self.phase_noise)
    }

    fn start<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        rng.gen_range(0.0..TAU)
    }

    fn step<R: Rng + ?Sized>(&self, at: Coordinate, phase: f64, rng: &mut R) -> f64 {
        let advance = TAU * self.frequency(at.index, at.dims);
        wrap(phase + advance + self.phase_noise * normal(rng))
    }

    fn show(&self, phase: f64) -> f64 {
        phase.sin()
    }
}
