//! The encoder as one operation of the tape.

use std::sync::Arc;

use dfdx::tensor::{Cpu, PutTape, SplitTape, Tape, TensorFromVec};
use rayon::prelude::*;

use super::network::{Network, time_major};
use super::passes::{self, Scratch};
use super::workspace::Workspace;
use super::{Taped, lanes};
use crate::element::Element;
use crate::encoder::Encoder;

/// Most rows of a chunk.
const CHUNK: usize = 128;

/// Numbers kept for each pre-activation: itself, its activation and the derivative.
const BUFFERS: usize = 3;

/// Embeds a batch: `parameters` are those of `encoder`, `x` holds `n` windows (window, channels)
/// one after another, row-major; gives (n, outputs).
///
/// # Panics
/// If `parameters` or `x` do not fit the encoder.
pub fn encode<E: Element>(
    encoder: &Encoder<E>,
    parameters: Taped<(usize,), E>,
    x: Arc<Vec<E>>,
) -> Taped<(usize, usize), E> {
    let network = encoder.network();
    let (inputs, outputs) = (network.inputs(), network.outputs());
    assert_eq!(x.len() % inputs, 0, "the batch does not hold whole windows");
    let n = x.len() / inputs;
    let (parameters, mut tape) = parameters.split_tape();
    let weights = Arc::new(parameters.as_vec());
    assert_eq!(
        weights.len(),
        network.parameters(),
        "parameters of another encoder"
    );

    let workspace = encoder.workspace();
    let chunk = network.chunk::<E>(BUFFERS, CHUNK);
    let mut out = vec![E::zero(); n * outputs];
    let pre: Vec<Vec<E>> = out
        .par_chunks_mut(chunk * outputs)
        .zip(x.par_chunks(chunk * inputs))
        .map(|(out, x)| {
            let [mut pre, mut room, mut major] = [(); 3].map(|()| workspace.buffers.take());
            let plan = network.windows(&weights, x.len() / inputs);
            pre.resize(plan.len, E::zero());
            let x = time_major(&plan, x, &mut major);
            passes::forward(&plan, x, &mut pre, out, &mut room);
            workspace.buffers.give(major);
            workspace.buffers.give(room);
            pre
        })
        .collect();

    let out = Cpu::default().tensor_from_vec(out, (n, outputs));
    let (out_ghost, parameters_ghost) = (out.ghost(), parameters.ghost());
    tape.add_backward_op(move |gradients| {
        let c = std::mem::take(&mut **gradients.get_or_alloc_mut(&out_ghost)?);
        let sum = reverse(&network, &weights, &x, pre, &c, &workspace);
        for (g, s) in gradients
            .get_or_alloc_mut(&parameters_ghost)?
            .iter_mut()
            .zip(sum)
        {
            *g += s;
        }
        Ok(())
    });
    out.put_tape(tape)
}

/// One lane of the reverse pass.
#[derive(Debug, Default)]
pub struct Lane<E> {
    gradient: Vec<E>,
    major: Vec<E>,
    scratch: Scratch<E>,
}

fn reverse<E: Element>(
    network: &Network,
    weights: &[E],
    x: &[E],
    pre: Vec<Vec<E>>,
    c: &[E],
    workspace: &Workspace<E>,
) -> Vec<E> {
    let (inputs, outputs) = (network.inputs(), network.outputs());
    let chunk = network.chunk::<E>(BUFFERS, CHUNK);
    let jobs: Vec<_> = x
        .chunks(chunk * inputs)
        .zip(c.chunks(chunk * outputs))
        .zip(pre)
        .collect();
    let mut states = workspace.encode.take_all(lanes::count(jobs.len()));
    let begin = |lane: &mut Lane<E>| {
        lane.gradient.clear();
        lane.gradient.resize(network.parameters(), E::zero());
    };
    lanes::run(&mut states, jobs, begin, |lane, ((x, c), pre)| {
        let plan = network.windows(weights, x.len() / inputs);
        let x = time_major(&plan, x, &mut lane.major);
        let (gradient, scratch) = (&mut lane.gradient, &mut lane.scratch);
        passes::backward(&plan, x, &pre, c, gradient, scratch);
        workspace.buffers.give(pre);
    });
    let parts: Vec<&[E]> = states.iter().map(|lane| lane.gradient.as_slice()).collect();
    let sum = lanes::reduce(&parts);
    workspace.encode.give_all(states);
    sum
}
