//! The choice of a process for a data set's latents.

use ndarray::{Array1, Axis};
use rand::Rng;

use super::walk::Walk;
use super::{Brownian, Circular, OrnsteinUhlenbeck, Oscillators, on_circle};
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

/// Latents on their way, whichever process they follow.
pub(crate) enum LatentWalk {
    Brownian(Brownian),
    OrnsteinUhlenbeck(Walk<OrnsteinUhlenbeck>),
    Oscillators(Walk<Oscillators>),
    Circular(Walk<Circular>),
}

impl LatentProcess {
    /// The start; `step` is that of Brownian motion.
    pub(crate) fn start<R: Rng>(self, dims: usize, step: f64, rng: &mut R) -> Result<LatentWalk> {
        Ok(match self {
            Self::Brownian => LatentWalk::Brownian(Brownian::start(dims, step, rng)?),
            Self::OrnsteinUhlenbeck(process) => {
                LatentWalk::OrnsteinUhlenbeck(Walk::start(process, dims, rng)?)
            }
            Self::Oscillators(process) => LatentWalk::Oscillators(Walk::start(process, dims, rng)?),
            Self::Circular(process) => {
                let expected = "an even number for circles, two a circle";
                parameter("latents", dims as f64, dims.is_multiple_of(2), expected)?;
                LatentWalk::Circular(Walk::start(process, dims / 2, rng)?)
            }
        })
    }
}

impl LatentWalk {
    pub(crate) fn advance<R: Rng>(&mut self, rng: &mut R) {
        match self {
            Self::Brownian(walk) => walk.advance(rng),
            Self::OrnsteinUhlenbeck(walk) => walk.advance(rng),
            Self::Oscillators(walk) => walk.advance(rng),
            Self::Circular(walk) => walk.advance(rng),
        }
    }

    pub(crate) fn position(&self) -> Array1<f64> {
        match self {
            Self::Brownian(walk) => walk.position().to_owned(),
            Self::OrnsteinUhlenbeck(walk) => walk.position(),
            Self::Oscillators(walk) => walk.position(),
            Self::Circular(walk) => {
                let angles = walk.position().insert_axis(Axis(0));
                on_circle(&angles).index_axis_move(Axis(0), 0)
            }
        }
    }
}
