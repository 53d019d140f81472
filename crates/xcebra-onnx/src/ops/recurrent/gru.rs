//! The gated recurrent unit (Cho et al. 2014), gates in the order of ONNX: update, reset, candidate.

use xcebra_model::Scalar;

use super::course::{Activation, Course};
use crate::ops::{Op, Pass};
use crate::tensor::Tensor;

/// Inputs: gates (time, samples, 3 · hidden), recurrent weights, offset of the candidate's state
/// (hidden), first state. Result: states; kept: gates after their activation, and what the reset
/// gate multiplies.
pub(super) struct Gru {
    course: Course,
    gate: Activation,
    candidate: Activation,
    /// Whether the reset gate acts after the weights (as in PyTorch) or before.
    linear_before_reset: bool,
}

impl Gru {
    /// Two activations: of the gates, of the candidate.
    pub fn new(course: Course, activations: &[Activation], linear_before_reset: bool) -> Self {
        Self {
            course,
            gate: activations[0],
            candidate: activations[1],
            linear_before_reset,
        }
    }

    /// The first of the three gates that belong to number `i` of a state.
    fn place(&self, i: usize) -> usize {
        let h = self.course.hidden;
        i / h * 3 * h + i % h
    }

    /// (samples, 3 · hidden) without the candidates.
    fn outer<A: Scalar>(&self, gates: &[A]) -> Vec<A> {
        let h = self.course.hidden;
        gates
            .chunks_exact(3 * h)
            .flat_map(|row| &row[..2 * h])
            .copied()
            .collect()
    }
}

impl<A: Scalar> Op<A> for Gru {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let (course, h, size) = (self.course, self.course.hidden, self.course.state());
        let (outer, inner) = inputs[1].data().split_at(2 * h * h);
        let (offset, first) = (inputs[2].data(), inputs[3].data());
        let mut gates = inputs[0].data().to_vec();
        let mut states = vec![A::zero(); course.times * size];
        let mut kept = states.clone();
        for t in course.order() {
            let before = course.before(t, &states, first).to_vec();
            let gates = &mut gates[t * 3 * size..][..3 * size];
            let mut rows = self.outer(gates);
            course.recur(&before, outer, &mut rows);
            for (row, gates) in rows.chunks_exact(2 * h).zip(gates.chunks_exact_mut(3 * h)) {
                for (gate, &v) in gates.iter_mut().zip(row) {
                    *gate = self.gate.value(v);
                }
            }
            let reset = |i: usize, gates: &[A]| gates[self.place(i) + h];
            let mut state = vec![A::zero(); size];
            if self.linear_before_reset {
                state
                    .chunks_exact_mut(h)
                    .for_each(|row| row.copy_from_slice(offset));
                course.recur(&before, inner, &mut state);
                kept[t * size..][..size].copy_from_slice(&state);
                (0..size).for_each(|i| state[i] *= reset(i, gates));
            } else {
                let masked: Vec<A> = (0..size).map(|i| reset(i, gates) * before[i]).collect();
                course.recur(&masked, inner, &mut state);
                kept[t * size..][..size].copy_from_slice(&before);
            }
            for i in 0..size {
                let update = self.place(i);
                let candidate = self.candidate.value(gates[update + 2 * h] + state[i]);
                gates[update + 2 * h] = candidate;
                states[t * size + i] = candidate + gates[update] * (before[i] - candidate);
            }
        }
        vec![
            course.states(states),
            Tensor::new(inputs[0].shape(), gates),
            course.states(kept),
        ]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let (course, h, size) = (self.course, self.course.hidden, self.course.state());
        let (outer, inner) = pass.inputs[1].data().split_at(2 * h * h);
        let first = pass.inputs[3].data();
        let [states, values, kept] = [0, 1, 2].map(|i| pass.outputs[i].data());
        let mut gates = vec![A::zero(); values.len()];
        let mut carried = vec![A::zero(); size];
        for t in course.order().rev() {
            let before = course.before(t, states, first);
            let values = &values[t * 3 * size..][..3 * size];
            let gates = &mut gates[t * 3 * size..][..3 * size];
            let kept = &kept[t * size..][..size];
            // the cotangent of what is multiplied with the inner weights
            let mut product = vec![A::zero(); size];
            for i in 0..size {
                let update = self.place(i);
                let (reset, candidate) = (update + h, update + 2 * h);
                let state = carried[i] + pass.gradient().data()[t * size + i];
                let (z, c) = (values[update], values[candidate]);
                gates[update] = state * (before[i] - c) * self.gate.slope(z);
                gates[candidate] = state * (A::one() - z) * self.candidate.slope(c);
                carried[i] = state * z;
                product[i] = gates[candidate];
                if self.linear_before_reset {
                    product[i] *= values[reset];
                    gates[reset] = gates[candidate] * kept[i] * self.gate.slope(values[reset]);
                }
            }
            if self.linear_before_reset {
                course.pull(&product, inner, &mut carried);
            } else {
                let mut masked = vec![A::zero(); size];
                course.pull(&product, inner, &mut masked);
                for i in 0..size {
                    let reset = self.place(i) + h;
                    carried[i] += masked[i] * values[reset];
                    gates[reset] = masked[i] * kept[i] * self.gate.slope(values[reset]);
                }
            }
            course.pull(&self.outer(gates), outer, &mut carried);
        }
        vec![
            Some(Tensor::new(pass.inputs[0].shape(), gates)),
            None,
            None,
            Some(course.one_state(carried)),
        ]
    }
}
