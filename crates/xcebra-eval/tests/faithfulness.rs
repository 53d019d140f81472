//! Faithfulness of attributions of models whose answer is known.

use std::f64::consts::TAU;

use ndarray::{Array1, Array2, Array3, ArrayView1, ArrayView2, ArrayView3, Axis, array};
use num_complex::Complex64;
use proptest::collection::vec;
use proptest::prelude::*;
use rand::Rng;
use xcebra_eval::EvalError;
use xcebra_eval::faithfulness::{
    Curves, SensitivityConfig, comprehensiveness, deletion, insertion, normal_noise, randomisation,
    similarity, sufficiency, uniform_noise,
};
use xcebra_model::ModelError;

const WEIGHTS: [f64; 5] = [2.0, -1.0, 0.5, 4.0, 0.0];

/// `Σ_k w_k x_k`.
fn linear(x: ArrayView2<'_, f64>) -> xcebra_eval::Result<Array1<f64>> {
    Ok(x.dot(&Array1::from(WEIGHTS.to_vec())))
}

fn inputs() -> (Array2<f64>, Array2<f64>, Array2<f64>) {
    let x = array![[1.0, 2.0, 4.0, 0.5, 9.0], [-1.0, 1.0, 1.0, 1.0, 1.0]];
    let baseline = array![[0.0, 0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0, 1.0]];
    let scores = (&x - &baseline) * Array1::from(WEIGHTS.to_vec());
    (x, baseline, scores)
}

#[test]
fn curves_of_a_linear_model_are_sums_of_its_attributions() {
    let (x, baseline, scores) = inputs();
    // attributions (2, −2, 2, 2, 0) and (−4, −1, 0, 4, 0); outputs at the baseline 0 and 2.5
    let deleted = deletion(linear, &x, &baseline, &scores, 5).unwrap();
    let expected = array![
        [4.0, 2.0, 0.0, -2.0, -2.0, 0.0],
        [1.5, -2.5, -2.5, -2.5, -1.5, 2.5]
    ];
    assert_eq!(deleted.values, expected);
    assert_eq!(deleted.fractions, array![0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
    let inserted = insertion(linear, &x, &baseline, &scores, 5).unwrap();
    let expected = array![
        [0.0, 2.0, 4.0, 6.0, 6.0, 4.0],
        [2.5, 6.5, 6.5, 6.5, 5.5, 1.5]
    ];
    assert_eq!(inserted.values, expected);
    let areas = inserted.areas();
    assert!((areas[0] - 0.2 * (2.0 + 4.0 + 6.0 + 6.0 + 2.0)).abs() < 1e-14);
    assert_eq!(inserted.mean()[1], 4.25);
    // half the coefficients of five are rounded to three
    let coarse = deletion(linear, &x, &baseline, &scores, 2).unwrap();
    assert_eq!(coarse.values.row(0), array![4.0, -2.0, 0.0]);
}

#[test]
fn comprehensiveness_and_sufficiency_of_a_linear_model() {
    let (x, baseline, scores) = inputs();
    let shares = [0.0, 0.1, 0.4, 1.0];
    let lost = comprehensiveness(linear, &x, &baseline, &scores, &shares).unwrap();
    // nothing, the best, the best two, everything
    assert_eq!(
        lost.values,
        array![[0.0, 2.0, 4.0, 4.0], [0.0, 4.0, 4.0, -1.0]]
    );
    assert_eq!(lost.averages(), array![2.5, 1.75]);
    let lacking = sufficiency(linear, &x, &baseline, &scores, &shares).unwrap();
    assert_eq!(
        lacking.values,
        array![[4.0, 2.0, 0.0, 0.0], [-1.0, -5.0, -5.0, 0.0]]
    );
    assert_eq!(lacking.fractions, Array1::from(shares.to_vec()));
}

/// Inverse of the unnormalised DFT.
fn inverse(z: ArrayView1<'_, Complex64>) -> Array1<Complex64> {
    let n = z.len();
    Array1::from_shape_fn(n, |t| {
        let terms = z.iter().enumerate().map(|(k, z)| {
            let angle = TAU * (k * t % n) as f64 / n as f64;
            z * Complex64::from_polar(1.0, angle)
        });
        terms.sum::<Complex64>() / n as f64
    })
}

#[test]
fn coefficients_may_be_complex() {
    // energy of the signal behind Fourier coefficients; by Parseval |z_k|² / n each
    let z = Array2::from_shape_fn((3, 8), |(i, k)| {
        Complex64::new((i + 3 * k) as f64 - 5.0, (k as f64).sin())
    });
    let energy = |batch: ArrayView2<'_, Complex64>| {
        let rows = batch.rows().into_iter();
        let energies = rows.map(|z| inverse(z).iter().map(Complex64::norm_sqr).sum::<f64>());
        Ok(energies.collect())
    };
    let attribution = z.mapv(|z| z.norm_sqr() / 8.0);
    let curves = deletion(energy, &z, &Array2::zeros((3, 8)), &attribution, 8).unwrap();
    for (curve, parts) in curves.values.rows().into_iter().zip(attribution.rows()) {
        let mut parts = parts.to_vec();
        parts.sort_by(|a, b| b.total_cmp(a));
        for (point, found) in curve.iter().enumerate() {
            let expected: f64 = parts[point..].iter().sum();
            // 64 products of numbers up to 20
            assert!((found - expected).abs() < 1e-11);
        }
    }
}

#[test]
fn inputs_keep_their_shape() {
    // (samples, channels, time), the model sees batches of the same form
    let x = Array3::from_shape_fn((2, 3, 4), |(i, c, t)| (i + 2 * c + 3 * t) as f64);
    let mut rows = Vec::new();
    let model = |batch: ArrayView3<'_, f64>| {
        assert_eq!(&batch.shape()[1..], [3, 4]);
        rows.push(batch.shape()[0]);
        Ok(batch.index_axis(Axis(1), 2).sum_axis(Axis(1)))
    };
    let scores = Array3::from_shape_fn((2, 3, 4), |(_, c, _)| c as f64);
    let curves = deletion(model, &x, &Array3::zeros((2, 3, 4)), &scores, 3).unwrap();
    // the last channel goes first
    assert_eq!(
        curves.values,
        array![[34.0, 0.0, 0.0, 0.0], [38.0, 0.0, 0.0, 0.0]]
    );
    assert_eq!(rows, [4, 4]);
}

