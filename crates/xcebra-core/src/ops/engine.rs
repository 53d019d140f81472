//! What computes the heavy operations of a training.

use std::fmt::Debug;
use std::sync::Arc;

use super::network::Network;
use super::{Element, Runs, Term, TermValue};

/// The reverse pass of an encoder, which knows the forward pass it belongs to: from cotangents
/// (n, outputs) of the embedding the gradient of all parameters.
pub type Reverse<E> = Box<dyn FnOnce(&[E]) -> Vec<E>>;

/// What computes the heavy operations of a training, value and gradient, on numbers in plain vectors.
///
/// [`Cpu`](super::Cpu) is the one that is shipped. The operations of the tape, and with them the trainer,
/// ask for nothing else: an encoder brings its engine along
/// ([`Encoder::on`](crate::Encoder::on), [`Trainable::engine`](crate::encoder::Trainable::engine)).
/// Sums must not depend on the number of threads.
pub trait Engine<E>: Debug + Send + Sync {
    /// Embeds `n` windows `x` (n, window, channels): the embedding (n, outputs) and its reverse pass.
    fn encode(
        &self,
        network: &Arc<Network>,
        parameters: Arc<Vec<E>>,
        x: Arc<Vec<E>>,
    ) -> (Vec<E>, Reverse<E>);

    /// As [`encode`](Self::encode), on windows that may overlap. By default they are taken apart and go through one by
    /// one.
    fn encode_runs(
        &self,
        network: &Arc<Network>,
        parameters: Arc<Vec<E>>,
        runs: Arc<Runs<E>>,
    ) -> (Vec<E>, Reverse<E>)
    where
        E: Element,
    {
        self.encode(network, parameters, Arc::new(runs.windows(0..runs.len())))
    }

    /// `½ factor / n · Σ_i Σ_p ‖J(x_i)ᵀ v_ip‖²` for `n` windows `x` (n, window, channels) and `probes` `v`
    /// (n, probe, outputs), and its gradient in the parameters.
    fn jacobian_penalty(
        &self,
        network: &Network,
        parameters: &[E],
        x: &[E],
        probes: &[E],
        factor: f64,
    ) -> (f64, Vec<E>);

    /// An InfoNCE term of an embedding (rows, `columns`): its value before the weight, and the derivative
    /// of the weighted term by `log 1/τ` if the temperature is learned, 0 otherwise. Adds the weighted
    /// gradient in the embedding to `gradient`.
    fn info_nce(
        &self,
        embedding: &[E],
        columns: usize,
        term: &Term,
        gradient: &mut [E],
    ) -> (TermValue, f64);
}
