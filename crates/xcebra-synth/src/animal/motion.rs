//! A smooth random walk in a rectangular box with reflecting walls.

use std::f64::consts::{FRAC_PI_2, PI};

use ndarray::{Array1, Array2};

use crate::check::{at_least_one, positive};
use crate::error::Result;
use crate::latents::wrap;
use crate::random::{normal, stream};

/// An animal whose velocity is a two-dimensional Ornstein–Uhlenbeck process and whose walls reflect.
///
/// From one bin to the next, both components of the velocity `v` go
/// `v ← a v + σ √(1 − a²) ξ`, `a = exp(−Δ/τ)`; the position goes `p ← p + v Δ`; a component that
/// leaves the box is folded back, and its velocity changes sign, as often as it meets a wall.
///
/// Reflection preserves volume and the symmetric velocities, so that the stationary distribution,
/// from which the walk starts, is exact for any bin: position uniform in the box, heading uniform on
/// the circle, speed Rayleigh with mean `σ √(π/2)` and mean square `2σ²`, all three independent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Motion {
    /// Extent of the box along x, metres. Default 1.
    pub width: f64,
    /// Extent of the box along y, metres. Default 1.
    pub height: f64,
    /// Mean speed `σ √(π/2)`, metres per second. Default 0.2.
    pub mean_speed: f64,
    /// Time constant `τ` of the velocity, seconds. Default 0.7.
    pub persistence: f64,
}

impl Default for Motion {
    fn default() -> Self {
        Self {
            width: 1.0,
            height: 1.0,
            mean_speed: 0.2,
            persistence: 0.7,
        }
    }
}

/// What the animal did, one row a bin.
#[derive(Debug, Clone, PartialEq)]
pub struct Behaviour {
    /// Position (bins, 2) in metres: x in `[0, width]`, y in `[0, height]`.
    pub position: Array2<f64>,
    /// Direction of movement (bins), radians in `[0, 2π)`, counted from x towards y.
    pub heading: Array1<f64>,
    /// Speed (bins), metres per second.
    pub speed: Array1<f64>,
    /// Width of a bin, seconds.
    pub bin: f64,
}

impl Behaviour {
    /// Names of the columns of [`variables`](Self::variables) and of the maps' columns.
    pub const VARIABLES: [&'static str; 4] = ["x", "y", "heading", "speed"];

    /// Position, heading and speed side by side, (bins, 4).
    #[must_use]
    pub fn variables(&self) -> Array2<f64> {
        Array2::from_shape_fn((self.heading.len(), 4), |(t, variable)| match variable {
            0 | 1 => self.position[[t, variable]],
            2 => self.heading[t],
            _ => self.speed[t],
        })
    }
}

impl Motion {
    pub(crate) fn validate(&self) -> Result<()> {
        positive("width", self.width)?;
        positive("height", self.height)?;
        positive("mean_speed", self.mean_speed)?;
        positive("persistence", self.persistence)
    }

    /// Lets the animal run for `bins` bins of `bin` seconds. A longer run begins with the shorter one
    /// of the same seed.
    ///
    /// # Errors
    /// [`SynthError::Parameter`](crate::SynthError::Parameter) unless there is at least one bin and
    /// box, speed, persistence and bin are positive and finite.
    pub fn simulate(&self, bins: usize, bin: f64, seed: u64) -> Result<Behaviour> {
        self.validate()?;
        at_least_one("bins", bins)?;
        positive("bin", bin)?;
        let rng = &mut stream(seed, 0);
        let sigma = self.mean_speed / FRAC_PI_2.sqrt();
        let decay = (-bin / self.persistence).exp();
        // σ √(1 − a²) without cancellation for short bins
        let kick = sigma * (-(-2.0 * bin / self.persistence).exp_m1()).sqrt();
        let extent = [self.width, self.height];
        let mut position = extent.map(|extent| extent * rand::Rng::gen_range(rng, 0.0..=1.0));
        let mut velocity = [sigma * normal(rng), sigma * normal(rng)];

        let mut behaviour = Behaviour {
            position: Array2::zeros((bins, 2)),
            heading: Array1::zeros(bins),
            speed: Array1::zeros(bins),
            bin,
        };
        for t in 0..bins {
            for axis in 0..2 {
                if t > 0 {
                    velocity[axis] = decay * velocity[axis] + kick * normal(rng);
                    let target = position[axis] + velocity[axis] * bin;
                    let (folded, turned) = fold(target, extent[axis]);
                    position[axis] = folded;
                    if turned {
                        velocity[axis] = -velocity[axis];
                    }
                }
                behaviour.position[[t, axis]] = position[axis];
            }
            behaviour.heading[t] = wrap(velocity[1].atan2(velocity[0]));
            behaviour.speed[t] = velocity[0].hypot(velocity[1]);
        }
        Ok(behaviour)
    }

    /// The mean square speed, `4 mean² / π`, in m²/s².
    #[must_use]
    pub fn mean_square_speed(&self) -> f64 {
        4.0 * self.mean_speed.powi(2) / PI
    }
}

/// Folds a coordinate into `[0, extent]`; whether it met a wall an odd number of times.
fn fold(target: f64, extent: f64) -> (f64, bool) {
    let phase = target.rem_euclid(2.0 * extent);
    if phase <= extent {
        (phase, false)
    } else {
        ((2.0 * extent - phase).max(0.0), true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walls_reflect_as_often_as_they_are_met() {
        for (target, expected) in [
            (0.3, (0.3, false)),
            (-0.3, (0.3, true)),
            (2.2, (1.8, true)),
            (4.5, (0.5, false)),
            (-2.5, (1.5, false)),
            (2.0, (2.0, false)),
        ] {
            let (position, turned) = fold(target, 2.0);
            // one remainder and one difference of numbers up to 4
            approx::assert_abs_diff_eq!(position, expected.0, epsilon = 1e-15);
            assert_eq!(turned, expected.1, "{target}");
        }
    }
}
