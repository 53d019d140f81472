//! From nodes to steps: every shape becomes a number, and what is known is computed at once.

use std::collections::HashMap;
use std::sync::Arc;

use xcebra_model::Scalar;

use crate::error::{INCONSISTENT, OnnxError, Result};
use crate::kernels::PackedOnce;
use crate::ops::Op;
use crate::plan::Step;
use crate::proto::{Literal, Reason};
use crate::shape::count;
use crate::tensor::{Kind, Tensor};

/// Numbers that take about as much memory as an error.
const NUMBERS_OF_ERROR: usize = 64;

/// A value of the plan under construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Slot(pub usize);

/// A tensor that does not depend on the model's input.
#[derive(Clone, Debug)]
pub(crate) enum Known<A> {
    Real(Tensor<A>),
    /// Integers and truth values stay exact up to 2⁵³ in a model of `f32` too.
    Whole(Tensor<f64>),
}

impl<A: Scalar> Known<A> {
    /// The tensor as the model computes with it.
    pub fn real(&self) -> Tensor<A> {
        match self {
            Self::Real(tensor) => tensor.clone(),
            Self::Whole(tensor) => tensor.cast(),
        }
    }

    pub fn shape(&self) -> &[usize] {
        match self {
            Self::Real(tensor) => tensor.shape(),
            Self::Whole(tensor) => tensor.shape(),
        }
    }
}

/// What is known about a value before it is computed.
#[derive(Debug)]
pub(crate) struct Value<A> {
    pub shape: Vec<usize>,
    pub kind: Kind,
    pub known: Option<Known<A>>,
    /// Whether its derivative by the model's input can differ from zero.
    pub varied: bool,
}

/// How a step packs its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Packing {
    /// The right side of a product, perhaps stored as its transpose.
    Dense { turned: bool },
    /// The weights of a convolution in groups, on the way to the image perhaps mirrored.
    Conv { groups: usize, mirrored: bool },
}

/// Weights packed for the product and for its transpose.
pub(crate) type Packs = Arc<[PackedOnce; 2]>;

/// Collects values and steps.
pub(crate) struct Builder<A> {
    pub values: Vec<Value<A>>,
    pub steps: Vec<Step<A>>,
    /// Weights that several steps read, as those of a loop do: they are packed once.
    packs: HashMap<(Slot, Packing), Packs>,
    /// Numbers in all values so far.
    spent: usize,
    limit: usize,
    /// Name and operator of the node at hand, for messages.
    at: Arc<(String, String)>,
    /// Errors of nodes whose results may not be needed.
    kept: Vec<Option<OnnxError>>,
    /// Whether quantisation has the derivative 1 within its range, instead of 0.
    pub straight_through: bool,
    /// Whether the file computes in single precision.
    pub single: bool,
}

impl<A: Scalar> Builder<A> {
    /// A builder of plans whose values hold at most `limit` numbers in total.
    pub fn new(limit: usize) -> Self {
        Self {
            values: Vec::new(),
            steps: Vec::new(),
            packs: HashMap::new(),
            spent: 0,
            limit,
            at: Arc::default(),
            kept: Vec::new(),
            straight_through: false,
            single: false,
        }
    }

    /// Says which node is at hand.
    pub fn enter(&mut self, name: &str, op: &str) {
        self.at = Arc::new((name.to_owned(), op.to_owned()));
    }

    /// Keeps an error until it is known whether it matters; returns its number.
    ///
    /// It counts as some numbers, so that a loop cannot keep any number of them.
    pub fn keep(&mut self, error: OnnxError) -> usize {
        self.spent = self.spent.saturating_add(NUMBERS_OF_ERROR);
        self.kept.push(Some(error));
        self.kept.len() - 1
    }

    /// An error that was kept.
    pub fn kept(&mut self, number: usize) -> OnnxError {
        let error = self.kept.get_mut(number).and_then(Option::take);
        error.unwrap_or_else(|| OnnxError::graph("a node could not be read".to_owned()))
    }

    /// An error at the node at hand that no advice helps with.
    pub fn refuse<T>(&self, problem: impl Into<String>) -> Result<T> {
        self.fail(problem.into(), None)
    }

    /// An error at the node at hand whose inputs do not fit together.
    pub fn inconsistent<T>(&self, problem: impl Into<String>) -> Result<T> {
        self.fail(problem.into(), Some(INCONSISTENT))
    }

    /// An error at the node at hand and what to do about it.
    pub fn refuse_with<T>(&self, problem: impl Into<String>, advice: &'static str) -> Result<T> {
        self.fail(problem.into(), Some(advice))
    }

    fn fail<T>(&self, problem: String, advice: Option<&'static str>) -> Result<T> {
        Err(OnnxError::Node {
            node: self.at.0.clone(),
            op: self.at.1.clone(),
            problem,
            advice,
        })
    }

    pub fn shape(&self, slot: Slot) -> &[usize] {
        &self.values[slot.0].shape
    }

