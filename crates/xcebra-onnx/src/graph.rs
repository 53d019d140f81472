//! The nodes of a file in an order in which they can be evaluated.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::error::{OnnxError, Result};
use crate::need::Need;
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
    /// Version of its operator.
    pub version: i64,
    /// Graphs within it, such as what a loop repeats.
    bodies: Vec<Body>,
    attributes: Vec<Attribute>,
}

/// A graph within the graph.
#[derive(Debug)]
pub(crate) struct Body {
    /// Name of the attribute that it is.
    name: String,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub nodes: Vec<Node>,
    pub constants: HashMap<String, Literal>,
    /// Values of the graph around it that it needs.
    pub outer: Vec<String>,
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
        let is_given = |name: &str| constants.contains_key(name) || given.contains(&name);
        let inputs: Vec<String> = proto.inputs.into_iter().map(|i| i.name).collect();
        let nodes = ordered(proto.nodes, &[output], is_given, is_given);
        match nodes {
            Err(OnnxError::Missing { name, .. }) if inputs.contains(&name) => OnnxError::choice(
                format!("the output '{output}' depends on the input '{name}', which has no value"),
                Need::Constant { input: name },
            ),
            nodes => Ok(Self {
                nodes: nodes?,
                constants,
            }),
        }
    }
}

impl Body {
    fn new(name: &str, proto: GraphProto) -> Result<Self> {
        let constants = proto.constants.into_iter().map(|c| (c.name.clone(), c));
        let constants: HashMap<String, Literal> = constants.collect();
        let inputs: Vec<String> = proto.inputs.into_iter().map(|i| i.name).collect();
        let outputs: Vec<String> = proto.outputs.into_iter().map(|o| o.name).collect();
        let names: Vec<&str> = outputs.iter().map(String::as_str).collect();
        let is_own = |name: &str| constants.contains_key(name) || inputs.iter().any(|i| i == name);
        // what nothing within makes comes from without
        let nodes = ordered(proto.nodes, &names, is_own, |_| true)?;
        let made: HashSet<&String> = nodes
            .iter()
            .flat_map(|n| n.outputs.iter().flatten())
            .collect();
        let needed = nodes.iter().flat_map(Node::needs).chain(&outputs);
        let outer = needed.filter(|name| !made.contains(name) && !is_own(name));
        let outer: BTreeSet<String> = outer.cloned().collect();
        Ok(Self {
            name: name.to_owned(),
            outer: outer.into_iter().collect(),
            inputs,
            outputs,
            nodes,
            constants,
        })
    }
}

/// The nodes that `outputs` need, each after those it needs. `is_taken` are names that no node may make,
/// `is_given` says which names need no node.
fn ordered(
    protos: Vec<NodeProto>,
    outputs: &[&str],
    is_taken: impl Fn(&str) -> bool,
    is_given: impl Fn(&str) -> bool,
) -> Result<Vec<Node>> {
    let nodes: Vec<Node> = protos.into_iter().map(Node::new).collect::<Result<_>>()?;
    let mut makers = HashMap::new();
    for (i, node) in nodes.iter().enumerate() {
        for name in node.outputs.iter().flatten() {
            if makers.insert(name.as_str(), i).is_some() || is_taken(name) {
                return Err(OnnxError::graph(format!("'{name}' is made twice")));
            }
        }
    }
    let order = order(&nodes, &makers, outputs, is_given)?;
    let mut nodes: Vec<Option<Node>> = nodes.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|i| nodes[i].take()).collect())
}

/// Depth-first from the outputs, with an explicit stack: chains may be long.
fn order(
    nodes: &[Node],
    makers: &HashMap<&str, usize>,
    outputs: &[&str],
    is_given: impl Fn(&str) -> bool,
) -> Result<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let needs: Vec<Vec<&String>> = nodes.iter().map(|n| n.needs().collect()).collect();
    let mut states = vec![State::New; nodes.len()];
    let mut done = Vec::new();
    for &output in outputs {
        let Some(&last) = makers.get(output) else {
            if is_given(output) {
                continue;
            }
            return Err(OnnxError::graph(format!(
                "no node makes the output '{output}'"
            )));
        };
        if states[last] == State::Done {
            continue;
        }
        // nodes under way, each with the number of inputs already looked at
        let mut stack = vec![(last, 0)];
        states[last] = State::Open;
        while let Some((node, looked)) = stack.last_mut() {
            let node = *node;
            let Some(name) = needs[node].get(*looked) else {
                states[node] = State::Done;
                done.push(node);
                stack.pop();
                continue;
            };
            *looked += 1;
            match makers.get(name.as_str()) {
                Some(&maker) if states[maker] == State::New => {
                    states[maker] = State::Open;
                    stack.push((maker, 0));
                }
                Some(&maker) if states[maker] == State::Open => {
                    return Err(OnnxError::graph(format!(
                        "node '{}' needs its own result '{name}'",
                        nodes[node].name
                    )));
                }
                Some(_) => {}
                None if is_given(name) => {}
                None => {
                    return Err(OnnxError::Missing {
                        name: name.to_string(),
                        node: nodes[node].name.clone(),
                    });
                }
            }
        }
    }
    Ok(done)
}

impl Node {
    fn new(mut proto: NodeProto) -> Result<Self> {
        let named = |names: Vec<String>| -> Vec<Option<String>> {
            let named = names.into_iter();
            named.map(|n| Some(n).filter(|n| !n.is_empty())).collect()
        };
        let first = proto.outputs.first().cloned().unwrap_or_default();
        let bodies = proto.attributes.iter_mut().filter_map(|attribute| {
            let graph = attribute.graph.take()?;
            Some(Body::new(&attribute.name, graph))
        });
        Ok(Self {
            bodies: bodies.collect::<Result<_>>()?,
            version: proto.version,
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
        })
    }

    /// The values it is made from, those its body takes from around it too.
    pub fn needs(&self) -> impl Iterator<Item = &String> {
        let outer = self.bodies.iter().flat_map(|body| &body.outer);
        self.inputs.iter().flatten().chain(outer)
    }

    /// The graph that an attribute is.
    pub fn body(&self, name: &str) -> Option<&Body> {
        self.bodies.iter().find(|body| body.name == name)
    }

    /// Refuses operators of ONNX itself whose version is not known, in graphs within it too.
    pub fn check_version(&self) -> Result<()> {
        if self.is_standard() {
            crate::versions::check(self.version)?;
        }
        let mut inner = self.bodies.iter().flat_map(|body| &body.nodes);
        inner.try_for_each(Self::check_version)
    }

    /// Whether its operator is one of ONNX itself.
    pub fn is_standard(&self) -> bool {
        self.domain.is_empty()
    }

    /// Makes its tensors independent of the file.
    pub fn settle(&mut self) {
        let tensors = self.attributes.iter_mut().filter_map(|a| a.tensor.as_mut());
        tensors.for_each(Literal::settle);
        for body in &mut self.bodies {
            body.constants.values_mut().for_each(Literal::settle);
            body.nodes.iter_mut().for_each(Self::settle);
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
