//! The encoder as one operation of the tape.

use std::sync::Arc;

use dfdx::tensor::{Cpu, PutTape, SplitTape, Tape, TensorFromVec};

use super::network::Network;
use super::{Element, Engine, Reverse, Runs, Taped};

/// Embeds a batch: `parameters` are those of `network`, `x` holds `n` windows (window, channels)
/// one after another, row-major; gives (n, outputs).
///
/// # Panics
/// If `parameters` or `x` do not fit the network.
pub fn encode<E: Element>(
    network: &Arc<Network>,
    engine: &dyn Engine<E>,
    parameters: Taped<(usize,), E>,
    x: Arc<Vec<E>>,
) -> Taped<(usize, usize), E> {
    let inputs = network.inputs();
    assert_eq!(x.len() % inputs, 0, "the batch does not hold whole windows");
    let n = x.len() / inputs;
    on_tape(network, parameters, n, |weights| {
        engine.encode(network, weights, x)
    })
}

/// As [`encode`], on windows that may overlap.
///
/// # Panics
/// If `parameters` do not fit the network.
pub fn encode_runs<E: Element>(
    network: &Arc<Network>,
    engine: &dyn Engine<E>,
    parameters: Taped<(usize,), E>,
    runs: Arc<Runs<E>>,
) -> Taped<(usize, usize), E> {
    on_tape(network, parameters, runs.len(), |weights| {
        engine.encode_runs(network, weights, runs)
    })
}

/// What `encode` makes of the parameters, and its reverse pass, on the tape.
fn on_tape<E: Element>(
    network: &Network,
    parameters: Taped<(usize,), E>,
    n: usize,
    encode: impl FnOnce(Arc<Vec<E>>) -> (Vec<E>, Reverse<E>),
) -> Taped<(usize, usize), E> {
    let (parameters, mut tape) = parameters.split_tape();
    let weights = Arc::new(parameters.as_vec());
    assert_eq!(
        weights.len(),
        network.parameters(),
        "parameters of another encoder"
    );
    let (out, reverse) = encode(weights);

    let out = Cpu::default().tensor_from_vec(out, (n, network.outputs()));
    let (out_ghost, parameters_ghost) = (out.ghost(), parameters.ghost());
    tape.add_backward_op(move |gradients| {
        let c = std::mem::take(&mut **gradients.get_or_alloc_mut(&out_ghost)?);
        let sum = reverse(&c);
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
