//! Results that move in steps: the derivative is zero, the model says where, and quantisation can let gradients through.

use ndarray::{ArrayD, arr2};
use xcebra_model::{Model, VjpCheck};
use xcebra_onnx::{OnnxModel, OnnxOptions};

use crate::data::gradient;
use crate::write::Dim::{Fixed, Named};
use crate::write::{File, Message, tensor};

/// `x` quantised to bytes of a tenth around 100, and back.
fn quantised() -> File {
    File::new(&[Named("N"), Fixed(3)])
        .reals("scale", &[], &[0.1])
        .constant(&tensor("zero", 2, &[]).bytes(9, &[100]))
        .node("QuantizeLinear", &["x", "scale", "zero"], "q", &[])
        .node("DequantizeLinear", &["q", "scale", "zero"], "d", &[])
        .node("Mul", &["d", "d"], "y", &[])
}

#[test]
fn quantisation_has_no_derivative_unless_it_is_asked_for() {
    let bytes = quantised().finish();
    // 0.44 is 4 tenths; 99 and -99 are beyond 15.5 and -10, the ends of the range
    let x = arr2(&[[0.44, 99.0, -99.0]]).into_dyn();
    let model = OnnxModel::<f64>::from_bytes(&bytes).unwrap();
    let y = model.forward(x.view()).unwrap().into_raw_vec_and_offset().0;
    // the scale is single precision
    for (found, expected) in y.iter().zip([0.16, 15.5 * 15.5, 100.0]) {
        assert!((found - expected).abs() < 1e-5, "{y:?}");
    }
    assert_eq!(gradient(&model, &x), [0.0; 3]);
    assert_eq!(
        model.piecewise_constant().unwrap(),
        ["node of q (QuantizeLinear)"]
    );
    assert!(!model.has_gradient().unwrap());

    let through = OnnxOptions::new()
        .straight_through()
        .from_bytes::<f64>(&bytes)
        .unwrap();
    assert_eq!(
        through
            .forward(x.view())
            .unwrap()
            .into_raw_vec_and_offset()
            .0,
        y
    );
    // d(d²) = 2 d inside the range, nothing outside
    let found = gradient(&through, &x);
    assert!((found[0] - 0.8).abs() < 1e-6, "{found:?}");
    assert_eq!(found[1..], [0.0; 2]);
    assert!(through.has_gradient().unwrap());
    assert!(through.piecewise_constant().unwrap().is_empty());
}

