//! From nodes to steps: every shape becomes a number, and what is known is computed at once.

use std::sync::Arc;

use xcebra_model::Scalar;

use crate::error::{OnnxError, Result};
use crate::ops::Op;
use crate::plan::Step;
use crate::proto::{Content, Literal};
use crate::shape::count;
use crate::tensor::{Kind, Tensor};

/// A value of the plan under construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// Collects values and steps.
pub(crate) struct Builder<A> {
    pub values: Vec<Value<A>>,
    pub steps: Vec<Step<A>>,
    /// Numbers in all values so far.
    spent: usize,
    limit: usize,
    /// Name and operator of the node at hand, for messages.
    at: Arc<(String, String)>,
    /// Whether quantisation has the derivative 1 within its range, instead of 0.
    pub straight_through: bool,
}

impl<A: Scalar> Builder<A> {
    /// A builder of plans whose values hold at most `limit` numbers in total.
    pub fn new(limit: usize) -> Self {
        Self {
            values: Vec::new(),
            steps: Vec::new(),
            spent: 0,
            limit,
            at: Arc::default(),
            straight_through: false,
        }
    }

    /// Says which node is at hand.
    pub fn enter(&mut self, name: &str, op: &str) {
        self.at = Arc::new((name.to_owned(), op.to_owned()));
    }

    /// An error at the node at hand that no advice helps with.
    pub fn refuse<T>(&self, problem: impl Into<String>) -> Result<T> {
        self.fail(problem.into(), None)
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
    pub fn literal(&mut self, literal: &Literal) -> Result<Slot> {
        match &literal.content {
            Content::Numbers { kind, values } => {
                self.constant(&literal.shape, *kind, values.clone())
            }
            Content::Unusable { problem, advice } if literal.name.is_empty() => {
                self.fail(problem.clone(), *advice)
            }
            Content::Unusable { problem, advice } => Err(OnnxError::Tensor {
                name: literal.name.clone(),
                problem: problem.clone(),
                advice: *advice,
            }),
        }
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
                advice: "raise it with OnnxOptions::max_elements if the model is really that large",
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
