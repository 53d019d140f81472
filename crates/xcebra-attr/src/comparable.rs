//! Maps whose columns can be compared: effects of blocks of outputs on inputs, on tangents, against their background.
//!
//! Every column of an inverted neuron gradient ([`"ing"`](crate::methods::InvertedNeuronGradient)) may rank its
//! inputs well, and yet the map as a whole may rank them badly, because columns differ in scale and in the value
//! that an input without a connection has. Three things are done about it.
//!
//! **Tangents.** Labels on a circle, such as a heading as cosine and sine, give a block of outputs on a circle. In
//! its radial direction the embedding does not move, so that the Jacobian has a tiny singular value there, and the
//! pseudo-inverse makes it large in every row. A [`Sphere`] is fitted to each block. If the block is on it (see
//! [`Sphere::holds`]), the Jacobian `J_B` of the block is projected onto the sphere's tangents at each sample,
//! `(I − n nᵀ) J_B` with the unit vector `n` from the centre to `f_B(x)`, before it is inverted ([`TangentIng`]).
//! The Jacobians of other blocks are left as they are.
//!
//! **Units.** An objective determines a block `B` of outputs only up to a linear map. What does not change under
//! such a map is the effect of a typical move of the whole block: with the covariance `Σ_B` of the block over the
//! samples and the row `r = (J⁺)_{iB}` of an input, `√(r Σ_B rᵀ)` is the change of input `i`, in its own units, when
//! the block moves by one standard deviation ([`Frame::effects`]). Its mean over samples is the *effect* of the block
//! on the input ([`Effects`]). For `x_i = w · z` and an encoder `f = L z` it is the standard deviation of `w · z`.
//! A block has one effect on an input, so that all its columns are equal.
//!
//! **Samples at a limit.** Where an output is at its clip it does not move, and its gradient is exactly zero.
//! Samples at which an output of a block has no gradient are left out of the means of that block, and of no other.
//!
//! **Background.** [`Comparable::values`] are effects over the mean effect of the same block on all inputs, its
//! background: 1 is what an average input has. Unlike a low quantile, the mean does not harm a column in which
//! every input is connected.

mod effects;
mod frame;
mod sphere;
mod tangent;

pub use effects::{Comparable, Effects};
pub use frame::Frame;
pub use sphere::Sphere;
pub use tangent::TangentIng;
