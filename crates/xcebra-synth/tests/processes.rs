//! Ornstein–Uhlenbeck, oscillating and circular latents against their closed forms.

use std::f64::consts::{PI, TAU};

use ndarray::{Array2, ArrayView1};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use xcebra_synth::{Circular, OrnsteinUhlenbeck, Oscillators, SynthError, on_circle};

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Mean of `f(z_t, z_{t+lag})` over the path.
fn lagged(path: ArrayView1<'_, f64>, lag: usize, f: impl Fn(f64, f64) -> f64) -> f64 {
    let pairs = path.iter().zip(path.iter().skip(lag));
    let count = path.len() - lag;
    pairs.map(|(&a, &b)| f(a, b)).sum::<f64>() / count as f64
}

#[test]
fn ornstein_uhlenbeck_has_its_stationary_variance_and_autocovariance() {
    let process = OrnsteinUhlenbeck {
        time_constant: 5.0,
        deviation: 0.7,
    };
    let path: Array2<f64> = process.path(100_000, 6, &mut rng(1)).unwrap();
    let variance = 0.49;
    // by Bartlett's formula the variance of an autocovariance over n samples is at most
    // 2 s⁴ Σ_h a^{2|h|} / n, with Σ = (1 + a²) / (1 − a²) < 5.1 here; six paths; five errors
    let tolerance = 5.0 * (2.0 * variance * variance * 5.1 / 600_000.0_f64).sqrt();
    for lag in [0, 1, 3, 10, 40] {
        let expected = variance * (-(lag as f64) / 5.0).exp();
        let columns = path.columns().into_iter();
        let found = columns.map(|z| lagged(z, lag, |a, b| a * b)).sum::<f64>() / 6.0;
        assert!((found - expected).abs() < tolerance, "lag {lag}: {found}");
    }
    // 600,000 samples that forget each other within 10: five errors of the mean
    assert!(path.mean().unwrap().abs() < 5.0 * 0.7 / 60_000.0_f64.sqrt());
}

#[test]
fn ornstein_uhlenbeck_starts_stationary() {
    let process = OrnsteinUhlenbeck {
        time_constant: 1e9,
        deviation: 2.0,
    };
    let path: Array2<f64> = process.path(2, 20_000, &mut rng(2)).unwrap();
    for row in path.rows() {
        // five standard errors of a variance of 20,000 normal draws
        let variance = row.mapv(|z| z * z).mean().unwrap() / 4.0;
        assert!((variance - 1.0).abs() < 5.0 * (2.0 / 20_000.0_f64).sqrt());
    }
    // a step has variance 2 s² / τ = 8e-9, which 1 − a² in single steps would lose
    let steps = &path.row(1) - &path.row(0);
    let variance = steps.mapv(|z| z * z).mean().unwrap();
    assert!((variance / 8e-9 - 1.0).abs() < 5.0 * (2.0 / 20_000.0_f64).sqrt());
}

#[test]
fn oscillators_have_their_autocovariance() {
    let oscillators = Oscillators {
        lowest: 0.01,
        highest: 0.04,
        phase_noise: 0.3,
    };
    let frequencies = oscillators.frequencies(3);
    for (found, expected) in frequencies.iter().zip([0.01, 0.02, 0.04]) {
        assert!((found - expected).abs() < 1e-15);
    }
    let path: Array2<f64> = oscillators.path(200_000, 3, &mut rng(3)).unwrap();
    assert!(path.iter().all(|z| z.abs() <= 1.0));
    for (k, frequency) in frequencies.iter().enumerate() {
        for lag in [0, 1, 10, 25] {
            let h = lag as f64;
            let expected = 0.5 * (TAU * frequency * h).cos() * (-0.09 * h / 2.0).exp();
            let found = lagged(path.column(k), lag, |a, b| a * b);
            // products vary by less than 1/2 and are forgotten within 4 / 0.3² ≈ 45 samples:
            // five errors of 4,400 independent ones
            let tolerance = 5.0 * 0.5 / 4_400.0_f64.sqrt();
            assert!((found - expected).abs() < tolerance, "{k}, lag {lag}");
        }
    }
}

#[test]
fn oscillators_without_phase_noise_are_sines() {
    let oscillators = Oscillators {
        phase_noise: 0.0,
        ..Oscillators::default()
    };
    let path: Array2<f64> = oscillators.path(500, 2, &mut rng(4)).unwrap();
    for (k, frequency) in oscillators.frequencies(2).into_iter().enumerate() {
        let recurrence = 2.0 * (TAU * frequency).cos();
        for t in 1..499 {
            // sin(φ + ω) + sin(φ − ω) = 2 cos ω sin φ; 500 additions of phases
            let sum = path[[t + 1, k]] + path[[t - 1, k]];
            assert!((sum - recurrence * path[[t, k]]).abs() < 1e-12);
        }
    }
}

