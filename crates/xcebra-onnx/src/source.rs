//! A file's graph, ready to be planned for any number of samples.

use std::collections::{HashMap, HashSet};

use xcebra_model::Scalar;

use crate::builder::{Builder, Known, Slot};
use crate::error::{OnnxError, Result};
use crate::graph::{Graph, Node};
use crate::interface::{constants, input, output, sample_shape};
use crate::ops::{self, Call, permute, reshape_to};
use crate::options::OnnxOptions;
use crate::plan::Plan;
use crate::proto::{Literal, ModelProto};
use crate::repeat;
use crate::tensor::Kind;

/// Versions of the operators that are understood.
const OPSETS: [i64; 2] = [11, 24];

/// The graph with what is known of it.
pub(crate) struct Source<A> {
    nodes: Vec<Node>,
    /// Values that no input influences.
    known: HashMap<String, (Kind, Known<A>)>,
    opset: i64,
    limit: usize,
    straight_through: bool,
    pub input: String,
    pub output: String,
    /// Lengths of the axes of a sample, in the order of the file.
    sample: Vec<usize>,
    /// Axis of the file's sample at each axis of ours.
    axes: Vec<usize>,
    batch_axis: Option<usize>,
    /// Number of samples that the file asks for, if it does.
    pub batch: Option<usize>,
}

