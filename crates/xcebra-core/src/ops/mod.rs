//! Operations on dfdx's tape, and the engine below them.
//!
//! dfdx is the language in which losses are composed; encoders, InfoNCE and the Jacobian penalty
//! are single operations of the tape. What they compute is the work of an [`Engine`], of which
//! [`Cpu`] is the shipped one. Your own similarity implements [`PairSimilarity`].

mod adam;
pub(crate) mod cpu;
mod element;
mod encode;
mod engine;
mod head;
mod info_nce;
mod jacobian_penalty;
mod known;
mod layer;
mod network;
mod packed;
mod pair_similarity;
mod runs;
mod stretches;
mod sum;
mod supervised;
mod term;

use dfdx::shapes::Rank0;
use dfdx::tensor::{Cpu as Host, OwnedTape, Tensor, TensorFromVec, Trace};

pub use adam::{Adam, Moments};
#[doc(hidden)] // for the measurement of the machine's peak rate
pub use cpu::kernels::matmul::{Matrix, matmul};
pub use cpu::{Buffers, Cpu};
pub(crate) use cpu::{forward, pull_back};
pub use element::Element;
pub(crate) use encode::{encode, encode_runs};
pub use engine::{Engine, Reverse};
pub use head::Head;
pub use info_nce::{info_nce, info_nce_at};
pub(crate) use jacobian_penalty::jacobian_penalty;
pub use known::with_gradient;
pub use network::Network;
pub(crate) use network::Plan;
pub(crate) use packed::Packed;
pub use pair_similarity::{PairSimilarity, info_nce_by};
pub use runs::Runs;
pub(crate) use stretches::{Stretch, gather, join, untaped};
pub use sum::{Embedded, Sum};
pub use supervised::{cross_entropy, mean_squared_error, supervised};
pub use term::{Pairs, Term, TermValue};

/// A tensor that records what is done with it.
pub type Taped<S, E> = Tensor<S, E, Host, OwnedTape<E, Host>>;

/// A vector of run-time length, such as all parameters of an encoder.
pub type Vector<E> = Tensor<(usize,), E, Host>;

/// One number that records what is done to reach it, such as a loss.
pub type Value<E> = Taped<Rank0, E>;

/// Gradients, by what they belong to.
pub type Gradients<E> = dfdx::tensor::Gradients<E, Host>;

/// The tape, for your own losses and networks in its tensors.
pub use dfdx;

/// Puts `values` into a tensor.
pub fn vector<E: Element>(values: Vec<E>) -> Vector<E> {
    let len = values.len();
    Host::default().tensor_from_vec(values, (len,))
}

/// A vector that records what is done with it, such as the parameters of a step.
pub fn traced<E: Element>(vector: &Vector<E>) -> Taped<(usize,), E> {
    vector.leaky_trace()
}

/// Puts one number into a tensor.
pub(crate) fn scalar<E: Element>(value: E) -> Tensor<Rank0, E, Host> {
    Host::default().tensor_from_vec(vec![value], ())
}
