//! Long short-term memory (Hochreiter and Schmidhuber 1997), gates in the order of ONNX:
//! input, output, forget, candidate.

use xcebra_model::Scalar;

use super::course::{Activation, Course, Entry, Weights, settled, vectorised};
use crate::buffer;
use crate::kernels::Start;
use crate::ops::{Op, Pass};
use crate::tensor::Tensor;

/// Inputs: input (time, samples, features), its weights, offsets of the gates, recurrent weights, first
/// state, first cell. Results: states, last cell; kept: gates (time, samples, 4 · hidden) after their
/// activation, cells.
pub(super) struct Lstm {
    course: Course,
    gate: Activation,
    candidate: Activation,
    output: Activation,
    entry: Entry,
    recurrent: Weights,
}

impl Lstm {
    /// Three activations: of the gates, of the candidate, of the cell on its way out.
    pub fn new(course: Course, activations: &[Activation]) -> Self {
        Self {
            course,
            gate: activations[0],
            candidate: activations[1],
            output: activations[2],
            entry: Entry::default(),
            recurrent: Weights::default(),
        }
    }
}

impl<A: Scalar> Op<A> for Lstm {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let [weights, first, first_cell] = [3, 4, 5].map(|i| inputs[i].data());
        let (course, h, size) = (&self.course, self.course.hidden, self.course.state());
        let mut gates = buffer::of_any_value(course.times * course.gates());
        let mut states = buffer::of_any_value(course.times * size);
        let mut cells = buffer::of_any_value(course.times * size);
        let mut last = first_cell.to_vec();
        for t in course.order() {
            self.entry.forward(course, t, inputs, &mut gates);
            let gates = &mut gates[t * course.gates()..][..course.gates()];
            let before = course.before(t, &states, first);
            self.recurrent
                .forward(course.samples, before, (weights, h), Start::Result, gates);
            let state = &mut states[t * size..][..size];
            let rows = gates.chunks_exact_mut(4 * h).zip(last.chunks_exact_mut(h));
            for ((row, cell), state) in rows.zip(state.chunks_exact_mut(h)) {
                self.gate.apply(&mut row[..3 * h]);
                self.candidate.apply(&mut row[3 * h..]);
                let (input, rest) = row.split_at(h);
                let (output, rest) = rest.split_at(h);
                let (forget, candidate) = rest.split_at(h);
                vectorised(
                    #[inline(always)]
                    || {
                        for i in 0..h {
                            cell[i] = forget[i] * cell[i] + input[i] * candidate[i];
                        }
                    },
                );
                state.copy_from_slice(cell);
                self.output.apply(state);
                vectorised(
                    #[inline(always)]
                    || state.iter_mut().zip(output).for_each(|(s, &o)| *s *= o),
                );
            }
            cells[t * size..][..size].copy_from_slice(&last);
        }
        let shape = [course.times, course.samples, course.rows];
        vec![
            course.states(states),
            course.one_state(last),
            Tensor::new(&shape, gates),
            course.states(cells),
        ]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let [weights, first_cell] = [3, 5].map(|i| pass.inputs[i].data());
        let (values, cells) = (pass.outputs[2].data(), pass.outputs[3].data());
        let (course, h, size) = (&self.course, self.course.hidden, self.course.state());
        let mut into = buffer::of_any_value(pass.inputs[0].len());
        let mut block = buffer::of_any_value(course.block(0).len() * course.gates());
        let mut state = vec![A::zero(); size];
        let mut carried = match &pass.gradients[1] {
            Some(gradient) => gradient.data().to_vec(),
            None => vec![A::zero(); size],
        };
        let mut out = vec![A::zero(); size];
        for t in course.order().rev() {
            if let Some(gradient) = &pass.gradients[0] {
                let now = &gradient.data()[t * size..];
                state.iter_mut().zip(now).for_each(|(s, &g)| *s += g);
            }
            let before = course.before(t, cells, first_cell);
            let values = &values[t * course.gates()..][..course.gates()];
            let at = t - course.block(t).start;
            let gates = &mut block[at * course.gates()..][..course.gates()];
            out.copy_from_slice(&cells[t * size..][..size]);
            self.output.apply(&mut out);
            let rows = values
                .chunks_exact(4 * h)
                .zip(gates.chunks_exact_mut(4 * h));
            for (n, (value, gate)) in rows.enumerate() {
                let own = n * h..(n + 1) * h;
                let (state, carried) = (&state[own.clone()], &mut carried[own.clone()]);
                let (out, before) = (&out[own.clone()], &before[own]);
                vectorised(
                    #[inline(always)]
                    || self.pull(h, value, gate, state, carried, out, before),
                );
            }
            self.recurrent
                .backward(course.samples, gates, (weights, h), Start::Zero, &mut state);
            let weights = pass.inputs[1].data();
            self.entry.backward(course, t, weights, &block, &mut into);
        }
        buffer::give(block);
        vec![
            Some(Tensor::new(pass.inputs[0].shape(), into)),
            None,
            None,
            None,
            Some(course.one_state(state)),
            Some(course.one_state(carried)),
        ]
    }

    fn reads_input(&self, i: usize, _: &[bool]) -> bool {
        i == 5
    }

    fn reads_outputs(&self) -> bool {
        false
    }

    fn is_serial(&self) -> bool {
        true
    }

    fn kept(&self) -> usize {
        self.course.times * (self.course.gates() + self.course.state())
    }
}

impl Lstm {
    /// The cotangents of the gates of one sample at one time, and of the cell before.
    #[allow(clippy::too_many_arguments)]
    #[inline(always)]
    fn pull<A: Scalar>(
        &self,
        h: usize,
        values: &[A],
        gates: &mut [A],
        state: &[A],
        carried: &mut [A],
        out: &[A],
        before: &[A],
    ) {
        let (input, rest) = values.split_at(h);
        let (output, rest) = rest.split_at(h);
        let (forget, candidate) = rest.split_at(h);
        let (to_input, rest) = gates.split_at_mut(h);
        let (to_output, rest) = rest.split_at_mut(h);
        let (to_forget, to_candidate) = rest.split_at_mut(h);
        for i in 0..h {
            let cell = carried[i] + state[i] * output[i] * self.output.slope(out[i]);
            to_output[i] = settled(state[i] * out[i] * self.gate.slope(output[i]));
            to_input[i] = settled(cell * candidate[i] * self.gate.slope(input[i]));
            to_forget[i] = settled(cell * before[i] * self.gate.slope(forget[i]));
            to_candidate[i] = settled(cell * input[i] * self.candidate.slope(candidate[i]));
            carried[i] = settled(cell * forget[i]);
        }
    }
}
