//! A file's graph, ready to be planned for any number of samples.

use std::collections::{HashMap, HashSet};

use xcebra_model::Scalar;

use crate::builder::{Builder, Known, Slot};
use crate::error::{OnnxError, Result};
use crate::graph::{Graph, Node};
use crate::interface::{constants, explained, output, results};
use crate::lengths::{Explained, measure};
use crate::need::Need;
use crate::ops::{self, Call, permute, reshape_to, select};
use crate::options::OnnxOptions;
use crate::plan::Plan;
use crate::proto::{Context, GraphProto, Literal, ModelProto};
use crate::repeat;
use crate::shape::count;
use crate::tensor::Kind;

/// Versions of the operators that are understood.
const OPSETS: [i64; 2] = [11, 24];

/// Numbers that folding may make of each number that the file has: transposed, for example, or dequantised.
const FOLDED: usize = 4;

/// The graph with what is known of it.
pub(crate) struct Source<A> {
    nodes: Vec<Node>,
    /// Values that no input influences.
    known: HashMap<String, (Kind, Known<A>)>,
    opset: i64,
    limit: usize,
    pub inputs: Vec<Explained>,
    pub output: String,
    /// Values at which derivatives stop.
    detached: HashSet<String>,
    batch_axis: Option<usize>,
    /// Number of samples that the file asks for, if it does.
    pub batch: Option<usize>,
}

impl<A: Scalar> Source<A> {
    pub fn new(context: &Context, options: &OnnxOptions) -> Result<Self> {
        let ModelProto { opsets, graph, .. } = ModelProto::parse(context)?;
        let opset = opsets.get("").copied().unwrap_or(0);
        if !(OPSETS[0]..=OPSETS[1]).contains(&opset) {
            return Err(OnnxError::Opset {
                found: opset,
                oldest: OPSETS[0],
                newest: OPSETS[1],
            });
        }
        let explained = explained(&graph, options)?;
        let constants = constants::<A>(&graph, options)?;
        let inputs = measure(&explained, &graph, options)?;
        let batch = common_batch(&inputs)?;
        let output = output(&graph, options)?;
        let detached = detached(&graph, options)?;
        let mut given: Vec<&str> = options.constants.keys().map(String::as_str).collect();
        given.extend(inputs.iter().map(|input| input.name.as_str()));
        let Graph {
            nodes,
            constants: literals,
        } = Graph::new(graph, &output, &given)?;
        let room = context.numbers().saturating_mul(FOLDED);
        let mut source = Self {
            nodes,
            known: constants,
            opset,
            limit: options.max_elements.saturating_add(room),
            inputs,
            output,
            detached,
            batch_axis: options.batch_axis,
            batch,
        };
        source.fold(&literals)?;
        Ok(source)
    }

    /// Shape of a sample as we are given it: that of the only input, or all numbers of several.
    pub fn sample_shape(&self) -> Vec<usize> {
        match &self.inputs[..] {
            [one] => one.shape(),
            several => vec![
                several
                    .iter()
                    .map(|i| i.sample.iter().product::<usize>())
                    .sum(),
            ],
        }
    }

    /// Whether the input is one sample.
    pub fn is_unbatched(&self) -> bool {
        self.batch_axis.is_none()
    }

    /// Computes once what no input influences.
    fn fold(&mut self, literals: &HashMap<String, Literal>) -> Result<()> {
        let mut b = Builder::new(self.limit);
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
        later.iter_mut().for_each(Node::settle);
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
        let mut b = Builder::new(self.limit);
        let mut slots = HashMap::new();
        let input = self.enter(&mut b, n, &mut slots)?;
        for (name, (kind, known)) in &self.known {
            slots.insert(name.clone(), b.insert(*kind, known.clone()));
        }
        for node in &self.nodes {
            lower(&mut b, node, &mut slots, self.opset)?;
            self.detach(&mut b, node.outputs.iter().flatten(), &mut slots)?;
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

    /// The plan's input (n, …sample), and the values of the file that are made of it.
    fn enter(
        &self,
        b: &mut Builder<A>,
        n: usize,
        slots: &mut HashMap<String, Slot>,
    ) -> Result<Slot> {
        let names: Vec<&str> = self.inputs.iter().map(|i| i.name.as_str()).collect();
        b.enter(&names.join(", "), "input");
        let mut sizes = self.inputs.iter().map(|i| count(&i.sample));
        if sizes
            .try_fold(0_usize, |sum, size| sum.checked_add(size?))
            .is_none()
        {
            return b.refuse("a sample that is too large");
        }
        let whole = b.input(&[&[n], self.sample_shape().as_slice()].concat())?;
        let mut start = 0;
        for input in &self.inputs {
            b.enter(&input.name, "input");
            let mut x = whole;
            if self.inputs.len() > 1 {
                let end = start + input.sample.iter().product::<usize>();
                x = select(b, whole, &[(0..n).collect(), (start..end).collect()], 0.0)?;
                x = reshape_to(b, x, &[&[n], input.shape().as_slice()].concat())?;
                start = end;
            }
            let x = self.as_in_file(b, input, x)?;
            slots.insert(input.name.clone(), x);
        }
        self.detach(b, names.iter(), slots)?;
        Ok(whole)
    }

    /// Stops derivatives at those of the values that are detached.
    fn detach<N: AsRef<str>>(
        &self,
        b: &mut Builder<A>,
        names: impl Iterator<Item = N>,
        slots: &mut HashMap<String, Slot>,
    ) -> Result<()> {
        for name in names.filter(|name| self.detached.contains(name.as_ref())) {
            if let Some(slot) = slots.get_mut(name.as_ref()) {
                *slot = ops::detach(b, *slot)?;
            }
        }
        Ok(())
    }

    /// Our (n, …sample) with axes and batch where the file wants them.
    fn as_in_file(&self, b: &mut Builder<A>, input: &Explained, x: Slot) -> Result<Slot> {
        let ours = |axis: usize| input.axes.iter().position(|&a| a == axis).unwrap_or(axis);
        let Some(batch_axis) = self.batch_axis else {
            let x = reshape_to(b, x, &input.shape())?;
            let order: Vec<usize> = (0..input.sample.len()).map(ours).collect();
            return permute(b, x, &order);
        };
        let mut order: Vec<usize> = (0..input.sample.len()).map(|a| ours(a) + 1).collect();
        order.insert(batch_axis, 0);
        permute(b, x, &order)
    }
}

/// The number of samples that the file asks for, which is that of all inputs.
fn common_batch(inputs: &[Explained]) -> Result<Option<usize>> {
    let mut batches = inputs.iter().filter_map(|input| input.batch);
    let first = batches.next();
    match batches.find(|&other| Some(other) != first) {
        None => Ok(first),
        Some(other) => OnnxError::choice(
            format!(
                "the inputs take {} and {other} samples at once, but are explained together",
                first.unwrap_or_default()
            ),
            Need::Export("explain one of the inputs, and give the others as constants"),
        ),
    }
}

/// The values at which derivatives stop.
fn detached(graph: &GraphProto, options: &OnnxOptions) -> Result<HashSet<String>> {
    let mut all = HashSet::new();
    for name in &options.detached {
        let found = results(graph, name);
        if found.is_empty() {
            return OnnxError::choice(
                format!("the file has no value '{name}' at which derivatives could stop"),
                Need::Detach,
            );
        }
        all.extend(found.into_iter().map(str::to_owned));
    }
    Ok(all)
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
