//! Equality with SciPy and scikit-learn (see `data/README.md`), and with enumeration.

use std::fs::File;
use std::path::Path;

use approx::assert_abs_diff_eq;
use ndarray::{Array1, Array2};
use ndarray_npy::NpzReader;
use proptest::collection::vec;
use proptest::prelude::*;
use xcebra_eval::{
    Alternative, Control, EvalError, Knn, Metric, Weights, adjust, consistency, kendall, pearson,
    ranks, sign_flip, spearman, wilcoxon_signed_rank,
};

fn open(name: &str) -> NpzReader<File> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    NpzReader::new(File::open(path.join(name)).unwrap()).unwrap()
}

fn vector(npz: &mut NpzReader<File>, name: &str) -> Vec<f64> {
    let array: Array1<f64> = npz.by_name(name).unwrap();
    array.to_vec()
}

fn matrix(npz: &mut NpzReader<File>, name: &str) -> Array2<f64> {
    npz.by_name(name).unwrap()
}

const ALTERNATIVES: [(&str, Alternative); 3] = [
    ("two-sided", Alternative::TwoSided),
    ("greater", Alternative::Greater),
    ("less", Alternative::Less),
];

#[test]
fn signed_ranks() {
    let npz = &mut open("statistics.npz");
    for (set, tolerance) in [
        // sums of exact binary fractions
        ("small", 1e-15),
        ("larger", 1e-14),
        ("ties", 1e-15),
        // another error function, good to a few ε
        ("many", 1e-13),
    ] {
        let d = vector(npz, &format!("wilcoxon_{set}_d"));
        let zeros = vec![0.0; d.len()];
        for (name, alternative) in ALTERNATIVES {
            let test = wilcoxon_signed_rank(&d, &zeros, alternative).unwrap();
            let expected = vector(npz, &format!("wilcoxon_{set}_{name}_p"))[0];
            assert_abs_diff_eq!(test.p_value, expected, epsilon = tolerance);
            assert_eq!(test.pairs, d.iter().filter(|&&d| d != 0.0).count());
        }
    }
    for set in ["small", "larger"] {
        let d = vector(npz, &format!("wilcoxon_{set}_d"));
        let test = wilcoxon_signed_rank(&d, &vec![0.0; d.len()], Alternative::Less).unwrap();
        let expected = vector(npz, &format!("wilcoxon_{set}_plus"))[0];
        assert_eq!(test.statistic, expected);
    }
}

#[test]
fn sign_flips() {
    let npz = &mut open("statistics.npz");
    let d = vector(npz, "flip_d");
    let zeros = vec![0.0; d.len()];
    for (name, alternative) in ALTERNATIVES {
        let test = sign_flip(&d, &zeros, alternative, 1, 0).unwrap();
        let expected = vector(npz, &format!("flip_{name}_p"))[0];
        assert_eq!(test.p_value, expected); // counts over 2,048
        assert_eq!(test.pairs, 11);
    }
}

#[test]
fn false_discovery_rates() {
    let npz = &mut open("statistics.npz");
    let p = vector(npz, "fdr_p");
    let close = |found: Vec<f64>, expected: Vec<f64>| {
        // a product and a quotient, and a harmonic sum of 41 terms
        for (found, expected) in found.iter().zip(&expected) {
            assert_abs_diff_eq!(found, expected, epsilon = 1e-14);
        }
    };
    close(
        adjust(&p, Control::BenjaminiHochberg).unwrap(),
        vector(npz, "fdr_bh"),
    );
    close(
        adjust(&p, Control::BenjaminiYekutieli).unwrap(),
        vector(npz, "fdr_by"),
    );
}

#[test]
fn correlations() {
    let npz = &mut open("statistics.npz");
    for set in ["plain", "ties"] {
        let a = vector(npz, &format!("corr_{set}_a"));
        let b = vector(npz, &format!("corr_{set}_b"));
        for (name, score) in [
            ("pearson", pearson as fn(&[f64], &[f64]) -> _),
            ("spearman", spearman),
            ("kendall", kendall),
        ] {
            let expected = vector(npz, &format!("corr_{set}_{name}"))[0];
            let found: f64 = score(&a, &b).unwrap();
            // sums of 60 products
            assert_abs_diff_eq!(found, expected, epsilon = 1e-14);
        }
        assert_eq!(
            ranks(&a).unwrap(),
            vector(npz, &format!("corr_{set}_ranks"))
        );
    }
}

#[test]
fn neighbours_weighted_by_distance_and_classes() {
    let metrics = &mut open("metrics.npz");
    let npz = &mut open("statistics.npz");
    let known = matrix(metrics, "reg_X_train");
    let labels = matrix(metrics, "reg_Y_train");
    let queries = matrix(metrics, "reg_X_test");
    for (name, k, metric) in [
        ("knn5_euclidean", 5, Metric::Euclidean),
        ("knn7_cosine", 7, Metric::Cosine),
    ] {
        let knn = Knn::new(k).metric(metric).weights(Weights::Distance);
        let decoded = knn.regress(&known, &labels, &queries).unwrap();
        let expected = matrix(npz, &format!("{name}_distance_pred"));
        // scikit-learn's cosine distance is one minus a product: relative error ε / 0.01
        assert_abs_diff_eq!(decoded, expected, epsilon = 1e-12);
    }
    let classes = vector(npz, "knn_labels");
    let classes: Vec<usize> = classes.into_iter().map(|class| class as usize).collect();
    for (name, weights) in [
        ("uniform", Weights::Uniform),
        ("distance", Weights::Distance),
    ] {
        let knn = Knn::new(5).weights(weights);
        let found = knn.classify(&known, &classes, &queries).unwrap();
        let expected = vector(npz, &format!("knn5_{name}_class"));
        assert!(found.iter().map(|&class| class as f64).eq(expected));
    }
}

