//! Operators that no script writes, compared with closed forms and differences.

use ndarray::{ArrayD, arr2};
use xcebra_model::{Model, VjpCheck};
use xcebra_onnx::OnnxModel;

use crate::data::gradient;
use crate::write::Dim::{Fixed, Named};
use crate::write::{File, tensor};

/// The values of a file for one sample, after its gradient was compared with differences.
fn values(file: &File, x: &[f64]) -> Vec<f64> {
    let model = OnnxModel::<f64>::from_bytes(&file.finish()).unwrap();
    let x = ArrayD::from_shape_vec(vec![1, x.len()], x.to_vec()).unwrap();
    let report = VjpCheck::default().run(&model, x.view()).unwrap();
    assert!(report.passed(), "{report}");
    let y = model.forward(x.view()).unwrap();
    y.into_raw_vec_and_offset().0
}

#[test]
fn a_gated_unit_multiplies_with_a_swish() {
    let x = [0.5, -2.0, 3.0];
    let mut file = File::new(&[Named("N"), Fixed(3)]).node("SwiGLU", &["x", "x"], "y", &[]);
    file.opset = 28;
    for (found, x) in values(&file, &x).iter().zip(x) {
        // roundings of an exponential
        assert!(
            (found - x * x / (1.0 + (-x).exp())).abs() < 1e-14,
            "{found}"
        );
    }
}

#[test]
fn scatter_is_the_old_name_of_scatter_elements() {
    let mut file = File::new(&[Fixed(1), Fixed(3)])
        .constant(&tensor("at", 7, &[1, 1]).bytes(9, &1_i64.to_le_bytes()))
        .reals("update", &[1, 1], &[7.0])
        .node("Scatter", &["x", "at", "update"], "y", &[("axis", &[1])]);
    file.opset = 10;
    assert_eq!(values(&file, &[0.5, -2.0, 3.0]), [0.5, 7.0, 3.0]);
}

#[test]
fn an_empty_sequence_is_filled() {
    let file = File::new(&[Named("N"), Fixed(3)])
        .node("Neg", &["x"], "negative", &[])
        .node("Optional", &["x"], "maybe", &[])
        .node("OptionalGetElement", &["maybe"], "same", &[])
        .node("SequenceEmpty", &[], "none", &[])
        .node("SequenceInsert", &["none", "same"], "one", &[])
        .node("SequenceInsert", &["one", "negative"], "two", &[])
        .node("ConcatFromSequence", &["two"], "y", &[("axis", &[1])]);
    let expected = [0.5, -2.0, 3.0, -0.5, 2.0, -3.0];
    assert_eq!(values(&file, &[0.5, -2.0, 3.0]), expected);
}

#[test]
fn running_products_have_their_closed_form() {
    let file = File::new(&[Named("N"), Fixed(4)])
        .integers("axis", &[1])
        .node("CumProd", &["x", "axis"], "y", &[]);
    let model = OnnxModel::<f64>::from_bytes(&file.finish()).unwrap();
    // zeros too: a derivative by division would not be a number
    let x = arr2(&[[2.0, 0.0, 3.0, 0.0]]).into_dyn();
    let y = model.forward(x.view()).unwrap();
    assert_eq!(y.into_raw_vec_and_offset().0, [2.0, 0.0, 0.0, 0.0]);
    // of x0 + x0 x1 + x0 x1 x2 + x0 x1 x2 x3
    assert_eq!(gradient(&model, &x), [1.0, 2.0 + 6.0, 0.0, 0.0]);
    for (exclusive, reverse, expected) in [
        (1, 0, [1.0, 2.0, 6.0, 24.0]),
        (0, 1, [120.0, 60.0, 20.0, 5.0]),
        (1, 1, [60.0, 20.0, 5.0, 1.0]),
    ] {
        let file = File::new(&[Named("N"), Fixed(4)])
            .integers("axis", &[1])
            .node(
                "CumProd",
                &["x", "axis"],
                "y",
                &[("exclusive", &[exclusive]), ("reverse", &[reverse])],
            );
        let model = OnnxModel::<f64>::from_bytes(&file.finish()).unwrap();
        let x = arr2(&[[2.0, 3.0, 4.0, 5.0]]).into_dyn();
        let y = model.forward(x.view()).unwrap();
        assert_eq!(y.into_raw_vec_and_offset().0, expected);
        assert!(VjpCheck::default().run(&model, x.view()).unwrap().passed());
    }
}

/// The windows of an image are added up some at a time, at least one: here one alone has more numbers than some should.
#[test]
fn a_kernel_may_cover_a_large_input() {
    let weights: Vec<f32> = (0..1024 * 256).map(|i| (i % 251) as f32 - 125.0).collect();
    let expected: Vec<f64> = weights.iter().map(|&w| f64::from(w)).collect();
    let model = |op: &str, lengths: [i64; 2]| {
        let bytes = File::new(&[Named("N"), Fixed(lengths[0]), Fixed(lengths[1])])
            .reals("w", &[1, 1024, 256], &weights)
            .node(op, &["x", "w"], "y", &[])
            .finish();
        OnnxModel::<f64>::from_bytes(&bytes).unwrap()
    };
    let x = ArrayD::zeros(vec![1, 1024, 256]);
    assert_eq!(gradient(&model("Conv", [1024, 256]), &x), expected);
    let one = ArrayD::ones(vec![1, 1, 1]);
    let y = model("ConvTranspose", [1, 1]).forward(one.view()).unwrap();
    assert_eq!(y.into_raw_vec_and_offset().0, expected);
}

/// T5 finds the bucket of a distance in this way: `8 log 2 / log 16` is 2, and 1.9999999945 with the logarithm of 16 in single
/// precision. A file of single precision means 2; in one of double precision the same numbers are cut to 1.
#[test]
fn integers_are_cut_from_numbers_of_the_precision_of_the_file() {
    for (element, bucket) in [(1, 2.0), (11, 1.0)] {
        let file = File::of(element, &[Named("N"), Fixed(2)])
            .reals("two", &[1], &[2.0])
            .reals("log16", &[1], &[16_f32.ln()])
            .reals("eight", &[1], &[8.0])
            .node("Log", &["two"], "log2", &[])
            .node("Div", &["log2", "log16"], "share", &[])
            .node("Mul", &["share", "eight"], "place", &[])
            .node("Cast", &["place"], "whole", &[("to", &[7])])
            .node("Cast", &["whole"], "bucket", &[("to", &[element])])
            .node("Mul", &["x", "bucket"], "y", &[]);
        assert_eq!(values(&file, &[0.5, -3.0]), [0.5 * bucket, -3.0 * bucket]);
    }
    // of the input itself, too
    let file = File::new(&[Named("N"), Fixed(2)])
        .node("Cast", &["x"], "whole", &[("to", &[7])])
        .node("Cast", &["whole"], "real", &[("to", &[1])])
        .node("Add", &["x", "real"], "y", &[]);
    let x = [3.0 - 1e-9, 2.5];
    let model = OnnxModel::<f64>::from_bytes(&file.finish()).unwrap();
    let y = model.forward(arr2(&[x]).view().into_dyn()).unwrap();
    assert_eq!(y.into_raw_vec_and_offset().0, [x[0] + 3.0, x[1] + 2.0]);
}
