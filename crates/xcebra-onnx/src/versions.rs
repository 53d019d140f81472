//! Operators of old versions, rewritten as those of today.
//!
//! What used to be attributes became inputs, some operators got other names, and defaults changed. Operators that read both
//! forms themselves, or keep their meaning, are not listed here.

use crate::error::{OnnxError, Result};
use crate::proto::{Attribute, GraphProto, Literal, NodeProto};

/// Versions of the standard operators that are understood.
pub(crate) const OPSETS: [i64; 2] = [7, 28];

/// Refuses a version of the standard operators whose meaning is not known.
pub(crate) fn check(version: i64) -> Result<()> {
    if (OPSETS[0]..=OPSETS[1]).contains(&version) {
        return Ok(());
    }
    Err(OnnxError::Opset {
        found: version,
        oldest: OPSETS[0],
        newest: OPSETS[1],
    })
}

/// Rewrites all nodes of a graph, and those of graphs within it.
pub(crate) fn modernise(graph: &mut GraphProto) {
    for node in &mut graph.nodes {
        let graphs = node.attributes.iter_mut().filter_map(|a| a.graph.as_mut());
        graphs.for_each(modernise);
    }
    let mut constants = Vec::new();
    for node in graph.nodes.iter_mut().filter(|node| node.domain.is_empty()) {
        rewrite(node, &mut constants);
    }
    graph.constants.extend(constants);
}

fn rewrite(node: &mut NodeProto, constants: &mut Vec<Literal>) {
    let mut inputs = Inputs { node, constants };
    match (inputs.node.op.as_str(), inputs.node.version) {
        ("Slice", ..10) => {
            inputs.integers(1, "starts");
            inputs.integers(2, "ends");
            inputs.integers(3, "axes");
        }
        ("Pad", ..11) => {
            inputs.integers(1, "pads");
            inputs.number(2, "value", true);
        }
        ("Clip", ..11) => {
            inputs.number(1, "min", true);
            inputs.number(2, "max", true);
        }
        ("TopK", ..10) => inputs.number(1, "k", false),
        ("Upsample", version) => {
            if version < 9 {
                inputs.reals(1, "scales");
            }
            inputs.node.op = "Resize".to_owned();
            inputs.of_resize_10();
        }
        ("Resize", ..11) => inputs.of_resize_10(),
        ("Scatter", _) => inputs.node.op = "ScatterElements".to_owned(),
        // until then, more than one result meant training
        ("BatchNormalization", ..14) => {
            let results = inputs.node.outputs.iter().filter(|o| !o.is_empty());
            if results.count() > 1 {
                inputs.node.attributes.push(Attribute {
                    name: "training_mode".to_owned(),
                    int: Some(1),
                    ..Attribute::default()
                });
            }
        }
        _ => {}
    }
}

struct Inputs<'a> {
    node: &'a mut NodeProto,
    constants: &'a mut Vec<Literal>,
}

impl Inputs<'_> {
    fn take(&mut self, name: &str) -> Option<Attribute> {
        let at = self.node.attributes.iter().position(|a| a.name == name)?;
        Some(self.node.attributes.remove(at))
    }

    /// Puts a constant into the place of an input, unless there is one.
    fn put(&mut self, place: usize, literal: Literal) {
        let inputs = &mut self.node.inputs;
        if inputs.len() <= place {
            inputs.resize(place + 1, String::new());
        }
        if inputs[place].is_empty() {
            inputs[place].clone_from(&literal.name);
            self.constants.push(literal);
        }
    }

    /// A name that no value of the file has by accident.
    fn name(&self, attribute: &str) -> String {
        let first = self.node.outputs.iter().find(|o| !o.is_empty());
        format!("{}:{attribute}", first.map_or("", String::as_str))
    }

    fn integers(&mut self, place: usize, name: &str) {
        if let Some(attribute) = self.take(name) {
            let values: Vec<f64> = attribute.ints.iter().map(|&v| v as f64).collect();
            let literal = Literal::made(self.name(name), &[values.len()], values, false);
            self.put(place, literal);
        }
    }

    fn reals(&mut self, place: usize, name: &str) {
        if let Some(attribute) = self.take(name) {
            let values = attribute.floats;
            let literal = Literal::made(self.name(name), &[values.len()], values, true);
            self.put(place, literal);
        }
    }

    fn number(&mut self, place: usize, name: &str, real: bool) {
        if let Some(attribute) = self.take(name) {
            let value = match real {
                true => attribute.float.unwrap_or(0.0),
                false => attribute.int.unwrap_or(0) as f64,
            };
            let shape: &[usize] = if real { &[] } else { &[1] };
            let literal = Literal::made(self.name(name), shape, vec![value], real);
            self.put(place, literal);
        }
    }

    /// The scales were the second input, and places were those of a grid that starts at 0.
    fn of_resize_10(&mut self) {
        if self.node.inputs.len() == 2 {
            self.node.inputs.insert(1, String::new());
        }
        let text = |name: &str, value: &str| Attribute {
            name: name.to_owned(),
            text: Some(value.to_owned()),
            ..Attribute::default()
        };
        let settings = [
            text("coordinate_transformation_mode", "asymmetric"),
            text("nearest_mode", "floor"),
        ];
        self.node.attributes.extend(settings);
    }
}
