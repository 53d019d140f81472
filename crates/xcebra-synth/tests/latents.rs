//! Brownian motion in a box over long paths.

use ndarray::{Array2, Axis};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use xcebra_synth::brownian;

const STEP: f64 = 0.3;

fn path(samples: usize, step: f64, seed: u64) -> Array2<f64> {
    brownian(samples, 8, step, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap()
}

fn cumulative(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

/// The stationary density at `z`, not normalised.
fn stationary(z: f64) -> f64 {
    cumulative((1.0 - z) / STEP) - cumulative((-1.0 - z) / STEP)
}

/// `∫ f(z) stationary(z) dz` over the box up to `end`, midpoint rule, good to 1e-7.
fn integral(end: f64, f: impl Fn(f64) -> f64) -> f64 {
    let n = 10_000;
    let width = (end + 1.0) / f64::from(n);
    let nodes = (0..n).map(|i| -1.0 + width * (f64::from(i) + 0.5));
    nodes.map(|z| f(z) * stationary(z) * width).sum()
}

#[test]
fn steps_in_the_bulk_have_the_given_size() {
    // at |z| < 0.5 the walls are at least five standard deviations away
    let step = 0.1;
    let path = path(40_000, step, 1);
    let mut squares = 0.0;
    let mut sum = 0.0;
    let mut count = 0.0;
    for coordinate in path.columns() {
        for (from, to) in coordinate.iter().zip(coordinate.iter().skip(1)) {
            if from.abs() < 0.5 {
                sum += to - from;
                squares += (to - from).powi(2);
                count += 1.0;
            }
        }
    }
    assert!(count > 100_000.0);
    // five standard errors of the mean and of the variance of normal draws
    assert!((sum / count).abs() < 5.0 * step / f64::sqrt(count));
    let variance = squares / count / (step * step);
    assert!((variance - 1.0).abs() < 5.0 * (2.0 / f64::sqrt(2.0 * count)));
}

#[test]
fn the_path_fills_the_box_as_its_stationary_density_says() {
    let path = path(100_000, STEP, 2);
    assert!(path.iter().all(|z| z.abs() <= 1.0));
    let mass = integral(1.0, |_| 1.0);
    // reversible with density ∝ P(|N(z, step²)| ≤ 1); successive positions forget each other within
    // 4 / (π² step² / 2) ≈ 9 steps, so 800,000 positions count for some 40,000 independent ones:
    // five standard errors of a fraction
    let tolerance = 5.0 * 0.5 / f64::sqrt(40_000.0);
    for end in [-0.9, -0.5, 0.0, 0.3, 0.8, 0.95] {
        let expected = integral(end, |_| 1.0) / mass;
        let found = path.iter().filter(|&&z| z < end).count() as f64 / path.len() as f64;
        assert!((found - expected).abs() < tolerance, "below {end}");
    }
    // the variance of a uniform distribution would be 1/3, 0.04 more
    let expected = integral(1.0, |z| z * z) / mass;
    let variance = path.mapv(|z| z * z).mean().unwrap();
    assert!((variance - expected).abs() < 0.01);
    assert!(1.0 / 3.0 - expected > 0.03);
}

#[test]
fn spread_does_not_drift() {
    let path = path(200_000, STEP, 3);
    let (early, late) = path.view().split_at(Axis(0), 100_000);
    let spread = |half: ndarray::ArrayView2<'_, f64>| half.mapv(|z| z * z).mean().unwrap();
    // two estimates, each good to about 0.0015
    assert!((spread(early) - spread(late)).abs() < 0.01);
}

#[test]
fn coordinates_are_independent() {
    let path = path(100_000, STEP, 4);
    for i in 0..8 {
        for j in 0..i {
            let products = &path.column(i) * &path.column(j);
            // 5,000 independent positions, products with standard deviation 0.3: five errors
            assert!(products.mean().unwrap().abs() < 5.0 * 0.3 / f64::sqrt(5000.0));
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_path_in_both_types() {
    let double = path(500, 0.1, 5);
    assert_eq!(double, path(500, 0.1, 5));
    assert_ne!(double, path(500, 0.1, 6));
    let single: Array2<f32> = brownian(500, 8, 0.1, &mut ChaCha8Rng::seed_from_u64(5)).unwrap();
    assert_eq!(single, double.mapv(|z| z as f32));
}
