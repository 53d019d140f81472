//! A file's graph, ready to be planned for any number of samples.

use std::collections::{HashMap, HashSet};

use xcebra_model::Scalar;

use crate::builder::{Builder, Known, Slot};
use crate::error::{OnnxError, Result};
use crate::graph::{Graph, Node};
use crate::inline::inlined;
use crate::interface::{constants, explained, output, results};
use crate::lengths::{Explained, measure};
use crate::need::Need;
use crate::ops::{self, permute, reshape_to, select};
use crate::options::OnnxOptions;
use crate::plan::Plan;
use crate::proto::{Context, Element, GraphProto, Literal, ModelProto, ValueInfo};
use crate::scope::{Item, Scope, lower};
use crate::shape::count;
use crate::tensor::Kind;
use crate::versions::modernise;

/// Numbers that folding may make of each number that the file has: transposed, for example, or dequantised.
const FOLDED: usize = 4;

/// The graph with what is known of it.
pub(crate) struct Source<A> {
    nodes: Vec<Node>,
    /// Values that no input influences.
    known: HashMap<String, (Kind, Known<A>)>,
    limit: usize,
    straight_through: bool,
    /// Whether the file computes in single precision.
    single: bool,
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
        let mut graph = inlined(ModelProto::parse(context)?, context)?;
        modernise(&mut graph);
        let double = |input: &ValueInfo| Element::of(input.element) == Some(Element::F64);
        let single = !graph.inputs.iter().any(double);
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
        nodes.iter().try_for_each(Node::check_version)?;
        let room = context.numbers().saturating_mul(FOLDED);
        let mut source = Self {
            nodes,
            known: constants,
            limit: options.max_elements.saturating_add(room),
            straight_through: options.straight_through,
            single,
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

    fn builder(&self) -> Builder<A> {
        let mut b = Builder::new(self.limit);
        b.straight_through = self.straight_through;
        b.single = self.single;
        b
    }

    /// Computes once what no input influences.
    fn fold(&mut self, literals: &HashMap<String, Literal>) -> Result<()> {
        let mut b = self.builder();
        let mut scope = Scope::new();
        for (name, (kind, known)) in self.known.drain() {
            b.enter(&name, "constant");
            b.check(known.shape())?;
            scope.insert(name, Item::Value(b.insert(kind, known)));
        }
        let mut later = Vec::new();
        for mut node in self.nodes.drain(..) {
            for name in node.needs() {
                if let (false, Some(literal)) = (scope.contains_key(name), literals.get(name)) {
                    b.enter(name, "constant");
                    scope.insert(name.clone(), Item::Value(b.literal(literal)?));
                }
            }
            if node.needs().all(|name| scope.contains_key(name)) {
                lower(&mut b, &node, &mut scope);
                let own: Vec<&String> = node.outputs.iter().flatten().collect();
                let is_value = |name: &&&String| matches!(scope.get(**name), Some(Item::Value(_)));
                if own.iter().any(|name| is_value(&name)) {
                    continue;
                }
                // lists, and what is an error if it is needed, are made with the plan
                own.iter().for_each(|name| drop(scope.remove(*name)));
            }
            node.settle();
            later.push(node);
        }
        if let (false, Some(literal)) =
            (scope.contains_key(&self.output), literals.get(&self.output))
        {
            scope.insert(self.output.clone(), Item::Value(b.literal(literal)?));
        }
        let needed: HashSet<&String> = later
            .iter()
            .flat_map(Node::needs)
            .chain([&self.output])
            .collect();
        self.known = scope
            .into_iter()
            .filter(|(name, _)| needed.contains(name))
            .filter_map(|(name, item)| {
                let slot = item.value()?;
                Some((name, (b.kind(slot), b.known(slot)?.clone())))
            })
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
        let mut scope = Scope::new();
        let input = self.enter(&mut b, n, &mut scope)?;
        for (name, (kind, known)) in &self.known {
            scope.insert(name.clone(), Item::Value(b.insert(*kind, known.clone())));
        }
        for node in &self.nodes {
            lower(&mut b, node, &mut scope);
            self.detach(&mut b, node.outputs.iter().flatten(), &mut scope)?;
        }
        let output = match scope.get(&self.output) {
            Some(Item::Value(slot)) => *slot,
            Some(Item::Failed(number)) => return Err(b.kept(*number)),
            Some(_) => {
                return Err(OnnxError::graph(format!(
                    "the output '{}' is not a tensor",
                    self.output
                )));
            }
            None => {
                return Err(OnnxError::graph(format!(
                    "no node makes the output '{}'",
                    self.output
                )));
            }
        };
        b.enter(&self.output, "output");
        let output = finish(&mut b, output)?;
        Ok(Plan::new(b, input, output))
    }

    /// The plan's input (n, …sample), and the values of the file that are made of it.
    fn enter(&self, b: &mut Builder<A>, n: usize, scope: &mut Scope) -> Result<Slot> {
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
            scope.insert(input.name.clone(), Item::Value(x));
        }
        self.detach(b, names.iter(), scope)?;
        Ok(whole)
    }

    /// Stops derivatives at those of the values that are detached.
    fn detach<N: AsRef<str>>(
        &self,
        b: &mut Builder<A>,
        names: impl Iterator<Item = N>,
        scope: &mut Scope,
    ) -> Result<()> {
        for name in names.filter(|name| self.detached.contains(name.as_ref())) {
            if let Some(Item::Value(slot)) = scope.get_mut(name.as_ref()) {
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
