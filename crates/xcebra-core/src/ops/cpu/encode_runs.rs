//! Forward and reverse pass of an encoder on runs of times, group by group in parallel.

use rayon::prelude::*;

use super::encode::{Lane, settle};
use super::{Rooms, lanes, passes};
use crate::ops::network::Network;
use crate::ops::runs::Group;
use crate::ops::{Element, Packed, Runs};

/// Cuts numbers of all groups' outputs, `d` each, into those of each group.
fn cut<'a, E>(
    groups: &'a [Group],
    mut all: &'a mut [E],
    d: usize,
) -> Vec<(&'a Group, &'a mut [E])> {
    let mut parts = Vec::with_capacity(groups.len());
    for group in groups {
        let (own, rest) = all.split_at_mut(group.out.len() * d);
        parts.push((group, own));
        all = rest;
    }
    parts
}

/// Embeds the windows: the embedding (n, outputs), and the pre-activations of each group.
pub(super) fn forward<E: Element>(
    network: &Network,
    weights: (&[E], &Packed),
    runs: &Runs<E>,
    rooms: &Rooms<E>,
) -> (Vec<E>, Vec<Vec<E>>) {
    let d = network.outputs();
    let mut all = rooms.losses.zeros(runs.outputs() * d);
    let pre: Vec<Vec<E>> = cut(&runs.groups, &mut all, d)
        .into_par_iter()
        .map(|(group, out)| {
            let [mut pre, mut room] = [(); 2].map(|()| rooms.vectors.take());
            let plan = network.plan(weights, group.runs, group.steps);
            pre.resize(plan.len, E::zero());
            let x = &runs.x[group.x.clone()];
            passes::forward(&plan, x, &mut pre, out, &mut room);
            rooms.vectors.give(room);
            pre
        })
        .collect();
    let mut out = Vec::with_capacity(runs.len() * d);
    for &place in &runs.places {
        out.extend_from_slice(&all[place * d..][..d]);
    }
    rooms.losses.vectors.give(all);
    (out, pre)
}

/// The gradient of all parameters from cotangents `c` (n, outputs) of the embedding.
pub(super) fn reverse<E: Element>(
    network: &Network,
    weights: (&[E], &Packed),
    runs: &Runs<E>,
    pre: Vec<Vec<E>>,
    c: &[E],
    rooms: &Rooms<E>,
) -> Vec<E> {
    let d = network.outputs();
    let mut all = rooms.losses.zeros(runs.outputs() * d);
    for (&place, c) in runs.places.iter().zip(c.chunks_exact(d)) {
        let own = &mut all[place * d..][..d];
        own.iter_mut().zip(c).for_each(|(sum, &c)| *sum += c);
    }
    let jobs: Vec<_> = cut(&runs.groups, &mut all, d)
        .into_iter()
        .zip(pre)
        .collect();
    let mut states = rooms.encode.take_all(lanes::count(jobs.len()));
    let begin = |lane: &mut Lane<E>| lane.begin(network);
    lanes::run(&mut states, jobs, begin, |lane, ((group, c), pre)| {
        let plan = network.plan(weights, group.runs, group.steps);
        let (gradient, scratch) = (&mut lane.gradient, &mut lane.scratch);
        passes::backward(&plan, &runs.x[group.x.clone()], &pre, c, gradient, scratch);
        rooms.vectors.give(pre);
    });
    rooms.losses.vectors.give(all);
    settle(states, rooms)
}
