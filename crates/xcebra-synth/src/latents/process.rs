//! The choice of a process for a data set's latents.

use ndarray::Array2;
use rand::Rng;

use super::{Circular, OrnsteinUhlenbeck, Oscillators, brownian, on_circle};
use crate::check::parameter;
use crate::error::Result;

/// Which process the latents of a [`DatasetConfig`](crate::DatasetConfig) follow.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum LatentProcess {
    /// [`Brownian`](crate::Brownian) motion in `[−1, 1]^d`, its step set by
    /// [`DatasetConfig::step`](crate::DatasetConfig::step). The default.
    #[default]
    Brownian,
    /// Mean-reverting Gaussian latents, not confined to a box.
    OrnsteinUhlenbeck(OrnsteinUhlenbeck),
    /// Sines with diffusing phases, in `[−1, 1]`.
    Oscillators(Oscillators),
    /// Points on circles: latents `2k` and `2k + 1` are cosine and sine of angle `k`. Needs an even
    /// number of latents.
    Circular(Circular),
}

impl LatentProcess {
    pub(crate) fn path<R: Rng + ?Sized>(
        &self,
        samples: usize,
        dims: usize,
        step: f64,
        rng: &mut R,
    ) -> Result<Array2<f64>> {
        match self {
            Self::Brownian => brownian(samples, dims, step, rng),
            Self::OrnsteinUhlenbeck(process) => process.path(samples, dims, rng),
            Self::Oscillators(process) => process.path(samples, dims, rng),
            Self::Circular(process) => {
                let expected = "an even number for circles, two a circle";
                parameter("latents", dims as f64, dims.is_multiple_of(2), expected)?;
                Ok(on_circle(&process.angles(samples, dims / 2, rng)?))
            }
        }
    }
}