fn area(curves: &Curves) -> f64 {
    curves.areas().sum()
}

proptest! {
    #[test]
    fn the_true_attribution_deletes_fastest_and_inserts_fastest(
        weights in vec(-3.0..3.0f64, 6),
        x in vec(-2.0..2.0f64, 6),
        rival in vec(-1.0..1.0f64, 6),
    ) {
        let row = |v: Vec<f64>| Array2::from_shape_vec((1, 6), v).unwrap();
        let weights = Array1::from(weights);
        let (x, rival) = (row(x), row(rival));
        let model = |batch: ArrayView2<'_, f64>| Ok(batch.dot(&weights));
        let truth = &x * &weights;
        let zero = Array2::zeros((1, 6));
        let fast = area(&deletion(model, &x, &zero, &truth, 6).unwrap());
        let slow = area(&deletion(model, &x, &zero, &rival, 6).unwrap());
        // areas are sums of six numbers up to 36
        prop_assert!(fast <= slow + 1e-12);
        let fast = area(&insertion(model, &x, &zero, &truth, 6).unwrap());
        let slow = area(&insertion(model, &x, &zero, &rival, 6).unwrap());
        prop_assert!(fast >= slow - 1e-12);
        // of a linear model, what is deleted and what is inserted add up
        let deleted = deletion(model, &x, &zero, &rival, 6).unwrap();
        let inserted = insertion(model, &x, &zero, &rival, 6).unwrap();
        let whole = x.dot(&weights)[0];
        for (d, i) in deleted.values.iter().zip(&inserted.values) {
            prop_assert!((d + i - whole).abs() < 1e-12);
        }
    }
}

