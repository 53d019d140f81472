//! What newer operators refuse: stretches, states, offsets and trees that do not fit.

use xcebra_onnx::OnnxOptions;

use crate::write::Dim::{Fixed, Named};
use crate::write::{File, Message, integers, refused, tensor};

fn signal() -> File {
    File::new(&[Named("N"), Fixed(4), Fixed(5)])
}

#[test]
fn stretches_that_do_not_fit_are_refused() {
    let reversed = |lengths: &[i64], axes: &[(&str, &[i64])]| {
        let file = signal().integers("l", lengths);
        file.node("ReverseSequence", &["x", "l"], "y", axes)
    };
    let axes: &[(&str, &[i64])] = &[("batch_axis", &[1]), ("time_axis", &[2])];
    refused(
        &reversed(&[6, 1, 1, 1], axes),
        &["[6, 1, 1, 1]", "4 sequences of 5"],
    );
    refused(&reversed(&[1, 1], axes), &["4 sequences"]);
    refused(&reversed(&[-1, 1, 1, 1], axes), &["4 sequences"]);
    let same: &[(&str, &[i64])] = &[("batch_axis", &[1]), ("time_axis", &[1])];
    refused(&reversed(&[1; 4], same), &["ReverseSequence"]);
    let written = |dims: &[i64], starts: &[i64]| {
        let count = dims.iter().product::<i64>() as usize;
        File::new(&[Fixed(1), Fixed(4), Fixed(5)])
            .reals("update", dims, &vec![1.0; count])
            .integers("at", starts)
            .node("TensorScatter", &["x", "update", "at"], "y", &[])
    };
    refused(&written(&[1, 5, 5], &[0]), &["[1, 5, 5]", "[1, 4, 5]"]);
    refused(&written(&[1, 2, 4], &[0]), &["[1, 2, 4]", "axis 1"]);
    refused(&written(&[1, 2, 5], &[3]), &["2 numbers", "[3]", "of 4"]);
    refused(&written(&[1, 2, 5], &[-1]), &["[-1]"]);
}

#[test]
fn layers_whose_parts_do_not_fit_are_refused() {
    let conv = |w: &[i64]| {
        let count = w.iter().product::<i64>() as usize;
        let file = signal().reals("w", w, &vec![1.0; count]);
        file.node("CausalConvWithState", &["x", "w"], "y", &[])
    };
    refused(&conv(&[3, 1, 2]), &["3 kernels", "4 channels"]);
    refused(&conv(&[4, 2, 2]), &["[4, 2, 2]"]);
    let attention = |heads: &[i64]| {
        let heads: &[(&str, &[i64])] = &[("q_num_heads", heads), ("kv_num_heads", &[1])];
        let file = signal().reals("rate", &[1], &[1.0]);
        file.node(
            "LinearAttention",
            &["x", "x", "x", "", "rate", "rate"],
            "y",
            heads,
        )
    };
    refused(&attention(&[2]), &["2 heads for 5 features"]);
    refused(&attention(&[1]), &["expected 3 axes"]);
    let image = || File::new(&[Fixed(1), Fixed(2), Fixed(4), Fixed(5)]);
    let deformed = |w: &[i64], offset: &[i64]| {
        let count = |dims: &[i64]| dims.iter().product::<i64>() as usize;
        image()
            .reals("w", w, &vec![1.0; count(w)])
            .reals("o", offset, &vec![0.0; count(offset)])
            .node("DeformConv", &["x", "w", "o"], "y", &[])
    };
    let places = [1, 8, 3, 4];
    refused(
        &deformed(&[3, 1, 2, 2], &places),
        &["2 channels in 1 groups"],
    );
    refused(
        &deformed(&[3, 2, 2, 2], &[1, 8, 2, 4]),
        &["[1, 8, 2, 4]", "expected [1, 8, 3, 4]"],
    );
    refused(
        &deformed(&[3, 2, 5, 2], &places),
        &["larger than its input"],
    );
    refused(&deformed(&[3, 2, 2], &places), &["[3, 2, 2]"]);
}

#[test]
fn diagonals_of_unequal_axes_are_refused() {
    let equation = Message::default()
        .text(1, "equation")
        .text(4, "nii->ni")
        .int(20, 3);
    let node = Message::default()
        .text(1, "x")
        .text(2, "y")
        .text(4, "Einsum")
        .message(5, &equation);
    let mut file = signal();
    file.graph = file.graph.message(1, &node);
    refused(&file, &["Einsum", "'i'", "differ in length"]);
}

#[test]
fn results_of_unknown_length_are_refused() {
    for op in ["Unique", "NonMaxSuppression", "NonZero"] {
        let file = signal().node(op, &["x"], "y", &[]);
        refused(&file, &[op, "the length of its result"]);
    }
    refused(
        &signal().node("BitCast", &["x"], "y", &[]),
        &["the bits of a number have no meaningful derivative"],
    );
}

fn numbers(name: &str, element: i64, count: usize, bytes: &[u8]) -> Message {
    let tensor = tensor("", element, &[count as i64]).bytes(9, bytes);
    Message::default().text(1, name).message(5, &tensor)
}

/// Version 5 of the trees: one tree of two nodes, whose root goes to the other node or to a leaf.
fn ensemble(mode: u8, to: [i64; 2], targets: i64, root: i64) -> File {
    let weights: Vec<u8> = [0.5_f32, 1.5, 2.5]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let splits: Vec<u8> = [0.1_f32, 0.2]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let node = [
        Message::default().text(1, "n_targets").int(3, targets),
        integers("tree_roots", &[root]),
        integers("nodes_featureids", &[0, 2]),
        integers("nodes_truenodeids", &[to[0], 1]),
        integers("nodes_trueleafs", &[0, 1]),
        integers("nodes_falsenodeids", &[to[1], 2]),
        integers("nodes_falseleafs", &[1, 1]),
        integers("leaf_targetids", &[0, 1, 1]),
        numbers("nodes_modes", 2, 2, &[0, mode]),
        numbers("nodes_splits", 1, 2, &splits),
        numbers("leaf_weights", 1, 3, &weights),
    ]
    .iter()
    .fold(Message::default().text(1, "x").text(2, "y"), |n, a| {
        n.message(5, a)
    })
    .text(4, "TreeEnsemble")
    .text(7, "ai.onnx.ml");
    let mut file = File::new(&[Named("N"), Fixed(3)]);
    file.graph = file.graph.message(1, &node);
    file
}

#[test]
fn invalid_ensembles_are_refused() {
    let model = OnnxOptions::new()
        .from_bytes::<f64>(&ensemble(0, [1, 0], 2, 0).finish())
        .unwrap();
    assert!(!model.has_gradient().unwrap());
    refused(&ensemble(0, [0, 0], 2, 0), &["do not form trees"]);
    refused(&ensemble(0, [1, 0], 2, 1), &["do not form trees"]);
    refused(&ensemble(0, [1, 0], 2, 2), &["root"]);
    refused(&ensemble(0, [2, 0], 2, 0), &["node or leaf 2"]);
    refused(&ensemble(0, [1, 3], 2, 0), &["node or leaf 3"]);
    refused(&ensemble(0, [1, -1], 2, 0), &["node or leaf -1"]);
    refused(&ensemble(0, [1, 0], 1, 0), &["result 1 of 1"]);
    refused(&ensemble(0, [1, 0], 1 << 40, 0), &["number of elements"]);
    refused(&ensemble(9, [1, 0], 2, 0), &["rule 9"]);
    refused(
        &ensemble(6, [1, 0], 2, 0),
        &["numbers that it compares with"],
    );
}
