//! Activations, and one direction of a layer through time.

use xcebra_model::Scalar;

use crate::ops::functions::sigmoid;
use crate::tensor::{Tensor, gemm, matrix, matrix_mut};

/// An activation whose slope follows from its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Activation {
    Sigmoid,
    Tanh,
    Relu,
    HardSigmoid,
}

impl Activation {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "Sigmoid" => Self::Sigmoid,
            "Tanh" => Self::Tanh,
            "Relu" => Self::Relu,
            "HardSigmoid" => Self::HardSigmoid,
            _ => return None,
        })
    }

    pub fn value<A: Scalar>(self, x: A) -> A {
        match self {
            Self::Sigmoid => sigmoid(x),
            Self::Tanh => x.tanh(),
            Self::Relu if x < A::zero() => A::zero(),
            Self::Relu => x,
            Self::HardSigmoid => (A::of(0.2) * x + A::of(0.5)).max(A::zero()).min(A::one()),
        }
    }

    pub fn slope<A: Scalar>(self, y: A) -> A {
        match self {
            Self::Sigmoid => y * (A::one() - y),
            Self::Tanh => A::one() - y * y,
            Self::Relu if y > A::zero() => A::one(),
            Self::HardSigmoid if y > A::zero() && y < A::one() => A::of(0.2),
            Self::Relu | Self::HardSigmoid => A::zero(),
        }
    }
}

/// Lengths of a layer, and which way it runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    pub times: usize,
    pub samples: usize,
    pub hidden: usize,
    pub reverse: bool,
}

impl Course {
    /// Times in the order in which they are passed.
    pub fn order(&self) -> impl DoubleEndedIterator<Item = usize> + use<> {
        let (times, reverse) = (self.times, self.reverse);
        (0..times).map(move |t| if reverse { times - 1 - t } else { t })
    }

    /// Numbers of one state.
    pub fn state(&self) -> usize {
        self.samples * self.hidden
    }

    /// The state before time `t`, out of those after each time.
    pub fn before<'a, A>(&self, t: usize, states: &'a [A], first: &'a [A]) -> &'a [A] {
        let previous = match self.reverse {
            true => Some(t + 1).filter(|&p| p < self.times),
            false => t.checked_sub(1),
        };
        match previous {
            Some(p) => &states[p * self.state()..][..self.state()],
            None => first,
        }
    }

    /// Adds `state · rowsᵀ` to (samples, rows).
    pub fn recur<A: Scalar>(&self, state: &[A], weights: &[A], into: &mut [A]) {
        let rows = weights.len() / self.hidden;
        gemm(
            matrix(self.samples, self.hidden, state),
            matrix(rows, self.hidden, weights).reversed_axes(),
            A::one(),
            matrix_mut(self.samples, rows, into),
        );
    }

    /// Adds `gates · rows` to a state, the transpose of [`recur`](Self::recur).
    pub fn pull<A: Scalar>(&self, gates: &[A], weights: &[A], into: &mut [A]) {
        let rows = weights.len() / self.hidden;
        gemm(
            matrix(self.samples, rows, gates),
            matrix(rows, self.hidden, weights),
            A::one(),
            matrix_mut(self.samples, self.hidden, into),
        );
    }

    pub fn states<A: Scalar>(&self, data: Vec<A>) -> Tensor<A> {
        Tensor::new(&[self.times, self.samples, self.hidden], data)
    }

    pub fn one_state<A: Scalar>(&self, data: Vec<A>) -> Tensor<A> {
        Tensor::new(&[self.samples, self.hidden], data)
    }
}
