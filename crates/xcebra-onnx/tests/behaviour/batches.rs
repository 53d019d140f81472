//! Batches of any size, axes in any order, inputs that are fixed.

use ndarray::{Array2, Array3, ArrayD, Axis, arr1, array};
use rayon::ThreadPoolBuilder;
use xcebra_model::{Model, ModelError, check_vjp};
use xcebra_onnx::{OnnxModel, OnnxOptions};

use crate::data::path;
use crate::write::Dim::{Fixed, Named};
use crate::write::File;

fn signals(n: usize, channels: usize, times: usize) -> ArrayD<f32> {
    let value = |(i, c, t): (usize, usize, usize)| ((i * 31 + c * 7 + t * 3) as f32 * 0.37).sin();
    Array3::from_shape_fn((n, channels, times), value).into_dyn()
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    let model = OnnxModel::<f32>::load(path("causal_attention.onnx")).unwrap();
    let x = signals(700, 1, 32);
    let cotangent = Array2::from_elem((700, model.output_dim()), 0.5);
    let run = |threads: usize| {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| model.value_and_vjp(x.view(), cotangent.view()).unwrap())
    };
    assert!(model.samples_at_once() < 700 / 2);
    let (one, four) = (run(1), run(4));
    assert_eq!(one, four);
    assert_eq!(model.forward(x.view()).unwrap(), one.0);
    assert_eq!(model.vjp(x.view(), cotangent.view()).unwrap(), one.1);
}

/// Sums of other lengths round differently: 1e-5 in `f32`.
#[test]
fn a_sample_has_the_same_value_in_every_batch() {
    let model = OnnxModel::<f32>::load(path("conv_net.onnx")).unwrap();
    let x = signals(37, 2, 32);
    let whole = model.forward(x.view()).unwrap();
    for i in [0, 20, 36] {
        let alone = model
            .forward(x.view().slice_axis(Axis(0), (i..i + 1).into()))
            .unwrap();
        assert!((&alone - &whole.row(i)).iter().all(|d| d.abs() < 1e-5));
    }
    let none = model.forward(signals(0, 2, 32).view()).unwrap();
    assert_eq!(none.shape(), [0, 3]);
    let jacobian = model.jacobian(signals(0, 2, 32).view()).unwrap();
    assert_eq!(jacobian.shape(), [0, 3, 2, 32]);
}

/// Recurrent layers take the inputs of several times together, fewer the more samples there are: here 12
/// times are one block for a sample alone, and two for 40 of them. 1e-12 are roundings in `f64`.
#[test]
fn recurrent_layers_do_not_mix_samples_or_times() {
    for name in ["lstm.onnx", "gru.onnx", "keras_lstm.onnx"] {
        let model = OnnxModel::<f64>::load(path(name)).unwrap();
        let x = signals(40, 12, 3).mapv(f64::from);
        let outputs = model.output_dim();
        let cotangent = Array2::from_shape_fn((40, outputs), |(i, k)| (i + 3 * k) as f64 / 40.0);
        let (values, gradients) = model.value_and_vjp(x.view(), cotangent.view()).unwrap();
        for i in 0..40 {
            let one = (i..i + 1).into();
            let (value, gradient) = model
                .value_and_vjp(
                    x.slice_axis(Axis(0), one),
                    cotangent.slice_axis(Axis(0), one),
                )
                .unwrap();
            let far = |d: &f64| d.abs() > 1e-12;
            assert!(!(value - values.slice_axis(Axis(0), one)).iter().any(far));
            assert!(
                !(gradient - gradients.slice_axis(Axis(0), one))
                    .iter()
                    .any(far)
            );
        }
    }
}

/// Memory that one call has left goes into the next.
#[test]
fn a_call_does_not_depend_on_those_before_it() {
    for (name, shape) in [("conv_net.onnx", (2, 32)), ("lstm.onnx", (12, 3))] {
        let call = |model: &OnnxModel<f32>, n: usize, scale: f32| {
            let x = signals(n, shape.0, shape.1).mapv(|x| scale * x);
            let cotangent = Array2::from_elem((n, model.output_dim()), scale);
            model.value_and_vjp(x.view(), cotangent.view()).unwrap()
        };
        let first = call(&OnnxModel::load(path(name)).unwrap(), 50, 1.0);
        let model = OnnxModel::load(path(name)).unwrap();
        for n in [300, 7, 50] {
            call(&model, n, 100.0);
        }
        assert_eq!(call(&model, 50, 1.0), first, "{name}");
    }
}

#[test]
fn strides_of_the_batch_do_not_matter() {
    let model = OnnxModel::<f32>::load(path("conv_net.onnx")).unwrap();
    let mut x = signals(4, 32, 2);
    x.swap_axes(1, 2);
    let copy = x.as_standard_layout().into_owned();
    assert_eq!(
        model.forward(x.view()).unwrap(),
        model.forward(copy.view()).unwrap()
    );
}

#[test]
fn wrong_shapes_are_refused() {
    let model = OnnxModel::<f32>::load(path("conv_net.onnx")).unwrap();
    let wrong = model.forward(signals(4, 32, 2).view());
    assert!(matches!(wrong, Err(ModelError::Shape { .. })));
    let wrong = model.vjp(signals(4, 2, 32).view(), Array2::zeros((4, 2)).view());
    assert!(matches!(wrong, Err(ModelError::Shape { .. })));
}

/// `y = Σ x w`, over the features.
fn weighted(dims: &[crate::write::Dim]) -> File {
    File::new(dims)
        .reals("w", &[3], &[1.0, 2.0, 3.0])
        .node("Mul", &["x", "w"], "y", &[])
}

