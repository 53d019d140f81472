//! Regularisers: what is added to the losses to choose among encoders that fit alike.

mod jacobian;
mod probes;
mod schedule;

pub use jacobian::JacobianNorm;
pub use probes::Probes;
pub use schedule::Ramp;

use rand_chacha::ChaCha8Rng;

use crate::encoder::Trainable;
use crate::ops::Element;
use crate::ops::{Taped, Value};

/// A term of the loss that looks at the encoder itself.
///
/// [`JacobianNorm`] is the shipped one; one of your own joins a training through
/// [`Trainer::add_regularizer`](crate::Trainer::add_regularizer).
pub trait Regularizer<E: Element>: Send + Sync {
    /// Name for curves and error messages.
    fn name(&self) -> &str;

    /// Its weight at a step, counted from 0; at 0 it is not computed.
    fn weight(&self, step: usize) -> f64;

    /// Its value before the weight, on the tape of `parameters`.
    fn penalty(&self, parameters: Taped<(usize,), E>, at: &mut At<'_, E>) -> Value<E>;
}

/// Where a regulariser is asked.
pub struct At<'a, E: Element> {
    /// The encoder.
    pub encoder: &'a dyn Trainable<E>,
    /// The references of the step: windows (n, window, channels), flat.
    pub samples: &'a [E],
    /// Number of references.
    pub count: usize,
    /// Randomness of the regularisers, theirs alone.
    pub rng: &'a mut ChaCha8Rng,
}