    pub fn rank(&self, slot: Slot) -> usize {
        self.shape(slot).len()
    }

    pub fn kind(&self, slot: Slot) -> Kind {
        self.values[slot.0].kind
    }

    pub fn known(&self, slot: Slot) -> Option<&Known<A>> {
        self.values[slot.0].known.as_ref()
    }

    /// The axis meant by an attribute.
    pub fn axis(&self, axis: i64, rank: usize) -> Result<usize> {
        match crate::shape::axis(axis, rank) {
            Some(axis) => Ok(axis),
            None => self.refuse(format!("axis {axis} of a tensor of {rank} axes")),
        }
    }

    /// The axes meant, each once, in rising order.
    pub fn axes(&self, axes: &[i64], rank: usize) -> Result<Vec<usize>> {
        let mut found: Vec<usize> = axes
            .iter()
            .map(|&a| self.axis(a, rank))
            .collect::<Result<_>>()?;
        found.sort_unstable();
        if found.windows(2).any(|pair| pair[0] == pair[1]) {
            return self.refuse(format!("the axes {axes:?} name one twice"));
        }
        Ok(found)
    }

    /// The numbers of a value that must be known, in `f64`.
    pub fn numbers(&self, slot: Slot, what: &str) -> Result<Vec<f64>> {
        match self.known(slot) {
            Some(Known::Real(tensor)) => Ok(tensor.data().iter().map(|v| v.as_f64()).collect()),
            Some(Known::Whole(tensor)) => Ok(tensor.data().to_vec()),
            None => self.refuse(format!(
                "{what} depends on the values of the model's input, but must be known in advance or \
                 follow from shapes"
            )),
        }
    }

    /// Integers that must be known; those beyond the range saturate.
    pub fn integers(&self, slot: Slot, what: &str) -> Result<Vec<i64>> {
        let numbers = self.numbers(slot, what)?;
        if numbers.iter().any(|v| v.is_nan()) {
            return self.refuse(format!("{what} is not a number"));
        }
        Ok(numbers.into_iter().map(|v| v as i64).collect())
    }

    /// A single number that must be known.
    pub fn number(&self, slot: Slot, what: &str) -> Result<f64> {
        match self.numbers(slot, what)?[..] {
            [number] => Ok(number),
            ref other => self.refuse(format!("{what} has {} numbers, expected one", other.len())),
        }
    }

    /// The numbers of `literal` as a known value.
    ///
    /// Real numbers are read in the precision of the model. The limit is looked at before any are.
    pub fn literal(&mut self, literal: &Literal) -> Result<Slot> {
        let read = |b: &mut Self| {
            let kind = literal.kind()?;
            Ok(match b.spend(&literal.shape) {
                Err(error) => Err(error),
                Ok(()) if kind == Kind::Real => {
                    let numbers = literal.numbers()?;
                    Ok((kind, Known::Real(Tensor::new(&literal.shape, numbers))))
                }
                Ok(()) => {
                    let numbers = literal.numbers()?;
                    Ok((kind, Known::Whole(Tensor::new(&literal.shape, numbers))))
                }
            })
        };
        match read(self) {
            Ok(known) => known.map(|(kind, known)| self.insert(kind, known)),
            Err(reason) => self.unusable(literal, reason),
        }
    }

    /// The numbers of `literal` themselves, for numbers that are not a value of the plan, such as the thresholds of a
    /// tree.
    pub fn doubles(&mut self, literal: &Literal) -> Result<Vec<f64>> {
        self.spend(&literal.shape)?;
        let numbers = literal.numbers();
        numbers.or_else(|reason| self.unusable(literal, reason))
    }

    fn unusable<T>(&self, literal: &Literal, (problem, advice): Reason) -> Result<T> {
        if literal.name.is_empty() {
            return self.fail(problem, advice);
        }
        Err(OnnxError::Tensor {
            name: literal.name.clone(),
            problem,
            advice,
        })
    }

    /// A known value; `numbers` has as many as `shape` says.
    pub fn constant(&mut self, shape: &[usize], kind: Kind, numbers: Vec<f64>) -> Result<Slot> {
        self.spend(shape)?;
        let tensor = Tensor::new(shape, numbers);
        let known = match kind {
            Kind::Real => Known::Real(tensor.cast()),
            _ => Known::Whole(tensor),
        };
        Ok(self.insert(kind, known))
    }

    /// A known value that was computed before.
    pub fn insert(&mut self, kind: Kind, known: Known<A>) -> Slot {
        self.push(Value {
            shape: known.shape().to_vec(),
            kind,
            known: Some(known),
            varied: false,
        })
    }

    /// The model's input.
    pub fn input(&mut self, shape: &[usize]) -> Result<Slot> {
        self.spend(shape)?;
        Ok(self.push(Value {
            shape: shape.to_vec(),
            kind: Kind::Real,
            known: None,
            varied: true,
        }))
    }

