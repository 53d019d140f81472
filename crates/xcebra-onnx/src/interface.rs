//! Which inputs and which output of a file are meant.

use std::collections::{HashMap, HashSet};

use xcebra_model::Scalar;

use crate::builder::{Builder, Known};
use crate::error::{OnnxError, Result};
use crate::listing::FileValue;
use crate::need::Need;
use crate::options::OnnxOptions;
use crate::proto::{Dim, Form, GraphProto, NodeProto, ValueInfo, kind_of};
use crate::tensor::Kind;

/// The inputs to differentiate by, in the order of the options or else of the file.
pub(crate) fn explained<'a>(
    graph: &'a GraphProto,
    options: &OnnxOptions,
) -> Result<Vec<&'a ValueInfo>> {
    let fixed: HashSet<&String> = graph.constants.iter().map(|c| &c.name).collect();
    let is_free = |input: &&ValueInfo| {
        !options.constants.contains_key(&input.name) && !fixed.contains(&input.name)
    };
    let is_real = |input: &&ValueInfo| kind_of(input.element) == Some(Kind::Real);
    let free: Vec<&ValueInfo> = graph.inputs.iter().filter(is_free).collect();
    let real: Vec<&ValueInfo> = free.iter().copied().filter(is_real).collect();
    let need = Need::Input {
        names: real.iter().map(|i| i.name.clone()).collect(),
    };
    let listed = || {
        let entries: Vec<String> = free.iter().map(|i| FileValue::of(i).to_string()).collect();
        entries.join(", ")
    };
    if options.inputs.is_empty() {
        return match (&real[..], &free[..]) {
            ([_], [one]) => Ok(vec![one]),
            (_, [one]) => OnnxError::choice(
                format!(
                    "the input of the file, {}, does not hold floating-point numbers",
                    FileValue::of(one)
                ),
                Need::Export("explain a model whose input is a signal of floating-point numbers"),
            ),
            ([_], _) => {
                let open = free.iter().find(|input| !is_real(input));
                let open = open.map_or("", |input| &input.name);
                OnnxError::choice(
                    format!("the inputs of the file are {}", listed()),
                    Need::Constant {
                        input: open.to_owned(),
                    },
                )
            }
            (_, []) => OnnxError::choice("every input of the file is fixed", need),
            _ => OnnxError::choice(format!("the inputs of the file are {}", listed()), need),
        };
    }
    let mut found: Vec<&ValueInfo> = Vec::new();
    for name in &options.inputs {
        let Some(input) = free.iter().find(|i| i.name == *name).copied() else {
            return OnnxError::choice(
                format!(
                    "'{name}' is not among the inputs that can be explained: {}",
                    listed()
                ),
                need,
            );
        };
        if !is_real(&input) {
            return OnnxError::choice(
                format!("input '{name}' does not hold floating-point numbers"),
                need,
            );
        }
        if found.iter().any(|other| other.name == *name) {
            return OnnxError::choice(format!("input '{name}' is named twice"), need);
        }
        found.push(input);
    }
    Ok(found)
}

/// The output to explain.
pub(crate) fn output(graph: &GraphProto, options: &OnnxOptions) -> Result<String> {
    let makers = makers(graph);
    let need = || Need::Output {
        names: graph.outputs.iter().map(|o| o.name.clone()).collect(),
    };
    if let Some(name) = &options.output {
        return match results(graph, name)[..] {
            [one, ..] => Ok(tensor_before(&makers, one).to_owned()),
            [] => OnnxError::choice(format!("the file has no value '{name}'"), need()),
        };
    }
    if let [one] = &graph.outputs[..] {
        return Ok(tensor_before(&makers, &one.name).to_owned());
    }
    // a classifier has a label, which is a number of a class, and probabilities
    let candidates = graph.outputs.iter().filter_map(|output| {
        let tensor = tensor_before(&makers, &output.name);
        let unknown = matches!(output.form, Form::Unknown) || tensor != output.name;
        let real = kind_of(output.element) == Some(Kind::Real);
        (real || unknown).then_some(tensor)
    });
    match candidates.collect::<Vec<_>>()[..] {
        [one] => Ok(one.to_owned()),
        _ => {
            let outputs = graph.outputs.iter();
            let entries: Vec<String> = outputs.map(|o| FileValue::of(o).to_string()).collect();
            OnnxError::choice(
                format!("the outputs of the file are {}", entries.join(", ")),
                need(),
            )
        }
    }
}