#[test]
fn a_file_of_one_sample_is_asked_once_a_sample() {
    let file = weighted(&[Fixed(1), Fixed(3)]);
    let model = OnnxModel::<f64>::from_bytes(&file.finish()).unwrap();
    assert_eq!(model.samples_at_once(), 1);
    let y = model
        .forward(array![[1.0, 1.0, 1.0], [0.0, 2.0, 0.0]].into_dyn().view())
        .unwrap();
    assert_eq!(y, array![[1.0, 2.0, 3.0], [0.0, 4.0, 0.0]]);
}

#[test]
fn a_file_of_four_samples_is_filled_up() {
    let file = weighted(&[Fixed(4), Fixed(3)]);
    let model = OnnxModel::<f64>::from_bytes(&file.finish()).unwrap();
    assert_eq!((model.samples_at_once(), model.output_dim()), (4, 3));
    let x = Array2::from_shape_fn((6, 3), |(i, j)| (i + j) as f64).into_dyn();
    let y = model.forward(x.view()).unwrap();
    assert_eq!(y.row(5), array![5.0, 12.0, 21.0]);
    assert!(check_vjp(&model, x.view()).unwrap().passed());
}

#[test]
fn samples_that_influence_each_other_are_evaluated_one_by_one() {
    let file = File::new(&[Named("N"), Fixed(3)])
        .node("ReduceMean", &["x"], "m", &[("axes", &[0])])
        .node("Sub", &["x", "m"], "y", &[]);
    let model = OnnxModel::<f64>::from_bytes(&file.finish()).unwrap();
    assert_eq!(model.samples_at_once(), 1);
}

#[test]
fn a_batch_written_into_the_graph_is_evaluated_one_by_one() {
    let file = File::new(&[Named("N"), Fixed(4)])
        .integers("s", &[1, 2, 2])
        .node("Reshape", &["x", "s"], "r", &[])
        .node("Softmax", &["r"], "y", &[]);
    let model = OnnxModel::<f64>::from_bytes(&file.finish()).unwrap();
    assert_eq!((model.samples_at_once(), model.output_dim()), (1, 4));
    let x = array![[0.0, 0.0, 1.0, 1.0], [3.0, 3.0, 3.0, 3.0]].into_dyn();
    assert_eq!(
        model.forward(x.view()).unwrap(),
        Array2::from_elem((2, 4), 0.5)
    );
}

/// Time comes first in the file, features first in our samples.
#[test]
fn axes_come_in_any_order() {
    let file = weighted(&[Fixed(5), Named("N"), Fixed(3)]);
    let model: OnnxModel<f64> = OnnxOptions::new()
        .batch_axis(1)
        .sample_axes([1, 0])
        .from_bytes(&file.finish())
        .unwrap();
    assert_eq!(model.input_shape(), [3, 5]);
    assert!(model.samples_at_once() > 1);
    let x = Array3::from_shape_fn((2, 3, 5), |(i, j, k)| (i * 100 + j * 10 + k) as f64).into_dyn();
    let y = model.forward(x.view()).unwrap();
    // (samples, time, features) laid out flat
    assert_eq!((y[[1, 0]], y[[1, 1]], y[[1, 5]]), (100.0, 220.0, 363.0));
    assert!(check_vjp(&model, x.view()).unwrap().passed());
}

#[test]
fn an_input_may_be_one_sample() {
    let file = weighted(&[Fixed(2), Fixed(3)]);
    let model: OnnxModel<f64> = OnnxOptions::new()
        .no_batch_axis()
        .from_bytes(&file.finish())
        .unwrap();
    assert_eq!((model.input_shape(), model.output_dim()), (&[2, 3][..], 6));
    let x = Array3::from_elem((2, 2, 3), 1.0).into_dyn();
    assert_eq!(
        model.forward(x.view()).unwrap().row(1),
        array![1.0, 2.0, 3.0, 1.0, 2.0, 3.0]
    );
}

#[test]
fn other_inputs_are_fixed_and_lengths_named() {
    let file = File::new(&[Named("N"), Named("time")])
        .input("scale", 1, &[Fixed(2)])
        .node("Mul", &["x", "scale"], "h", &[])
        .node("Exp", &["h"], "y", &[]);
    let options = OnnxOptions::new()
        .constant("scale", arr1(&[2.0, -1.0]).into_dyn())
        .dimension("time", 2);
    let model: OnnxModel<f64> = options.from_bytes(&file.finish()).unwrap();
    let x = array![[0.5, 1.0]].into_dyn();
    // two roundings of a vectorised exponential
    let error = model.forward(x.view()).unwrap() / array![[1.0_f64.exp(), (-1.0_f64).exp()]] - 1.0;
    assert!(error.iter().all(|e| e.abs() <= 2.0 * f64::EPSILON));
    let hidden: OnnxModel<f64> = options.output("h").from_bytes(&file.finish()).unwrap();
    assert_eq!(hidden.forward(x.view()).unwrap(), array![[1.0, -1.0]]);
    assert_eq!((hidden.input_name(), hidden.output_name()), ("x", "h"));
}

/// What does not depend on the input has the derivative zero.
#[test]
fn a_constant_output_has_no_gradient() {
    let file = File::new(&[Named("N"), Fixed(3)])
        .node("Shape", &["x"], "s", &[])
        .node("ConstantOfShape", &["s"], "y", &[]);
    let model = OnnxModel::<f64>::from_bytes(&file.finish()).unwrap();
    let x = array![[1.0, 2.0, 3.0]].into_dyn();
    let gradient = model.vjp(x.view(), Array2::ones((1, 3)).view()).unwrap();
    assert_eq!(gradient, ArrayD::zeros(x.raw_dim()));
}

#[test]
fn models_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<OnnxModel<f32>>();
    shared::<OnnxModel<f64>>();
}
