//! The simple recurrent cell: `h' = f(gates + R h)`.

use xcebra_model::Scalar;

use super::course::{Activation, Course};
use crate::ops::{Op, Pass};
use crate::tensor::Tensor;

/// Inputs: gates (time, samples, hidden), recurrent weights, first state.
pub(super) struct Plain {
    pub course: Course,
    pub activation: Activation,
}

impl<A: Scalar> Op<A> for Plain {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let (weights, first) = (inputs[1].data(), inputs[2].data());
        let mut states = inputs[0].data().to_vec();
        let size = self.course.state();
        for t in self.course.order() {
            let mut next = states[t * size..][..size].to_vec();
            let before = self.course.before(t, &states, first);
            self.course.recur(before, weights, &mut next);
            next.iter_mut().for_each(|v| *v = self.activation.value(*v));
            states[t * size..][..size].copy_from_slice(&next);
        }
        vec![self.course.states(states)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let (weights, states) = (pass.inputs[1].data(), pass.outputs[0].data());
        let mut gates = pass.gradient().data().to_vec();
        let size = self.course.state();
        let mut carried = vec![A::zero(); size];
        for t in self.course.order().rev() {
            let gate = &mut gates[t * size..][..size];
            for ((g, &c), &y) in gate.iter_mut().zip(&carried).zip(&states[t * size..]) {
                *g = (*g + c) * self.activation.slope(y);
            }
            carried.fill(A::zero());
            self.course.pull(gate, weights, &mut carried);
        }
        let gates = self.course.states(gates);
        vec![Some(gates), None, Some(self.course.one_state(carried))]
    }
}
