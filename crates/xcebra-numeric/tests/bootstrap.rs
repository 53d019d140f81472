//! The bootstrap against closed forms.

#![cfg(feature = "bootstrap")]

use std::cell::RefCell;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_numeric::{Bootstrap, Interval, NumericError};

/// Numbers of mean 0 and variance 1, sums of uniform ones.
fn draws(n: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut one = || (0..12).map(|_| rng.gen_range(-0.5..0.5)).sum();
    (0..n).map(|_| one()).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The variance, divided by the number.
fn variance(values: &[f64]) -> f64 {
    let m = mean(values);
    values.iter().map(|v| (v - m).powi(2)).sum::<f64>() / values.len() as f64
}

#[test]
fn the_standard_error_of_a_mean_is_its_closed_form() {
    let values = draws(60, &mut ChaCha8Rng::seed_from_u64(1));
    let interval = Bootstrap::new().resamples(20_000).mean(&values).unwrap();
    let expected = (variance(&values) / 60.0).sqrt();
    // a standard deviation of n draws is good to 1 / √(2n); five errors
    let tolerance = 5.0 / 40_000.0_f64.sqrt();
    assert!((interval.standard_error / expected - 1.0).abs() < tolerance);
    assert_eq!(interval.estimate, mean(&values));
    // nearly normal: ± 1.96 errors, a quantile being good to √(0.025 · 0.975 / 20,000) / 0.058
    for (end, side) in [(interval.low, -1.96), (interval.high, 1.96)] {
        let found = (end - interval.estimate) / expected;
        assert!((found - side).abs() < 5.0 * 0.019 + 0.05);
    }
}

#[test]
fn intervals_cover_the_true_mean() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut covered = 0;
    for seed in 0..300 {
        let values = draws(50, &mut rng);
        let bootstrap = Bootstrap::new().resamples(400).level(0.9).seed(seed);
        let interval = bootstrap.mean(&values).unwrap();
        covered += i32::from(interval.low <= 0.0 && 0.0 <= interval.high);
    }
    // 90 % but for what percentiles miss at n = 50 (one or two in a hundred); five errors of 300
    let share = f64::from(covered) / 300.0;
    assert!(
        (share - 0.89).abs() < 5.0 * (0.09_f64 / 300.0).sqrt(),
        "{share}"
    );
}

#[test]
fn blocks_have_the_exact_variance_of_circular_blocks() {
    // a slow wave with noise: neighbours are alike
    let noise = draws(120, &mut ChaCha8Rng::seed_from_u64(3));
    let series: Vec<f64> = (0..120)
        .map(|t| (t as f64 / 9.0).sin() + 0.3 * noise[t])
        .collect();
    let statistic = |indices: &[usize]| {
        Ok::<_, NumericError>(indices.iter().map(|&i| series[i]).sum::<f64>() / 120.0)
    };
    for length in [1, 5, 20] {
        let bootstrap = Bootstrap::new().resamples(20_000);
        let interval = bootstrap.blocks(120, length, statistic).unwrap();
        // 120 / l independent blocks, each uniform among the 120 circular ones
        let blocks: Vec<f64> = (0..120)
            .map(|start| {
                (0..length).map(|k| series[(start + k) % 120]).sum::<f64>() / length as f64
            })
            .collect();
        let expected = (variance(&blocks) * length as f64 / 120.0).sqrt();
        let tolerance = 5.0 / 40_000.0_f64.sqrt();
        assert!(
            (interval.standard_error / expected - 1.0).abs() < tolerance,
            "{length}"
        );
    }
    let independent = Bootstrap::new().interval(120, statistic).unwrap();
    assert_eq!(
        Bootstrap::new().blocks(120, 1, statistic).unwrap(),
        independent
    );
}

#[test]
fn blocks_are_runs_of_successive_samples() {
    let seen = RefCell::new(Vec::new());
    let keep = |indices: &[usize]| {
        seen.borrow_mut().push(indices.to_vec());
        Ok::<_, NumericError>(indices[0] as f64)
    };
    Bootstrap::new().resamples(200).blocks(23, 5, keep).unwrap();
    let seen = seen.into_inner();
    assert_eq!(seen[0], (0..23).collect::<Vec<_>>());
    for indices in &seen {
        assert_eq!(indices.len(), 23);
        for block in indices.chunks(5) {
            assert!(block.windows(2).all(|pair| pair[1] == (pair[0] + 1) % 23));
        }
    }
    // blocks reach beyond the end, too
    assert!(
        seen[1..]
            .iter()
            .any(|indices| indices[..5].contains(&22) && indices[4] < 4)
    );
}

