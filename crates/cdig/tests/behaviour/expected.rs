//! Expected gradients over several baselines.

use cdig::expected::draw_baselines;
use cdig::{Baseline, CdigError, Explainer, RealFourier, Time};
use ndarray::{ArrayD, Axis};

use crate::models::{Activation, Network, random};

const SHAPE: [usize; 2] = [2, 6];

#[test]
fn the_mean_over_baselines_with_its_standard_error() {
    let model = Network::random(&SHAPE, 4, 3, Activation::Tanh, 5);
    let domain = RealFourier::new(&SHAPE, 6.0).unwrap();
    let signal = random(&SHAPE, 1);
    // more than go side by side
    let baselines = random(&[40, 2, 6], 2);
    let explainer = Explainer::new(&model).outputs([2, 0]);
    let found = explainer
        .explain_expected(&domain, signal.view(), baselines.view())
        .unwrap();
    let single: Vec<_> = baselines
        .outer_iter()
        .map(|baseline| {
            Explainer::new(&model)
                .outputs([2, 0])
                .baseline(Baseline::Signal(baseline.to_owned()))
                .explain(&domain, signal.view())
                .unwrap()
        })
        .collect();
    let n = 40.0;
    let mut mean = ArrayD::<f64>::zeros(found.mean.attribution.raw_dim());
    single.iter().for_each(|s| mean += &(&s.attribution / n));
    let mut variance = ArrayD::<f64>::zeros(mean.raw_dim());
    single
        .iter()
        .for_each(|s| variance += &((&s.attribution - &mean).mapv(|d| d * d) / (n - 1.0)));
    // rounding of 40 terms
    assert!(
        (&found.mean.attribution - &mean)
            .iter()
            .all(|d| d.abs() < 1e-13)
    );
    let error = variance.mapv(|v| (v / n).sqrt());
    assert!(
        (&found.standard_error.clone().unwrap() - &error)
            .iter()
            .all(|d| d.abs() < 1e-13)
    );
    let value = model_mean(&single);
    assert!(
        (&found.mean.baseline_value - &value)
            .iter()
            .all(|d| d.abs() < 1e-13)
    );
    // completeness against the mean baseline value
    let residual = &found.mean.value - &found.mean.baseline_value - found.mean.total();
    assert!(
        (&residual - &found.mean.residual)
            .iter()
            .all(|d| d.abs() < 1e-13)
    );
    assert!(residual.iter().all(|r| r.abs() < 1e-3));
    assert_eq!(found.baselines, 40);
    let gradients: usize = single.iter().map(|s| s.evaluations.gradients).sum();
    assert_eq!(found.mean.evaluations.gradients, gradients);
    assert!(found.mean.convergence.unwrap().tolerance_met);
}

fn model_mean(single: &[cdig::Attribution<f64>]) -> ndarray::Array1<f64> {
    let rows: Vec<_> = single.iter().map(|s| s.baseline_value.view()).collect();
    ndarray::stack(Axis(0), &rows)
        .unwrap()
        .mean_axis(Axis(0))
        .unwrap()
}

#[test]
fn expected_gradients_have_the_same_bits_for_any_number_of_threads() {
    let model = Network::random(&SHAPE, 4, 1, Activation::Gelu, 5);
    let domain = RealFourier::new(&SHAPE, 6.0).unwrap();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let baselines = random(&[35, 2, 6], 2);
            Explainer::new(&model)
                .explain_expected(&domain, random(&SHAPE, 1).view(), baselines.view())
                .unwrap()
        })
    };
    let alone = run(1);
    for threads in [2, 3] {
        let found = run(threads);
        assert_eq!(found.mean.attribution, alone.mean.attribution);
        assert_eq!(found.standard_error, alone.standard_error);
    }
}

#[test]
fn baselines_are_drawn_without_repetition_by_a_seed() {
    let recording = random(&[30, 2, 6], 3);
    let drawn = draw_baselines(recording.view(), 10, 1);
    assert_eq!(drawn.shape(), [10, 2, 6]);
    let place =
        |row: &ndarray::ArrayViewD<'_, f64>| recording.outer_iter().position(|r| r == row).unwrap();
    let places: Vec<usize> = drawn.outer_iter().map(|row| place(&row)).collect();
    assert!(places.windows(2).all(|w| w[0] < w[1]));
    assert_eq!(drawn, draw_baselines(recording.view(), 10, 1));
    assert_ne!(drawn, draw_baselines(recording.view(), 10, 2));
    assert_eq!(draw_baselines(recording.view(), 100, 1), recording);
}

#[test]
fn refuses_no_baselines_and_gaps() {
    let model = Network::random(&SHAPE, 4, 3, Activation::Tanh, 5);
    let domain = RealFourier::new(&SHAPE, 6.0).unwrap();
    let explain = |signal: ArrayD<f64>, baselines: ArrayD<f64>| {
        Explainer::new(&model).explain_expected(&domain, signal.view(), baselines.view())
    };
    let signal = random(&SHAPE, 1);
    let none = explain(signal.clone(), ArrayD::zeros(vec![0, 2, 6]));
    assert!(matches!(none, Err(CdigError::Shape { .. })));
    let single = explain(signal.clone(), random(&SHAPE, 2));
    assert!(matches!(single, Err(CdigError::Shape { .. })));
    let wrong = explain(random(&[2, 5], 1), random(&[3, 2, 6], 2));
    assert!(matches!(wrong, Err(CdigError::Shape { .. })));
    let mut gap = random(&[3, 2, 6], 2);
    gap[[1, 1, 1]] = f64::NAN;
    assert!(matches!(
        explain(signal, gap),
        Err(CdigError::NonFinite { .. })
    ));
    let one = explain(random(&SHAPE, 1), random(&[1, 2, 6], 2)).unwrap();
    assert!(one.standard_error.is_none());
}

/// Several domains share the evaluations of each baseline, and each is explained as if it were alone.
#[test]
fn several_domains_from_several_baselines() {
    let model = Network::random(&SHAPE, 4, 3, Activation::Tanh, 5);
    let spectrum = RealFourier::new(&SHAPE, 6.0).unwrap();
    let time = Time::new(&SHAPE).unwrap();
    let signal = random(&SHAPE, 1);
    let baselines = random(&[5, 2, 6], 2);
    let explainer = Explainer::new(&model).outputs([1]);
    let both = explainer
        .explain_expected_many(&[&spectrum, &time], signal.view(), baselines.view())
        .unwrap();
    let alone = [
        explainer.explain_expected(&spectrum, signal.view(), baselines.view()),
        explainer.explain_expected(&time, signal.view(), baselines.view()),
    ];
    for (found, alone) in both.iter().zip(alone) {
        let alone = alone.unwrap();
        assert_eq!(found.mean.attribution, alone.mean.attribution);
        assert_eq!(found.standard_error, alone.standard_error);
        assert_eq!(found.mean.evaluations, alone.mean.evaluations);
    }
}
