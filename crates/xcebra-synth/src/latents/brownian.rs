//! Brownian motion confined to a box.

use ndarray::{Array1, Array2, ArrayView1, NdFloat};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::check::{cast, parameter};
use crate::error::Result;

/// Brownian motion in the box `[−1, 1]^d`: each coordinate steps to a draw of the normal
/// distribution `N(z_t, step²)` truncated to `[−1, 1]` (the latents of Schneider et al. 2025).
///
/// The start is uniform in the box. Coordinates are independent, which in a box is the same as
/// truncating the joint normal. The process is reversible; its stationary density is proportional,
/// in each coordinate, to `P(|N(z, step²)| ≤ 1)`: flat but for margins of width `step`, and one half
/// of that at the walls.
///
/// ```
/// use rand::SeedableRng;
/// use rand_chacha::ChaCha8Rng;
/// use xcebra_synth::Brownian;
///
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// let mut walk = Brownian::start(3, 0.1, &mut rng)?;
/// for _ in 0..1000 {
///     walk.advance(&mut rng);
///     assert!(walk.position().iter().all(|z| z.abs() <= 1.0));
/// }
/// # Ok::<(), xcebra_synth::SynthError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Brownian {
    position: Array1<f64>,
    step: f64,
}

impl Brownian {
    /// A walk in `dims` dimensions at a uniformly drawn start.
    ///
    /// # Errors
    /// [`SynthError::Parameter`](crate::SynthError::Parameter) unless `dims ≥ 1` and `step` is
    /// positive and finite.
    pub fn start<R: Rng + ?Sized>(dims: usize, step: f64, rng: &mut R) -> Result<Self> {
        parameter("dims", dims as f64, dims > 0, "at least 1")?;
        let valid = step > 0.0 && step.is_finite();
        parameter("step", step, valid, "a positive, finite standard deviation")?;
        let position = Array1::from_shape_simple_fn(dims, || rng.gen_range(-1.0..=1.0));
        Ok(Self { position, step })
    }

    /// Where the walk is, `d` coordinates.
    #[must_use]
    pub fn position(&self) -> ArrayView1<'_, f64> {
        self.position.view()
    }

    /// Moves one step.
    pub fn advance<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        let step = self.step;
        self.position
            .mapv_inplace(|mean| truncated_normal(mean, step, rng));
    }
}

/// A path (samples, dims) of [`Brownian`] motion in the box; row 0 is the start.
///
/// # Errors
/// As [`Brownian::start`], and if `samples` is 0.
pub fn brownian<A: NdFloat, R: Rng + ?Sized>(
    samples: usize,
    dims: usize,
    step: f64,
    rng: &mut R,
) -> Result<Array2<A>> {
    parameter("samples", samples as f64, samples > 0, "at least 1")?;
    let mut walk = Brownian::start(dims, step, rng)?;
    let mut path = Array2::zeros((samples, dims));
    for (t, mut row) in path.rows_mut().into_iter().enumerate() {
        if t > 0 {
            walk.advance(rng);
        }
        row.assign(&walk.position().mapv(cast));
    }
    Ok(path)
}