/// The values that a name means: itself, or the results of a node of this name. Empty if there is no such value or node.
pub(crate) fn results<'a>(graph: &'a GraphProto, name: &'a str) -> Vec<&'a str> {
    let is_value = graph.inputs.iter().any(|i| i.name == name)
        || graph.constants.iter().any(|c| c.name == name)
        || graph
            .nodes
            .iter()
            .any(|n| n.outputs.iter().any(|o| o == name));
    if is_value {
        return vec![name];
    }
    let node = graph.nodes.iter().find(|n| n.name == name);
    let outputs = node.into_iter().flat_map(|node| &node.outputs);
    outputs
        .map(String::as_str)
        .filter(|o| !o.is_empty())
        .collect()
}

/// The node that makes each value.
fn makers(graph: &GraphProto) -> HashMap<&str, &NodeProto> {
    let made = |node| {
        let node: &NodeProto = node;
        node.outputs.iter().map(move |name| (name.as_str(), node))
    };
    graph.nodes.iter().flat_map(made).collect()
}

/// The tensor from which a value is made that is not one itself, such as a list of probabilities by name; a tensor itself.
fn tensor_before<'a>(makers: &HashMap<&str, &'a NodeProto>, name: &'a str) -> &'a str {
    let mut name = name;
    // each step goes to another node, so there are no more of them than nodes
    for _ in 0..makers.len() {
        let Some(maker) = makers.get(name) else {
            break;
        };
        match (maker.op.as_str(), &maker.inputs[..]) {
            ("ZipMap" | "Optional" | "SequenceConstruct", [one]) => name = one,
            ("SplitToSequence", [one, ..]) => name = one,
            _ => break,
        }
    }
    name
}

/// The inputs that are fixed.
pub(crate) fn constants<A: Scalar>(
    graph: &GraphProto,
    options: &OnnxOptions,
) -> Result<HashMap<String, (Kind, Known<A>)>> {
    let mut constants = HashMap::new();
    for (name, value) in &options.constants {
        let input = graph.inputs.iter().find(|i| i.name == *name);
        let Some((input, kind)) = input.and_then(|i| Some((i, kind_of(i.element)?))) else {
            let names: Vec<&str> = graph.inputs.iter().map(|i| i.name.as_str()).collect();
            return OnnxError::choice(
                format!(
                    "'{name}' is not a numeric input of this file, whose inputs are {}",
                    names.join(", ")
                ),
                Need::Constant {
                    input: names.first().copied().unwrap_or_default().to_owned(),
                },
            );
        };
        let shape = constant_shape(input, value.shape(), options.batch_axis)?;
        if kind != Kind::Real && value.iter().any(|v| v.fract() != 0.0) {
            return OnnxError::choice(
                format!("input '{name}' holds integers, but its value contains other numbers"),
                Need::Constant {
                    input: name.clone(),
                },
            );
        }
        let mut b = Builder::new(options.max_elements);
        b.enter(name, "constant");
        let slot = b.constant(&shape, kind, value.iter().copied().collect())?;
        if let Some(known) = b.known(slot) {
            constants.insert(name.clone(), (kind, known.clone()));
        }
    }
    Ok(constants)
}

/// The shape in which the file wants a constant: a batch axis of 1 is added to a sample, and a single number has any axes.
fn constant_shape(
    input: &ValueInfo,
    given: &[usize],
    batch_axis: Option<usize>,
) -> Result<Vec<usize>> {
    let Some(dims) = &input.shape else {
        return Ok(given.to_vec());
    };
    let is_one = |dim: &Dim| matches!(dim, Dim::Fixed(1));
    if given.iter().all(|&length| length == 1) && dims.iter().all(is_one) {
        // a single number, with as many axes as the file wants
        return Ok(vec![1; dims.len()]);
    }
    let mut shape = given.to_vec();
    if let Some(axis) = batch_axis
        && shape.len() + 1 == dims.len()
        && axis < dims.len()
        && matches!(dims[axis], Dim::Fixed(1) | Dim::Symbol(_))
    {
        shape.insert(axis, 1);
    }
    let fits = |(dim, &length): (&Dim, &usize)| match dim {
        Dim::Fixed(fixed) => usize::try_from(*fixed) == Ok(length),
        Dim::Symbol(_) => true,
    };
    if shape.len() == dims.len() && dims.iter().zip(&shape).all(fits) {
        return Ok(shape);
    }
    OnnxError::choice(
        format!(
            "input {} is given an array of shape {given:?}",
            FileValue::of(input)
        ),
        Need::Constant {
            input: input.name.clone(),
        },
    )
}
