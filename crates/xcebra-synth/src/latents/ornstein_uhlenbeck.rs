//! Ornstein–Uhlenbeck processes: Gaussian latents that return to zero.

use ndarray::{Array2, NdFloat};
use rand::Rng;

use super::walk::{Coordinate, Process, path};
use crate::check::{non_negative, positive};
use crate::error::Result;
use crate::random::normal;

/// Independent Ornstein–Uhlenbeck processes `dz = −z dt / τ + s √(2/τ) dW`, sampled once a unit of
/// time and exactly: `z_{t+1} = a z_t + s √(1 − a²) ξ` with `a = exp(−1/τ)` and standard normal `ξ`.
///
/// Started from its stationary distribution `N(0, s²)`; the autocovariance is `s² exp(−h/τ)` at a
/// lag of `h` samples. Not confined to a box: with the default `s = 0.5` about 95 % of the values are
/// in `[−1, 1]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrnsteinUhlenbeck {
    /// Time constant `τ` in samples. Default 20.
    pub time_constant: f64,
    /// Stationary standard deviation `s`. Default 0.5.
    pub deviation: f64,
}

impl Default for OrnsteinUhlenbeck {
    fn default() -> Self {
        Self {
            time_constant: 20.0,
            deviation: 0.5,
        }
    }
}

impl OrnsteinUhlenbeck {
    /// A path (samples, dims).
    ///
    /// # Errors
    /// [`SynthError::Parameter`](crate::SynthError::Parameter) unless `samples` and `dims` are at
    /// least 1, the time constant is positive and the deviation not negative, both finite.
    pub fn path<A: NdFloat, R: Rng + ?Sized>(
        &self,
        samples: usize,
        dims: usize,
        rng: &mut R,
    ) -> Result<Array2<A>> {
        path(*self, samples, dims, rng)
    }
}

impl Process for OrnsteinUhlenbeck {
    fn validate(&self) -> Result<()> {
        positive("time_constant", self.time_constant)?;
        non_negative("deviation", self.deviation)
    }

    fn start<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        self.deviation * normal(rng)
    }

    fn step<R: Rng + ?Sized>(&self, _: Coordinate, z: f64, rng: &mut R) -> f64 {
        let decay = (-1.0 / self.time_constant).exp();
        // 1 − a² without cancellation for long time constants
        let kick = (-(-2.0 / self.time_constant).exp_m1()).sqrt();
        decay * z + self.deviation * kick * normal(rng)
    }
}