#[test]
fn linear_consistency() {
    let npz = &mut open("statistics.npz");
    let embeddings: Vec<Array2<f64>> = (0..3)
        .map(|i| matrix(npz, &format!("consistency_{i}")))
        .collect();
    let views: Vec<_> = embeddings.iter().map(|e| e.view()).collect();
    let found = consistency(&views).unwrap();
    // another factorisation of well-conditioned matrices, 50 rows
    assert_abs_diff_eq!(found.scores, matrix(npz, "consistency_r2"), epsilon = 1e-13);
}

/// Share of all signs with a rank sum of at least that observed.
fn enumerated(ranks: &[f64], plus: f64) -> f64 {
    let n = ranks.len();
    let sums = (0..1u32 << n).map(|signs| {
        let chosen = ranks
            .iter()
            .enumerate()
            .filter(|(i, _)| signs >> i & 1 == 1);
        chosen.map(|(_, rank)| rank).sum::<f64>()
    });
    sums.filter(|&sum| sum >= plus).count() as f64 / f64::from(1u32 << n)
}

proptest! {
    #[test]
    fn signed_ranks_are_exact_with_ties(d in vec(-4i32..6, 1..11)) {
        let d: Vec<f64> = d.into_iter().map(f64::from).collect();
        let nonzero: Vec<f64> = d.iter().copied().filter(|&d| d != 0.0).collect();
        let zeros = vec![0.0; d.len()];
        let test = wilcoxon_signed_rank(&d, &zeros, Alternative::Greater);
        if nonzero.is_empty() {
            let refused = matches!(test, Err(EvalError::TooFewSamples { .. }));
            prop_assert!(refused);
            return Ok(());
        }
        let test = test.unwrap();
        let sizes: Vec<f64> = nonzero.iter().map(|d| d.abs()).collect();
        let ranks = ranks(&sizes).unwrap();
        let signed = ranks.iter().zip(&nonzero).filter(|(_, d)| **d > 0.0);
        let plus: f64 = signed.map(|(rank, _)| rank).sum();
        prop_assert_eq!(test.statistic, plus);
        // both are whole multiples of 2^−10
        prop_assert_eq!(test.p_value, enumerated(&ranks, plus));
        let swapped = wilcoxon_signed_rank(&zeros, &d, Alternative::Less).unwrap();
        prop_assert_eq!(swapped.p_value, test.p_value);
    }

    #[test]
    fn rank_correlations_do_not_change_with_increasing_functions(
        pairs in vec((-5i32..6, -5i32..6), 3..40),
    ) {
        let (a, b): (Vec<f64>, Vec<f64>) =
            pairs.into_iter().map(|(a, b)| (f64::from(a), f64::from(b))).unzip();
        let stretched: Vec<f64> = a.iter().map(|v| v.exp() + v.powi(3)).collect();
        prop_assert_eq!(spearman(&stretched, &b), spearman(&a, &b));
        prop_assert_eq!(kendall(&stretched, &b), kendall(&a, &b));
        for score in [pearson, spearman, kendall] {
            if let (Ok(forth), Ok(back)) = (score(&a, &b), score(&b, &a)) {
                prop_assert!((forth - back).abs() < 1e-14 && forth.abs() <= 1.0);
                let negated: Vec<f64> = a.iter().map(|v| -v).collect();
                prop_assert!((score(&negated, &b).unwrap() + forth).abs() < 1e-14);
            }
        }
    }
}

#[test]
fn unequal_pairs_are_refused() {
    let (a, b) = ([1.0, 2.0], [1.0]);
    let ranks = wilcoxon_signed_rank(&a, &b, Alternative::TwoSided);
    assert!(matches!(ranks, Err(EvalError::Shape { .. })));
    let flips = sign_flip(&a, &b, Alternative::TwoSided, 10, 0);
    assert!(matches!(flips, Err(EvalError::Shape { .. })));
    let flips = sign_flip(&a, &a, Alternative::TwoSided, 0, 0);
    assert!(matches!(flips, Err(EvalError::Parameter { .. })));
    let nan = [f64::NAN, 1.0];
    assert!(wilcoxon_signed_rank(&nan, &a, Alternative::TwoSided).is_err());
    assert!(sign_flip::<f64>(&[], &[], Alternative::TwoSided, 1, 0).is_err());
    // methods that are the same: no evidence at all
    let same = sign_flip(&a, &a, Alternative::TwoSided, 1, 0).unwrap();
    assert_eq!((same.p_value, same.statistic), (1.0, 0.0));
}
