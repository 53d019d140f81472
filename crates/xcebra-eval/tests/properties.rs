//! Properties of the scores on random input.

use ndarray::{Array1, Array2};
use proptest::collection::vec;
use proptest::prelude::*;
use xcebra_eval::{LinearRegression, auroc, average_precision, linear_r2};

/// Labels of both classes and scores on a coarse grid, so that ties are common.
fn ranked() -> impl Strategy<Value = (Vec<bool>, Vec<f64>)> {
    vec((any::<bool>(), -6i32..=6), 2..80)
        .prop_map(|pairs| {
            let (labels, scores): (Vec<bool>, Vec<i32>) = pairs.into_iter().unzip();
            let scores = scores.into_iter().map(|s| f64::from(s) / 4.0).collect();
            (labels, scores)
        })
        .prop_filter("both classes", |(labels, _)| {
            labels.contains(&true) && labels.contains(&false)
        })
}

fn pair_counting(labels: &[bool], scores: &[f64]) -> f64 {
    let of = |class| {
        let pairs = labels.iter().zip(scores);
        pairs.filter(move |(label, _)| **label == class)
    };
    let (mut won, mut pairs) = (0.0, 0.0);
    for (_, positive) in of(true) {
        for (_, negative) in of(false) {
            pairs += 1.0;
            if positive > negative {
                won += 1.0;
            } else if positive == negative {
                won += 0.5;
            }
        }
    }
    won / pairs
}

/// Precision at each positive's own score, averaged over positives.
fn precision_at_positives(labels: &[bool], scores: &[f64]) -> f64 {
    let mut sum = 0.0;
    let positives = labels.iter().filter(|&&label| label).count() as f64;
    for (&label, &threshold) in labels.iter().zip(scores) {
        if label {
            let above = |s: f64| s >= threshold;
            let retrieved = scores.iter().filter(|&&s| above(s)).count() as f64;
            let pairs = labels.iter().zip(scores);
            let hits = pairs.filter(|(l, s)| **l && above(**s)).count() as f64;
            sum += hits / retrieved;
        }
    }
    sum / positives
}

