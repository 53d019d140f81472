//! Jacobians and injectivity of random networks.

use nalgebra::{Cholesky, DMatrix};
use ndarray::{Array1, Array2, Axis};
use proptest::collection::vec;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use xcebra_synth::{Connectivity, DatasetConfig, Mixing, MixingConfig};

fn mixing(inputs: usize, outputs: usize, config: MixingConfig, seed: u64) -> Mixing {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Mixing::random(inputs, outputs, config, &mut rng).unwrap()
}

fn configs() -> impl Strategy<Value = MixingConfig> {
    (0usize..4, 0.0..0.95).prop_map(|(depth, strength)| MixingConfig { depth, strength })
}

/// Whether all singular values of `jacobian` exceed `bound`: `JᵀJ − bound² I` is positive definite.
fn singular_values_exceed(jacobian: &Array2<f64>, bound: f64) -> bool {
    let gram: Array2<f64> = jacobian.t().dot(jacobian);
    let shifted = DMatrix::from_fn(gram.nrows(), gram.ncols(), |i, j| {
        gram[[i, j]] - if i == j { bound * bound } else { 0.0 }
    });
    Cholesky::new(shifted).is_some()
}

fn distance(a: &Array1<f64>, b: &Array1<f64>) -> f64 {
    (a - b).mapv(|v| v * v).sum().sqrt()
}

proptest! {
    #[test]
    fn jacobian_agrees_with_finite_differences(
        seed in any::<u64>(),
        config in configs(),
        inputs in 1usize..6,
        z in vec(-1.0..1.0, 6),
    ) {
        let mixing = mixing(inputs, 12, config, seed);
        let z = Array1::from(z[..inputs].to_vec());
        let jacobian: Array2<f64> = mixing.jacobian(&z).unwrap();
        let h = 1e-5;
        for j in 0..inputs {
            let mut step = Array1::zeros(inputs);
            step[j] = h;
            let above = mixing.value(&(&z + &step)).unwrap();
            let below = mixing.value(&(&z - &step)).unwrap();
            let difference = (above - below) / (2.0 * h);
            let column = jacobian.column(j);
            // truncation h² |g'''| / 6 with g''' up to a few 100, rounding ε |g| / h ≈ 1e-10
            let scale = 1.0 + column.fold(0.0, |m: f64, v| m.max(v.abs()));
            let error = distance(&difference, &column.to_owned());
            prop_assert!(error < 1e-6 * scale, "column {j}: {error:e}");
        }
    }

    #[test]
    fn every_jacobian_has_full_column_rank(
        seed in any::<u64>(),
        config in configs(),
        inputs in 1usize..10,
        z in vec(-1.0..1.0, 10),
    ) {
        let mixing = mixing(inputs, 10, config, seed);
        let z = Array1::from(z[..inputs].to_vec());
        let jacobian = mixing.jacobian(&z).unwrap();
        let bound = mixing.expansion();
        prop_assert!(bound > 0.0);
        // a little below the bound, which rounding could touch where it is attained (depth 0)
        prop_assert!(singular_values_exceed(&jacobian, bound * (1.0 - 1e-6)));
    }

    #[test]
    fn distances_shrink_by_no_more_than_the_bound(
        seed in any::<u64>(),
        config in configs(),
        a in vec(-3.0..3.0, 4),
        b in vec(-3.0..3.0, 4),
    ) {
        let mixing = mixing(4, 7, config, seed);
        let (a, b) = (Array1::from(a), Array1::from(b));
        let moved = distance(&mixing.value(&a).unwrap(), &mixing.value(&b).unwrap());
        prop_assert!(moved >= mixing.expansion() * distance(&a, &b) * (1.0 - 1e-6));
    }

    #[test]
    fn the_whole_mixing_has_full_column_rank(seed in any::<u64>(), dims in 2usize..10) {
        let data = DatasetConfig::paper_protocol(dims)
            .unwrap()
            .samples(3)
            .seed(seed)
            .generate::<f64>()
            .unwrap();
        // the block that sees every latent alone bounds the singular values of the whole
        let bound = data.mixing().blocks().last().unwrap().expansion();
        for t in 0..3 {
            let jacobian = data.jacobian(t).unwrap();
            prop_assert!(singular_values_exceed(&jacobian, bound * (1.0 - 1e-6)));
        }
    }
}

#[test]
fn the_default_mixing_is_far_from_linear_and_well_conditioned() {
    for dims in [4, 9] {
        for seed in 0..5 {
            let config = DatasetConfig::new(Connectivity::paper_protocol(dims).unwrap());
            let config = config.samples(2000).step(0.5).seed(seed);
            let data = config.generate::<f64>().unwrap();
            let jacobians: Vec<Array2<f64>> =
                (0..2000).map(|t| data.jacobian(t).unwrap()).collect();
            let sum = |total: Array2<f64>, jacobian: &Array2<f64>| total + jacobian;
            let zeros = Array2::zeros(jacobians[0].dim());
            let mean = jacobians.iter().fold(zeros, sum) / 2000.0;
            let squares = |m: &Array2<f64>| m.mapv(|v| v * v).sum();
            let all: f64 = jacobians.iter().map(squares).sum::<f64>() / 2000.0;
            // share of the Jacobian's square that changes from point to point: 0 if x is affine in z
            let varying = 1.0 - squares(&mean) / all;
            assert!(varying > 0.35, "{dims} latents, seed {seed}: {varying}");
            // the Frobenius norm bounds the largest singular value: condition numbers below 40
            for jacobian in &jacobians {
                let norm = squares(jacobian).sqrt();
                assert!(singular_values_exceed(jacobian, norm / 40.0));
            }
        }
    }
}

#[test]
fn an_affine_mixing_has_a_constant_jacobian() {
    let config = MixingConfig {
        depth: 0,
        strength: 0.5,
    };
    let mixing = mixing(3, 8, config, 1);
    let points = Array2::from_shape_fn((5, 3), |(i, j)| (i as f64 - 2.0) / (j as f64 + 2.5));
    let first = mixing.jacobian(&points.row(0)).unwrap();
    for z in points.axis_iter(Axis(0)) {
        assert_eq!(mixing.jacobian(&z).unwrap(), first);
    }
}
