//! Calls of functions that the file defines, replaced by the nodes they stand for.
//!
//! Every name inside a call is put behind the name of the call, so that hidden values of a function can be asked for as others.

use std::collections::{HashMap, HashSet};

use crate::error::{OnnxError, Result};
use crate::proto::{
    Attribute, Context, FunctionProto, GraphProto, ModelProto, NodeProto, Opsets, ValueInfo,
};

/// Functions that call one another, each within the one before.
const MOST_DEPTH: usize = 24;
/// Letters of the name of a call that go before the names inside it.
const MOST_LETTERS: usize = 80;

/// Functions by domain, name and overload.
type Functions = HashMap<(String, String, String), FunctionProto>;

/// The graph of a model without calls; each node knows the version of its operator.
pub(crate) fn inlined(model: ModelProto, context: &Context) -> Result<GraphProto> {
    let ModelProto {
        opsets,
        mut graph,
        functions,
        ..
    } = model;
    let key = |f: FunctionProto| ((f.domain.clone(), f.name.clone(), f.overload.clone()), f);
    let functions: Functions = functions.into_iter().map(key).collect();
    let mut inliner = Inliner {
        functions: &functions,
        model: &opsets,
        context,
        prefixes: HashSet::new(),
    };
    graph.nodes = inliner.nodes(graph.nodes, &opsets, 0)?;
    Ok(graph)
}

struct Inliner<'a> {
    functions: &'a Functions,
    /// Versions of the operators outside functions.
    model: &'a Opsets,
    context: &'a Context,
    /// What was put before names so far.
    prefixes: HashSet<String>,
}

impl Inliner<'_> {
    fn nodes(
        &mut self,
        nodes: Vec<NodeProto>,
        opsets: &Opsets,
        depth: usize,
    ) -> Result<Vec<NodeProto>> {
        let mut expanded = Vec::with_capacity(nodes.len());
        for mut node in nodes {
            for graph in node.attributes.iter_mut().filter_map(|a| a.graph.as_mut()) {
                graph.nodes = self.nodes(std::mem::take(&mut graph.nodes), opsets, depth)?;
            }
            let key = (node.domain.clone(), node.op.clone(), node.overload.clone());
            let Some(function) = self.functions.get(&key) else {
                let version = opsets
                    .get(&node.domain)
                    .or_else(|| self.model.get(&node.domain));
                node.version = version.copied().unwrap_or(0);
                expanded.push(node);
                continue;
            };
            if depth >= MOST_DEPTH {
                return Err(OnnxError::graph(format!(
                    "function '{}' calls itself, or functions call one another too deep",
                    function.name
                )));
            }
            self.context.count_many(size_of(&function.nodes))?;
            let prefix = self.prefix(&node);
            let body = call(function, &node, &prefix);
            expanded.extend(self.nodes(body, &function.opsets, depth + 1)?);
        }
        Ok(expanded)
    }

    /// The name of a call, once. A long name is cut: a file could make the names in it longer and longer.
    fn prefix(&mut self, node: &NodeProto) -> String {
        let first = node.outputs.first().map_or("", String::as_str);
        let name = if node.name.is_empty() {
            first
        } else {
            &node.name
        };
        let skipped = name.chars().count().saturating_sub(MOST_LETTERS);
        let name: String = name.chars().skip(skipped).collect();
        let mut prefix = format!("{name}/");
        if self.prefixes.contains(&prefix) {
            prefix = format!("{name}#{}/", self.prefixes.len());
        }
        self.prefixes.insert(prefix.clone());
        prefix
    }
}