    /// One step with one result of real numbers.
    pub fn emit<K>(&mut self, op: K, inputs: &[Slot], shape: &[usize]) -> Result<Slot>
    where
        K: Op<A> + Op<f64> + 'static,
    {
        self.emit_as(Kind::Real, op, inputs, shape)
    }

    /// One step with one result; integers and truth values have no derivative.
    pub fn emit_as<K>(
        &mut self,
        kind: Kind,
        op: K,
        inputs: &[Slot],
        shape: &[usize],
    ) -> Result<Slot>
    where
        K: Op<A> + Op<f64> + 'static,
    {
        let slots = self.emit_many(op, inputs, &[(shape.to_vec(), kind)])?;
        Ok(slots[0])
    }

    /// One step with several results.
    pub fn emit_many<K>(
        &mut self,
        op: K,
        inputs: &[Slot],
        outputs: &[(Vec<usize>, Kind)],
    ) -> Result<Vec<Slot>>
    where
        K: Op<A> + Op<f64> + 'static,
    {
        for (shape, _) in outputs {
            self.spend(shape)?;
        }
        if let Some(known) = self.known_inputs(inputs) {
            let results = match compute(&op, &known, outputs) {
                Ok(results) => results,
                Err(problem) => return self.refuse(problem),
            };
            let slots = results.into_iter().map(|(kind, r)| self.insert(kind, r));
            return Ok(slots.collect());
        }
        let varied = inputs.iter().any(|&i| self.values[i.0].varied);
        self.steps.push(Step {
            inputs: inputs.iter().map(|slot| slot.0).collect(),
            first: self.values.len(),
            outputs: outputs.len(),
            op: Box::new(op),
            at: self.at.clone(),
        });
        let slots = outputs.iter().map(|(shape, kind)| {
            self.push(Value {
                shape: shape.clone(),
                kind: *kind,
                known: None,
                varied: varied && *kind == Kind::Real,
            })
        });
        Ok(slots.collect())
    }

    /// Room for known weights as products read them, shared by all steps that pack them alike.
    pub fn packs(&mut self, weights: Slot, packing: Packing) -> Packs {
        Arc::clone(self.packs.entry((weights, packing)).or_default())
    }

    /// Declares that a value's derivative is zero wherever it exists.
    pub fn flatten_derivative(&mut self, slot: Slot) {
        self.values[slot.0].varied = false;
    }

    fn known_inputs(&self, inputs: &[Slot]) -> Option<Vec<Known<A>>> {
        inputs.iter().map(|&i| self.known(i).cloned()).collect()
    }

    fn push(&mut self, value: Value<A>) -> Slot {
        self.values.push(value);
        Slot(self.values.len() - 1)
    }

    fn spend(&mut self, shape: &[usize]) -> Result<()> {
        self.spent = self.check(shape)?;
        Ok(())
    }

    /// Whether a value of this shape is within the limit; returns what is spent with it.
    ///
    /// No product of its dimensions overflows afterwards.
    pub fn check(&self, shape: &[usize]) -> Result<usize> {
        let generous: Vec<usize> = shape.iter().map(|&d| d.max(1)).collect();
        let total = count(&generous).and_then(|n| n.checked_add(self.spent));
        match total {
            Some(total) if total <= self.limit => Ok(total),
            _ => Err(OnnxError::Limit {
                what: format!(
                    "the number of elements up to node '{}' ({}), whose result has shape {shape:?},",
                    self.at.0, self.at.1
                ),
                limit: self.limit,
                advice: "allow more elements if the model is really that large (max_elements), or explain shorter signals",
            }),
        }
    }
}

/// Integers from integers in `f64`, all else in the precision of the model.
fn compute<A: Scalar, K: Op<A> + Op<f64>>(
    op: &K,
    inputs: &[Known<A>],
    outputs: &[(Vec<usize>, Kind)],
) -> Result<Vec<(Kind, Known<A>)>, String> {
    let whole = |known: &Known<A>| match known {
        Known::Whole(tensor) => Some(tensor.clone()),
        Known::Real(_) => None,
    };
    let all_whole: Option<Vec<Tensor<f64>>> = inputs.iter().map(whole).collect();
    let kinds = outputs.iter().map(|(_, kind)| *kind);
    match all_whole.filter(|_| kinds.clone().all(|k| k != Kind::Real)) {
        Some(inputs) => {
            let inputs: Vec<&Tensor<f64>> = inputs.iter().collect();
            op.check(&inputs)?;
            let results = op.forward(&inputs).into_iter().map(Known::Whole);
            Ok(kinds.zip(results).collect())
        }
        None => {
            let inputs: Vec<Tensor<A>> = inputs.iter().map(Known::real).collect();
            let inputs: Vec<&Tensor<A>> = inputs.iter().collect();
            op.check(&inputs)?;
            let results = op.forward(&inputs).into_iter();
            let keep = |(kind, result): (Kind, Tensor<A>)| match kind {
                Kind::Real => (kind, Known::Real(result)),
                _ => (kind, Known::Whole(result.cast())),
            };
            Ok(kinds.zip(results).map(keep).collect())
        }
    }
}
