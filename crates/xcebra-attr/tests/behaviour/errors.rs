//! What goes wrong on the way, and whom the error names.

use std::ops::Range;

use crate::common::{Head, Mlp, linear, uniform};
use ndarray::{Array2, Array3, ArrayD, Axis};
use xcebra_attr::diagnostics::{diagnose, effective_dimension};
use xcebra_attr::map::mean_over_lags;
use xcebra_attr::method::{Attributions, Batch, Method};
use xcebra_attr::methods::{
    GradientShap, Inverse, Noise, Occlusion, ShapleySampling, SmoothGrad, align,
};
use xcebra_attr::significance::Deviations;
use xcebra_attr::{AttrError, Methods, Options, Samples, attribute};
use xcebra_model::{FnModel, ModelError};

/// Methods that need Jacobians only.
fn gradients() -> Methods<f64> {
    "ing,neuron-gradient".parse().unwrap()
}

fn encoder() -> Mlp<f64> {
    Mlp::random(&[9], 16, 3, 11).with_head(Head::Clipped(0.8))
}

#[test]
fn a_missing_value_is_found_whatever_the_threads() {
    let mut x = uniform((200, 9), 1);
    x[[123, 4]] = f64::NAN;
    x[[171, 4]] = f64::NAN;
    let options = Options::new().batch_size(8);
    // whether or not all samples are looked at first
    for methods in [gradients(), Methods::all()] {
        let error = attribute(&encoder(), &x, &methods, &options).unwrap_err();
        let expected = "sample 123 is NaN at input 4";
        assert!(error.to_string().contains(expected), "{error}");
    }
}

/// A model may overflow where its input is fine.
#[test]
fn an_infinite_gradient_is_found_whatever_the_threads() {
    let mut x = uniform((200, 9), 1);
    x[[123, 4]] = 1e200;
    x[[171, 4]] = 1e200;
    for list in [
        "ing",
        "neuron-gradient",
        "feature-ablation",
        "exact-shapley-inverse",
    ] {
        let options = Options::new().batch_size(8);
        let steep = FnModel::<f64>::new(
            [9],
            1,
            |x| {
                Ok(x.map_axis(Axis(1), |x| x[4] * x[4] + x[0])
                    .insert_axis(Axis(1))
                    .into_dimensionality()
                    .unwrap())
            },
            |x, _| Ok(x.mapv(|v| v * v)),
        );
        let error = attribute(&steep, &x, &list.parse().unwrap(), &options).unwrap_err();
        assert!(
            matches!(error, AttrError::NonFinite { sample: 123, .. }),
            "{error}"
        );
        assert!(error.to_string().contains("overflow"), "{error}");
        let error = error.to_string();
        assert!(
            error.contains("Jacobian of") || error.contains("attribution"),
            "{error}"
        );
    }
}

/// Finds something infinite in one sample.
struct Infinite;

impl Method<f64> for Infinite {
    fn name(&self) -> &str {
        "infinite"
    }

    fn attribute(&self, batch: &Batch<'_, f64>) -> Result<Attributions, AttrError> {
        let mut values = batch.jacobians()?.clone();
        let samples = batch.first_sample()..batch.first_sample() + values.len_of(Axis(0));
        if samples.contains(&33) {
            values[[33 - samples.start, 1, 2]] = f64::NEG_INFINITY;
        }
        Ok(Attributions::new(values))
    }
}

#[test]
fn what_a_method_gets_wrong_is_named() {
    let x = uniform((40, 9), 1);
    let options = Options::new().batch_size(8);
    let methods = Methods::new().with(Infinite);
    let error = attribute(&encoder(), &x, &methods, &options)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("by infinite of sample 33 is -inf at output 1, input 2"),
        "{error}"
    );
}

