//! Deterministic parallelism: a fixed number of lanes, each with its own sums.

use rayon::prelude::*;

use super::kernels::elementwise::add;
use crate::ops::Element;

/// Number of lanes. It bounds the parallelism of one step and fixes the order of sums, so that
/// results do not depend on the number of threads.
pub const LANES: usize = 16;

/// Gives job `i` to lane `i % lanes`, in rising order within a lane; the lanes run in parallel, each
/// made ready by `begin`.
pub fn run<S: Send, J: Send>(
    lanes: &mut [S],
    jobs: Vec<J>,
    begin: impl Fn(&mut S) + Sync,
    work: impl Fn(&mut S, J) + Sync,
) {
    let count = lanes.len();
    let mut queues: Vec<Vec<J>> = (0..count).map(|_| Vec::new()).collect();
    for (i, job) in jobs.into_iter().enumerate() {
        queues[i % count].push(job);
    }
    lanes.par_iter_mut().zip(queues).for_each(|(lane, queue)| {
        begin(lane);
        for job in queue {
            work(lane, job);
        }
    });
}

/// Number of lanes that `chunks` chunks need.
pub fn count(chunks: usize) -> usize {
    chunks.clamp(1, LANES)
}

/// Sums vectors of one length element by element, in the order of the vectors.
pub fn reduce<E: Element>(parts: &[&[E]]) -> Vec<E> {
    let mut sum = Vec::new();
    reduce_into(parts, &mut sum);
    sum
}

/// As [`reduce`], into `sum`, whose content is overwritten.
pub fn reduce_into<E: Element>(parts: &[&[E]], sum: &mut Vec<E>) {
    sum.clear();
    let Some((first, rest)) = parts.split_first() else {
        return;
    };
    sum.extend_from_slice(first);
    sum.par_chunks_mut(4096).enumerate().for_each(|(i, piece)| {
        for part in rest {
            add(piece, &part[i * 4096..]);
        }
    });
}
