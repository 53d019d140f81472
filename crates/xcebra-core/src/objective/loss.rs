//! Losses of a researcher's own.

use std::ops::Range;

use crate::ops::Element;
use crate::ops::{Taped, Value};

/// A loss on the embedding of a batch, in the engine's tensors; it joins a training through
/// [`Trainer::add_loss`](crate::Trainer::add_loss).
pub trait Loss<E: Element>: Send + Sync {
    /// Name for curves and error messages.
    fn name(&self) -> &str;

    /// Its weight at a step, counted from 0; at 0 it is not computed.
    fn weight(&self, step: usize) -> f64;

    /// Its value before the weight, for the embedding (rows, outputs) of the batch.
    fn loss(&self, embedding: Taped<(usize, usize), E>, batch: &Batch) -> Value<E>;
}

/// The rows of a batch, by what they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Sample of the recording at each row.
    pub times: Vec<usize>,
    /// Rows of the references.
    pub references: Range<usize>,
    /// Rows of the negatives; empty if no objective asks for them.
    pub negatives: Range<usize>,
    /// Rows of the positives of each contrastive objective, one a reference.
    pub positives: Vec<Range<usize>>,
}
