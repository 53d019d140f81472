//! Numbers that come with their gradient.

use dfdx::shapes::{Rank0, Shape};
use dfdx::tensor::{PutTape, SplitTape, Tape};

use super::{Taped, scalar};
use crate::ops::Element;

/// A number whose gradient in `input` was computed along with it, as a node of the tape.
///
/// # Panics
/// In the backward pass, if `gradient` has fewer entries than `input`.
pub fn with_gradient<S: Shape, E: Element>(
    input: Taped<S, E>,
    value: f64,
    gradient: Vec<E>,
) -> Taped<Rank0, E> {
    let (input, mut tape) = input.split_tape();
    let out = scalar(E::of(value));
    let (out_ghost, input_ghost) = (out.ghost(), input.ghost());
    tape.add_backward_op(move |gradients| {
        let c = gradients.get_or_alloc_mut(&out_ghost)?[0];
        let target = gradients.get_or_alloc_mut(&input_ghost)?;
        assert!(gradient.len() >= target.len(), "one entry a number");
        for (t, g) in target.iter_mut().zip(gradient) {
            *t += c * g;
        }
        Ok(())
    });
    out.put_tape(tape)
}
