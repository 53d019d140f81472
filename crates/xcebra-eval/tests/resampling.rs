//! Bootstrap of scores and random sign flips against closed forms.

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

#[test]
fn with_strata_a_resample_never_lacks_a_class() {
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
fn the_seed_determines_everything() {
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
    let paired = |bootstrap: &Bootstrap, a: &[f64], b: &[f64]| {
        paired_bootstrap(a, b, Alternative::TwoSided, bootstrap).unwrap_err()
    };
    let few = paired(&Bootstrap::new().resamples(1), &[1.0, 2.0], &[0.0, 0.0]);
    assert!(matches!(few, EvalError::Parameter { .. }), "{few}");
    let none = paired(&Bootstrap::new(), &[], &[]);
    assert!(matches!(none, EvalError::Empty { .. }), "{none}");
    let undefined = Bootstrap::new().interval(5, |_| Ok::<_, EvalError>(f64::NAN));
    assert!(matches!(undefined, Err(EvalError::NotFinite { .. })));
}
