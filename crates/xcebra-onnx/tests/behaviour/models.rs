//! Whole networks, exported from PyTorch and Keras, against their values and gradients.

use ndarray::{ArrayD, Axis, Ix2, array};
use xcebra_model::{Model, Scalar, check_vjp};
use xcebra_onnx::OnnxModel;

use crate::data::{Arrays, cast, error, path};

const NAMES: [&str; 6] = [
    "autoencoder",
    "causal_attention",
    "conv_net",
    "gru",
    "lstm",
    "transformer",
];

const KERAS: [&str; 9] = [
    "attention",
    "bidirectional",
    "eegnet",
    "gru",
    "gru_before",
    "lstm",
    "separable",
    "tcn",
    "transposed",
];

/// File of the model, its name among the arrays, and their file.
fn all() -> impl Iterator<Item = (String, &'static str, &'static str)> {
    let torch = NAMES.map(|name| (format!("{name}.onnx"), name, "models.npz"));
    let keras = KERAS.map(|name| (format!("keras_{name}.onnx"), name, "keras.npz"));
    torch.into_iter().chain(keras)
}

/// Errors of value and gradient.
fn errors<A: Scalar>(model: &str, name: &str, file: &mut Arrays) -> (f64, f64) {
    let mut get = |what: &str| -> ArrayD<f64> { file.get(&format!("{name}.{what}")) };
    let model = OnnxModel::<A>::load(path(model)).unwrap();
    let cotangent = cast(&get("cotangent"))
        .into_dimensionality::<Ix2>()
        .unwrap();
    let (y, gradient) = model
        .value_and_vjp(cast(&get("x")).view(), cotangent.view())
        .unwrap();
    (error(&y, &get("y")), error(&gradient, &get("gradient")))
}

/// PyTorch and TensorFlow computed in `f64`. Files hold `f32`: weights are the same, but constants such as
/// epsilons and 1/√2 are rounded by 1e-8, which the layers make larger.
#[test]
fn values_and_gradients_are_those_of_who_wrote_the_file() {
    for (model, name, arrays) in all() {
        let mut file = Arrays::open(arrays);
        let (value, gradient) = errors::<f64>(&model, name, &mut file);
        assert!(
            value < 1e-6 && gradient < 1e-6,
            "{model} in f64: {value:e}, {gradient:e}"
        );
        let (value, gradient) = errors::<f32>(&model, name, &mut file);
        assert!(
            value < 1e-5 && gradient < 1e-5,
            "{model} in f32: {value:e}, {gradient:e}"
        );
    }
}

#[test]
fn gradients_are_those_of_differences() {
    for (file, name, arrays) in all() {
        let model = OnnxModel::<f64>::load(path(&file)).unwrap();
        let x: ArrayD<f64> = Arrays::open(arrays).get(&format!("{name}.x"));
        let report = check_vjp(&model, x.view()).unwrap();
        assert!(report.passed(), "{file}: {report}");
        assert!(model.samples_at_once() > 1, "{file}");
    }
}

/// Weights in the file are `f32`, hence 1e-6. Without a bias and with a zero baseline the gradient
/// is the same all along the path.
#[test]
fn filters_of_the_fourier_reference() {
    let mut file = Arrays::open("fourier_ig.npz");
    let x: ArrayD<f64> = file.get("x");
    let zero = ArrayD::zeros(x.raw_dim());
    let cases = [
        ("A", "AB", zero.clone()),
        ("B", "AB", file.get("baseline_caseB")),
        ("C", "C", zero),
    ];
    for (case, model, baseline) in cases {
        let model = OnnxModel::<f64>::load(path(&format!("tiny_{model}.onnx"))).unwrap();
        assert_eq!(
            (model.input_shape(), model.output_dim()),
            (&[1, 256][..], 2)
        );
        for (signal, what) in [(&x, "F_x"), (&baseline, "F_base")] {
            let batch = signal.to_shape((1, 1, 256)).unwrap().into_dyn();
            let y = model.forward(batch.view()).unwrap();
            let expected: ArrayD<f64> = file.get(&format!("case{case}_{what}"));
            assert!(error(&y, &expected) < 1e-6, "{case} {what}");
        }
    }
    let model = OnnxModel::<f64>::load(path("tiny_AB.onnx")).unwrap();
    let jacobian = model
        .jacobian(x.to_shape((1, 1, 256)).unwrap().into_dyn().view())
        .unwrap();
    let expected: ArrayD<f64> = file.get("caseA_grad_mean");
    assert!(error(&jacobian, &expected) < 1e-6);
}

#[test]
fn jacobians_are_made_of_pull_backs() {
    let mut file = Arrays::open("models.npz");
    let model = OnnxModel::<f64>::load(path("transformer.onnx")).unwrap();
    let x: ArrayD<f64> = file.get("transformer.x");
    let jacobian = model.jacobian(x.view()).unwrap();
    assert_eq!(jacobian.shape(), [3, 2, 10, 3]);
    let cotangent = array![[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]];
    let row = model.vjp(x.view(), cotangent.view()).unwrap();
    assert_eq!(jacobian.index_axis(Axis(1), 1), row);
}