#[test]
fn angles_are_uniform_and_diffuse_as_they_should() {
    let circular = Circular {
        step: 0.3,
        drift: 0.1,
    };
    let angles: Array2<f64> = circular.angles(50_000, 8, &mut rng(5)).unwrap();
    assert!(angles.iter().all(|angle| (0.0..TAU).contains(angle)));
    // harmonics of the uniform distribution vanish; 400,000 angles, forgotten within
    // 4 / 0.3² ≈ 45 samples: five errors of 8,900 independent ones
    let tolerance = 5.0 * (0.5_f64 / 8_900.0).sqrt();
    for harmonic in 1..4 {
        let h = f64::from(harmonic);
        assert!(angles.mapv(|a| (h * a).cos()).mean().unwrap().abs() < tolerance);
        assert!(angles.mapv(|a| (h * a).sin()).mean().unwrap().abs() < tolerance);
    }
    for lag in [1, 5, 20] {
        let h = lag as f64;
        let shrink = (-0.09 * h / 2.0).exp();
        let columns = angles.columns().into_iter();
        let cosine = columns
            .map(|a| lagged(a, lag, |a, b| (b - a).cos()))
            .sum::<f64>()
            / 8.0;
        let columns = angles.columns().into_iter();
        let sine = columns
            .map(|a| lagged(a, lag, |a, b| (b - a).sin()))
            .sum::<f64>()
            / 8.0;
        // differences over a lag are independent once it has passed
        let tolerance = 5.0 / (400_000.0 / h).sqrt();
        assert!((cosine - (0.1 * h).cos() * shrink).abs() < tolerance);
        assert!((sine - (0.1 * h).sin() * shrink).abs() < tolerance);
    }
}

#[test]
fn the_same_seed_gives_the_same_path_in_both_types() {
    let double: Array2<f64> = OrnsteinUhlenbeck::default()
        .path(300, 3, &mut rng(6))
        .unwrap();
    let single: Array2<f32> = OrnsteinUhlenbeck::default()
        .path(300, 3, &mut rng(6))
        .unwrap();
    assert_eq!(single, double.mapv(|z| z as f32));
    let double: Array2<f64> = Oscillators::default().path(300, 3, &mut rng(6)).unwrap();
    let single: Array2<f32> = Oscillators::default().path(300, 3, &mut rng(6)).unwrap();
    assert_eq!(single, double.mapv(|z| z as f32));
    let double: Array2<f64> = Circular::default().angles(300, 3, &mut rng(6)).unwrap();
    let single: Array2<f32> = Circular::default().angles(300, 3, &mut rng(6)).unwrap();
    assert_eq!(single, double.mapv(|z| z as f32));
    assert_ne!(
        double,
        Circular::default().angles(300, 3, &mut rng(7)).unwrap()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn paths_keep_their_bounds(
        seed in any::<u64>(),
        step in 0.0..50.0f64,
        drift in -1e3..1e3f64,
        phase_noise in 0.0..50.0f64,
        dims in 1usize..4,
    ) {
        let circular = Circular { step, drift };
        let angles: Array2<f32> = circular.angles(200, dims, &mut rng(seed)).unwrap();
        prop_assert!(angles.iter().all(|&a| (0.0..2.0 * PI as f32).contains(&a)));
        let radii = on_circle(&angles);
        prop_assert!(radii.iter().all(|v| v.abs() <= 1.0));
        let oscillators = Oscillators { phase_noise, ..Oscillators::default() };
        let path: Array2<f64> = oscillators.path(200, dims, &mut rng(seed)).unwrap();
        prop_assert!(path.iter().all(|z| z.abs() <= 1.0));
    }
}

#[test]
fn wrong_parameters_are_refused() {
    let ou = |time_constant, deviation| {
        let process = OrnsteinUhlenbeck {
            time_constant,
            deviation,
        };
        process.path::<f64, _>(5, 1, &mut rng(0)).unwrap_err()
    };
    for (time_constant, deviation) in [(0.0, 1.0), (f64::NAN, 1.0), (1.0, -1.0), (1.0, f64::NAN)] {
        assert!(matches!(
            ou(time_constant, deviation),
            SynthError::Parameter { .. }
        ));
    }
    let oscillators = |lowest, highest, phase_noise| {
        let process = Oscillators {
            lowest,
            highest,
            phase_noise,
        };
        process.path::<f64, _>(5, 1, &mut rng(0)).unwrap_err()
    };
    for (lowest, highest, phase_noise) in [
        (0.0, 0.1, 0.0),
        (0.2, 0.1, 0.0),
        (0.1, 0.5, 0.0),
        (f64::NAN, 0.1, 0.0),
        (0.1, f64::NAN, 0.0),
        (0.1, 0.2, -1.0),
    ] {
        let error = oscillators(lowest, highest, phase_noise);
        assert!(matches!(error, SynthError::Parameter { .. }));
    }
    for (step, drift) in [(-1.0, 0.0), (f64::INFINITY, 0.0), (0.1, f64::NAN)] {
        let process = Circular { step, drift };
        assert!(process.angles::<f64, _>(5, 1, &mut rng(0)).is_err());
    }
    let process = Circular::default();
    assert!(process.angles::<f64, _>(0, 1, &mut rng(0)).is_err());
    assert!(process.angles::<f64, _>(5, 0, &mut rng(0)).is_err());
    assert!(
        Oscillators::default()
            .path::<f64, _>(5, 0, &mut rng(0))
            .is_err()
    );
}
