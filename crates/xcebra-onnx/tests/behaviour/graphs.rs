//! Graphs within graphs: branches, scans, sequences, functions of the file; and old forms of operators.

use ndarray::{ArrayD, array};
use xcebra_model::{Advice, Model, check_vjp};
use xcebra_onnx::OnnxModel;

use crate::write::Dim::{Fixed, Named};
use crate::write::{File, Message, tensor};

fn text(name: &str) -> Message {
    Message::default().text(1, name)
}

fn node(op: &str, inputs: &[&str], outputs: &[&str]) -> Message {
    let node = inputs.iter().fold(Message::default(), |n, i| n.text(1, i));
    let node = outputs.iter().fold(node, |n, o| n.text(2, o));
    node.text(4, op)
}

fn int(name: &str, value: i64) -> Message {
    text(name).int(3, value)
}

fn ints(name: &str, values: &[i64]) -> Message {
    values.iter().fold(text(name), |a, v| a.int(8, *v))
}

fn graph(name: &str, graph: &Message) -> Message {
    text(name).message(6, graph)
}

/// A graph of nodes with these outputs.
fn body(nodes: &[Message], inputs: &[&str], outputs: &[&str]) -> Message {
    let graph = nodes
        .iter()
        .fold(Message::default(), |g, n| g.message(1, n));
    let graph = inputs.iter().fold(graph, |g, i| g.message(11, &text(i)));
    outputs.iter().fold(graph, |g, o| g.message(12, &text(o)))
}

fn batch_of(length: i64) -> File {
    File::new(&[Named("N"), Fixed(length)])
}

fn with(mut file: File, node: &Message) -> File {
    file.graph = file.graph.message(1, node);
    file
}

/// Value for `[1, 2, 3]`, after gradients were compared with differences.
fn value(bytes: &[u8]) -> Vec<f64> {
    let model = OnnxModel::<f64>::from_bytes(bytes).unwrap();
    let x = array![[1.0, 2.0, 3.0]].into_dyn();
    let report = check_vjp(&model, x.view()).unwrap();
    assert!(report.passed(), "{report}");
    model.forward(x.view()).unwrap().into_raw_vec_and_offset().0
}

fn problem(bytes: &[u8]) -> String {
    let error = OnnxModel::<f64>::from_bytes(bytes).unwrap_err();
    format!("{error} [{}]", error.advice().unwrap_or_default())
}

/// The other branch holds an operator that does not exist.
fn branching(condition: &str) -> Message {
    let good = body(&[node("Exp", &["x"], &["a"])], &[], &["a"]);
    let bad = body(&[node("Nonsense", &["x", "broken"], &["b"])], &[], &["b"]);
    node("If", &[condition], &["y"])
        .message(5, &graph("then_branch", &good))
        .message(5, &graph("else_branch", &bad))
}

#[test]
fn the_branch_that_is_taken_is_the_only_one_that_matters() {
    // vectorised exponentials are right to a rounding or two
    let is = |y: &[f64]| {
        for (y, x) in y.iter().zip([1.0_f64, 2.0, 3.0]) {
            assert!((y / x.exp() - 1.0).abs() < 1e-15, "{y}");
        }
    };
    let broken = || with(batch_of(3), &node("Unknown", &["x"], &["broken"]));
    let truth = |value: u8| tensor("c", 9, &[]).bytes(9, &[value]);
    let file = with(broken().constant(&truth(1)), &branching("c"));
    is(&value(&file.finish()));
    let file = with(broken().constant(&truth(0)), &branching("c"));
    assert!(problem(&file.finish()).contains("(Unknown)"));
    // known once the number of axes is
    let file = broken()
        .node("Shape", &["x"], "s", &[])
        .node("Size", &["s"], "rank", &[])
        .integers("two", &[2])
        .node("Equal", &["rank", "two"], "c", &[]);
    is(&value(&with(file, &branching("c")).finish()));
    let file =
        broken()
            .node("ReduceSum", &["x"], "sum", &[])
            .node("Cast", &["sum"], "c", &[("to", &[9])]);
    let text = problem(&with(file, &branching("c")).finish());
    assert!(
        text.contains("(If)") && text.contains("depends on the values"),
        "{text}"
    );
}