/// Items that a copy of nodes has; long texts count as several.
fn size_of(nodes: &[NodeProto]) -> usize {
    let text = |text: &String| 1 + text.len() / 16;
    let texts = |all: &[String]| all.iter().map(text).sum::<usize>();
    let infos = |all: &[ValueInfo]| {
        let dims = |info: &ValueInfo| info.shape.as_ref().map_or(0, Vec::len);
        all.iter().map(|i| text(&i.name) + dims(i)).sum::<usize>()
    };
    let graph = |g: &GraphProto| {
        let constants: usize = g.constants.iter().map(|c| text(&c.name)).sum();
        size_of(&g.nodes) + constants + infos(&g.inputs) + infos(&g.outputs) + infos(&g.values)
    };
    let attribute = |a: &Attribute| {
        text(&a.name)
            + a.text.as_ref().map_or(0, text)
            + a.tensor.as_ref().map_or(0, |tensor| text(&tensor.name))
            + a.graph.as_ref().map_or(0, graph)
            + a.floats.len()
            + a.ints.len()
            + texts(&a.texts)
    };
    let node = |n: &NodeProto| {
        let attributes: usize = n.attributes.iter().map(attribute).sum();
        text(&n.name) + texts(&n.inputs) + texts(&n.outputs) + attributes
    };
    nodes.iter().map(node).sum()
}

/// The nodes of a function for one call of it.
fn call(function: &FunctionProto, node: &NodeProto, prefix: &str) -> Vec<NodeProto> {
    let mut names: HashMap<&str, String> = HashMap::new();
    for (i, formal) in function.inputs.iter().enumerate() {
        // an input that a call leaves out is left out inside, too
        let actual = node.inputs.get(i).cloned().unwrap_or_default();
        names.insert(formal, actual);
    }
    let mut passed = Vec::new();
    for (formal, actual) in function.outputs.iter().zip(&node.outputs) {
        if actual.is_empty() {
            continue;
        }
        if let Some(other) = names.get(formal.as_str()) {
            passed.push(NodeProto {
                name: actual.clone(),
                op: "Identity".to_owned(),
                inputs: vec![other.clone()],
                outputs: vec![actual.clone()],
                ..NodeProto::default()
            });
        } else {
            names.insert(formal, actual.clone());
        }
    }
    let renaming = Renaming { names, prefix };
    let mut nodes = function.nodes.clone();
    for inner in &mut nodes {
        renaming.node(inner, &function.defaults, &node.attributes);
    }
    nodes.extend(passed);
    nodes
}

struct Renaming<'a> {
    names: HashMap<&'a str, String>,
    prefix: &'a str,
}

impl Renaming<'_> {
    fn name(&self, name: &mut String) {
        if let Some(given) = self.names.get(name.as_str()) {
            name.clone_from(given);
        } else if !name.is_empty() {
            name.insert_str(0, self.prefix);
        }
    }

    /// Renames a node of the function and gives it the attributes of the call that it refers to.
    fn node(&self, node: &mut NodeProto, defaults: &[Attribute], given: &[Attribute]) {
        if node.name.is_empty() {
            node.name.clone_from(&node.op);
        }
        node.name.insert_str(0, self.prefix);
        node.inputs.iter_mut().for_each(|name| self.name(name));
        node.outputs.iter_mut().for_each(|name| self.name(name));
        let resolved = std::mem::take(&mut node.attributes).into_iter();
        let resolved = resolved.filter_map(|attribute| {
            let Some(reference) = &attribute.reference else {
                return Some(attribute);
            };
            let meant = |a: &&Attribute| a.name == *reference;
            let found = given
                .iter()
                .find(meant)
                .or_else(|| defaults.iter().find(meant))?;
            Some(Attribute {
                name: attribute.name,
                ..found.clone()
            })
        });
        node.attributes = resolved.collect();
        for graph in node.attributes.iter_mut().filter_map(|a| a.graph.as_mut()) {
            for value in graph.inputs.iter_mut().chain(&mut graph.outputs) {
                self.name(&mut value.name);
            }
            graph
                .constants
                .iter_mut()
                .for_each(|c| self.name(&mut c.name));
            for inner in &mut graph.nodes {
                self.node(inner, defaults, given);
            }
        }
    }
}