/// A draw of `N(mean, std²)` truncated to `[−1, 1]`, exactly, by rejection; `mean` is in the box.
///
/// Proposals are normal while the normal is no wider than the box, else uniform. Either way at least
/// 0.47 of them are accepted, the least being `P(0 < N < 2)` at a wall with `std = 1`: the loop ends
/// with probability one, after 2.1 proposals on average at worst.
fn truncated_normal<R: Rng + ?Sized>(mean: f64, std: f64, rng: &mut R) -> f64 {
    loop {
        if std <= 1.0 {
            let noise: f64 = StandardNormal.sample(rng);
            let proposal = mean + std * noise;
            if proposal.abs() <= 1.0 {
                return proposal;
            }
        } else {
            let proposal: f64 = rng.gen_range(-1.0..=1.0);
            let distance = (proposal - mean) / std;
            if rng.gen_bool((-0.5 * distance * distance).exp()) {
                return proposal;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn density(x: f64) -> f64 {
        (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()
    }

    fn cumulative(x: f64) -> f64 {
        0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
    }

    /// Mean and variance of `N(mean, std²)` truncated to `[−1, 1]`.
    fn moments(mean: f64, std: f64) -> (f64, f64) {
        let (a, b) = ((-1.0 - mean) / std, (1.0 - mean) / std);
        let mass = cumulative(b) - cumulative(a);
        let shift = (density(a) - density(b)) / mass;
        let variance = 1.0 + (a * density(a) - b * density(b)) / mass - shift * shift;
        (mean + std * shift, std * std * variance)
    }

    #[test]
    fn draws_have_the_moments_of_the_truncated_normal() {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        // in the bulk, near a wall, on a wall; both kinds of proposals
        for std in [0.1, 0.8, 1.0, 1.01, 3.0] {
            for mean in [0.0, 0.5, 0.95, -1.0] {
                let n = 40_000;
                let draws: Vec<f64> = (0..n)
                    .map(|_| truncated_normal(mean, std, &mut rng))
                    .collect();
                assert!(draws.iter().all(|z| z.abs() <= 1.0));
                let (expected_mean, expected_variance) = moments(mean, std);
                let sample_mean = draws.iter().sum::<f64>() / f64::from(n);
                let squares = draws.iter().map(|z| (z - expected_mean).powi(2));
                let sample_variance = squares.sum::<f64>() / f64::from(n);
                // five standard errors; the fourth moment of these distributions is at most
                // that of the half normal, 3.87 variances squared
                let error = (expected_variance / f64::from(n)).sqrt();
                assert!((sample_mean - expected_mean).abs() < 5.0 * error);
                let error = expected_variance * (2.87 / f64::from(n)).sqrt();
                assert!((sample_variance - expected_variance).abs() < 5.0 * error);
            }
        }
    }

    #[test]
    fn draws_have_the_distribution_of_the_truncated_normal() {
        let mut rng = ChaCha8Rng::seed_from_u64(12);
        for (mean, std) in [(0.97, 0.1), (-0.3, 0.7), (0.4, 2.0)] {
            let n = 20_000;
            let mut draws: Vec<f64> = (0..n)
                .map(|_| truncated_normal(mean, std, &mut rng))
                .collect();
            draws.sort_unstable_by(f64::total_cmp);
            let at = |x: f64| cumulative((x - mean) / std);
            let distance = draws
                .iter()
                .enumerate()
                .map(|(i, &x)| {
                    let exact = (at(x) - at(-1.0)) / (at(1.0) - at(-1.0));
                    (exact - (i as f64 + 0.5) / f64::from(n)).abs()
                })
                .fold(0.0, f64::max);
            // Kolmogorov–Smirnov: exceeded with probability 1e-5 by the true distribution
            assert!(distance < 2.47 / f64::from(n).sqrt());
        }
    }

    #[test]
    fn extreme_steps_stay_in_the_box() {
        let mut rng = ChaCha8Rng::seed_from_u64(13);
        for step in [f64::MIN_POSITIVE, 1e-12, 1e12, f64::MAX] {
            let path: Array2<f64> = brownian(200, 2, step, &mut rng).unwrap();
            assert!(path.iter().all(|z| z.abs() <= 1.0));
        }
    }

    #[test]
    fn wrong_parameters_are_refused() {
        let mut rng = ChaCha8Rng::seed_from_u64(14);
        for step in [0.0, -0.1, f64::NAN, f64::INFINITY] {
            assert!(Brownian::start(2, step, &mut rng).is_err());
        }
        assert!(Brownian::start(0, 0.1, &mut rng).is_err());
        let error = brownian::<f32, _>(0, 2, 0.1, &mut rng).unwrap_err();
        assert_eq!(error.to_string(), "samples is 0, expected at least 1");
    }
}
