//! The encoder as one operation of the tape.

use std::sync::Arc;

use dfdx::tensor::{Cpu, PutTape, SplitTape, Tape, TensorFromVec};
use rayon::prelude::*;

use super::dense::{self, CHUNK, Network, Scratch};
use super::workspace::Workspace;
use super::{Taped, lanes};
use crate::element::Element;
use crate::encoder::Encoder;

/// Embeds a batch: `parameters` are those of `encoder`, `x` holds `n` samples one after another;
/// gives (n, outputs).
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
    assert_eq!(x.len() % inputs, 0, "the batch does not hold whole samples");
    let n = x.len() / inputs;
    let (parameters, mut tape) = parameters.split_tape();
    let weights = Arc::new(parameters.as_vec());
    assert_eq!(
        weights.len(),
        network.parameters(),
        "parameters of another encoder"
    );

    let workspace = encoder.workspace();
    let mut out = vec![E::zero(); n * outputs];
    let pre: Vec<Vec<E>> = out
        .par_chunks_mut(CHUNK * outputs)
        .zip(x.par_chunks(CHUNK * inputs))
        .map(|(out, x)| {
            let (mut pre, mut hidden) = (workspace.buffers.take(), workspace.buffers.take());
            pre.resize(x.len() / inputs * network.width(), E::zero());
            dense::forward(&network, &weights, x, &mut pre, out, &mut hidden);
            workspace.buffers.give(hidden);
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
    let jobs: Vec<_> = x
        .chunks(CHUNK * inputs)
        .zip(c.chunks(CHUNK * outputs))
        .zip(pre)
        .collect();
    let mut states: Vec<Lane<E>> = (0..lanes::count(jobs.len()))
        .map(|_| {
            let mut lane = workspace.encode.take();
            lane.gradient.clear();
            lane.gradient.resize(network.parameters(), E::zero());
            lane
        })
        .collect();
    lanes::run(&mut states, jobs, |lane, _, ((x, c), pre)| {
        dense::backward(
            network,
            weights,
            x,
            &pre,
            c,
            &mut lane.gradient,
            &mut lane.scratch,
        );
        workspace.buffers.give(pre);
    });
    let parts: Vec<&[E]> = states.iter().map(|lane| lane.gradient.as_slice()).collect();
    let sum = lanes::reduce(&parts);
    states
        .into_iter()
        .for_each(|lane| workspace.encode.give(lane));
    sum
}
