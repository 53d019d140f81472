//! Operations on dfdx's tape, and the kernels below them.
//!
//! dfdx is the language in which losses are composed; encoders, InfoNCE and the Jacobian penalty
//! are single operations of the tape, each with its own forward and reverse pass. A similarity of
//! one's own implements [`PairSimilarity`].

mod adam;
mod buffers;
mod encode;
mod head;
mod info_nce;
mod jacobian_penalty;
pub(crate) mod kernels;
mod known;
mod lanes;
mod layer;
mod network;
mod objective;
mod pair_similarity;
mod passes;
mod penalty;
mod role;
mod supervised;
mod term;
mod workspace;

use dfdx::shapes::Rank0;
use dfdx::tensor::{Cpu, OwnedTape, Tensor, TensorFromVec};

pub use adam::{Adam, Moments};
pub use buffers::Buffers;
pub use encode::encode;
pub use head::Head;
pub use info_nce::{info_nce, info_nce_at};
pub use jacobian_penalty::jacobian_penalty;
#[doc(hidden)] // for the measurement of the machine's peak rate
pub use kernels::matmul::{Matrix, matmul};
pub use known::with_gradient;
pub(crate) use network::{Network, Plan};
pub use objective::{Embedded, Evaluation, Penalty, Sum, evaluate, traced};
pub use pair_similarity::{PairSimilarity, info_nce_by};
pub(crate) use passes::{forward, pull_back};
pub use supervised::{cross_entropy, mean_squared_error, supervised};
pub use term::{Pairs, Term, TermValue};
pub(crate) use workspace::Workspace;

use crate::element::Element;

/// A tensor that records what is done with it.
pub type Taped<S, E> = Tensor<S, E, Cpu, OwnedTape<E, Cpu>>;

/// A vector of run-time length, such as all parameters of an encoder.
pub type Vector<E> = Tensor<(usize,), E, Cpu>;

/// One number that records what is done to reach it, such as a loss.
pub type Value<E> = Taped<Rank0, E>;

/// Gradients, by what they belong to.
pub type Gradients<E> = dfdx::tensor::Gradients<E, Cpu>;

/// The engine, for losses and networks of one's own in its tensors.
pub use dfdx;

/// Puts `values` into a tensor.
pub fn vector<E: Element>(values: Vec<E>) -> Vector<E> {
    let len = values.len();
    Cpu::default().tensor_from_vec(values, (len,))
}

/// Puts one number into a tensor.
pub(crate) fn scalar<E: Element>(value: E) -> Tensor<Rank0, E, Cpu> {
    Cpu::default().tensor_from_vec(vec![value], ())
}