#[test]
fn strata_keep_their_sizes() {
    let strata = [3, 1, 3, 3, 1, 3, 3, 9, 3];
    let mut counts = [0; 9];
    let statistic = |indices: &[usize]| {
        for (place, &index) in indices.iter().enumerate() {
            assert_eq!(strata[place], strata[index]);
            counts[index] += 1;
        }
        Ok::<_, NumericError>(0.0)
    };
    Bootstrap::new()
        .resamples(6_000)
        .stratified(&strata, statistic)
        .unwrap();
    // every sample as often as there are resamples, 5 errors of at most √6,000
    assert!(
        counts
            .iter()
            .all(|&c| (c as f64 - 6_000.0).abs() < 5.0 * 6_000.0_f64.sqrt())
    );
    assert_eq!(counts[7], 6_001); // alone in its stratum
}

#[test]
fn the_seed_determines_everything_and_more_resamples_go_on() {
    let record = |bootstrap: Bootstrap| {
        let mut all = Vec::new();
        let keep = |indices: &[usize]| {
            all.push(indices.to_vec());
            Ok::<_, NumericError>(0.0)
        };
        bootstrap.interval(7, keep).unwrap();
        all
    };
    let few = record(Bootstrap::new().resamples(10).seed(4));
    let many = record(Bootstrap::new().resamples(20).seed(4));
    assert_eq!(few, many[..11]);
    assert_ne!(few, record(Bootstrap::new().resamples(10).seed(5)));
}

/// Of two blocks, one drawn twice has the whole weight, both drawn share by their lengths; each block is drawn
/// as often as the other, within five standard errors of 2,000 draws.
#[test]
fn blocks_weigh_by_their_lengths() {
    let weights = Bootstrap::new().block_weights(&[1.0, 3.0]).unwrap();
    assert_eq!(weights.dim(), (1000, 2));
    let mut draws = [0.0; 2];
    for row in weights.rows() {
        let drawn = match (row[0], row[1]) {
            (1.0, 0.0) => [2.0, 0.0],
            (0.25, 0.25) => [1.0, 1.0],
            (a, b) if a == 0.0 && b == 2.0 / 6.0 => [0.0, 2.0],
            other => panic!("{other:?}"),
        };
        draws[0] += drawn[0];
        draws[1] += drawn[1];
    }
    assert!((draws[0] - 1000.0_f64).abs() < 5.0 * 500.0_f64.sqrt());
    assert_eq!(draws[0] + draws[1], 2000.0);
}

#[test]
fn ends_are_quantiles_whatever_the_order() {
    let mut values: Vec<f64> = (0..=100).rev().map(f64::from).collect();
    let [low, high] = Bootstrap::new().level(0.9).ends(&mut values);
    assert!((low - 5.0).abs() < 1e-12 && (high - 95.0).abs() < 1e-12);
}

#[test]
fn settings_and_data_that_give_no_interval_are_refused() {
    for bootstrap in [
        Bootstrap::new().resamples(1),
        Bootstrap::new().level(0.0),
        Bootstrap::new().level(1.0),
        Bootstrap::new().level(f64::NAN),
    ] {
        let refused = |found: Result<(), NumericError>| {
            assert!(matches!(found, Err(NumericError::Parameter { .. })));
        };
        refused(bootstrap.check());
        refused(bootstrap.mean(&[1.0, 2.0]).map(drop));
        refused(bootstrap.block_weights(&[1.0]).map(drop));
    }
    let bootstrap = Bootstrap::default();
    let empty =
        |found: Result<(), NumericError>| assert!(matches!(found, Err(NumericError::Empty { .. })));
    empty(bootstrap.mean::<f64>(&[]).map(drop));
    empty(bootstrap.block_weights(&[]).map(drop));
    empty(
        bootstrap
            .interval(0, |_| Ok::<_, NumericError>(0.0))
            .map(drop),
    );
    let infinite = bootstrap.mean(&[0.0, f64::INFINITY]).unwrap_err();
    assert!(matches!(infinite, NumericError::NotFinite { index: 1, .. }));
    let undefined = bootstrap
        .interval(3, |_| Ok::<_, NumericError>(f64::NAN))
        .map(drop);
    assert!(matches!(undefined, Err(NumericError::NotFinite { .. })));
    let too_long: Result<Interval, NumericError> = bootstrap.blocks(3, 4, |_| Ok(0.0));
    assert!(matches!(too_long, Err(NumericError::Parameter { .. })));
}
