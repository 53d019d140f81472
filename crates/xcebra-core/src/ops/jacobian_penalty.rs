//! The Jacobian penalty as one operation of the tape.

use std::sync::Arc;

use dfdx::shapes::Rank0;
use dfdx::tensor::{PutTape, SplitTape};

use super::network::{Network, time_major};
use super::penalty::{self, BUFFERS, CHUNK, Scratch};
use super::workspace::Workspace;
use super::{Taped, lanes, with_gradient};
use crate::element::Element;
use crate::encoder::Encoder;

/// `½ factor / n · Σ_i Σ_p ‖J_f(x_i)ᵀ v_ip‖²` over `n` windows `x` (n, window, channels) and
/// `probes` (n, probe, outputs); both are given as flat row-major vectors.
///
/// With the unit vectors of all outputs as probes and factor 1 it is the exact
/// `½ E ‖J_f‖_F²`; with random unit vectors and factor `outputs / probes` its unbiased estimate
/// (Hoffman, Roberts and Yaida 2019, eq. 8).
///
/// # Panics
/// If `parameters`, `x` or `probes` do not fit the encoder.
pub fn jacobian_penalty<E: Element>(
    encoder: &Encoder<E>,
    parameters: Taped<(usize,), E>,
    x: &[E],
    probes: &[E],
    factor: f64,
) -> Taped<Rank0, E> {
    let network = encoder.network();
    let (parameters, tape) = parameters.split_tape();
    let weights = parameters.as_vec();
    assert_eq!(
        weights.len(),
        network.parameters(),
        "parameters of another encoder"
    );
    let (value, gradient) =
        value_and_gradient(&network, &weights, x, probes, factor, &encoder.workspace());
    with_gradient(parameters.put_tape(tape), value, gradient)
}

/// One lane of the penalty.
#[derive(Debug, Default)]
pub struct Lane<E> {
    gradient: Vec<E>,
    value: f64,
    probes: Vec<E>,
    major: Vec<E>,
    scratch: Scratch<E>,
}

fn value_and_gradient<E: Element>(
    network: &Arc<Network>,
    weights: &[E],
    x: &[E],
    probes: &[E],
    factor: f64,
    workspace: &Workspace<E>,
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

    let chunk = network.chunk::<E>(BUFFERS, CHUNK);
    let jobs: Vec<_> = x
        .chunks(chunk * inputs)
        .zip(probes.chunks(chunk * each))
        .collect();
    let mut states = workspace.penalty.take_all(lanes::count(jobs.len()));
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
        let plan = network.windows(weights, x.len() / inputs);
        let x = time_major(&plan, x, major);
        *value += penalty::penalty(&plan, x, probes, scale, gradient, scratch);
    });
    let value = states.iter().map(|lane| lane.value).sum();
    let parts: Vec<&[E]> = states.iter().map(|lane| lane.gradient.as_slice()).collect();
    let gradient = lanes::reduce(&parts);
    workspace.penalty.give_all(states);
    (value, gradient)
}
