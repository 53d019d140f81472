//! Bootstrap and random sign flips against closed forms.

use std::cell::RefCell;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_eval::{
    Alternative, Bootstrap, EvalError, auroc, paired_bootstrap, sign_flip, wilcoxon_signed_rank,
};

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
    let statistic = |indices: &[usize]| Ok(indices.iter().map(|&i| series[i]).sum::<f64>() / 120.0);
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
        Ok(indices[0] as f64)
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
        Ok(0.0)
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

    // with strata, a resample never lacks a class
    let labels = [true, false, false, false, false, false];
    let scores = [0.9, 0.1, 0.95, 0.3, 0.2, 0.4];
    let of = |indices: &[usize]| {
        let pick = indices.iter();
        let (l, s): (Vec<bool>, Vec<f64>) = pick.map(|&i| (labels[i], scores[i])).unzip();
        auroc(&l, &s)
    };
    let strata = labels.map(usize::from);
    let interval = Bootstrap::new().stratified(&strata, of).unwrap();
    assert_eq!(interval.estimate, 0.8);
    let error = Bootstrap::new().interval(6, of).unwrap_err();
    assert!(matches!(error, EvalError::OneClass { .. }));
}

#[test]
fn the_seed_determines_everything_and_more_resamples_go_on() {
    let record = |bootstrap: Bootstrap| {
        let mut all = Vec::new();
        let keep = |indices: &[usize]| {
            all.push(indices.to_vec());
            Ok(0.0)
        };
        bootstrap.interval(7, keep).unwrap();
        all
    };
    let few = record(Bootstrap::new().resamples(10).seed(4));
    let many = record(Bootstrap::new().resamples(20).seed(4));
    assert_eq!(few, many[..11]);
    assert_ne!(few, record(Bootstrap::new().resamples(10).seed(5)));
    let (a, b) = ([1.0, 2.0, 5.0, 3.0], [0.5, 2.5, 4.0, 1.0]);
    let once = paired_bootstrap(&a, &b, Alternative::TwoSided, &Bootstrap::new()).unwrap();
    let again = paired_bootstrap(&a, &b, Alternative::TwoSided, &Bootstrap::new()).unwrap();
    assert_eq!(once, again);
}

#[test]
fn paired_bootstrap_is_the_bootstrap_of_differences() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let (a, b) = (draws(30, &mut rng), draws(30, &mut rng));
    let shifted: Vec<f64> = a.iter().map(|v| v + 2.0).collect();
    let bootstrap = Bootstrap::new().seed(7);
    let difference: Vec<f64> = shifted.iter().zip(&b).map(|(a, b)| a - b).collect();
    for (alternative, least) in [(Alternative::TwoSided, 2.0), (Alternative::Greater, 1.0)] {
        let (interval, test) = paired_bootstrap(&shifted, &b, alternative, &bootstrap).unwrap();
        assert_eq!(interval, bootstrap.mean(&difference).unwrap());
        assert_eq!(test.statistic, interval.estimate);
        // a shift of seven standard errors: no resample reaches 0
        assert_eq!(test.p_value, least / 1001.0);
    }
    let (_, test) = paired_bootstrap(&shifted, &b, Alternative::Less, &bootstrap).unwrap();
    assert_eq!(test.p_value, 1.0);
    let (interval, test) = paired_bootstrap(&a, &a, Alternative::TwoSided, &bootstrap).unwrap();
    assert_eq!((interval.low, interval.high, test.p_value), (0.0, 0.0, 1.0));
}

#[test]
fn random_flips_estimate_the_exact_share() {
    let values = [
        0.3, -0.1, 0.8, 0.2, 0.7, -0.4, 0.5, 0.6, -0.2, 0.9, 0.25, -0.35, 0.15,
    ];
    let zeros = [0.0; 13];
    let exact = sign_flip(&values, &zeros, Alternative::TwoSided, 1, 0).unwrap();
    // thirteen pairs that differ and ten that do not are too many to enumerate, and give the same
    let mut padded = values.to_vec();
    padded.extend([0.0; 10]);
    let flips = 40_000;
    let zeros = vec![0.0; 23];
    let random = sign_flip(&padded, &zeros, Alternative::TwoSided, flips, 8).unwrap();
    let p = exact.p_value;
    // twice a share of 40,000, whose own error is √(p/2 / flips); five of them
    assert!((random.p_value - p).abs() < 2.0 * 5.0 * (0.5 * p / flips as f64).sqrt());
    let again = sign_flip(&padded, &zeros, Alternative::TwoSided, flips, 8).unwrap();
    assert_eq!(random, again);
    let strong: Vec<f64> = (0..100).map(|i| 1.0 + f64::from(i)).collect();
    let test = sign_flip(&strong, &vec![0.0; 100], Alternative::Greater, 99, 0).unwrap();
    assert_eq!(test.p_value, 0.01);
}

#[test]
fn tests_keep_their_level_without_a_difference() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let (mut flips, mut ranks) = (0, 0);
    for _ in 0..1_000 {
        let (a, b) = (draws(12, &mut rng), draws(12, &mut rng));
        let test = sign_flip(&a, &b, Alternative::TwoSided, 1, 0).unwrap();
        flips += i32::from(test.p_value <= 0.05);
        let test = wilcoxon_signed_rank(&a, &b, Alternative::TwoSided).unwrap();
        ranks += i32::from(test.p_value <= 0.05);
    }
    // exact tests reject at most 50 in 1,000 on average, and hardly fewer; five errors
    for rejected in [flips, ranks] {
        assert!(
            (f64::from(rejected) - 48.0).abs() < 5.0 * 47.5_f64.sqrt(),
            "{rejected}"
        );
    }
}

#[test]
fn what_cannot_be_resampled_is_refused() {
    let refused = |bootstrap: Bootstrap| {
        let error = bootstrap.mean(&[1.0, 2.0]).unwrap_err();
        assert!(matches!(error, EvalError::Parameter { .. }), "{error}");
    };
    refused(Bootstrap::new().resamples(1));
    refused(Bootstrap::new().level(0.0));
    refused(Bootstrap::new().level(1.0));
    refused(Bootstrap::new().level(f64::NAN));
    let bootstrap = Bootstrap::default();
    assert!(matches!(
        bootstrap.mean::<f64>(&[]),
        Err(EvalError::Empty { .. })
    ));
    assert!(matches!(
        bootstrap.mean(&[1.0, f64::NAN]),
        Err(EvalError::NotFinite { .. })
    ));
    let zero = |_: &[usize]| Ok(0.0);
    assert!(matches!(
        bootstrap.interval(0, zero),
        Err(EvalError::Empty { .. })
    ));
    assert!(matches!(
        bootstrap.stratified(&[], zero),
        Err(EvalError::Empty { .. })
    ));
    assert!(matches!(
        bootstrap.blocks(0, 0, zero),
        Err(EvalError::Empty { .. })
    ));
    for length in [0, 6] {
        let error = bootstrap.blocks(5, length, zero).unwrap_err();
        assert!(matches!(error, EvalError::Parameter { .. }));
    }
    let error = bootstrap.interval(5, |_| Ok(f64::NAN)).unwrap_err();
    assert!(matches!(error, EvalError::NotFinite { .. }));
}
