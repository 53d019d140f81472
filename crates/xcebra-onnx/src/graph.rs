//! The nodes of a file in an order in which they can be evaluated.

use std::collections::HashMap;

use crate::error::{OnnxError, Result};
use crate::proto::{Attribute, GraphProto, Literal, NodeProto};

/// Operations, ordered such that each follows those it needs, and only those that are needed.
#[derive(Debug)]
pub(crate) struct Graph {
    pub nodes: Vec<Node>,
    pub constants: HashMap<String, Literal>,
}

/// One operation.
#[derive(Debug)]
pub(crate) struct Node {
    pub name: String,
    pub op: String,
    pub domain: String,
    pub inputs: Vec<Option<String>>,
    pub outputs: Vec<Option<String>>,
    attributes: Vec<Attribute>,
}

impl Graph {
    /// What `output` needs. `given` are the names of values that come from outside.
    ///
    /// # Errors
    /// [`OnnxError::Graph`] if a value is missing, made twice, or needed for itself.
    pub fn new(proto: GraphProto, output: &str, given: &[&str]) -> Result<Self> {
        let constants: HashMap<String, Literal> = proto
            .constants
            .into_iter()
            .filter(|c| !given.contains(&c.name.as_str()))
            .map(|c| (c.name.clone(), c))
            .collect();
        let nodes: Vec<Node> = proto.nodes.into_iter().map(Node::new).collect();
        let mut makers = HashMap::new();
        for (i, node) in nodes.iter().enumerate() {
            for name in node.outputs.iter().flatten() {
                let twice = makers.insert(name.as_str(), i).is_some()
                    || constants.contains_key(name)
                    || given.contains(&name.as_str());
                if twice {
                    return Err(OnnxError::Graph(format!("'{name}' is made twice")));
                }
            }
        }
        let order = order(&nodes, &makers, output, |name| {
            constants.contains_key(name) || given.contains(&name)
        })?;
        let mut nodes: Vec<Option<Node>> = nodes.into_iter().map(Some).collect();
        Ok(Self {
            nodes: order.into_iter().filter_map(|i| nodes[i].take()).collect(),
            constants,
        })
    }
}

/// Depth-first from the output, with a stack of its own: chains may be long.
fn order(
    nodes: &[Node],
    makers: &HashMap<&str, usize>,
    output: &str,
    is_given: impl Fn(&str) -> bool,
) -> Result<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let Some(&last) = makers.get(output) else {
        if is_given(output) {
            return Ok(Vec::new());
        }
        return Err(OnnxError::Graph(format!(
            "no node makes the output '{output}'"
        )));
    };
    let mut states = vec![State::New; nodes.len()];
    let mut done = Vec::new();
    // nodes under way, each with the number of inputs already looked at
    let mut stack = vec![(last, 0)];
    states[last] = State::Open;
    while let Some((node, looked)) = stack.last_mut() {
        let node = *node;
        let Some(input) = nodes[node].inputs.get(*looked) else {
            states[node] = State::Done;
            done.push(node);
            stack.pop();
            continue;
        };
        *looked += 1;
        let Some(name) = input else { continue };
        match makers.get(name.as_str()) {
            Some(&maker) if states[maker] == State::New => {
                states[maker] = State::Open;
                stack.push((maker, 0));
            }
            Some(&maker) if states[maker] == State::Open => {
                return Err(OnnxError::Graph(format!(
                    "node '{}' needs its own result '{name}'",
                    nodes[node].name
                )));
            }
            Some(_) => {}
            None if is_given(name) => {}
            None => {
                return Err(OnnxError::Graph(format!(
                    "node '{}' needs '{name}', which nothing makes; if it is another \
                     input of the model, fix it with OnnxOptions::with_constant",
                    nodes[node].name
                )));
            }
        }
    }
    Ok(done)
}

impl Node {
    fn new(proto: NodeProto) -> Self {
        let named = |names: Vec<String>| -> Vec<Option<String>> {
            let named = names.into_iter();
            named.map(|n| Some(n).filter(|n| !n.is_empty())).collect()
        };
        let first = proto.outputs.first().cloned().unwrap_or_default();
        Self {
            name: if proto.name.is_empty() {
                first
            } else {
                proto.name
            },
            op: proto.op,
            domain: proto.domain,
            inputs: named(proto.inputs),
            outputs: named(proto.outputs),
            attributes: proto.attributes,
        }
    }

    fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|a| a.name == name)
    }

    pub fn int(&self, name: &str) -> Option<i64> {
        self.attribute(name).map(|a| a.int.unwrap_or(0))
    }

    /// Whether the attribute is an integer other than 0.
    pub fn flag(&self, name: &str) -> bool {
        self.int(name).unwrap_or(0) != 0
    }

    pub fn float(&self, name: &str) -> Option<f64> {
        self.attribute(name).map(|a| a.float.unwrap_or(0.0))
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.attribute(name)?.text.as_deref()
    }

    pub fn tensor(&self, name: &str) -> Option<&Literal> {
        self.attribute(name)?.tensor.as_ref()
    }

    pub fn ints(&self, name: &str) -> Option<&[i64]> {
        self.attribute(name).map(|a| a.ints.as_slice())
    }

    pub fn floats(&self, name: &str) -> Option<&[f64]> {
        self.attribute(name).map(|a| a.floats.as_slice())
    }

    pub fn texts(&self, name: &str) -> Option<&[String]> {
        self.attribute(name).map(|a| a.texts.as_slice())
    }
}
