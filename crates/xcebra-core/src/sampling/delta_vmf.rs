//! Positives whose angles differ from the reference's by von Mises noise.

use std::f64::consts::{PI, TAU};

use ndarray::Array2;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use xcebra_model::Scalar;

use super::index::Indices;
use super::subjects::Subjects;
use super::{Positives, uniforms};
use crate::checks::positive;
use crate::error::{CoreError, Result};
use crate::recording::{Labels, Pieces, Recording};

/// For labels on a circle: every column is an angle in radians, of any winding. To each angle of
/// the reference independent von Mises noise of mean 0 and concentration κ is added (density
/// `∝ exp(κ cos θ)`, for large κ about N(0, 1/κ)); the positive is the center nearest to that in
/// the plane of (cos, sin) of each angle, so that 2π is as near to 0 as it is. Of several subjects, one is
/// drawn at random in which it is looked for.
#[derive(Debug)]
pub struct DeltaVmf {
    angles: Array2<f64>,
    noise: VonMises,
    subjects: Subjects,
    indices: Indices,
}

impl DeltaVmf {
    /// Positives by the continuous label `label` of the recording, at most 8 angles.
    ///
    /// # Errors
    /// [`CoreError::Setting`] if there is no such label, it holds classes, or `kappa` is not a
    /// positive number up to 10⁸; [`CoreError::Data`] if the label has too many columns, or holds points
    /// (cos, sin) instead of angles.
    pub fn new<E: Scalar>(
        recording: &Recording<E>,
        centers: &Pieces,
        label: &str,
        kappa: f64,
    ) -> Result<Self> {
        let noise = VonMises::new(kappa)?;
        let Labels::Continuous(angles) = recording.label(label)? else {
            return Err(CoreError::setting(
                "label",
                format!("`{label}`, which holds classes"),
                "a label of angles in radians for `delta-vmf` positives",
            ));
        };
        if are_points(angles) {
            return Err(CoreError::data(
                format!("the label `{label}`"),
                "its two columns are points (cos, sin) on the circle, at every sample",
                "give the angle itself in radians, atan2 of the second column and the first",
            ));
        }
        // equal up to whole turns becomes equal
        let angles = angles.mapv(|a| a.rem_euclid(TAU));
        let points = Array2::from_shape_vec(
            (angles.nrows(), 2 * angles.ncols()),
            angles.iter().flat_map(|&a| on_circle(a)).collect(),
        )
        .expect("two coordinates an angle");
        let subjects = Subjects::of(recording, centers)?;
        let indices = Indices::new(label, points.view(), &subjects)?;
        Ok(Self {
            angles,
            noise,
            subjects,
            indices,
        })
    }
}

impl Positives for DeltaVmf {
    fn draw(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize> {
        let mut queries = Vec::with_capacity(references.len() * 2 * self.angles.ncols());
        for &r in references {
            for angle in self.angles.row(r) {
                queries.extend(on_circle(angle + self.noise.draw(rng)));
            }
        }
        let uniform = uniforms(references.len(), rng);
        let assigned = self.subjects.assign(references, rng);
        self.indices.nearest(&assigned, &queries, &uniform)
    }
}

/// Whether all rows lie on the unit circle, to single precision; two angles never do.
fn are_points(rows: &Array2<f64>) -> bool {
    rows.ncols() == 2
        && rows
            .outer_iter()
            .all(|row| (row.dot(&row) - 1.0).abs() < 1e-5)
}

fn on_circle(angle: f64) -> [f64; 2] {
    [angle.cos(), angle.sin()]
}

/// The von Mises distribution of mean 0, by rejection from a wrapped Cauchy distribution (Best and
/// Fisher, "Efficient simulation of the von Mises distribution", Applied Statistics 28, 1979).
#[derive(Clone, Copy, Debug)]
pub(crate) struct VonMises {
    kappa: f64,
    /// `1 + √(1 + 4κ²)`.
    tau: f64,
}

impl VonMises {
    /// With concentration `kappa`. Above 10⁸ rounding would show.
    ///
    /// # Errors
    /// [`CoreError::Setting`] if it is not positive or too large.
    pub fn new(kappa: f64) -> Result<Self> {
        positive("kappa", kappa)?;
        if kappa > 1e8 {
            return Err(CoreError::setting("kappa", kappa, "at most 1e8"));
        }
        Ok(Self {
            kappa,
            tau: 1.0 + (1.0 + 4.0 * kappa * kappa).sqrt(),
        })
    }

    /// One draw from [−π, π].
    pub fn draw(self, rng: &mut ChaCha8Rng) -> f64 {
        // the paper's r = (1 + ρ²) / 2ρ is τ / 2κ; in these terms nothing cancels for small κ
        let double = 2.0 * self.kappa;
        loop {
            let [a, b, side]: [f64; 3] = rng.r#gen();
            let z = (PI * a).cos();
            let f = (double + self.tau * z) / (self.tau + double * z);
            let c = 0.5 * self.tau - self.kappa * f;
            if c * (2.0 - c) > b || (c / b).ln() + 1.0 >= c {
                let angle = f.clamp(-1.0, 1.0).acos();
                return if side < 0.5 { -angle } else { angle };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::VonMises;

    /// The ends of the range of κ: almost uniform (variance π² / 3), almost Gaussian (1/κ).
    #[test]
    fn extreme_concentrations() {
        let n = 100_000;
        for (kappa, variance, kurtosis) in [
            (1e-300, std::f64::consts::PI.powi(2) / 3.0, 1.8),
            (1e8, 1e-8, 3.0),
        ] {
            let noise = VonMises::new(kappa).unwrap();
            let mut rng = ChaCha8Rng::seed_from_u64(0);
            let draws: Vec<f64> = (0..n).map(|_| noise.draw(&mut rng)).collect();
            let moment = |p: i32| draws.iter().map(|v| v.powi(p)).sum::<f64>() / f64::from(n);
            // five standard errors, of the mean, of the variance and (√24 for a Gaussian) of the
            // kurtosis
            let error = 5.0 / f64::from(n).sqrt();
            assert!(moment(1).abs() < error * variance.sqrt());
            assert!((moment(2) / variance - 1.0).abs() < error * 2.0_f64.sqrt());
            let found = moment(4) / variance.powi(2);
            assert!(
                (found - kurtosis).abs() < error * 24.0_f64.sqrt(),
                "{found}"
            );
        }
    }
}