/// The running sum of the entries, forwards and backwards: closed forms.
#[test]
fn a_scan_goes_along_an_axis() {
    let adding = body(
        &[
            node("Add", &["state", "entry"], &["next"]),
            node("Identity", &["next"], &["row"]),
        ],
        &["state", "entry"],
        &["next", "row"],
    );
    let scan = |backwards: bool| {
        let directions = [i64::from(backwards)];
        let scan = node("Scan", &["zero", "x"], &["last", "rows"])
            .message(5, &graph("body", &adding))
            .message(5, &int("num_scan_inputs", 1))
            .message(5, &ints("scan_input_axes", &[1]))
            .message(5, &ints("scan_output_axes", &[1]))
            .message(5, &ints("scan_input_directions", &directions))
            .message(5, &ints("scan_output_directions", &directions));
        with(batch_of(3).reals("zero", &[1], &[0.0]), &scan)
            .node("Unsqueeze", &["last", "one"], "l", &[])
            .integers("one", &[1])
            .node("Concat", &["rows", "l"], "y", &[("axis", &[1])])
            .finish()
    };
    assert_eq!(value(&scan(false)), [1.0, 3.0, 6.0, 6.0]);
    assert_eq!(value(&scan(true)), [6.0, 5.0, 3.0, 6.0]);
}

#[test]
fn lists_of_tensors_are_resolved() {
    let split = |file: File| {
        let split = node("SplitToSequence", &["x"], &["parts"]).message(5, &int("axis", 1));
        with(file, &split)
    };
    let file = with(
        split(batch_of(3))
            .integers("last", &[-1])
            .integers("first", &[0]),
        &node("SequenceAt", &["parts", "last"], &["c"]),
    );
    let file = with(file, &node("SequenceErase", &["parts", "first"], &["rest"]));
    let file = with(file, &node("SequenceInsert", &["rest", "c"], &["more"]));
    let joined = node("ConcatFromSequence", &["more"], &["y"]).message(5, &int("axis", 1));
    assert_eq!(value(&with(file, &joined).finish()), [2.0, 3.0, 3.0]);
    let file = split(batch_of(3)).integers("far", &[3]);
    let text = problem(&with(file, &node("SequenceAt", &["parts", "far"], &["y"])).finish());
    assert!(
        text.contains("position 3 of a sequence of length 3"),
        "{text}"
    );
    let text = problem(&with(split(batch_of(3)), &node("Exp", &["parts"], &["y"])).finish());
    assert!(text.contains("sequence 'parts'"), "{text}");
    let stacked = node("ConcatFromSequence", &["parts"], &["s"])
        .message(5, &int("axis", 2))
        .message(5, &int("new_axis", 1));
    let file = with(split(batch_of(3)), &stacked).node("Flatten", &["s"], "y", &[]);
    assert_eq!(value(&file.finish()), [1.0, 2.0, 3.0]);
}

#[test]
fn optional_values_are_resolved() {
    let file = with(batch_of(3), &node("Optional", &["x"], &["maybe"]));
    let file = with(file, &node("OptionalHasElement", &["maybe"], &["c"]));
    let got = body(
        &[node("OptionalGetElement", &["maybe"], &["a"])],
        &[],
        &["a"],
    );
    let other = body(&[node("Neg", &["x"], &["b"])], &[], &["b"]);
    let choice = node("If", &["c"], &["y"])
        .message(5, &graph("then_branch", &got))
        .message(5, &graph("else_branch", &other));
    assert_eq!(value(&with(file, &choice).finish()), [1.0, 2.0, 3.0]);
}

/// A function of a domain of the file: name, inputs, outputs, nodes.
fn function(
    name: &str,
    overload: &str,
    inputs: &[&str],
    outputs: &[&str],
    nodes: &[Message],
) -> Message {
    let opset = Message::default().int(2, 17);
    let own = Message::default().text(1, "own").int(2, 1);
    let function = Message::default()
        .text(1, name)
        .text(10, "own")
        .text(13, overload);
    let function = inputs.iter().fold(function, |f, i| f.text(4, i));
    let function = outputs.iter().fold(function, |f, o| f.text(5, o));
    let function = nodes.iter().fold(function, |f, n| f.message(7, n));
    function.message(9, &opset).message(9, &own)
}

