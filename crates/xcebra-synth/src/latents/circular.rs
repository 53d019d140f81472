//! Angles that wander around a circle.

use std::f64::consts::TAU;

use ndarray::{Array2, ArrayRef2, NdFloat};
use rand::Rng;

use super::walk::{Coordinate, Process, path};
use crate::check::{cast, finite, non_negative};
use crate::error::Result;
use crate::random::normal;

/// Independent angles that drift and diffuse: `θ_{t+1} = θ_t + drift + step ξ (mod 2π)` with standard
/// normal `ξ`.
///
/// The start is uniform, and then every `θ_t` is: the uniform distribution is stationary. Two
/// times `h` apart, `E cos(θ_{t+h} − θ_t) = cos(drift h) exp(−step² h / 2)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circular {
    /// Standard deviation of a step, radians a sample. Default 0.2.
    pub step: f64,
    /// Mean of a step, radians a sample. Default 0.
    pub drift: f64,
}

impl Default for Circular {
    fn default() -> Self {
        Self {
            step: 0.2,
            drift: 0.0,
        }
    }
}

impl Circular {
    /// A path of angles (samples, dims) in `[0, 2π)`.
    ///
    /// # Errors
    /// [`SynthError::Parameter`](crate::SynthError::Parameter) unless `samples` and `dims` are at
    /// least 1, the step is not negative, and step and drift are finite.
    pub fn angles<A: NdFloat, R: Rng + ?Sized>(
        &self,
        samples: usize,
        dims: usize,
        rng: &mut R,
    ) -> Result<Array2<A>> {
        let angles = path(*self, samples, dims, rng)?;
        // rounding to f32 can reach a whole turn
        let turn: A = cast(TAU);
        Ok(angles.mapv(|angle: A| if angle >= turn { A::zero() } else { angle }))
    }
}

impl Process for Circular {
    fn validate(&self) -> Result<()> {
        non_negative("step", self.step)?;
        finite("drift", self.drift)
    }

    fn start<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        rng.gen_range(0.0..TAU)
    }

    fn step<R: Rng + ?Sized>(&self, _: Coordinate, angle: f64, rng: &mut R) -> f64 {
        wrap(angle + self.drift + self.step * normal(rng))
    }
}

/// Points on the unit circle, (samples, 2 dims): cosine and sine of each angle side by side.
#[must_use]
pub fn on_circle<A: NdFloat>(angles: &ArrayRef2<A>) -> Array2<A> {
    let shape = (angles.nrows(), 2 * angles.ncols());
    Array2::from_shape_fn(shape, |(t, k)| {
        let angle = angles[[t, k / 2]];
        if k % 2 == 0 { angle.cos() } else { angle.sin() }
    })
}

/// The angle in `[0, 2π)`.
pub(crate) fn wrap(angle: f64) -> f64 {
    let wrapped = angle.rem_euclid(TAU);
    // a tiny negative angle is rounded to a whole turn
    if wrapped < TAU { wrapped } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_wrap_to_one_turn() {
        for (angle, expected) in [(0.0, 0.0), (TAU, 0.0), (-1e-20, 0.0), (1.0 - TAU, 1.0)] {
            approx::assert_abs_diff_eq!(wrap(angle), expected, epsilon = 1e-15);
            assert!((0.0..TAU).contains(&wrap(angle)));
        }
    }

    #[test]
    fn the_circle_has_radius_one() {
        let angles = ndarray::array![[0.0, TAU / 4.0], [1.0, -7.0]];
        let points = on_circle(&angles);
        assert_eq!(points.dim(), (2, 4));
        approx::assert_abs_diff_eq!(points[[0, 0]], 1.0);
        approx::assert_abs_diff_eq!(points[[0, 3]], 1.0);
        for (t, k) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let radius = points[[t, 2 * k]].hypot(points[[t, 2 * k + 1]]);
            // two functions and a root, rounded
            approx::assert_abs_diff_eq!(radius, 1.0, epsilon = 1e-15);
        }
    }
}
