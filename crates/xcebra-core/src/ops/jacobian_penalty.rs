//! The Jacobian penalty as one operation of the tape.

use dfdx::shapes::Rank0;
use dfdx::tensor::{PutTape, SplitTape};

use super::network::Network;
use super::{Element, Engine, Taped, with_gradient};

/// `½ factor / n · Σ_i Σ_p ‖J_f(x_i)ᵀ v_ip‖²` over `n` windows `x` (n, window, channels) and
/// `probes` (n, probe, outputs); both are given as flat row-major vectors.
///
/// With the unit vectors of all outputs as probes and factor 1 it is the exact
/// `½ E ‖J_f‖_F²`; with random unit vectors and factor `outputs / probes` its unbiased estimate
/// (Hoffman, Roberts and Yaida 2019, eq. 8).
///
/// # Panics
/// If `parameters`, `x` or `probes` do not fit the network.
pub fn jacobian_penalty<E: Element>(
    network: &Network,
    engine: &dyn Engine<E>,
    parameters: Taped<(usize,), E>,
    x: &[E],
    probes: &[E],
    factor: f64,
) -> Taped<Rank0, E> {
    let (parameters, tape) = parameters.split_tape();
    let weights = parameters.as_vec();
    assert_eq!(
        weights.len(),
        network.parameters(),
        "parameters of another encoder"
    );
    let (value, gradient) = engine.jacobian_penalty(network, &weights, x, probes, factor);
    with_gradient(parameters.put_tape(tape), value, gradient)
}
