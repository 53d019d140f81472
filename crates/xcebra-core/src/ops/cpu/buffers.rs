//! Memory that the losses of one step hand to those of the next.

use super::lanes;
use super::pool::Pool;
use crate::ops::Element;

/// Buffers of the InfoNCE losses; their content is arbitrary. They spare every step megabytes of
/// fresh pages from the system.
#[derive(Debug)]
pub struct Buffers<E> {
    pub(in crate::ops) vectors: Pool<Vec<E>>,
    lanes: Pool<Lane<E>>,
}

impl<E> Default for Buffers<E> {
    fn default() -> Self {
        Self {
            vectors: Pool::default(),
            lanes: Pool::default(),
        }
    }
}

/// Sums of one lane of an InfoNCE loss.
#[derive(Debug, Default)]
pub(in crate::ops) struct Lane<E> {
    /// Similarities of some rows to all negatives.
    pub scratch: Vec<E>,
    /// What the negatives' gradient is summed into.
    pub negative_sum: Vec<E>,
    /// Sum of the log-sum-exps.
    pub total: f64,
}

impl<E: Element> Lane<E> {
    /// Makes room, and sets the sums to zero.
    pub fn begin(&mut self, scratch: usize, sums: usize) {
        self.scratch.resize(scratch, E::zero());
        self.negative_sum.clear();
        self.negative_sum.resize(sums, E::zero());
        self.total = 0.0;
    }
}

impl<E: Element> Buffers<E> {
    /// A vector of zeros.
    pub(in crate::ops) fn zeros(&self, len: usize) -> Vec<E> {
        let mut vector = self.vectors.take();
        vector.clear();
        vector.resize(len, E::zero());
        vector
    }

    /// As many lanes as `jobs` need.
    pub(in crate::ops) fn lanes(&self, jobs: usize) -> Vec<Lane<E>> {
        self.lanes.take_all(lanes::count(jobs))
    }

    /// Sums the lanes in their order, and keeps them for later: the negatives' sums, and the total.
    pub(in crate::ops) fn settle(&self, lanes: Vec<Lane<E>>) -> (Vec<E>, f64) {
        let mut sum = self.vectors.take();
        let parts: Vec<&[E]> = lanes
            .iter()
            .map(|lane| lane.negative_sum.as_slice())
            .collect();
        lanes::reduce_into(&parts, &mut sum);
        let total = lanes.iter().map(|lane| lane.total).sum();
        self.lanes.give_all(lanes);
        (sum, total)
    }
}
