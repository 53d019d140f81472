//! Deterministic parallelism: a fixed number of lanes, each with its own sums.

use rayon::prelude::*;

/// Number of lanes. It bounds the parallelism of one step and fixes the order of sums, so that
/// results do not depend on the number of threads.
pub const LANES: usize = 16;

/// Gives chunk `c` of `chunks` to lane `c % LANES`, in rising order within a lane; the lanes run
/// in parallel. `jobs` holds one item a chunk.
pub fn run<S: Send, J: Send>(
    lanes: &mut [S],
    jobs: Vec<J>,
    work: impl Fn(&mut S, usize, J) + Sync,
) {
    let count = lanes.len();
    let mut queues: Vec<Vec<(usize, J)>> = (0..count).map(|_| Vec::new()).collect();
    for (chunk, job) in jobs.into_iter().enumerate() {
        queues[chunk % count].push((chunk, job));
    }
    lanes.par_iter_mut().zip(queues).for_each(|(lane, queue)| {
        for (chunk, job) in queue {
            work(lane, chunk, job);
        }
    });
}

/// Number of lanes that `chunks` chunks need.
pub fn count(chunks: usize) -> usize {
    chunks.clamp(1, LANES)
}

/// Sums vectors of one length element by element, in the order of the vectors.
pub fn reduce<E: Copy + Send + Sync + std::ops::AddAssign>(parts: &[&[E]]) -> Vec<E> {
    let mut sum = Vec::new();
    reduce_into(parts, &mut sum);
    sum
}

/// As [`reduce`], into `sum`, whose content is overwritten.
pub fn reduce_into<E: Copy + Send + Sync + std::ops::AddAssign>(parts: &[&[E]], sum: &mut Vec<E>) {
    sum.clear();
    let Some((first, rest)) = parts.split_first() else {
        return;
    };
    sum.extend_from_slice(first);
    sum.par_chunks_mut(4096).enumerate().for_each(|(i, piece)| {
        for part in rest {
            for (s, &p) in piece.iter_mut().zip(&part[i * 4096..]) {
                *s += p;
            }
        }
    });
}
