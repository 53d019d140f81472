//! What cannot be evaluated is refused, with the place and what to do.

use ndarray::{Array2, arr0};
use xcebra_model::{Advice, Kind, Model};
use xcebra_onnx::{OnnxError, OnnxModel, OnnxOptions};

use crate::data::path;
use crate::write::Dim::{Fixed, Named};
use crate::write::{File, Message, tensor};

fn batch_of(length: i64) -> File {
    File::new(&[Named("N"), Fixed(length)])
}

/// Problem and advice of an error.
fn message(file: &File) -> (String, String) {
    message_with(file, &OnnxOptions::new())
}

fn message_with(file: &File, options: &OnnxOptions) -> (String, String) {
    match options.from_bytes::<f64>(&file.finish()) {
        Ok(model) => panic!("{model:?} was accepted"),
        Err(error) => {
            let problem = error.to_string();
            let advice = error.advice().unwrap_or_default().into_owned();
            assert!(!problem.contains("; "), "{problem}");
            assert!(advice.is_empty() || !problem.contains(&advice), "{problem}");
            (problem, advice)
        }
    }
}

#[track_caller]
fn says((problem, _): &(String, String), parts: &[&str]) {
    for part in parts {
        assert!(problem.contains(part), "'{part}' is not in: {problem}");
    }
}

/// As [`says`], with what the advice names behind it.
#[track_caller]
fn advises(message: &(String, String), parts: &[&str], advised: &[&str]) {
    says(message, parts);
    for part in advised {
        assert!(
            message.1.contains(part),
            "'{part}' is not in: {}",
            message.1
        );
    }
}

#[test]
fn an_unknown_operator_is_named_with_its_node() {
    let file = batch_of(3).node("RoiAlign", &["x"], "y", &[]);
    advises(
        &message(&file),
        &["node of y", "RoiAlign", "not supported"],
        &["README"],
    );
    let unneeded = batch_of(3)
        .node("Exp", &["x"], "y", &[])
        .node("Foo", &["x"], "z", &[]);
    assert!(OnnxModel::<f64>::from_bytes(&unneeded.finish()).is_ok());
}

#[test]
fn a_shape_that_depends_on_values_is_refused() {
    let file = batch_of(3).node("Cast", &["x"], "i", &[("to", &[7])]).node(
        "Reshape",
        &["x", "i"],
        "y",
        &[],
    );
    says(
        &message(&file),
        &["node of y", "Reshape", "new shape", "depends on the values"],
    );
    let file = batch_of(3)
        .node("ArgMax", &["x"], "i", &[("axis", &[1])])
        .node("Reshape", &["x", "i"], "y", &[]);
    says(
        &message(&file),
        &["node of y", "Reshape", "new shape", "depends on the values"],
    );
}

/// An index that the network computes is looked at before it is used.
#[test]
fn an_index_outside_its_axis_is_an_error_of_the_evaluation() {
    for op in ["Gather", "GatherElements"] {
        let file = batch_of(3)
            .node("Cast", &["x"], "i", &[("to", &[7])])
            .node(op, &["x", "i"], "g", &[("axis", &[1])])
            .node("Exp", &["g"], "y", &[]);
        let model = OnnxModel::<f64>::from_bytes(&file.finish()).unwrap();
        let inside = ndarray::arr2(&[[0.5, -2.5, 2.0]]).into_dyn();
        assert!(model.forward(inside.view()).is_ok(), "{op}");
        let outside = ndarray::arr2(&[[0.5, 3.5, 2.0]]).into_dyn();
        let cotangent = Array2::ones((1, model.output_dim()));
        for error in [
            model.forward(outside.view()).unwrap_err(),
            model.vjp(outside.view(), cotangent.view()).unwrap_err(),
            model.jacobian(outside.view()).unwrap_err(),
        ] {
            let text = error.to_string();
            assert!(
                text.contains("node of g") && text.contains("index 3"),
                "{text}"
            );
        }
        let nan = ndarray::arr2(&[[f64::NAN, 0.0, 0.0]]).into_dyn();
        assert!(model.forward(nan.view()).is_err(), "{op}");
    }
}

#[test]
fn broken_graphs_are_refused() {
    let cyclic = batch_of(3)
        .node("Add", &["x", "b"], "a", &[])
        .node("Exp", &["a"], "b", &[])
        .node("Exp", &["b"], "y", &[]);
    says(&message(&cyclic), &["node of", "needs its own result"]);
    let missing = batch_of(3).node("Add", &["x", "mask"], "y", &[]);
    says(
        &message(&missing),
        &["node of y", "'mask'", "nothing makes"],
    );
    says(&message(&batch_of(3)), &["no node makes the output 'y'"]);
    let twice = batch_of(3)
        .node("Exp", &["x"], "y", &[])
        .node("Abs", &["x"], "y", &[]);
    says(&message(&twice), &["'y' is made twice"]);
}

