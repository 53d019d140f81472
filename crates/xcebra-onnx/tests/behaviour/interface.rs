//! Several inputs and outputs, lengths from the signal, derivatives that stop.

use ndarray::{Array2, ArrayD, arr1, array};
use xcebra_model::{Model, check_vjp};
use xcebra_onnx::{Need, OnnxError, OnnxModel, OnnxOptions};

use crate::write::Dim::{Fixed, Named};
use crate::write::{File, Message};

fn need(options: &OnnxOptions, file: &File) -> Need {
    let error = options.from_bytes::<f64>(&file.finish()).unwrap_err();
    let need = error.need().cloned();
    need.unwrap_or_else(|| panic!("{error} asks for nothing"))
}

/// `y = Σ_t x u_t`, of `x` (2, 3) and `u` (3).
fn product() -> File {
    File::new(&[Named("N"), Fixed(2), Named("T")])
        .input("u", 1, &[Named("N"), Named("T")])
        .integers("axis", &[1])
        .node("Unsqueeze", &["u", "axis"], "v", &[])
        .node("Mul", &["x", "v"], "z", &[])
        .integers("last", &[2])
        .node("ReduceSum", &["z", "last"], "y", &[("keepdims", &[0])])
}

/// Closed form: `∂y_c/∂x_ct = u_t` and `∂y_c/∂u_t = x_ct`.
#[test]
fn several_inputs_are_differentiated_together() {
    let options = OnnxOptions::new().inputs(["x", "u"]).dimension("T", 3);
    let model: OnnxModel<f64> = options.from_bytes(&product().finish()).unwrap();
    assert_eq!((model.input_shape(), model.output_dim()), (&[9][..], 2));
    let parts = model.parts();
    assert_eq!(
        (
            parts[0].name.as_str(),
            &parts[0].shape[..],
            parts[0].range.clone()
        ),
        ("x", &[2, 3][..], 0..6)
    );
    assert_eq!(
        (
            parts[1].name.as_str(),
            &parts[1].shape[..],
            parts[1].range.clone()
        ),
        ("u", &[3][..], 6..9)
    );
    assert!(model.samples_at_once() > 1);
    let x = Array2::from_shape_fn((4, 9), |(i, j)| (1 + i) as f64 * (j as f64 - 3.5)).into_dyn();
    let (y, gradient) = model
        .value_and_vjp(
            x.view(),
            array![[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]].view(),
        )
        .unwrap();
    for i in 0..4 {
        let at = |j: usize| x[[i, j]];
        for c in 0..2 {
            let sum: f64 = (0..3).map(|t| at(3 * c + t) * at(6 + t)).sum();
            assert!((y[[i, c]] - sum).abs() < 1e-12);
        }
        let expected = [at(6), at(7), at(8), 0.0, 0.0, 0.0, at(0), at(1), at(2)];
        for (j, expected) in expected.into_iter().enumerate() {
            assert_eq!(gradient[[i, j]], expected);
        }
    }
    assert!(check_vjp(&model, x.view()).unwrap().passed());
}