#[test]
fn senseless_questions_are_refused() {
    let (model, options) = (encoder(), Options::new());
    let ask = |x: &Array2<f64>, methods: &Methods<f64>| {
        attribute(&model, x, methods, &options).unwrap_err()
    };
    let none = ask(&Array2::zeros((0, 9)), &Methods::all());
    assert!(matches!(none, AttrError::NoSamples));
    let narrow = ask(&Array2::zeros((5, 8)), &Methods::all());
    assert!(matches!(narrow, AttrError::Shape { .. }), "{narrow}");
    let no_method = ask(&Array2::zeros((5, 9)), &Methods::new()).to_string();
    assert!(no_method.contains("ing, neuron-gradient"), "{no_method}");
    let no_output = linear(&Array2::<f64>::zeros((0, 9)));
    let refused = attribute(&no_output, &uniform((3, 9), 1), &Methods::all(), &options);
    assert!(matches!(refused, Err(AttrError::Shape { .. })));
}

/// Each setting that is out of range, by itself and inside another method, in words and as a builder.
#[test]
fn settings_are_refused_before_the_model_is_asked() {
    let unasked = FnModel::<f64>::new(
        [9],
        1,
        |_| unreachable!("the model was asked"),
        |_, _| unreachable!("the model was asked"),
    );
    let refusal = |methods: &Methods<f64>, options: &Options<'_>| {
        let error = attribute(&unasked, &uniform((3, 9), 1), methods, options).unwrap_err();
        assert!(matches!(error, AttrError::Parameter { .. }));
        error.to_string()
    };
    let default = Options::new();
    for (options, name) in [
        (default.batch_size(0), "batch_size"),
        (default.background(0), "background"),
    ] {
        let expected = format!("{name} is 0, expected at least 1");
        assert_eq!(refusal(&gradients(), &options), expected);
        let error = diagnose(&unasked, &uniform((3, 9), 1), &options).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let noise = |noise| SmoothGrad::new().noise(noise);
    let cases: [(Methods<f64>, &str, &str); 8] = [
        (
            Methods::new().with(SmoothGrad::new().draws(0)),
            "smooth-grad(draws=0)",
            "draws is 0, expected at least 1",
        ),
        (
            Methods::new().with(noise(Noise::Relative(-1.0))),
            "smooth-grad(noise=-1)",
            "noise is -1, expected a finite number, not negative",
        ),
        (
            Methods::new().with(noise(Noise::Absolute(f64::INFINITY))),
            "smooth-grad(noise=inf)",
            "noise is inf, expected a finite number, not negative",
        ),
        (
            Methods::new().with(GradientShap::new().draws(0)),
            "gradient-shap(draws=0)",
            "draws is 0, expected at least 1",
        ),
        (
            Methods::new().with(ShapleySampling::new().permutations(0)),
            "shapley-sampling(permutations=0)",
            "permutations is 0, expected at least 1",
        ),
        (
            Methods::new().with(Occlusion::new().window(0)),
            "occlusion(window=0)",
            "window is 0, expected at least 1",
        ),
        (
            Methods::new().with(Occlusion::new().stride(0)),
            "occlusion(stride=0)",
            "stride is 0, expected at least 1",
        ),
        (
            Methods::new().with(Inverse::new(GradientShap::new().draws(0))),
            "gradient-shap-inverse(draws=0)",
            "draws is 0, expected at least 1",
        ),
    ];
    for (built, named, expected) in cases {
        assert_eq!(refusal(&built, &default), expected);
        let error = named.parse::<Methods<f64>>().unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    // the lists above begin with the wrong method; it is refused behind a sound one too
    let behind = gradients().with(Occlusion::new().window(0));
    assert!(refusal(&behind, &default).starts_with("window"));
}

/// Fails on the third batch.
struct Unreadable(Array2<f64>);

impl Samples<f64> for Unreadable {
    fn len(&self) -> usize {
        Samples::len(&self.0)
    }
    fn sample_shape(&self) -> &[usize] {
        self.0.sample_shape()
    }
    fn batch(&self, range: Range<usize>) -> Result<ArrayD<f64>, AttrError> {
        match range.start {
            20 => Err(AttrError::samples("disk full of sand")),
            30 => Ok(ArrayD::zeros(vec![1, 9])),
            _ => self.0.batch(range),
        }
    }
}

#[test]
fn errors_of_samples_and_models_are_passed_on() {
    let options = Options::new().batch_size(10);
    let unreadable = Unreadable(uniform((60, 9), 1));
    let error = attribute(&encoder(), &unreadable, &gradients(), &options).unwrap_err();
    assert!(error.to_string().contains("disk full of sand"), "{error}");
    let short = Unreadable(uniform((60, 9), 1));
    let options = Options::new().batch_size(30);
    let error = attribute(&encoder(), &short, &gradients(), &options).unwrap_err();
    assert!(
        matches!(
            error,
            AttrError::Shape {
                what: "a batch of samples",
                ..
            }
        ),
        "{error}"
    );

    let broken =
        FnModel::<f64>::black_box([9], 2, |_| Err(ModelError::evaluation("out of memory")));
    let x = uniform((25, 9), 1);
    let options = Options::new().batch_size(10);
    let error = attribute(&broken, &x, &gradients(), &options)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "the model failed on samples 0..10: the model failed: out of memory"
    );
}