impl<A: Scalar> Source<A> {
    pub fn new(bytes: &[u8], options: &OnnxOptions) -> Result<Self> {
        let ModelProto { opset, graph } = ModelProto::parse(bytes)?;
        if !(OPSETS[0]..=OPSETS[1]).contains(&opset) {
            return Err(OnnxError::Opset {
                found: opset,
                oldest: OPSETS[0],
                newest: OPSETS[1],
            });
        }
        let input = input(&graph, options)?;
        let input_name = input.name.clone();
        let (sample, batch) = sample_shape(input, options)?;
        let output = output(&graph, options)?;
        let constants = constants::<A>(&graph, options)?;
        let mut given: Vec<&str> = options.constants.keys().map(String::as_str).collect();
        given.push(&input_name);
        let Graph {
            nodes,
            constants: literals,
        } = Graph::new(graph, &output, &given)?;
        let axes = match &options.sample_axes {
            Some(axes) => axes.clone(),
            None => (0..sample.len()).collect(),
        };
        let mut sorted = axes.clone();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..sample.len()) {
            return Err(OnnxError::Choice {
                problem: format!(
                    "{axes:?} is not an order of the axes of a sample of shape {sample:?}"
                ),
                advice: "name each axis once",
            });
        }
        let mut source = Self {
            nodes,
            known: constants,
            opset,
            limit: options.max_elements,
            straight_through: options.straight_through,
            input: input_name,
            output,
            sample,
            axes,
            batch_axis: options.batch_axis,
            batch,
        };
        source.fold(&literals)?;
        Ok(source)
    }

    /// Shape of a sample as we are given it.
    pub fn sample_shape(&self) -> Vec<usize> {
        self.axes.iter().map(|&a| self.sample[a]).collect()
    }

    /// Whether the input is one sample.
    pub fn is_unbatched(&self) -> bool {
        self.batch_axis.is_none()
    }

    fn builder(&self) -> Builder<A> {
        let mut b = Builder::new(self.limit);
        b.straight_through = self.straight_through;
        b
    }

    /// Computes once what no input influences.
    fn fold(&mut self, literals: &HashMap<String, Literal>) -> Result<()> {
        let mut b = self.builder();
        let mut slots = HashMap::new();
        for (name, (kind, known)) in self.known.drain() {
            b.enter(&name, "constant");
            b.check(known.shape())?;
            slots.insert(name, b.insert(kind, known));
        }
        let mut later = Vec::new();
        for node in self.nodes.drain(..) {
            for name in node.needs() {
                if let (false, Some(literal)) = (slots.contains_key(name), literals.get(name)) {
                    b.enter(name, "constant");
                    slots.insert(name.clone(), b.literal(literal)?);
                }
            }
            if node.needs().all(|name| slots.contains_key(name)) {
                lower(&mut b, &node, &mut slots, self.opset)?;
            } else {
                later.push(node);
            }
        }
        if let (false, Some(literal)) =
            (slots.contains_key(&self.output), literals.get(&self.output))
        {
            slots.insert(self.output.clone(), b.literal(literal)?);
        }
        let needed: HashSet<&String> = later
            .iter()
            .flat_map(Node::needs)
            .chain([&self.output])
            .collect();
        self.known = slots
            .into_iter()
            .filter(|(name, _)| needed.contains(name))
            .filter_map(|(name, slot)| Some((name, (b.kind(slot), b.known(slot)?.clone()))))
            .collect();
        self.nodes = later;
        Ok(())
    }

    /// A plan from (n, …sample) to the output as the file has it.
    pub fn plan(&self, n: usize) -> Result<Plan<A>> {
        self.build(n, |_, slot| Ok(slot))
    }

    /// A plan from (n, …sample) to (n, numbers), where `axis` of the output counts the samples;
    /// without it there is one.
    pub fn rows(&self, n: usize, axis: Option<usize>) -> Result<Plan<A>> {
        self.build(n, |b, output| {
            let rank = b.rank(output);
            let mut order: Vec<usize> = (0..rank).collect();
            if let Some(axis) = axis {
                order[..=axis].rotate_right(1);
            }
            let output = permute(b, output, &order)?;
            let each = b.shape(output).iter().product::<usize>() / n;
            reshape_to(b, output, &[n, each])
        })
    }

    fn build(
        &self,
        n: usize,
        finish: impl Fn(&mut Builder<A>, Slot) -> Result<Slot>,
    ) -> Result<Plan<A>> {
        let mut b = self.builder();
        b.enter(&self.input, "input");
        let shape = [&[n], self.sample_shape().as_slice()].concat();
        let input = b.input(&shape)?;
        let mut slots = HashMap::new();
        slots.insert(self.input.clone(), self.as_in_file(&mut b, input)?);
        for (name, (kind, known)) in &self.known {
            slots.insert(name.clone(), b.insert(*kind, known.clone()));
        }
        for node in &self.nodes {
            lower(&mut b, node, &mut slots, self.opset)?;
        }
        let Some(&output) = slots.get(&self.output) else {
            return Err(OnnxError::graph(format!(
                "no node makes the output '{}'",
                self.output
            )));
        };
        b.enter(&self.output, "output");
        let output = finish(&mut b, output)?;
        Ok(Plan::new(b, input, output))
    }

    /// Our (n, …sample) with axes and batch where the file wants them.
    fn as_in_file(&self, b: &mut Builder<A>, x: Slot) -> Result<Slot> {
        let ours = |axis: usize| self.axes.iter().position(|&a| a == axis).unwrap_or(axis);
        let Some(batch_axis) = self.batch_axis else {
            let x = reshape_to(b, x, &self.sample_shape())?;
            let order: Vec<usize> = (0..self.sample.len()).map(ours).collect();
            return permute(b, x, &order);
        };
        let mut order: Vec<usize> = (0..self.sample.len()).map(|a| ours(a) + 1).collect();
        order.insert(batch_axis, 0);
        permute(b, x, &order)
    }
}

/// Lowers one node and names its results.
pub(crate) fn lower<A: Scalar>(
    b: &mut Builder<A>,
    node: &Node,
    slots: &mut HashMap<String, Slot>,
    opset: i64,
) -> Result<()> {
    b.enter(&node.name, &node.op);
    if let Some(name) = node.needs().find(|name| !slots.contains_key(*name)) {
        return b.refuse(format!(
            "it needs '{name}', an optional result of a node that is not supported"
        ));
    }
    let slot = |name: &Option<String>| match name {
        Some(name) => slots.get(name).copied(),
        None => None,
    };
    let call = Call {
        node,
        inputs: node.inputs.iter().map(slot).collect(),
        opset,
    };
    let results = match (node.op.as_str(), &node.body) {
        ("Loop", Some(body)) => repeat::unroll(b, &call, body, slots)?,
        _ => ops::lower(b, &call)?,
    };
    for (name, slot) in node.outputs.iter().zip(results) {
        if let Some(name) = name {
            slots.insert(name.clone(), slot);
        }
    }
    Ok(())
}