fn finished(file: &File, functions: &[Message]) -> Vec<u8> {
    let bytes = Message(file.finish());
    functions.iter().fold(bytes, |b, f| b.message(25, f)).0
}

/// `scaled(v) = elu(v · w, alpha) + w`, twice, one call inside another function, with an attribute by reference.
#[test]
fn functions_of_the_file_stand_for_their_nodes() {
    let reference = text("alpha").text(21, "slope");
    let inner = function(
        "inner",
        "",
        &["v", "w"],
        &["r"],
        &[
            node("Mul", &["v", "w"], &["x"]),
            node("LeakyRelu", &["x"], &["e"]).message(5, &reference),
            node("Add", &["e", "w"], &["r"]),
        ],
    )
    // the default slope
    .message(11, &{
        let mut slope = text("slope");
        slope.0.push(21);
        slope.0.extend(0.5_f32.to_le_bytes());
        slope
    });
    let other = function(
        "inner",
        "other",
        &["v"],
        &["r"],
        &[node("Neg", &["v"], &["r"])],
    );
    let outer = function(
        "outer",
        "",
        &["a", "b"],
        &["r", "a"],
        &[
            node("inner", &["a", "b"], &["e"]).text(7, "own"),
            node("inner", &["e"], &["r"])
                .text(7, "own")
                .text(8, "other"),
        ],
    );
    let file = batch_of(3).reals("w", &[3], &[2.0, -1.0, 1.0]);
    let file = with(
        file,
        &node("outer", &["x", "w"], &["p", "same"])
            .text(7, "own")
            .text(3, "call"),
    );
    let file = file.node("Mul", &["p", "same"], "y", &[]);
    let bytes = finished(&file, &[inner, other, outer]);
    // −(2 + 2) · 1, −(−2/2 − 1) · 2, −(3 + 1) · 3
    assert_eq!(value(&bytes), [-4.0, 4.0, -12.0]);
    let hidden = xcebra_onnx::OnnxOptions::new()
        .output("call/e")
        .from_bytes::<f64>(&bytes)
        .unwrap();
    let x = array![[1.0, 2.0, 3.0]].into_dyn();
    assert_eq!(hidden.forward(x.view()).unwrap(), array![[4.0, -2.0, 4.0]]);
}

#[test]
fn functions_that_do_not_end_or_grow_without_bound_are_refused() {
    let again = function(
        "f",
        "",
        &["v"],
        &["r"],
        &[node("f", &["v"], &["r"]).text(7, "own")],
    );
    let file = with(batch_of(3), &node("f", &["x"], &["y"]).text(7, "own"));
    let text = problem(&finished(&file, &[again]));
    assert!(text.contains("'f' calls itself"), "{text}");
    // each calls the next ten times: 10^12 nodes
    let level = |i: usize| {
        let next = format!("f{}", i + 1);
        let calls: Vec<Message> = (0..10)
            .map(|k| {
                let (from, to) = (format!("v{k}"), format!("v{}", k + 1));
                node(&next, &[&from], &[&to]).text(7, "own")
            })
            .collect();
        function(&format!("f{i}"), "", &["v0"], &["v10"], &calls)
    };
    let functions: Vec<Message> = (0..12).map(level).collect();
    let file = with(batch_of(3), &node("f0", &["x"], &["y"]).text(7, "own"));
    let text = problem(&finished(&file, &functions));
    assert!(text.contains("number of items"), "{text}");
}