/// Nothing that is not finite is handed out, and the data, which are finite, are not blamed.
#[test]
fn results_that_overflow_are_refused() {
    // each sample's attribution is finite, and their sum is not
    let x = Array2::<f64>::ones((4, 2));
    let steep = FnModel::<f64>::new(
        [2],
        1,
        |x| Ok(Array2::zeros((x.shape()[0], 1))),
        |x, _| Ok(x.mapv(|_| 1e308)),
    );
    let options = Options::new().batch_size(1);
    let methods = "neuron-gradient".parse().unwrap();
    let error = attribute(&steep, &x, &methods, &options).unwrap_err();
    assert!(matches!(error, AttrError::NonFiniteResult(_)), "{error}");
    let message = error.to_string();
    assert!(message.contains("the attribution map by neuron-gradient"));
    assert!(message.contains("the data are finite"), "{message}");

    // one beyond single precision
    let large = Array3::from_elem((2, 2, 1), 1e39);
    assert!(Deviations::new(&large).is_err());
    let mut trainings = Deviations::new(&Array3::zeros((2, 2, 1))).unwrap();
    assert!(trainings.add(&large).is_err());
    let opposite = Array3::from_elem((2, 2, 1), -3e38);
    let mut trainings = Deviations::new(&Array3::from_elem((2, 2, 1), 3e38)).unwrap();
    assert!(trainings.add(&opposite).is_err());
    assert!(trainings.nulls().is_empty());

    // means over lags whose sum overflows
    let values = Array3::from_elem((1, 4, 1), 1e308);
    assert!(mean_over_lags(values.view(), 2).is_err());
    assert!(mean_over_lags(values.view(), 4).is_ok());
}

/// The participation ratio does not depend on the unit of the outputs; squares of these overflow or vanish.
#[test]
fn embeddings_of_any_size_have_a_dimension() {
    let embedding = uniform((50, 3), 4);
    let usual = effective_dimension(&embedding).unwrap();
    for exponent in [-400, -100, 100, 400] {
        let unit = 2.0_f64.powi(exponent);
        let found = effective_dimension(&(&embedding * unit)).unwrap();
        let off = found.participation_ratio / usual.participation_ratio - 1.0;
        assert!(off.abs() < 1e-12, "{exponent}: {off}"); // rounding
    }
    // the variance itself overflows
    let error = effective_dimension(&(&embedding * 1e200)).unwrap_err();
    assert!(error.to_string().contains("variance"), "{error}");
    let latents = uniform((50, 2), 5);
    assert!(align(&(&embedding * 1e160), &latents).is_err());
}
