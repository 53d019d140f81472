//! The whole training loss, composed on the tape.

use std::sync::Arc;

use dfdx::tensor::{AsArray, Cpu, Gradients, Merge, OwnedTape, PutTape, SplitTape, Tensor, Trace};
use dfdx::tensor_ops::{Backward, TryAdd, TryMul};

use super::{Buffers, Taped, Term, TermValue, Value, Vector, info_nce_at};
use crate::element::Element;
use crate::encoder::Trainable;
use crate::error::{Error, Result};

/// A vector that records what is done with it, such as the parameters of a step.
pub fn traced<E: Element>(vector: &Vector<E>) -> Taped<(usize,), E> {
    vector.leaky_trace()
}

/// The embedding of a batch, which several losses may look at.
pub struct Embedded<E: Element> {
    values: Tensor<(usize, usize), E, Cpu>,
    tape: OwnedTape<E, Cpu>,
}

impl<E: Element> Embedded<E> {
    /// Embeds windows `x`, flat (n, window, channels).
    pub fn new(encoder: &dyn Trainable<E>, parameters: &Vector<E>, x: Arc<Vec<E>>) -> Self {
        let (values, tape) = encoder.encode(traced(parameters), x).split_tape();
        Self { values, tape }
    }

    /// The embedding (n, outputs), to make a loss of.
    pub fn taped(&self) -> Taped<(usize, usize), E> {
        self.values.clone().put_tape(OwnedTape::default())
    }

    /// Its numbers, row by row.
    pub fn to_vec(&self) -> Vec<E> {
        self.values.as_vec()
    }
}

/// A sum of losses and penalties.
pub struct Sum<E: Element>(Option<Value<E>>);

impl<E: Element> Default for Sum<E> {
    fn default() -> Self {
        Self(None)
    }
}

impl<E: Element> Sum<E> {
    /// Adds `weight` times a number; returns the number.
    ///
    /// # Errors
    /// [`Error::Engine`] if the tape fails.
    pub fn add(&mut self, weight: f64, value: Value<E>) -> Result<f64> {
        let (value, tape) = value.split_tape();
        let number = value.array().as_f64();
        let mut weighted = value.put_tape(tape);
        if weight != 1.0 {
            weighted = weighted.try_mul(E::of(weight)).map_err(engine)?;
        }
        self.0 = Some(match self.0.take() {
            Some(sum) => sum.try_add(weighted).map_err(engine)?,
            None => weighted,
        });
        Ok(number)
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Differentiates the sum, through the embedding that its losses were made of.
    ///
    /// # Errors
    /// [`Error::Engine`] if nothing was added or the tape fails.
    pub fn backward(self, embedded: Embedded<E>) -> Result<Gradients<E, Cpu>> {
        let sum = self
            .0
            .ok_or_else(|| Error::Engine("there is nothing to minimise".into()))?;
        let (sum, tape) = sum.split_tape();
        let tape = tape.merge(embedded.tape);
        sum.put_tape(tape).try_backward().map_err(engine)
    }
}

/// The Jacobian penalty for [`evaluate`].
#[derive(Clone, Debug)]
pub struct Penalty<E> {
    /// Its first samples of the batch on which it is measured.
    pub samples: usize,
    /// Directions, as [`jacobian_penalty`](super::jacobian_penalty) takes them.
    pub probes: Vec<E>,
    /// Their factor.
    pub factor: f64,
    /// Weight λ.
    pub weight: f64,
}

/// Value and gradient of a loss at one batch.
#[derive(Debug)]
pub struct Evaluation<E: Element> {
    /// Weighted sum of the InfoNCE terms.
    pub loss: f64,
    /// Each term before its weight.
    pub terms: Vec<TermValue>,
    /// The penalty before its weight.
    pub penalty: Option<f64>,
    /// Gradients of the whole, by parameter.
    pub gradients: Gradients<E, Cpu>,
}

/// Embeds the batch `x`, adds up InfoNCE terms and penalty, and differentiates: the plain training
/// step, for loops of one's own.
///
/// # Errors
/// [`Error::Engine`] if there is neither a term nor a penalty, or the tape fails.
pub fn evaluate<E: Element>(
    encoder: &dyn Trainable<E>,
    parameters: &Vector<E>,
    x: Arc<Vec<E>>,
    terms: &[Term],
    penalty: Option<&Penalty<E>>,
) -> Result<Evaluation<E>> {
    let mut sum = Sum::default();
    let mut measured = None;
    if let Some(p) = penalty {
        let samples = &x[..p.samples * encoder.window().len() * encoder.channels()];
        let value = encoder.jacobian_penalty(traced(parameters), samples, &p.probes, p.factor);
        measured = Some(sum.add(p.weight, value)?);
    }
    let embedded = Embedded::new(encoder, parameters, x);
    let (mut loss, mut reports) = (0.0, Vec::new());
    if !terms.is_empty() {
        let buffers = Buffers::default();
        let (value, values) = info_nce_at(embedded.taped(), None, terms, &buffers);
        loss = sum.add(1.0, value)?;
        reports = values;
    }
    Ok(Evaluation {
        loss,
        terms: reports,
        penalty: measured,
        gradients: sum.backward(embedded)?,
    })
}

fn engine(error: dfdx::tensor::CpuError) -> Error {
    Error::Engine(error.to_string())
}