/// The forms of opset 7 to 10, beside what they mean.
#[test]
fn old_forms_of_operators_keep_their_meaning() {
    let old = |opset: i64, node: Message| {
        let mut file = with(batch_of(3), &node);
        file.opset = opset;
        value(&file.finish())
    };
    let float = |name: &str, value: f32| {
        let mut attribute = text(name);
        attribute.0.push(21);
        attribute.0.extend(value.to_le_bytes());
        attribute
    };
    let slice = node("Slice", &["x"], &["y"])
        .message(5, &ints("starts", &[1]))
        .message(5, &ints("ends", &[9]))
        .message(5, &ints("axes", &[1]));
    assert_eq!(old(9, slice), [2.0, 3.0]);
    let pad = node("Pad", &["x"], &["y"])
        .message(5, &ints("pads", &[0, 1, 0, 0]))
        .message(5, &float("value", 7.0));
    assert_eq!(old(10, pad), [7.0, 1.0, 2.0, 3.0]);
    let clip = node("Clip", &["x"], &["y"]).message(5, &float("max", 1.5));
    assert_eq!(old(7, clip), [1.0, 1.5, 1.5]);
    let mut scales = text("scales");
    for scale in [1.0_f32, 2.0] {
        scales.0.push(61);
        scales.0.extend(scale.to_le_bytes());
    }
    let upsample = node("Upsample", &["x"], &["y"]).message(5, &scales);
    assert_eq!(old(8, upsample), [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]);
}

#[test]
fn training_mode_is_refused_alike() {
    let training = |file: File| problem(&file.finish());
    let truth = tensor("t", 9, &[]).bytes(9, &[1]);
    let half = || batch_of(3).reals("r", &[], &[0.5]).constant(&truth);
    let dropout = half().node("Dropout", &["x", "r", "t"], "y", &[]);
    let moments = |file: File| {
        let names = ["a", "b", "c", "d"];
        names
            .into_iter()
            .fold(file, |f, n| f.reals(n, &[3], &[1.0; 3]))
    };
    let inputs = ["x", "a", "b", "c", "d"];
    let batch = moments(batch_of(3)).node(
        "BatchNormalization",
        &inputs,
        "y",
        &[("training_mode", &[1])],
    );
    let mut old = with(
        moments(batch_of(3)),
        &node("BatchNormalization", &inputs, &["y", "m", "v"]),
    );
    old.opset = 9;
    for file in [dropout, batch, old] {
        let text = training(file);
        assert!(
            text.contains("training mode") && text.contains("evaluation mode"),
            "{text}"
        );
    }
    let nothing = batch_of(3).reals("r", &[], &[0.0]).constant(&truth);
    let nothing = nothing.node("Dropout", &["x", "r", "t"], "y", &[]);
    assert_eq!(value(&nothing.finish()), [1.0, 2.0, 3.0]);
}

#[test]
fn shapes_that_do_not_fit_are_said_to_be_the_fault_of_the_file() {
    let file = File::new(&[Named("N"), Fixed(2), Fixed(3)])
        .reals("w", &[3, 3], &[1.0; 9])
        .node("Gemm", &["x", "w"], "y", &[]);
    let text = problem(&file.finish());
    assert!(
        text.contains("not both matrices") && text.contains("dynamo=True"),
        "{text}"
    );
    let split = node("Split", &["x", "s"], &["a", "y"]).message(5, &int("axis", 1));
    let text = problem(&with(batch_of(3).integers("s", &[2, 2]), &split).finish());
    assert!(
        text.contains("do not add up") && text.contains("dynamo=True"),
        "{text}"
    );
}

/// A file of another domain beside the standard one, which has no version.
#[test]
fn versions_are_those_of_their_domain() {
    let mut file = batch_of(3).node("Exp", &["x"], "y", &[]);
    file.opset = 0;
    let text = problem(&file.finish());
    assert!(text.contains("opset 0 of the standard operators"), "{text}");
    let foreign = node("TreeEnsemble", &["x"], &["y"]).text(7, "somewhere.else");
    let mut file = with(batch_of(3), &foreign);
    file.opset = 0;
    let text = problem(&file.finish());
    assert!(text.contains("'somewhere.else'"), "{text}");
    let ones = ArrayD::from_elem(vec![1, 3], 1.0);
    for opset in [7, 28] {
        let mut file = batch_of(3).node("Exp", &["x"], "y", &[]);
        file.opset = opset;
        let model = OnnxModel::<f64>::from_bytes(&file.finish()).unwrap();
        let y = model.forward(ones.view()).unwrap();
        // a rounding or two of a vectorised exponential
        assert!(y.iter().all(|y| (y / 1.0_f64.exp() - 1.0).abs() < 1e-15));
    }
}
