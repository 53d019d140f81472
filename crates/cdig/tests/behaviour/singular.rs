//! Models that are singular at an end of the path, and what is advised then.

use cdig::{Baseline, Explainer, Rule, Time};
use ndarray::ArrayD;
use xcebra_model::Advice;

use crate::models::{Pointwise, random};

/// `w · (x − mean)/std`, as many networks begin: constant baselines have no standard deviation to
/// divide by. Another signal is a baseline that works, and a rule that leaves out the ends is not advised:
/// with a small number beside the standard deviation it misses nearly all of the change.
#[test]
fn advice_against_a_singular_baseline_helps() {
    fn standardised(x: &[f64]) -> (f64, Vec<f64>) {
        let n = x.len() as f64;
        let weights: Vec<f64> = (0..x.len()).map(|i| (i as f64 * 1.7).sin()).collect();
        let mean = x.iter().sum::<f64>() / n;
        let std = (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
        let z: Vec<f64> = x.iter().map(|x| (x - mean) / std).collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (value, level) = (dot(&weights, &z), weights.iter().sum::<f64>() / n);
        let slope = |(w, z): (&f64, &f64)| (w - level - z * value / n) / std;
        (value, weights.iter().zip(&z).map(slope).collect())
    }
    let model = Pointwise {
        shape: vec![16],
        value_and_gradient: |x: &[f64]| match x.iter().all(|v| *v == x[0]) {
            // as with a small number beside the standard deviation: a value, and no slope
            true => (0.0, vec![f64::NAN; 16]),
            false => standardised(x),
        },
    };
    let domain = Time::new(&[16]).unwrap();
    let [signal, other] = [1, 2].map(|seed| random(&[16], seed));
    let explain = |baseline, rule| {
        let explainer = Explainer::new(&model).baseline(baseline).rule(rule);
        explainer.explain(&domain, signal.view())
    };
    for baseline in [Baseline::Zero, Baseline::Mean(0)] {
        let error = explain(baseline, Rule::default()).unwrap_err();
        let advice = error.advice().unwrap();
        assert!(advice.contains("another recorded signal"), "{advice}");
        assert!(!advice.contains("midpoint"), "{advice}");
    }
    let found = explain(Baseline::Signal(other), Rule::default()).unwrap();
    assert!(found.convergence.as_ref().unwrap().tolerance_met);
    assert!(found.relative_residual()[0] <= 1e-3);
    // what a rule without the ends misses is in the result
    let found = explain(Baseline::Zero, Rule::Midpoint(128)).unwrap();
    assert!(found.relative_residual()[0] > 0.99, "{:?}", found.residual);
    // a baseline that turns into the signal by passing 0
    let message = explain(Baseline::Signal(&signal * -1.0), Rule::Trapezoid(2));
    let message = message.unwrap_err().to_string();
    assert!(message.contains("at position 0.5"), "{message}");
    // nothing helps against a signal that is constant itself
    let flat = Explainer::new(&model).baseline(Baseline::Signal(signal.clone()));
    let message = flat.explain(&domain, ArrayD::<f64>::ones(vec![16]).view());
    let error = message.unwrap_err();
    assert!(error.to_string().contains("at the signal"), "{error}");
    assert!(error.advice().unwrap().contains("leave the signal out"));
}
