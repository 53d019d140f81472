//! Forward and reverse pass of an encoder on a batch, chunk by chunk in parallel.

use rayon::prelude::*;

use super::passes::{self, Scratch};
use super::{Rooms, lanes};
use crate::ops::network::{Network, TRAINED, time_major};
use crate::ops::{Element, Packed};

/// Most rows of a chunk.
const CHUNK: usize = 128;

/// Embeds `n` windows `x` (n, window, channels): the embedding (n, outputs), and the pre-activations of
/// each chunk.
pub(super) fn forward<E: Element>(
    network: &Network,
    weights: (&[E], &Packed),
    x: &[E],
    rooms: &Rooms<E>,
) -> (Vec<E>, Vec<Vec<E>>) {
    let (inputs, outputs) = (network.inputs(), network.outputs());
    let chunk = network.chunk::<E>(TRAINED, CHUNK);
    let mut out = vec![E::zero(); x.len() / inputs * outputs];
    let pre: Vec<Vec<E>> = out
        .par_chunks_mut(chunk * outputs)
        .zip(x.par_chunks(chunk * inputs))
        .map(|(out, x)| {
            let [mut pre, mut room, mut major] = [(); 3].map(|()| rooms.vectors.take());
            let plan = network.windows(weights, x.len() / inputs);
            pre.resize(plan.len, E::zero());
            let x = time_major(&plan, x, &mut major);
            passes::forward(&plan, x, &mut pre, out, &mut room);
            rooms.vectors.give(major);
            rooms.vectors.give(room);
            pre
        })
        .collect();
    (out, pre)
}

/// One lane of the reverse pass.
#[derive(Debug, Default)]
pub struct Lane<E> {
    pub gradient: Vec<E>,
    major: Vec<E>,
    pub scratch: Scratch<E>,
}

impl<E: Element> Lane<E> {
    /// Sets the gradient to zero.
    pub fn begin(&mut self, network: &Network) {
        self.gradient.clear();
        self.gradient.resize(network.parameters(), E::zero());
    }
}

/// Sums the lanes' gradients in their order, and keeps the lanes for later.
pub(super) fn settle<E: Element>(states: Vec<Lane<E>>, rooms: &Rooms<E>) -> Vec<E> {
    let parts: Vec<&[E]> = states.iter().map(|lane| lane.gradient.as_slice()).collect();
    let sum = lanes::reduce(&parts);
    rooms.encode.give_all(states);
    sum
}

/// The gradient of all parameters from cotangents `c` (n, outputs) of the embedding.
pub(super) fn reverse<E: Element>(
    network: &Network,
    weights: (&[E], &Packed),
    x: &[E],
    pre: Vec<Vec<E>>,
    c: &[E],
    rooms: &Rooms<E>,
) -> Vec<E> {
    let (inputs, outputs) = (network.inputs(), network.outputs());
    let chunk = network.chunk::<E>(TRAINED, CHUNK);
    let jobs: Vec<_> = x
        .chunks(chunk * inputs)
        .zip(c.chunks(chunk * outputs))
        .zip(pre)
        .collect();
    let mut states = rooms.encode.take_all(lanes::count(jobs.len()));
    let begin = |lane: &mut Lane<E>| lane.begin(network);
    lanes::run(&mut states, jobs, begin, |lane, ((x, c), pre)| {
        let plan = network.windows(weights, x.len() / inputs);
        let x = time_major(&plan, x, &mut lane.major);
        let (gradient, scratch) = (&mut lane.gradient, &mut lane.scratch);
        passes::backward(&plan, x, &pre, c, gradient, scratch);
        rooms.vectors.give(pre);
    });
    settle(states, rooms)
}
