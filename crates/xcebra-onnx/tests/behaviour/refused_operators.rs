//! What operators refuse: settings that make no sense, invalid trees, results of unknown length.

use xcebra_onnx::OnnxOptions;

use crate::write::Dim::{Fixed, Named};
use crate::write::{File, Message, integers, refused, tensor};

fn batch_of(length: i64) -> File {
    File::new(&[Named("N"), Fixed(length)])
}

#[test]
fn results_whose_length_depends_on_values_are_refused() {
    let file = batch_of(3).node("Cast", &["x"], "c", &[("to", &[9])]).node(
        "Compress",
        &["x", "c"],
        "y",
        &[],
    );
    refused(
        &file,
        &[
            "node of y",
            "Compress",
            "length of its result",
            "depends on the values",
        ],
    );
    let file = batch_of(3)
        .node("ReduceSum", &["x"], "k", &[("keepdims", &[0])])
        .node("TopK", &["x", "k"], "y", &[]);
    refused(
        &file,
        &["TopK", "number of results", "depends on the values"],
    );
}

#[test]
fn numbers_that_do_not_fit_are_refused() {
    let file = batch_of(3)
        .integers("k", &[4])
        .node("TopK", &["x", "k"], "y", &[]);
    refused(&file, &["TopK", "4 numbers", "length 3"]);
    let file =
        batch_of(3)
            .integers("i", &[5, 0, 0])
            .node("Gather", &["x", "i"], "y", &[("axis", &[1])]);
    refused(&file, &["Gather", "index 5", "length 3"]);
    let scattered = |indices: &[i64]| {
        batch_of(3)
            .integers("i", indices)
            .integers("shape", &[-1, 1])
            .node("Reshape", &["i", "shape"], "at", &[])
    };
    let file = scattered(&[7]).reals("u", &[1, 3], &[1.0; 3]).node(
        "ScatterND",
        &["x", "at", "u"],
        "y",
        &[],
    );
    refused(&file, &["ScatterND", "index 7", "length 1"]);
    let file = scattered(&[0]).node("ScatterND", &["x", "at", "shape"], "y", &[]);
    refused(&file, &["ScatterND", "for places of shape [1, 3]"]);
    let file = batch_of(3).node("DFT", &["x"], "y", &[("axis", &[1])]);
    refused(&file, &["DFT", "real and imaginary"]);
    let file = File::new(&[Named("N"), Fixed(4), Fixed(3)]).node("DFT", &["x"], "y", &[]);
    refused(&file, &["DFT", "3 numbers along the last axis"]);
    let file = batch_of(8)
        .integers("step", &[2])
        .reals("window", &[9], &[1.0; 9])
        .node("STFT", &["x", "step", "window"], "y", &[]);
    refused(&file, &["STFT", "windows of length 9", "length 8"]);
    let file = batch_of(3).reals("scale", &[2], &[1.0, 2.0]).node(
        "QuantizeLinear",
        &["x", "scale"],
        "y",
        &[],
    );
    refused(&file, &["QuantizeLinear", "[2]", "axis 1"]);
    let file = batch_of(3).reals("scale", &[], &[1.0]).node(
        "QuantizeLinear",
        &["x", "scale"],
        "y",
        &[("output_dtype", &[1])],
    );
    refused(&file, &["QuantizeLinear", "2, 4, 8 or 16 bits"]);
}

#[test]
fn chance_and_training_are_refused() {
    let file = batch_of(3)
        .reals("ratio", &[], &[0.5])
        .constant(&tensor("training", 9, &[]).bytes(9, &[1]))
        .node("Dropout", &["x", "ratio", "training"], "y", &[]);
    refused(&file, &["Dropout", "training mode", "evaluation mode"]);
    for op in [
        "Bernoulli",
        "RandomUniformLike",
        "RandomNormalLike",
        "Multinomial",
    ] {
        let file = batch_of(3).node(op, &["x"], "y", &[]);
        refused(&file, &[op, "by chance", "evaluation mode"]);
    }
}

/// One tree of three nodes, whose root has these children.
fn tree(children: [i64; 2], feature: i64) -> File {
    let modes = ["BRANCH_LEQ", "LEAF", "LEAF"];
    let modes = modes
        .iter()
        .fold(Message::default().text(1, "nodes_modes"), |m, t| {
            m.text(9, t)
        });
    let reals = |name: &str, count: usize| {
        let bytes = 0.5_f32.to_le_bytes().repeat(count);
        Message::default().text(1, name).bytes(7, &bytes)
    };
    let node = [
        integers("nodes_treeids", &[0; 3]),
        integers("nodes_nodeids", &[0, 1, 2]),
        integers("nodes_featureids", &[feature, 0, 0]),
        integers("nodes_truenodeids", &[children[0], 0, 0]),
        integers("nodes_falsenodeids", &[children[1], 0, 0]),
        integers("target_treeids", &[0, 0]),
        integers("target_nodeids", &[1, 2]),
        integers("target_ids", &[0, 0]),
        modes,
        reals("nodes_values", 3),
        reals("target_weights", 2),
    ]
    .iter()
    .fold(Message::default().text(1, "x").text(2, "y"), |n, a| {
        n.message(5, a)
    })
    .text(4, "TreeEnsembleRegressor")
    .text(7, "ai.onnx.ml");
    let mut file = batch_of(3);
    file.graph = file.graph.message(1, &node);
    file
}

#[test]
fn invalid_trees_are_refused() {
    let model = OnnxOptions::new()
        .from_bytes::<f64>(&tree([1, 2], 2).finish())
        .unwrap();
    assert!(!model.has_gradient().unwrap());
    assert_eq!(
        model.piecewise_constant().unwrap(),
        ["y (TreeEnsembleRegressor)"]
    );
    refused(&tree([0, 2], 0), &["do not form trees"]);
    refused(&tree([1, 1], 0), &["do not form trees"]);
    refused(&tree([1, 9], 0), &["no node 9"]);
    refused(&tree([1, 2], 3), &["feature 3 of 3"]);
    refused(&tree([1, 2], -1), &["feature -1 of 3"]);
}

#[test]
fn unknown_operators_of_other_domains_are_named() {
    let node = Message::default()
        .text(1, "x")
        .text(2, "y")
        .text(4, "TfIdfVectorizer")
        .text(7, "ai.onnx.ml");
    let mut file = batch_of(3);
    file.graph = file.graph.message(1, &node);
    refused(
        &file,
        &[
            "TfIdfVectorizer",
            "ai.onnx.ml",
            "a value before this node as the output",
        ],
    );
}