proptest! {
    #[test]
    fn auroc_counts_pairs((labels, scores) in ranked()) {
        // both sides are one division of numbers that f64 holds exactly
        prop_assert_eq!(auroc(&labels, &scores).unwrap(), pair_counting(&labels, &scores));
    }

    #[test]
    fn average_precision_is_the_mean_precision_at_positives((labels, scores) in ranked()) {
        let found = average_precision(&labels, &scores).unwrap();
        // at most 80 terms up to 1
        prop_assert!((found - precision_at_positives(&labels, &scores)).abs() < 1e-13);
    }

    #[test]
    fn only_the_order_counts((labels, scores) in ranked()) {
        let stretched: Vec<f64> = scores.iter().map(|s| s.exp() + s.powi(3) - 7.0).collect();
        prop_assert_eq!(auroc(&labels, &stretched), auroc(&labels, &scores));
        prop_assert_eq!(
            average_precision(&labels, &stretched),
            average_precision(&labels, &scores)
        );
    }

    #[test]
    fn negated_scores_mirror_the_auroc((labels, scores) in ranked()) {
        let negated: Vec<f64> = scores.iter().map(|s| -s).collect();
        let sum = auroc(&labels, &scores).unwrap() + auroc(&labels, &negated).unwrap();
        // two roundings of numbers up to 1
        prop_assert!((sum - 1.0).abs() <= 2.0 * f64::EPSILON);
    }

    #[test]
    fn order_of_samples_does_not_count((labels, scores) in ranked(), shift in 0usize..80) {
        let rotate = |n: usize| shift % n;
        let mut rotated_labels = labels.clone();
        let mut rotated_scores = scores.clone();
        rotated_labels.rotate_left(rotate(labels.len()));
        rotated_scores.rotate_left(rotate(scores.len()));
        prop_assert_eq!(auroc(&rotated_labels, &rotated_scores), auroc(&labels, &scores));
        prop_assert_eq!(
            average_precision(&rotated_labels, &rotated_scores),
            average_precision(&labels, &scores)
        );
    }

    #[test]
    fn an_exact_linear_map_is_recovered(
        x in vec(-1.0..1.0, 60 * 3),
        map in vec(-2.0..2.0, 2 * 3),
        shift in vec(-5.0..5.0, 2),
    ) {
        let x = Array2::from_shape_vec((60, 3), x).unwrap();
        let map = Array2::from_shape_vec((2, 3), map).unwrap();
        let y = x.dot(&map.t()) + Array1::from(shift.clone());
        let model = LinearRegression::fit(&x, &y).unwrap();
        // 60 uniform rows: the condition number is a few units, so the error stays near ε · |y|
        let close = |a: &f64, b: &f64| (a - b).abs() < 1e-12;
        prop_assert!(model.coefficients().iter().zip(&map).all(|(a, b)| close(a, b)));
        prop_assert!(model.intercept().iter().zip(&shift).all(|(a, b)| close(a, b)));
        prop_assert!(linear_r2(&x, &y).unwrap() > 1.0 - 1e-12);
    }

    #[test]
    fn residuals_are_orthogonal_to_the_regressors(
        x in vec(-1.0..1.0, 40 * 4),
        y in vec(-1.0..1.0, 40 * 2),
    ) {
        let x = Array2::from_shape_vec((40, 4), x).unwrap();
        let y = Array2::from_shape_vec((40, 2), y).unwrap();
        let model = LinearRegression::fit(&x, &y).unwrap();
        let residual = &y - &model.predict(&x).unwrap();
        // sums of 40 products up to 2
        let products: Array2<f64> = x.t().dot(&residual);
        prop_assert!(products.iter().all(|v| v.abs() < 1e-12));
        prop_assert!(residual.sum_axis(ndarray::Axis(0)).iter().all(|v| v.abs() < 1e-12));
    }

    #[test]
    fn collinear_regressors_get_the_coefficients_of_least_norm(
        factor in vec(-1.0..1.0, 40 * 2),
        rows in vec(-1.0..1.0, 2 * 5),
        y in vec(-1.0..1.0, 40),
    ) {
        let factor = Array2::from_shape_vec((40, 2), factor).unwrap();
        let rows = Array2::from_shape_vec((2, 5), rows).unwrap();
        let x = factor.dot(&rows);
        let y = Array2::from_shape_vec((40, 1), y).unwrap();
        let model = LinearRegression::fit(&x, &y).unwrap();
        prop_assert_eq!(model.rank(), 2);
        // 1e-9 leaves room for a condition number up to 1e6 of the two random rows
        let residual = &y - &model.predict(&x).unwrap();
        let products: Array2<f64> = x.t().dot(&residual);
        prop_assert!(products.iter().all(|v| v.abs() < 1e-9));
        // least norm: the coefficients lie in the span of the rows
        let on_rows = LinearRegression::fit(&factor, &y).unwrap();
        let coefficients = model.coefficients();
        let (a, b) = (rows.row(0), rows.row(1));
        let gram = a.dot(&a) * b.dot(&b) - a.dot(&b).powi(2);
        let (ca, cb) = (on_rows.coefficients()[[0, 0]], on_rows.coefficients()[[0, 1]]);
        // rows · coefficients = coefficients on the factor; solved for the weights of a and b
        let weight_a = (ca * b.dot(&b) - cb * a.dot(&b)) / gram;
        let weight_b = (cb * a.dot(&a) - ca * a.dot(&b)) / gram;
        let expected = &a * weight_a + &b * weight_b;
        let scale = 1.0 + 1.0 / gram;
        let row = coefficients.row(0);
        prop_assert!(row.iter().zip(&expected).all(|(c, e)| (c - e).abs() < 1e-9 * scale));
    }
}

/// The `i`-th number of splitmix64, in [0, 1).
fn uniform(i: u64) -> f64 {
    let mut z = (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

#[test]
fn hundred_thousand_samples() {
    let x = Array2::from_shape_fn((100_000, 6), |(i, j)| uniform((6 * i + j) as u64));
    let y = Array2::from_shape_fn((100_000, 2), |(i, k)| x[[i, k]] - 2.0 * x[[i, k + 3]] + 0.5);
    let model = LinearRegression::fit(&x, &y).unwrap();
    assert_eq!(model.rank(), 6);
    let expected = [
        [1.0, 0.0, 0.0, -2.0, 0.0, 0.0],
        [0.0, 1.0, 0.0, 0.0, -2.0, 0.0],
    ];
    // independent columns: the condition number of x is near 1
    for (found, expected) in model.coefficients().iter().zip(expected.as_flattened()) {
        assert!((found - expected).abs() < 1e-12);
    }
}