#[test]
fn choices_that_are_open_are_listed() {
    let several =
        batch_of(3)
            .output("z")
            .node("Exp", &["x"], "y", &[])
            .node("Abs", &["x"], "z", &[]);
    advises(&message(&several), &["y, z"], &["output", "y, z"]);
    let inputs =
        batch_of(3)
            .input("u", 1, &[Named("N"), Fixed(3)])
            .node("Add", &["x", "u"], "y", &[]);
    advises(
        &message(&inputs),
        &["x: float32 [N, 3], u: float32 [N, 3]"],
        &["input", "together", "constants"],
    );
    let open = File::new(&[Named("N"), Named("time")]).node("Exp", &["x"], "y", &[]);
    advises(
        &message(&open),
        &["x: float32 [N, time]"],
        &["length of the dimension 'time'"],
    );
    let nameless = File::new(&[Named("N"), Named("")]).node("Exp", &["x"], "y", &[]);
    advises(&message(&nameless), &["[N, ?]"], &["shape of one sample"]);
    let scalar = File::new(&[]).node("Exp", &["x"], "y", &[]);
    advises(
        &message(&scalar),
        &["0 axes"],
        &["which axis", "counts the samples"],
    );
    let options = OnnxOptions::new().constant("u", arr0(1.0).into_dyn());
    says(
        &message_with(&batch_of(3).node("Exp", &["x"], "y", &[]), &options),
        &["'u' is not a numeric input of this file, whose inputs are x"],
    );
    let options = OnnxOptions::new().sample_axes([0, 0]);
    says(
        &message_with(&batch_of(3).node("Exp", &["x"], "y", &[]), &options),
        &["not an order of the axes"],
    );
    let whole = File::new(&[])
        .input("i", 7, &[Named("N")])
        .node("Exp", &["x"], "y", &[]);
    says(
        &message_with(&whole, &OnnxOptions::new().input("i")),
        &["floating-point"],
    );
}

#[test]
fn constants_must_be_whole_and_in_the_file() {
    let with = |tensor: &Message| {
        batch_of(3)
            .constant(tensor)
            .node("Mul", &["x", "w"], "y", &[])
    };
    let external = with(&tensor("w", 1, &[3]).int(14, 1));
    advises(
        &message(&external),
        &["'w'", "another file", "given as bytes"],
        &["path of the model's file"],
    );
    let short = with(&tensor("w", 1, &[3]).bytes(9, &[0; 8]));
    says(&message(&short), &["'w'", "2 numbers", "needs 3"]);
    let text = with(&tensor("w", 8, &[1]));
    says(&message(&text), &["'w'", "element type 8"]);
    let huge = with(&tensor("w", 1, &[i64::MAX, 3]));
    says(&message(&huge), &["'w'", "impossible shape"]);
    let negative = with(&tensor("w", 1, &[-1]));
    says(&message(&negative), &["'w'", "impossible shape"]);
    let deep = with(&tensor("w", 1, &[1; 13]));
    says(&message(&deep), &["'w'", "13 axes"]);
}

#[test]
fn sizes_are_bounded_before_they_are_allocated() {
    let file =
        batch_of(3)
            .integers("s", &[1 << 40, 1 << 40])
            .node("ConstantOfShape", &["s"], "c", &[]);
    let file = file
        .node("ReduceSum", &["c"], "r", &[])
        .node("Add", &["x", "r"], "y", &[]);
    advises(&message(&file), &["node of c", "limit"], &["max_elements"]);
    let file = batch_of(1)
        .integers("s", &[1 << 20, 1 << 20])
        .node("Expand", &["x", "s"], "y", &[]);
    says(&message(&file), &["node of y", "limit"]);
    let file = batch_of(1)
        .integers("r", &[1 << 62, 1 << 62])
        .node("Tile", &["x", "r"], "y", &[]);
    says(&message(&file), &["node of y", "limit"]);
    let file =
        batch_of(1)
            .integers("p", &[0, 1 << 61, 0, 1 << 61])
            .node("Pad", &["x", "p"], "y", &[]);
    says(&message(&file), &["node of y", "limit"]);
    let file = batch_of(1)
        .reals("start", &[], &[0.0])
        .reals("end", &[], &[1e15])
        .reals("step", &[], &[1.0])
        .node("Range", &["start", "end", "step"], "r", &[])
        .node("ReduceSum", &["r"], "s", &[])
        .node("Add", &["x", "s"], "y", &[]);
    says(&message(&file), &["node of r", "limit"]);
    let file = batch_of(1)
        .reals("size", &[], &[9e14])
        .node("HannWindow", &["size"], "w", &[])
        .node("ReduceSum", &["w"], "s", &[])
        .node("Add", &["x", "s"], "y", &[]);
    says(&message(&file), &["node of w", "limit"]);
    let huge = batch_of(i64::MAX).node("Exp", &["x"], "y", &[]);
    says(&message(&huge), &["limit"]);
    let wide = File::new(&[Named("N"), Fixed(1), Fixed(4)]).reals("w", &[1, 1, 1], &[1.0]);
    let wide = wide.node("Conv", &["x", "w"], "y", &[("pads", &[i64::MAX, i64::MAX])]);
    says(&message(&wide), &["node of y", "pads"]);
}

