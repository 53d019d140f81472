//! What the explainer refuses, and what it says then.

use cdig::domains::Fourier;
use cdig::{Baseline, CdigError, Domain, Explainer, Gradient, Model, ModelError, Path, Rule, Time};
use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, Axis, array, stack};

use crate::models::{Activation, Network, Pointwise, random};

const SHAPE: [usize; 2] = [2, 6];

fn model() -> Network {
    Network::random(&SHAPE, 4, 3, Activation::Tanh, 5)
}

fn fourier() -> Fourier<f64> {
    Fourier::new(&SHAPE, 6.0).unwrap()
}

#[test]
fn refuses_settings_out_of_range() {
    let model = model();
    let signal = random(&SHAPE, 1);
    let refused = |explainer: Explainer<'_, f64>| {
        let found = explainer.explain(&fourier(), signal.view());
        assert!(
            matches!(found, Err(CdigError::Parameter { .. })),
            "{found:?}"
        );
    };
    refused(Explainer::new(&model).batch_size(0));
    refused(Explainer::new(&model).rule(Rule::Right(0)));
    refused(Explainer::new(&model).outputs([]));
    refused(Explainer::new(&model).outputs([3]));
    refused(Explainer::new(&model).outputs([1, 1]));
    refused(Explainer::new(&model).baseline(Baseline::Mean(2)));
    refused(Explainer::new(&model).round_trip_tolerance(f64::NAN));
    let adaptive = |tolerance, budget| Rule::Adaptive { tolerance, budget };
    refused(Explainer::new(&model).rule(adaptive(f64::NAN, 100)));
    refused(Explainer::new(&model).rule(adaptive(-1.0, 100)));
    refused(Explainer::new(&model).rule(adaptive(1e-3, 0)));
    refused(Explainer::new(&model).output_sum([]));
    refused(Explainer::new(&model).output_sum([(0, 1.0), (0, 2.0)]));
    refused(Explainer::new(&model).output_sum([(3, 1.0)]));
    refused(Explainer::new(&model).output_sum([(0, f64::NAN)]));
    refused(Explainer::new(&model).gradient(Gradient::FiniteDifferences { step: 0.0 }));

    let none = Explainer::new(&model).explain_many(&[], signal.view());
    assert!(matches!(none, Err(CdigError::Parameter { .. })));
    let both = stack![Axis(0), ArrayD::zeros(SHAPE.to_vec()), signal];
    let path = Path::Polyline(Time::new(&SHAPE).unwrap().forward(both.view()).unwrap());
    let time = Time::new(&SHAPE).unwrap();
    let several = Explainer::new(&model)
        .path(path)
        .explain_many(&[&time, &fourier()], signal.view());
    assert!(matches!(several, Err(CdigError::Parameter { .. })));
}

#[test]
fn refuses_signals_that_do_not_fit_or_have_gaps() {
    let model = model();
    let explainer = Explainer::new(&model);
    let shape = |signal: ArrayD<f64>| {
        let found = explainer.explain(&fourier(), signal.view());
        assert!(matches!(found, Err(CdigError::Shape { .. })), "{found:?}");
    };
    shape(random(&[6, 2], 1));
    shape(random(&[1, 2, 6], 1));
    shape(random(&[12], 1));
    shape(random(&[0, 6], 1));
    let other = Fourier::new(&[2, 7], 1.0).unwrap();
    assert!(matches!(
        explainer.explain(&other, random(&[2, 7], 1).view()),
        Err(CdigError::Shape { .. })
    ));

    for gap in [f64::NAN, f64::INFINITY] {
        let mut signal = random(&SHAPE, 1);
        signal[[1, 4]] = gap;
        let message = explainer
            .explain(&fourier(), signal.view())
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("the signal") && message.contains("[1, 4]"),
            "{message}"
        );
        let message = Explainer::new(&model)
            .baseline(Baseline::Signal(signal))
            .explain(&fourier(), random(&SHAPE, 1).view())
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("the baseline") && message.contains("[1, 4]"),
            "{message}"
        );
    }
}

/// `√x₀` has an infinite slope at the zero baseline and no value below.
#[test]
fn tells_where_on_the_path_the_model_is_not_finite() {
    let root = Pointwise {
        shape: vec![1],
        value_and_gradient: |x: &[f64]| (x[0].sqrt(), vec![0.5 / x[0].sqrt()]),
    };
    let domain = Time::new(&[1]).unwrap();
    let at = |rule: Rule, base: f64| {
        let found = Explainer::new(&root)
            .rule(rule)
            .baseline(Baseline::Signal(array![base].into_dyn()))
            .explain(&domain, array![1.0].view());
        match found {
            Ok(_) => None,
            Err(CdigError::NonFinitePath { what, position }) => Some((what, position)),
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(at(Rule::Midpoint(4), 0.0), None);
    assert_eq!(
        at(Rule::Trapezoid(4), 0.0),
        Some(("the gradient of output 0".into(), 0.0))
    );
    assert_eq!(
        at(Rule::Midpoint(4), -1.0),
        Some(("the value of output 0".into(), 0.0))
    );

    // 1/(x − 1): infinite half way from 0 to 2, on both routes
    let pole = Pointwise {
        shape: vec![1],
        value_and_gradient: |x: &[f64]| (1.0 / (x[0] - 1.0), vec![-1.0 / (x[0] - 1.0).powi(2)]),
    };
    let ends = array![[0.0], [2.0]].mapv(|x| num_complex::Complex::new(x, 0.0));
    for path in [Path::Straight, Path::Polyline(ends.into_dyn())] {
        let found = Explainer::new(&pole)
            .rule(Rule::Trapezoid(2))
            .path(path)
            .explain(&domain, array![2.0].view());
        match found {
            Err(CdigError::NonFinitePath { position, .. }) => assert_eq!(position, 0.5),
            other => panic!("{other:?}"),
        }
    }
}

/// Models of one's own that return the wrong shape, or fail, are reported, not trusted.
#[test]
fn reports_models_that_fail() {
    struct Faulty;
    impl Model<f64> for Faulty {
        fn input_shape(&self) -> &[usize] {
            &[2]
        }
        fn output_dim(&self) -> usize {
            2
        }
        fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>, ModelError> {
            Ok(Array2::zeros((x.shape()[0], 2)))
        }
        fn vjp(
            &self,
            x: ArrayViewD<'_, f64>,
            cotangent: ArrayView2<'_, f64>,
        ) -> Result<ArrayD<f64>, ModelError> {
            if cotangent[[0, 1]] == 1.0 {
                return Err(ModelError::evaluation("out of memory"));
            }
            Ok(ArrayD::zeros(vec![x.shape()[0], 3]))
        }
    }
    let domain = Time::new(&[2]).unwrap();
    let explain = |output| {
        let explainer = Explainer::new(&Faulty)
            .rule(Rule::Midpoint(64))
            .outputs([output]);
        explainer
            .explain(&domain, array![1.0, 2.0].view())
            .unwrap_err()
    };
    assert!(
        explain(0)
            .to_string()
            .contains("the model's vjp has shape [64, 3]")
    );
    assert!(matches!(explain(1), CdigError::Model(_)));
}
