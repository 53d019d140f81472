//! Memory that the losses of one step hand to those of the next.

use super::lanes;
use super::workspace::Pool;
use crate::element::Element;

/// Buffers of the InfoNCE losses; their content is arbitrary. They spare every step megabytes of
/// fresh pages from the system.
#[derive(Debug, Default)]
pub struct Buffers<E> {
    pub(super) vectors: Pool<Vec<E>>,
    lanes: Pool<Lane<E>>,
}

/// Sums of one lane of an InfoNCE loss.
#[derive(Debug, Default)]
pub(super) struct Lane<E> {
    /// Similarities of some rows to all negatives.
    pub scratch: Vec<E>,
    /// What the negatives' gradient is summed into.
    pub negative_sum: Vec<E>,
    /// Sum of the log-sum-exps.
    pub total: f64,
}

impl<E: Element> Buffers<E> {
    /// A vector of zeros.
    pub(super) fn zeros(&self, len: usize) -> Vec<E> {
        let mut vector = self.vectors.take();
        vector.clear();
        vector.resize(len, E::zero());
        vector
    }

    /// As many lanes as `jobs` need, their sums at zero.
    pub(super) fn lanes(&self, jobs: usize, scratch: usize, sums: usize) -> Vec<Lane<E>> {
        (0..lanes::count(jobs))
            .map(|_| {
                let mut lane = self.lanes.take();
                lane.scratch.resize(scratch, E::zero());
                lane.negative_sum.clear();
                lane.negative_sum.resize(sums, E::zero());
                lane.total = 0.0;
                lane
            })
            .collect()
    }

    /// Sums the lanes in their order, and keeps them for later: the negatives' sums, and the total.
    pub(super) fn settle(&self, lanes: Vec<Lane<E>>) -> (Vec<E>, f64) {
        let mut sum = self.vectors.take();
        let parts: Vec<&[E]> = lanes
            .iter()
            .map(|lane| lane.negative_sum.as_slice())
            .collect();
        lanes::reduce_into(&parts, &mut sum);
        let total = lanes.iter().map(|lane| lane.total).sum();
        lanes.into_iter().for_each(|lane| self.lanes.give(lane));
        (sum, total)
    }
}