/// `x` quantised with a scale and a zero point that follow from it, and back.
///
/// Between −1 and 2 a step is 3/255, and 0.31 is 26 of them.
#[test]
fn dynamic_quantisation_has_the_derivative_of_its_scale_unless_gradients_go_through() {
    let node = Message::default()
        .text(1, "x")
        .text(2, "q")
        .text(2, "scale")
        .text(2, "zero")
        .text(3, "node of q")
        .text(4, "DynamicQuantizeLinear");
    let mut file = File::new(&[Named("N"), Fixed(3)]);
    file.graph = file.graph.message(1, &node);
    let file = file.node("DequantizeLinear", &["q", "scale", "zero"], "y", &[]);
    let bytes = file.finish();
    let x = arr2(&[[0.31, -1.0, 2.0]]).into_dyn();
    let is = |found: Vec<f64>, expected: [f64; 3]| {
        for (found, expected) in found.iter().zip(expected) {
            // some roundings
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    };
    let model = OnnxModel::<f64>::from_bytes(&bytes).unwrap();
    let values = model.forward(x.view()).unwrap();
    is(
        values.into_raw_vec_and_offset().0,
        [26.0 * 3.0 / 255.0, -1.0, 2.0],
    );
    // (26 − 85 + 170) steps of (largest − least) / 255
    let by_range = 111.0 / 255.0;
    is(gradient(&model, &x), [0.0, -by_range, by_range]);
    assert!(VjpCheck::default().run(&model, x.view()).unwrap().passed());
    assert_eq!(
        model.piecewise_constant().unwrap(),
        ["node of q (DynamicQuantizeLinear)"]
    );
    let through = OnnxOptions::new()
        .straight_through()
        .from_bytes::<f64>(&bytes)
        .unwrap();
    is(gradient(&through, &x), [1.0; 3]);
}

#[test]
fn nodes_where_the_gradient_ends_are_named() {
    let file = File::new(&[Named("N"), Fixed(3)])
        .node("Floor", &["x"], "f", &[])
        .node("ArgMax", &["x"], "i", &[("axis", &[1])])
        .node("Cast", &["i"], "c", &[("to", &[1])])
        .node("Add", &["f", "c"], "a", &[])
        .node("Add", &["a", "x"], "y", &[]);
    let model = OnnxModel::<f64>::from_bytes(&file.finish()).unwrap();
    let nodes = model.piecewise_constant().unwrap();
    assert_eq!(nodes, ["node of f (Floor)", "node of i (ArgMax)"]);
    assert!(model.has_gradient().unwrap());
    let smooth = File::new(&[Named("N"), Fixed(3)]).node("Exp", &["x"], "y", &[]);
    let smooth = OnnxModel::<f64>::from_bytes(&smooth.finish()).unwrap();
    assert!(smooth.piecewise_constant().unwrap().is_empty());
}

/// A query that may look at nothing has a result of zero and no influence, not one that is not a number.
#[test]
fn attention_to_nothing_is_zero() {
    let mask = |first: u8| tensor("mask", 9, &[2, 2]).bytes(9, &[first, first, 1, 1]);
    let file = |first| {
        File::new(&[Named("N"), Fixed(1), Fixed(2), Fixed(3)])
            .constant(&mask(first))
            .node("Attention", &["x", "x", "x", "mask"], "y", &[])
    };
    let x = ArrayD::from_shape_fn(vec![1, 1, 2, 3], |i| (i[2] * 3 + i[3]) as f64 / 4.0 - 0.3);
    let model = OnnxModel::<f64>::from_bytes(&file(0).finish()).unwrap();
    let y = model.forward(x.view()).unwrap().into_raw_vec_and_offset().0;
    assert_eq!(y[..3], [0.0; 3]);
    assert!(VjpCheck::default().run(&model, x.view()).unwrap().passed());
    let whole = OnnxModel::<f64>::from_bytes(&file(1).finish()).unwrap();
    let seen = whole.forward(x.view()).unwrap().into_raw_vec_and_offset().0;
    assert_eq!(seen[3..], y[3..]);
    assert!(seen[..3].iter().all(|v| *v != 0.0));
}

/// A row of the way back may be zero while the memory that its result gets is not: every evaluation takes what the one before it left.
#[test]
fn rows_without_a_cotangent_have_no_gradient() {
    let zeros = [0.0; 5];
    let keep = [vec![1.0; 5 * 300], zeros.repeat(300)].concat();
    let bytes = File::new(&[Named("N"), Fixed(600), Fixed(5)])
        .node("LogSoftmax", &["x"], "l", &[("axis", &[2])])
        .reals("keep", &[600, 5], &keep)
        .node("Mul", &["l", "keep"], "y", &[])
        .finish();
    let model = OnnxModel::<f64>::from_bytes(&bytes).unwrap();
    let x = ArrayD::from_shape_fn(vec![1, 600, 5], |i| (i[1] * 5 + i[2]) as f64 * 0.37 % 1.0);
    for _ in 0..3 {
        let found = gradient(&model, &x);
        let row = x.as_slice().unwrap()[..5].iter().map(|v| v.exp());
        let sum: f64 = row.clone().sum();
        for (found, e) in found.iter().zip(row) {
            assert!((found - (1.0 - 5.0 * e / sum)).abs() < 1e-12, "{found}");
        }
        assert!(found[1500..].iter().all(|&g| g == 0.0));
    }
}
