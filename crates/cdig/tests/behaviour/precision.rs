//! Models that compute in single precision behind an interface of doubles.

use cdig::{CdigError, Explainer, Rule, Time};
use ndarray::{Array1, ArrayD, array};
use xcebra_model::{FnModel, Narrowed};

/// `tanh(w · x)` in the precision `$real`.
macro_rules! wave {
    ($real:ty) => {
        FnModel::<$real>::per_sample(
            [3],
            1,
            |x| Ok(array![(x[0] - 2.0 * x[1] + 0.5 * x[2]).tanh()]),
            |x, cotangent| {
                let t = (x[0] - 2.0 * x[1] + 0.5 * x[2]).tanh();
                let slope = cotangent[0] * (1.0 - t * t);
                Ok(array![slope, -2.0 * slope, 0.5 * slope].into_dyn())
            },
        )
    };
}

fn signal() -> ArrayD<f64> {
    Array1::from(vec![1.5, 0.2, -0.7]).into_dyn()
}

/// The attribution of coefficient k is `w_k x_k tanh(s) / s`, s = w · x: along the path every gradient is
/// a multiple of w. Rounding of 2⁻²³ leaves less than 1e-6 of it.
#[test]
fn rounding_of_the_model_is_not_followed_by_more_points() {
    let narrow = Narrowed(wave!(f32));
    let time = Time::new(&[3]).unwrap();
    let rule = Rule::Adaptive {
        tolerance: 1e-9,
        budget: 400,
    };
    let explained = |precision: f64| {
        let explainer = Explainer::new(&narrow).rule(rule).precision(precision);
        let mut found = explainer.explain(&time, signal().view()).unwrap();
        (found.convergence.take().unwrap(), found)
    };
    let (naive, _) = explained(f64::EPSILON);
    assert!(!naive.tolerance_met, "{naive:?}");
    let (told, found) = explained(f64::from(f32::EPSILON));
    assert!(told.tolerance_met, "{told:?}");
    assert!(
        told.points < naive.points,
        "{} {}",
        told.points,
        naive.points
    );
    assert!(found.residual[0].abs() <= found.rounding[0]);
    let s = 1.5 - 0.4 - 0.35_f64;
    for (a, wx) in found.attribution.iter().zip([1.5, -0.4, -0.35]) {
        assert!((a - wx * s.tanh() / s).abs() < 1e-6, "{a}");
    }
}

#[test]
fn impossible_precisions_are_refused() {
    let model = wave!(f64);
    let time = Time::new(&[3]).unwrap();
    for precision in [0.0, -1.0, f64::NAN, 1.0, 1e-20] {
        let explainer = Explainer::new(&model).precision(precision);
        let error = explainer.explain(&time, signal().view()).unwrap_err();
        assert!(matches!(error, CdigError::Parameter { .. }), "{error}");
        assert!(error.to_string().contains("precision"), "{error}");
    }
}