#[test]
fn what_cannot_be_masked_is_refused() {
    let (x, baseline, scores) = inputs();
    let short = Array2::zeros((2, 4));
    assert!(matches!(
        deletion(linear, &x, &short, &scores, 5),
        Err(EvalError::Shape { .. })
    ));
    assert!(matches!(
        insertion(linear, &x, &baseline, &short, 5),
        Err(EvalError::Shape { .. })
    ));
    let error = deletion(linear, &x, &baseline, &scores, 0).unwrap_err();
    assert!(matches!(error, EvalError::Parameter { .. }));
    let mut broken = scores.clone();
    broken[[1, 3]] = f64::NAN;
    let error = deletion(linear, &x, &baseline, &broken, 5).unwrap_err();
    assert_eq!(
        error.to_string(),
        "found NaN in the attribution at index [1, 3]"
    );
    for none in [Array2::zeros((0, 5)), Array2::zeros((3, 0))] {
        let error = deletion(linear, &none, &none, &none, 5).unwrap_err();
        assert!(matches!(error, EvalError::Empty { .. }));
    }
    let point = ndarray::arr0(1.0);
    let model = |x: ndarray::ArrayView0<'_, f64>| Ok(array![x[()]]);
    assert!(deletion(model, &point, &point, &point, 1).is_err());
    for share in [-0.1, 1.1, f64::NAN] {
        assert!(comprehensiveness(linear, &x, &baseline, &scores, &[share]).is_err());
    }
    assert!(sufficiency(linear, &x, &baseline, &scores, &[]).is_err());

    // models that misbehave
    let deaf = |_: ArrayView2<'_, f64>| Ok(array![1.0]);
    let error = deletion(deaf, &x, &baseline, &scores, 5).unwrap_err();
    assert!(matches!(error, EvalError::Shape { .. }));
    let wild = |batch: ArrayView2<'_, f64>| Ok(Array1::from_elem(batch.nrows(), f64::NAN));
    let error = deletion(wild, &x, &baseline, &scores, 5).unwrap_err();
    assert!(matches!(error, EvalError::NotFinite { .. }));
    let failing =
        |_: ArrayView2<'_, f64>| Err(EvalError::model(ModelError::evaluation("out of memory")));
    let error = deletion(failing, &x, &baseline, &scores, 5).unwrap_err();
    assert_eq!(error.to_string(), "the model failed: out of memory");
}

#[test]
fn sensitivity_of_linear_explanations_is_that_of_their_noise() {
    // Φ(x) = 3x: changes are three times the noise, whose squares have mean r²/3 each
    let x = Array2::<f64>::ones((50, 40));
    let explain = |x: ArrayView2<'_, f64>| Ok(x.mapv(|v| 3.0 * v));
    let config = SensitivityConfig { draws: 20, seed: 1 };
    let found = config
        .estimate(explain, &x, uniform_noise(0.1).unwrap())
        .unwrap();
    let expected = 3.0 * 0.1 * (40.0_f64 / 3.0).sqrt();
    // a norm of 40 uniform numbers varies by √(r² / 15) about it, and lies 0.3 % lower on average
    let mean = found.average.mean().unwrap();
    assert!((mean / expected - 1.0).abs() < 0.01);
    let bound = 3.0 * 0.1 * 40.0_f64.sqrt();
    for (max, average) in found.max.iter().zip(&found.average) {
        assert!(average < max && *max <= bound);
    }
    // sums of 40 squares of 3
    assert!(
        found
            .norms
            .iter()
            .all(|norm| (norm - 360.0_f64.sqrt()).abs() < 1e-13)
    );

    let found = config
        .estimate(explain, &x, normal_noise(0.1).unwrap())
        .unwrap();
    // E χ_40 = √2 Γ(20.5) / Γ(20) = 6.2852; 1,000 draws that vary by 0.7 each, five errors
    let mean = found.average.mean().unwrap();
    assert!((mean / 0.3 - 6.2852).abs() < 5.0 * 0.7 / 1_000.0_f64.sqrt());
    assert_eq!(
        found,
        config
            .estimate(explain, &x, normal_noise(0.1).unwrap())
            .unwrap()
    );
}

#[test]
fn a_constant_explanation_is_not_sensitive_and_more_draws_find_more() {
    let x = Array3::<f64>::ones((3, 2, 2));
    // an explanation may have another shape than its input
    let constant = |x: ArrayView3<'_, f64>| Ok(Array2::<f64>::ones((x.shape()[0], 7)));
    let noise = uniform_noise(0.5).unwrap();
    let found = SensitivityConfig::default()
        .estimate(constant, &x, &noise)
        .unwrap();
    assert_eq!(found.max, array![0.0, 0.0, 0.0]);
    let square = |x: ArrayView3<'_, f64>| Ok(x.mapv(|v| v * v));
    let few = SensitivityConfig { draws: 3, seed: 2 };
    let many = SensitivityConfig { draws: 30, seed: 2 };
    let few = few.estimate(square, &x, &noise).unwrap();
    let many = many.estimate(square, &x, &noise).unwrap();
    assert!(few.max.iter().zip(&many.max).all(|(f, m)| f <= m));
    assert_ne!(few.max, many.max);
}

#[test]
fn complex_inputs_bring_their_own_noise() {
    let z = Array2::from_elem((4, 3), Complex64::new(1.0, -2.0));
    let explain = |z: ArrayView2<'_, Complex64>| Ok(z.mapv(|z| z.norm_sqr()));
    let turn = |z: &Complex64, rng: &mut dyn rand::RngCore| {
        z * Complex64::from_polar(1.0, rng.gen_range(0.0..TAU))
    };
    let found = SensitivityConfig::default()
        .estimate(explain, &z, turn)
        .unwrap();
    // the modulus does not see the phase
    assert!(found.max.iter().all(|&change| change < 1e-13));
}

