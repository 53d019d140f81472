//! The simple recurrent cell: `h' = f(gates + R h)`.

use xcebra_model::Scalar;

use super::course::{Activation, Course, Entry, Weights, settled};
use crate::buffer;
use crate::kernels::Start;
use crate::ops::{Op, Pass};
use crate::tensor::Tensor;

/// Inputs: input (time, samples, features), its weights, offsets, recurrent weights, first state.
pub(super) struct Plain {
    course: Course,
    activation: Activation,
    entry: Entry,
    recurrent: Weights,
}

impl Plain {
    pub fn new(course: Course, activation: Activation) -> Self {
        Self {
            course,
            activation,
            entry: Entry::default(),
            recurrent: Weights::default(),
        }
    }
}

impl<A: Scalar> Op<A> for Plain {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let [weights, first] = [3, 4].map(|i| inputs[i].data());
        let (course, h, size) = (&self.course, self.course.hidden, self.course.state());
        let mut states = buffer::of_any_value(course.times * size);
        let mut before = first.to_vec();
        for t in course.order() {
            self.entry.forward(course, t, inputs, &mut states);
            let next = &mut states[t * size..][..size];
            self.recurrent
                .forward(course.samples, &before, (weights, h), Start::Result, next);
            self.activation.apply(next);
            before.copy_from_slice(next);
        }
        vec![course.states(states)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let (weights, states) = (pass.inputs[3].data(), pass.outputs[0].data());
        let (course, h, size) = (&self.course, self.course.hidden, self.course.state());
        let mut into = buffer::of_any_value(pass.inputs[0].len());
        let mut block = buffer::of_any_value(course.block(0).len() * size);
        let mut carried = vec![A::zero(); size];
        for t in course.order().rev() {
            let at = t - course.block(t).start;
            let gates = &mut block[at * size..][..size];
            let incoming = &pass.gradient().data()[t * size..][..size];
            let values = &states[t * size..][..size];
            for (i, gate) in gates.iter_mut().enumerate() {
                *gate = settled((incoming[i] + carried[i]) * self.activation.slope(values[i]));
            }
            self.recurrent.backward(
                course.samples,
                gates,
                (weights, h),
                Start::Zero,
                &mut carried,
            );
            let weights = pass.inputs[1].data();
            self.entry.backward(course, t, weights, &block, &mut into);
        }
        buffer::give(block);
        let into = Tensor::new(pass.inputs[0].shape(), into);
        vec![
            Some(into),
            None,
            None,
            None,
            Some(course.one_state(carried)),
        ]
    }

    fn reads_input(&self, _: usize, _: &[bool]) -> bool {
        false
    }

    fn is_serial(&self) -> bool {
        true
    }
}