#[test]
fn inputs_may_have_axes_and_lengths_of_their_own() {
    let options = OnnxOptions::new()
        .inputs(["u", "x"])
        .sample_axes_of("x", [1, 0])
        .signal_of("u", [3]);
    let model: OnnxModel<f64> = options.from_bytes(&product().finish()).unwrap();
    assert_eq!(model.parts()[1].shape, [3, 2]);
    let x = arr1(&[1.0, 10.0, 100.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let y = model
        .forward(x.insert_axis(ndarray::Axis(0)).into_dyn().view())
        .unwrap();
    assert_eq!(y, array![[531.0, 642.0]]);
}

#[test]
fn what_is_open_is_told_apart_from_its_words() {
    let file = product();
    let names = vec!["x".to_owned(), "u".to_owned()];
    assert_eq!(need(&OnnxOptions::new(), &file), Need::Input { names });
    assert_eq!(
        need(&OnnxOptions::new().inputs(["x", "u"]), &file),
        Need::Dimension {
            name: "T".to_owned()
        }
    );
    let options = OnnxOptions::new().input("x").dimension("T", 3);
    assert_eq!(
        need(&options, &file),
        Need::Constant {
            input: "u".to_owned()
        }
    );
    let options = OnnxOptions::new().constant("u", ArrayD::zeros(vec![1, 2, 3]));
    assert_eq!(
        need(&options, &file),
        Need::Constant {
            input: "u".to_owned()
        }
    );
    assert!(matches!(
        need(&OnnxOptions::new().inputs(["x", "x"]), &file),
        Need::Input { .. }
    ));
    let options = OnnxOptions::new().inputs(["x", "u"]).dimension("T", 3);
    assert!(matches!(
        need(&options.clone().output("w"), &file),
        Need::Output { .. }
    ));
    assert_eq!(need(&options.detach("w"), &file), Need::Detach);
    let masked = file
        .input("mask", 7, &[Named("N")])
        .node("Exp", &["y"], "e", &[]);
    let options = OnnxOptions::new().constant("u", ArrayD::zeros(vec![3]));
    assert_eq!(
        need(&options, &masked),
        Need::Constant {
            input: "mask".to_owned()
        }
    );
}

/// A constant without the batch axis is one sample, and its length is that of all dimensions of the same name.
#[test]
fn a_constant_tells_lengths() {
    let options = OnnxOptions::new().constant("u", array![[1.0, 2.0, 3.0, 4.0]].into_dyn());
    let model: OnnxModel<f64> = options.from_bytes(&product().finish()).unwrap();
    assert_eq!(model.input_shape(), [2, 4]);
    assert!(model.samples_at_once() > 1);
    let options = OnnxOptions::new()
        .constant("u", array![1.0, 2.0, 3.0].into_dyn())
        .signal([50, 2, 3]);
    let model: OnnxModel<f64> = options.from_bytes(&product().finish()).unwrap();
    assert_eq!(model.input_shape(), [2, 3]);
}

#[test]
fn a_single_number_has_any_axes() {
    for (dims, shape) in [
        (&[][..], &[1][..]),
        (&[], &[]),
        (&[Fixed(1), Fixed(1)], &[]),
    ] {
        let file = File::new(&[Named("N"), Fixed(2)]).input("s", 1, dims).node(
            "Mul",
            &["x", "s"],
            "y",
            &[],
        );
        let options = OnnxOptions::new().constant("s", ArrayD::from_elem(shape, 3.0));
        let model: OnnxModel<f64> = options.from_bytes(&file.finish()).unwrap();
        let y = model.forward(array![[1.0, 2.0]].into_dyn().view()).unwrap();
        assert_eq!(y, array![[3.0, 6.0]]);
    }
}

#[test]
fn open_lengths_are_those_of_the_signal() {
    let cases: [(&[crate::write::Dim], &[usize], &[usize]); 9] = [
        (&[Named("N"), Fixed(2), Named("T")], &[2, 7], &[2, 7]),
        (&[Named("N"), Fixed(2), Named("T")], &[9, 2, 7], &[2, 7]),
        (&[Named("N"), Fixed(2), Named("T")], &[7, 2], &[2, 7]),
        (&[Named("N"), Named(""), Fixed(2)], &[2, 7], &[7, 2]),
        (&[Named("N"), Fixed(1), Named("")], &[7], &[1, 7]),
        (&[Named("N"), Fixed(1), Named("")], &[4, 7], &[1, 7]),
        (&[Named("N"), Fixed(1), Named("")], &[7, 1], &[1, 7]),
        (&[Named("N"), Named("C"), Named("T")], &[3, 7], &[3, 7]),
        (&[Named("N"), Fixed(2), Fixed(5)], &[2, 7], &[2, 5]),
    ];
    for (dims, signal, expected) in cases {
        let file = File::new(dims).node("Exp", &["x"], "y", &[]);
        let options = OnnxOptions::new().signal(signal);
        let model: OnnxModel<f64> = options.from_bytes(&file.finish()).unwrap();
        assert_eq!(model.input_shape(), expected, "{signal:?}");
    }
    let file = File::new(&[Named("N"), Fixed(2), Named("T")]).node("Exp", &["x"], "y", &[]);
    let options = OnnxOptions::new().signal([3, 7]);
    assert_eq!(
        need(&options, &file),
        Need::Dimension {
            name: "T".to_owned()
        }
    );
    let options = options.dimension("T", 4);
    let model: OnnxModel<f64> = options.from_bytes(&file.finish()).unwrap();
    assert_eq!(model.input_shape(), [2, 4]);
    let model: OnnxModel<f64> = OnnxOptions::new()
        .sample_axes([1, 0])
        .signal([7, 2])
        .from_bytes(&file.finish())
        .unwrap();
    assert_eq!(model.input_shape(), [7, 2]);
}

/// As scikit-learn's classifiers are written: a label, and probabilities by the names of classes.
#[test]
fn the_label_beside_probabilities_needs_no_choice() {
    let output = |name: &str, field: u64, element: i64| {
        let tensor = Message::default().int(1, element);
        let kind = Message::default().message(field, &tensor);
        Message::default().text(1, name).message(2, &kind)
    };
    let zipped = Message::default()
        .text(1, "p")
        .text(2, "y")
        .text(4, "ZipMap")
        .text(7, "ai.onnx.ml");
    let mut file = File::new(&[Named("N"), Fixed(3)])
        .node("Softmax", &["x"], "p", &[])
        .node("ArgMax", &["x"], "label", &[("axis", &[1])]);
    file.graph = file
        .graph
        .message(1, &zipped)
        .message(12, &output("label", 1, 7));
    let model = OnnxModel::<f64>::from_bytes(&file.finish()).unwrap();
    assert_eq!((model.output_name(), model.output_dim()), ("p", 3));
    let model: OnnxModel<f64> = OnnxOptions::new()
        .output("y")
        .from_bytes(&file.finish())
        .unwrap();
    assert_eq!(model.output_name(), "p");
}

#[test]
fn a_node_can_be_named_as_output() {
    let file = File::new(&[Named("N"), Fixed(3)])
        .node("Exp", &["x"], "e", &[])
        .node("Neg", &["e"], "y", &[]);
    let model: OnnxModel<f64> = OnnxOptions::new()
        .output("node of e")
        .from_bytes(&file.finish())
        .unwrap();
    assert_eq!(model.output_name(), "e");
}

/// Of `y = x · e`, `e = exp x`: 2 terms by default, and the other one alone if one is detached.
#[test]
fn derivatives_stop_where_asked() {
    let file = File::new(&[Named("N"), Fixed(1)])
        .node("Exp", &["x"], "e", &[])
        .node("Identity", &["x"], "same", &[])
        .node("Mul", &["same", "e"], "y", &[]);
    let x = array![[0.5]].into_dyn();
    let e = 0.5_f64.exp();
    let slope = |options: &OnnxOptions| {
        let model: OnnxModel<f64> = options.from_bytes(&file.finish()).unwrap();
        let (y, gradient) = model.value_and_vjp(x.view(), array![[1.0]].view()).unwrap();
        assert!((y[[0, 0]] - 0.5 * e).abs() < 1e-15);
        gradient[[0, 0]]
    };
    let whole = OnnxOptions::new();
    // sums and products of two numbers: a few roundings
    assert!((slope(&whole) - (e + 0.5 * e)).abs() < 1e-15);
    assert!((slope(&whole.clone().detach("e")) - e).abs() < 1e-15);
    assert!((slope(&whole.clone().detach("node of e")) - e).abs() < 1e-15);
    // another name of the same value stays as it is
    assert!((slope(&whole.clone().detach("same")) - 0.5 * e).abs() < 1e-15);
    assert_eq!(slope(&whole.clone().detach("y")), 0.0);
    assert_eq!(slope(&whole.detach("x")), 0.0);
}

#[test]
fn a_file_says_what_it_offers() {
    let path = crate::data::path("causal_attention.onnx");
    let listing = xcebra_onnx::list(&path).unwrap();
    assert_eq!(listing.inputs[0].to_string(), "x: float32 [N, 1, 32]");
    assert_eq!(listing.outputs[0].to_string(), "y: float32 [N, 8]");
    assert!(listing.hidden.iter().any(|v| v.name.contains("softmax")));
    // every one of them can be asked for
    for value in &listing.hidden {
        let model = OnnxOptions::new().output(&value.name).load::<f64>(&path);
        assert!(model.is_ok(), "{value}: {:?}", model.err());
    }
    let error = xcebra_onnx::list(path.with_extension("absent")).unwrap_err();
    assert!(matches!(error, OnnxError::Io { .. }));
}
