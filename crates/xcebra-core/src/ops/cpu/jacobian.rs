//! The Jacobian penalty of a batch, chunk by chunk in parallel.

use super::lanes;
use super::penalty::{self, BUFFERS, CHUNK, Scratch};
use super::pool::Pool;
use crate::ops::Element;
use crate::ops::network::{Network, time_major};

/// One lane of the penalty.
#[derive(Debug, Default)]
pub struct Lane<E> {
    gradient: Vec<E>,
    value: f64,
    probes: Vec<E>,
    major: Vec<E>,
    scratch: Scratch<E>,
}

/// The penalty of [`Engine::jacobian_penalty`](crate::ops::Engine::jacobian_penalty), and its gradient.
///
/// # Panics
/// If `x` or `probes` do not fit the network.
pub(super) fn value_and_gradient<E: Element>(
    network: &Network,
    weights: &[E],
    x: &[E],
    probes: &[E],
    factor: f64,
    rooms: &Pool<Lane<E>>,
) -> (f64, Vec<E>) {
    let (inputs, d) = (network.inputs(), network.outputs());
    let n = x.len() / inputs;
    assert!(
        n > 0 && x.len() == n * inputs,
        "the batch does not hold whole windows"
    );
    let each = probes.len() / n;
    assert!(
        each > 0 && each.is_multiple_of(d) && probes.len() == n * each,
        "probes do not fit the batch"
    );

    let packed = network.pack(weights);
    let chunk = network.chunk::<E>(BUFFERS, CHUNK);
    let jobs: Vec<_> = x
        .chunks(chunk * inputs)
        .zip(probes.chunks(chunk * each))
        .collect();
    let mut states = rooms.take_all(lanes::count(jobs.len()));
    let begin = |lane: &mut Lane<E>| {
        lane.value = 0.0;
        lane.gradient.clear();
        lane.gradient.resize(network.parameters(), E::zero());
    };
    let scale = E::of(factor / n as f64);
    lanes::run(&mut states, jobs, begin, |lane, (x, probes)| {
        // (rows, probe, outputs) to (probe, rows, outputs)
        lane.probes.clear();
        for p in 0..each / d {
            for row in probes.chunks_exact(each) {
                lane.probes.extend_from_slice(&row[p * d..][..d]);
            }
        }
        let Lane {
            gradient,
            probes,
            major,
            scratch,
            value,
        } = lane;
        let plan = network.windows((weights, &packed), x.len() / inputs);
        let x = time_major(&plan, x, major);
        *value += penalty::penalty(&plan, x, probes, scale, gradient, scratch);
    });
    let value = states.iter().map(|lane| lane.value).sum();
    let parts: Vec<&[E]> = states.iter().map(|lane| lane.gradient.as_slice()).collect();
    let gradient = lanes::reduce(&parts);
    rooms.give_all(states);
    (value, gradient)
}
