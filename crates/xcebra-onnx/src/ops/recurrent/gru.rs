//! The gated recurrent unit (Cho et al. 2014), gates in the order of ONNX: update, reset, candidate.

use xcebra_model::Scalar;

use super::course::{Activation, Course, Entry, Weights, settled, vectorised};
use crate::buffer;
use crate::kernels::Start;
use crate::ops::{Op, Pass};
use crate::tensor::Tensor;

/// Inputs: input (time, samples, features), its weights, offsets of the gates, recurrent weights, offset
/// of the candidate's state (hidden), first state. Result: states; kept: gates (time, samples,
/// 3 · hidden) after their activation, and what the reset gate multiplies.
pub(super) struct Gru {
    course: Course,
    gate: Activation,
    candidate: Activation,
    /// Whether the reset gate acts after the weights (as in PyTorch) or before.
    linear_before_reset: bool,
    entry: Entry,
    /// Of update and reset.
    outer: Weights,
    /// Of the candidate.
    inner: Weights,
}

impl Gru {
    /// Two activations: of the gates, of the candidate.
    pub fn new(course: Course, activations: &[Activation], linear_before_reset: bool) -> Self {
        Self {
            course,
            gate: activations[0],
            candidate: activations[1],
            linear_before_reset,
            entry: Entry::default(),
            outer: Weights::default(),
            inner: Weights::default(),
        }
    }
}

impl<A: Scalar> Op<A> for Gru {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let (course, h, size) = (&self.course, self.course.hidden, self.course.state());
        let (outer, inner) = inputs[3].data().split_at(2 * h * h);
        let (offset, first) = (inputs[4].data(), inputs[5].data());
        let mut gates = buffer::of_any_value(course.times * course.gates());
        let mut states = buffer::of_any_value(course.times * size);
        let mut kept = buffer::of_any_value(course.times * size);
        let mut rows = vec![A::zero(); 2 * size];
        let mut next = vec![A::zero(); size];
        let mut before = first.to_vec();
        for t in course.order() {
            self.entry.forward(course, t, inputs, &mut gates);
            let gates = &mut gates[t * course.gates()..][..course.gates()];
            let kept = &mut kept[t * size..][..size];
            self.outer
                .forward(course.samples, &before, (outer, h), Start::Zero, &mut rows);
            for (row, gates) in rows.chunks_exact(2 * h).zip(gates.chunks_exact_mut(3 * h)) {
                gates.iter_mut().zip(row).for_each(|(g, &v)| *g += v);
                self.gate.apply(&mut gates[..2 * h]);
            }
            let resets = || gates.chunks_exact(3 * h).map(|row| &row[h..2 * h]);
            if self.linear_before_reset {
                let start = Start::Columns(offset);
                self.inner
                    .forward(course.samples, &before, (inner, h), start, kept);
                for ((next, kept), reset) in next
                    .chunks_exact_mut(h)
                    .zip(kept.chunks_exact(h))
                    .zip(resets())
                {
                    (0..h).for_each(|i| next[i] = kept[i] * reset[i]);
                }
            } else {
                kept.copy_from_slice(&before);
                for (before, reset) in before.chunks_exact_mut(h).zip(resets()) {
                    (0..h).for_each(|i| before[i] *= reset[i]);
                }
                self.inner
                    .forward(course.samples, &before, (inner, h), Start::Zero, &mut next);
                before.copy_from_slice(kept);
            }
            let state = &mut states[t * size..][..size];
            for (n, gates) in gates.chunks_exact_mut(3 * h).enumerate() {
                let own = n * h..(n + 1) * h;
                let (outer, candidate) = gates.split_at_mut(2 * h);
                let next = &next[own.clone()];
                candidate.iter_mut().zip(next).for_each(|(c, &v)| *c += v);
                self.candidate.apply(candidate);
                let (state, before) = (&mut state[own.clone()], &before[own]);
                vectorised(
                    #[inline(always)]
                    || {
                        for i in 0..h {
                            state[i] = candidate[i] + outer[i] * (before[i] - candidate[i]);
                        }
                    },
                );
            }
            before.copy_from_slice(state);
        }
        let shape = [course.times, course.samples, course.rows];
        vec![
            course.states(states),
            Tensor::new(&shape, gates),
            course.states(kept),
        ]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let (course, h, size) = (&self.course, self.course.hidden, self.course.state());
        let (outer, inner) = pass.inputs[3].data().split_at(2 * h * h);
        let first = pass.inputs[5].data();
        let [states, values, kept] = [0, 1, 2].map(|i| pass.outputs[i].data());
        let mut into = buffer::of_any_value(pass.inputs[0].len());
        let mut block = buffer::of_any_value(course.block(0).len() * course.gates());
        let mut carried = vec![A::zero(); size];
        // the cotangent of what is multiplied with the inner weights, and of what comes out
        let (mut product, mut masked) = (carried.clone(), carried.clone());
        let mut rows = vec![A::zero(); 2 * size];
        for t in course.order().rev() {
            let before = course.before(t, states, first);
            let values = &values[t * course.gates()..][..course.gates()];
            let at = t - course.block(t).start;
            let gates = &mut block[at * course.gates()..][..course.gates()];
            let kept = &kept[t * size..][..size];
            let incoming = &pass.gradient().data()[t * size..][..size];
            for n in 0..course.samples {
                let (value, gate) = (
                    &values[n * 3 * h..][..3 * h],
                    &mut gates[n * 3 * h..][..3 * h],
                );
                for i in 0..h {
                    let own = n * h + i;
                    let state = settled(carried[own] + incoming[own]);
                    let (z, c) = (value[i], value[i + 2 * h]);
                    gate[i] = settled(state * (before[own] - c) * self.gate.slope(z));
                    let candidate = settled(state * (A::one() - z) * self.candidate.slope(c));
                    gate[i + 2 * h] = candidate;
                    carried[own] = state * z;
                    product[own] = candidate;
                    if self.linear_before_reset {
                        let reset = value[i + h];
                        product[own] *= reset;
                        gate[i + h] = settled(candidate * kept[own] * self.gate.slope(reset));
                    }
                }
            }
            let weights = (inner, h);
            if self.linear_before_reset {
                let start = Start::Result;
                self.inner
                    .backward(course.samples, &product, weights, start, &mut carried);
            } else {
                let start = Start::Zero;
                self.inner
                    .backward(course.samples, &product, weights, start, &mut masked);
                for i in 0..size {
                    let reset = i / h * 3 * h + i % h + h;
                    carried[i] += masked[i] * values[reset];
                    gates[reset] = settled(masked[i] * kept[i] * self.gate.slope(values[reset]));
                }
            }
            for (row, gates) in rows.chunks_exact_mut(2 * h).zip(gates.chunks_exact(3 * h)) {
                row.copy_from_slice(&gates[..2 * h]);
            }
            let start = Start::Result;
            self.outer
                .backward(course.samples, &rows, (outer, h), start, &mut carried);
            let weights = pass.inputs[1].data();
            self.entry.backward(course, t, weights, &block, &mut into);
        }
        buffer::give(block);
        let into = Tensor::new(pass.inputs[0].shape(), into);
        let state = course.one_state(carried);
        vec![Some(into), None, None, None, None, Some(state)]
    }

    fn reads_input(&self, i: usize, _: &[bool]) -> bool {
        i == 5
    }

    fn is_serial(&self) -> bool {
        true
    }

    fn kept(&self) -> usize {
        self.course.times * (self.course.gates() + self.course.state())
    }
}
