//! Long short-term memory (Hochreiter and Schmidhuber 1997), gates in the order of ONNX:
//! input, output, forget, candidate.

use xcebra_model::Scalar;

use super::course::{Activation, Course};
use crate::ops::{Op, Pass};
use crate::tensor::Tensor;

/// Inputs: gates (time, samples, 4 · hidden), recurrent weights, first state, first cell. Results:
/// states, last cell; kept: gates after their activation, cells.
pub(super) struct Lstm {
    course: Course,
    gate: Activation,
    candidate: Activation,
    output: Activation,
}

impl Lstm {
    /// Three activations: of the gates, of the candidate, of the cell on its way out.
    pub fn new(course: Course, activations: &[Activation]) -> Self {
        Self {
            course,
            gate: activations[0],
            candidate: activations[1],
            output: activations[2],
        }
    }

    /// Places of the four gates that belong to number `i` of a state.
    fn places(&self, i: usize) -> [usize; 4] {
        let h = self.course.hidden;
        let start = i / h * 4 * h + i % h;
        [start, start + h, start + 2 * h, start + 3 * h]
    }
}

impl<A: Scalar> Op<A> for Lstm {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let (weights, first, first_cell) = (inputs[1].data(), inputs[2].data(), inputs[3].data());
        let size = self.course.state();
        let mut gates = inputs[0].data().to_vec();
        let mut states = vec![A::zero(); self.course.times * size];
        let mut cells = states.clone();
        let mut last = first_cell.to_vec();
        for t in self.course.order() {
            let gates = &mut gates[t * 4 * size..][..4 * size];
            self.course
                .recur(self.course.before(t, &states, first), weights, gates);
            for (i, cell) in last.iter_mut().enumerate() {
                let [input, output, forget, candidate] = self.places(i);
                for place in [input, output, forget] {
                    gates[place] = self.gate.value(gates[place]);
                }
                gates[candidate] = self.candidate.value(gates[candidate]);
                *cell = gates[forget] * *cell + gates[input] * gates[candidate];
                states[t * size + i] = gates[output] * self.output.value(*cell);
            }
            cells[t * size..][..size].copy_from_slice(&last);
        }
        vec![
            self.course.states(states),
            self.course.one_state(last),
            Tensor::new(inputs[0].shape(), gates),
            self.course.states(cells),
        ]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let (weights, first_cell) = (pass.inputs[1].data(), pass.inputs[3].data());
        let (values, cells) = (pass.outputs[2].data(), pass.outputs[3].data());
        let size = self.course.state();
        let mut gates = vec![A::zero(); values.len()];
        let mut state = vec![A::zero(); size];
        let mut carried = match &pass.gradients[1] {
            Some(gradient) => gradient.data().to_vec(),
            None => vec![A::zero(); size],
        };
        for t in self.course.order().rev() {
            if let Some(gradient) = &pass.gradients[0] {
                let now = &gradient.data()[t * size..];
                state.iter_mut().zip(now).for_each(|(s, &g)| *s += g);
            }
            let before = self.course.before(t, cells, first_cell);
            let values = &values[t * 4 * size..][..4 * size];
            let gates = &mut gates[t * 4 * size..][..4 * size];
            for (i, carried) in carried.iter_mut().enumerate() {
                let [input, output, forget, candidate] = self.places(i);
                let out = self.output.value(cells[t * size + i]);
                let cell = *carried + state[i] * values[output] * self.output.slope(out);
                let slope = |place: usize| self.gate.slope(values[place]);
                gates[output] = state[i] * out * slope(output);
                gates[input] = cell * values[candidate] * slope(input);
                gates[forget] = cell * before[i] * slope(forget);
                gates[candidate] = cell * values[input] * self.candidate.slope(values[candidate]);
                *carried = cell * values[forget];
            }
            state.fill(A::zero());
            self.course.pull(gates, weights, &mut state);
        }
        vec![
            Some(Tensor::new(pass.inputs[0].shape(), gates)),
            None,
            Some(self.course.one_state(state)),
            Some(self.course.one_state(carried)),
        ]
    }
}