#[test]
fn files_of_another_kind_are_refused() {
    for bytes in [&b""[..], b"PK\x03\x04", b"{\"a\": 1}", &[0xff; 64]] {
        let error = OnnxModel::<f32>::from_bytes(bytes).unwrap_err();
        assert!(
            matches!(error, OnnxError::Malformed { .. } | OnnxError::Opset { .. }),
            "{error}"
        );
    }
    let mut old = batch_of(3).node("Exp", &["x"], "y", &[]);
    old.opset = 6;
    advises(&message(&old), &["opset 6"], &["7", "28"]);
    let error = OnnxModel::<f32>::load(path("absent.onnx")).unwrap_err();
    assert_eq!(error.kind(), Kind::File);
    assert_eq!(
        error.advice().as_deref(),
        Some("check the path and its permissions")
    );
    let problem = error.to_string();
    assert!(
        problem.starts_with("cannot read") && problem.contains("absent.onnx"),
        "{problem}"
    );
}

/// A message of a gigabyte that says nothing but that there are many nodes.
#[test]
fn the_number_of_items_is_bounded() {
    let mut graph = Message::default();
    for _ in 0..1_100_000 {
        graph.0.extend([10, 0]);
    }
    let file = File { graph, opset: 17 };
    says(&message(&file), &["items", "limit"]);
}

#[test]
fn an_optional_result_that_is_not_made_is_named() {
    let mut file = File::new(&[Named("N"), Fixed(1), Fixed(4)]);
    let relu = Message::default()
        .text(1, "x")
        .text(2, "p")
        .text(2, "indices")
        .text(4, "Relu");
    file.graph = file.graph.message(1, &relu);
    let file = file.node("Add", &["p", "indices"], "y", &[]);
    says(
        &message(&file),
        &["node of y", "'indices'", "optional result"],
    );
}

#[test]
fn a_long_chain_is_no_deep_recursion() {
    let mut file = batch_of(2).node("Neg", &["x"], "n0", &[]);
    for i in 0..20_000 {
        file = file.node("Neg", &[&format!("n{i}")], &format!("n{}", i + 1), &[]);
    }
    let file = file.node("Neg", &["n20000"], "y", &[]);
    assert!(OnnxModel::<f32>::from_bytes(&file.finish()).is_ok());
}

/// A loop from the state `x` to `y`, whose body adds `x` to it and says by `keep` whether it goes on.
fn looping(inputs: &[&str], keep: &str) -> File {
    let name = |name: &str| Message::default().text(1, name);
    let node = |op: &str, inputs: &[&str], output: &str| {
        let node = inputs.iter().fold(Message::default(), |n, i| n.text(1, i));
        node.text(2, output).text(3, output).text(4, op)
    };
    let body = Message::default()
        .message(1, &node("Add", &["state", "x"], "next"))
        .message(1, &node("ReduceSum", &["state"], "sum"))
        .message(1, &node("Greater", &["sum", "zero"], "positive"))
        .message(5, &tensor("zero", 1, &[]).bytes(9, &[0; 4]))
        .message(11, &name("i"))
        .message(11, &name("go"))
        .message(11, &name("state"))
        .message(12, &name(keep))
        .message(12, &name("next"));
    let attribute = Message::default().text(1, "body").message(6, &body);
    let mut file = batch_of(3);
    let node = node("Loop", inputs, "y").message(5, &attribute);
    file.graph = file.graph.message(1, &node);
    file
}

#[test]
fn loops_whose_rounds_are_not_known_are_refused() {
    let three = looping(&["rounds", "", "x"], "go").integers("rounds", &[3]);
    let model = OnnxModel::<f64>::from_bytes(&three.finish()).unwrap();
    let x = ndarray::arr2(&[[1.0, -2.0, 0.5]]).into_dyn();
    let y = model.forward(x.view()).unwrap();
    assert_eq!(y.into_raw_vec_and_offset().0, [4.0, -8.0, 2.0]);
    says(
        &message(&looping(&["rounds", "", "x"], "positive").integers("rounds", &[3])),
        &["(Loop)", "whether it continues depends on the values"],
    );
    says(
        &message(&looping(&["", "", "x"], "go")),
        &["(Loop)", "runs for more than 100000 rounds"],
    );
    advises(
        &message(&looping(&["", "", "x", "x"], "go")),
        &["(Loop)", "2 states"],
        &["export the model again"],
    );
    says(
        &message(&looping(&["", "", "x"], "nowhere")),
        &["'nowhere'"],
    );
    let lengths = batch_of(3).integers("lengths", &[2, 3, 1]).node(
        "ReverseSequence",
        &["x", "lengths"],
        "y",
        &[("time_axis", &[0]), ("batch_axis", &[1])],
    );
    says(&message(&lengths), &["ReverseSequence", "[2, 3, 1]"]);
}

#[test]
fn graphs_within_graphs_have_a_limit() {
    let mut inner = Message::default();
    for _ in 0..2000 {
        let attribute = Message::default().text(1, "body").message(6, &inner);
        inner = Message::default().message(1, &Message::default().message(5, &attribute));
    }
    let mut file = batch_of(3);
    file.graph = inner;
    says(&message(&file), &["too deep"]);
}
