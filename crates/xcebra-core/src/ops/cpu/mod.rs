//! The engine of this machine's processor: threads, vector registers, and memory that one step hands to
//! the next.

mod buffers;
mod contrast;
mod encode;
mod encode_runs;
mod jacobian;
pub(crate) mod kernels;
mod lanes;
mod passes;
mod penalty;
mod pool;
mod role;

pub use buffers::Buffers;
pub(super) use buffers::Lane;
pub(super) use lanes::run as run_lanes;
pub(crate) use passes::{forward, pull_back};
pub(super) use role::Role;

use std::sync::Arc;

use super::element::Element;
use super::engine::{Engine, Reverse};
use super::{Runs, Term, TermValue};
use crate::ops::network::Network;
use pool::Pool;

/// The engine of this machine's processor.
///
/// It keeps the buffers of its operations, because fresh pages from the system cost a step a third of
/// its time; clones share them.
#[derive(Clone, Debug)]
pub struct Cpu<E> {
    rooms: Arc<Rooms<E>>,
}

/// Buffers of the operations.
#[derive(Debug)]
struct Rooms<E> {
    /// Pre-activations and other vectors of one chunk.
    vectors: Pool<Vec<E>>,
    /// Lanes of the encoder's reverse pass.
    encode: Pool<encode::Lane<E>>,
    /// Lanes of the Jacobian penalty.
    penalty: Pool<jacobian::Lane<E>>,
    losses: Buffers<E>,
}

impl<E> Default for Cpu<E> {
    fn default() -> Self {
        Self {
            rooms: Arc::new(Rooms {
                vectors: Pool::default(),
                encode: Pool::default(),
                penalty: Pool::default(),
                losses: Buffers::default(),
            }),
        }
    }
}

impl<E: Element> Engine<E> for Cpu<E> {
    fn encode(
        &self,
        network: &Arc<Network>,
        parameters: Arc<Vec<E>>,
        x: Arc<Vec<E>>,
    ) -> (Vec<E>, Reverse<E>) {
        let packed = network.pack(&parameters);
        let (out, pre) = encode::forward(network, (&parameters, &packed), &x, &self.rooms);
        let (network, rooms) = (Arc::clone(network), Arc::clone(&self.rooms));
        let reverse =
            move |c: &[E]| encode::reverse(&network, (&parameters, &packed), &x, pre, c, &rooms);
        (out, Box::new(reverse))
    }

    fn encode_runs(
        &self,
        network: &Arc<Network>,
        parameters: Arc<Vec<E>>,
        runs: Arc<Runs<E>>,
    ) -> (Vec<E>, Reverse<E>) {
        let packed = network.pack(&parameters);
        let (out, pre) = encode_runs::forward(network, (&parameters, &packed), &runs, &self.rooms);
        let (network, rooms) = (Arc::clone(network), Arc::clone(&self.rooms));
        let reverse = move |c: &[E]| {
            encode_runs::reverse(&network, (&parameters, &packed), &runs, pre, c, &rooms)
        };
        (out, Box::new(reverse))
    }

    fn jacobian_penalty(
        &self,
        network: &Network,
        parameters: &[E],
        x: &[E],
        probes: &[E],
        factor: f64,
    ) -> (f64, Vec<E>) {
        let rooms = &self.rooms.penalty;
        jacobian::value_and_gradient(network, parameters, x, probes, factor, rooms)
    }

    fn info_nce(
        &self,
        embedding: &[E],
        columns: usize,
        term: &Term,
        gradient: &mut [E],
    ) -> (TermValue, f64) {
        contrast::add_term(embedding, columns, term, gradient, &self.rooms.losses)
    }
}
