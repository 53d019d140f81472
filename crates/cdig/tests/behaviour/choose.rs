//! Choosing among domains.

use std::f64::consts::TAU;

use cdig::{Domain, Explainer, RealFourier, Rule, Time};
use ndarray::{Array1, array};

use crate::models::{Pointwise, random};

/// The energy of a tone is carried by one frequency and by all samples: by Parseval's identity the
/// frequency's attribution is all of it.
#[test]
fn a_tone_is_best_explained_by_its_frequency() {
    let n = 32;
    let energy = Pointwise {
        shape: vec![n],
        value_and_gradient: |x: &[f64]| {
            let energy = x.iter().map(|x| x * x).sum();
            (energy, x.iter().map(|x| 2.0 * x).collect())
        },
    };
    let tone: Array1<f64> = (0..n)
        .map(|t| (TAU * 3.0 * t as f64 / n as f64 + 0.3).cos())
        .collect();
    let (time, spectrum) = (
        Time::new(&[n]).unwrap(),
        RealFourier::new(&[n], 32.0).unwrap(),
    );
    let domains: [&dyn Domain<f64>; 2] = [&time, &spectrum];
    let scores = Explainer::new(&energy)
        .rule(Rule::GaussLegendre(1))
        .choose(&domains, tone.view())
        .unwrap();
    assert_eq!(scores[0].attribution.domain, "rfft");
    assert_eq!(scores[1].attribution.domain, "time");
    assert_eq!(scores[0].concentration[0].carriers, 1);
    assert!(scores[0].concentration[0].gini > scores[1].concentration[0].gini);
    // one frequency less and nothing is left: the first step of the curve, ½ of 1/17
    let deletion = scores[0].deletion[0].as_ref().unwrap();
    assert_eq!(deletion.replaced[..2], [0, 1]);
    assert!((deletion.remaining[0] - 1.0).abs() < 1e-12);
    assert!(deletion.remaining[1..].iter().all(|r| r.abs() < 1e-12));
    assert!((deletion.area - 0.5 / 17.0).abs() < 1e-12);
    // samples taken in the order of their squares; what is left is the sum of the others
    let slow = scores[1].deletion[0].as_ref().unwrap();
    let mut squares: Vec<f64> = tone.iter().map(|x| x * x).collect();
    squares.sort_by(f64::total_cmp);
    let total: f64 = squares.iter().sum();
    for (k, left) in slow.replaced.iter().zip(&slow.remaining) {
        let expected: f64 = squares[..n - k].iter().sum::<f64>() / total;
        assert!((left - expected).abs() < 1e-12);
    }
    assert_eq!(scores[1].evaluations, slow.replaced.len());
}

#[test]
fn every_output_has_its_curves_and_batches_do_not_matter() {
    let model = crate::models::Rectified::random(&[12], &[20, 3], 1);
    let (time, spectrum) = (
        Time::new(&[12]).unwrap(),
        RealFourier::new(&[12], 1.0).unwrap(),
    );
    let domains: [&dyn Domain<f64>; 2] = [&time, &spectrum];
    let signal = random(&[12], 1);
    let choose = |batch| {
        Explainer::new(&model)
            .rule(Rule::Midpoint(16))
            .batch_size(batch)
            .choose(&domains, signal.view())
            .unwrap()
    };
    let (whole, parts) = (choose(100), choose(3));
    for (a, b) in whole.iter().zip(&parts) {
        assert_eq!(a.concentration.len(), 3);
        assert_eq!(a.deletion.len(), 3);
        for (a, b) in a.deletion.iter().zip(&b.deletion) {
            let (a, b) = (a.as_ref().unwrap(), b.as_ref().unwrap());
            assert_eq!(a.replaced, b.replaced);
            assert_eq!(a.replaced.last(), Some(&b.replaced[b.replaced.len() - 1]));
            // rounding in batches of other sizes
            let pairs = a.remaining.iter().zip(&b.remaining);
            assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-10));
            assert!((a.remaining[0] - 1.0).abs() < 1e-12);
            assert!(a.remaining[a.remaining.len() - 1].abs() < 1e-10);
        }
    }
}

#[test]
fn an_output_that_does_not_change_has_no_curve() {
    let constant = Pointwise {
        shape: vec![2],
        value_and_gradient: |_: &[f64]| (1.0, vec![0.0, 0.0]),
    };
    let time = Time::new(&[2]).unwrap();
    let scores = Explainer::new(&constant)
        .choose(&[&time], array![1.0, 2.0].view())
        .unwrap();
    assert_eq!(scores[0].concentration[0].carriers, 0);
    assert!(scores[0].deletion[0].is_none());
}