#[test]
fn what_has_no_sensitivity_is_refused() {
    let x = Array2::<f64>::ones((3, 2));
    let explain = |x: ArrayView2<'_, f64>| Ok(x.to_owned());
    for radius in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(uniform_noise(radius).is_err());
        assert!(normal_noise(radius).is_err());
    }
    let noise = uniform_noise(0.1).unwrap();
    let config = SensitivityConfig { draws: 0, seed: 0 };
    assert!(config.estimate(explain, &x, &noise).is_err());
    let config = SensitivityConfig::default();
    let none = Array2::zeros((0, 2));
    assert!(matches!(
        config.estimate(explain, &none, &noise),
        Err(EvalError::Empty { .. })
    ));
    let pooled = |x: ArrayView2<'_, f64>| Ok(x.sum_axis(Axis(0)));
    assert!(matches!(
        config.estimate(pooled, &x, &noise),
        Err(EvalError::Shape { .. })
    ));
    let mut calls = 0;
    let growing = |x: ArrayView2<'_, f64>| {
        calls += 1;
        Ok(Array2::<f64>::ones((x.nrows(), calls)))
    };
    assert!(matches!(
        config.estimate(growing, &x, &noise),
        Err(EvalError::Shape { .. })
    ));
    let wild = |x: ArrayView2<'_, f64>| Ok(x.mapv(|_| f64::INFINITY));
    assert!(matches!(
        config.estimate(wild, &x, &noise),
        Err(EvalError::NotFinite { .. })
    ));
}

#[test]
fn similarity_of_maps() {
    let map = array![[1.0, -2.0, 3.0], [-4.0, 5.0, 0.5]];
    let same = similarity(&map, &map.mapv(|v| 1e-3 * v)).unwrap();
    assert_eq!((same.spearman, same.spearman_absolute), (1.0, 1.0));
    assert!((same.pearson - 1.0).abs() < 1e-15 && (same.cosine - 1.0).abs() < 1e-15);
    // the other sign: only the absolute values agree
    let opposite = similarity(&map, &map.mapv(|v| -v)).unwrap();
    assert_eq!((opposite.spearman, opposite.spearman_absolute), (-1.0, 1.0));
    assert!((opposite.cosine + 1.0).abs() < 1e-15);
    // a shift changes the cosine, and not the correlations
    let shifted = similarity(&map, &(&map + 100.0)).unwrap();
    assert_eq!(shifted.spearman, 1.0);
    assert!((shifted.pearson - 1.0).abs() < 1e-13);
    let dot: f64 = map.iter().map(|v| v * (v + 100.0)).sum();
    let squares = |shift: f64| map.iter().map(|v| (v + shift).powi(2)).sum::<f64>().sqrt();
    let expected = dot / (squares(0.0) * squares(100.0));
    assert!((shifted.cosine - expected).abs() < 1e-15);
}

#[test]
fn maps_of_randomised_models_are_compared_in_order() {
    let map = Array2::from_shape_fn((20, 5), |(i, j)| ((7 * i + 3 * j) as f32).sin());
    let noise = Array2::from_shape_fn((20, 5), |(i, j)| ((i * i * 13 + 5 * j) as f32).cos());
    let cascade = [&map + &(&noise * 0.3), &map * 0.3 + &noise, noise];
    let found = randomisation(&map, &cascade).unwrap();
    assert_eq!(found.len(), 3);
    assert!(found[0].spearman > found[1].spearman && found[1].spearman > found[2].spearman);
    // 100 values that have nothing to do with each other: four errors of 1 / √100
    assert!(found[2].spearman.abs() < 0.4);
    assert_eq!(found[1], similarity(&map, &cascade[1]).unwrap());

    assert!(matches!(
        randomisation(&map, &[]),
        Err(EvalError::Empty { .. })
    ));
    let other = Array2::zeros((5, 20));
    assert!(matches!(
        similarity(&map, &other),
        Err(EvalError::Shape { .. })
    ));
    let flat = Array2::ones((20, 5));
    assert!(matches!(
        similarity(&map, &flat),
        Err(EvalError::Constant { .. })
    ));
    let sign = map.mapv(f32::signum);
    assert!(matches!(
        similarity(&map, &sign),
        Err(EvalError::Constant { .. })
    ));
}
