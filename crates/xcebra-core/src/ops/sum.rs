//! Losses that add up, some of them on one embedding.

use dfdx::tensor::{AsArray, Cpu, Gradients, Merge, OwnedTape, PutTape, SplitTape, Tensor};
use dfdx::tensor_ops::{Backward, TryAdd, TryMul};

use super::{Element, Taped, Value};
use crate::error::{CoreError, Result};

/// The embedding of a batch, which several losses may look at.
pub struct Embedded<E: Element> {
    values: Tensor<(usize, usize), E, Cpu>,
    tape: OwnedTape<E, Cpu>,
}

impl<E: Element> Embedded<E> {
    /// An embedding (n, outputs) with the tape that made it.
    pub fn of(embedding: Taped<(usize, usize), E>) -> Self {
        let (values, tape) = embedding.split_tape();
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
    /// [`CoreError::Engine`] if the tape fails.
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
    /// [`CoreError::Engine`] if nothing was added or the tape fails.
    pub fn backward(self, embedded: Embedded<E>) -> Result<Gradients<E, Cpu>> {
        let sum = self
            .0
            .ok_or_else(|| CoreError::Engine("there is nothing to minimise".into()))?;
        let (sum, tape) = sum.split_tape();
        let tape = tape.merge(embedded.tape);
        sum.put_tape(tape).try_backward().map_err(engine)
    }
}

fn engine(error: dfdx::tensor::CpuError) -> CoreError {
    CoreError::Engine(error.to_string())
}
