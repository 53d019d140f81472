//! Activations, and one direction of a layer through time.

use std::ops::Range;

use pulp::Arch;
use xcebra_model::Scalar;

use crate::kernels::{self, Left, Matrix, Packed, PackedOnce, Product, Right, Side, Start};
use crate::tensor::Tensor;

/// Rows of a product of the input with its weights: times · samples of a block.
const ROWS: usize = 256;

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

    /// The values of numbers in their place.
    pub fn apply<A: Scalar>(self, numbers: &mut [A]) {
        match self {
            Self::Sigmoid => kernels::sigmoid(numbers),
            Self::Tanh => kernels::tanh(numbers),
            Self::Relu => numbers
                .iter_mut()
                .filter(|x| **x < A::zero())
                .for_each(|x| *x = A::zero()),
            Self::HardSigmoid => numbers.iter_mut().for_each(|x| {
                *x = (A::of(0.2) * *x + A::of(0.5)).max(A::zero()).min(A::one());
            }),
        }
    }

    /// The slope where the value is `y`.
    #[inline(always)]
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
    /// Numbers of an input at one time.
    pub features: usize,
    pub hidden: usize,
    /// Numbers of all gates, a multiple of `hidden`.
    pub rows: usize,
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

    /// Numbers of all gates at one time.
    pub fn gates(&self) -> usize {
        self.samples * self.rows
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

    /// The block of times of which `t` is passed first, if it is: their inputs are multiplied with the
    /// weights together.
    fn enters(&self, t: usize) -> Option<Range<usize>> {
        let block = self.block(t);
        let first = match self.reverse {
            true => block.end - 1,
            false => block.start,
        };
        (t == first).then_some(block)
    }

    /// The block of times that `t` belongs to.
    pub fn block(&self, t: usize) -> Range<usize> {
        let length = (ROWS / self.samples.max(1)).max(1);
        let start = t / length * length;
        start..self.times.min(start + length)
    }

    pub fn states<A: Scalar>(&self, data: Vec<A>) -> Tensor<A> {
        Tensor::new(&[self.times, self.samples, self.hidden], data)
    }

    pub fn one_state<A: Scalar>(&self, data: Vec<A>) -> Tensor<A> {
        Tensor::new(&[self.samples, self.hidden], data)
    }
}

/// Weights (rows, …) of a layer, packed once for all times.
#[derive(Debug, Default)]
pub(super) struct Weights {
    forward: PackedOnce,
    backward: PackedOnce,
}

impl Weights {
    /// `x · weightsᵀ` from `start` on, for `count` rows of `x`; the weights are (rows, columns).
    pub fn forward<A: Scalar>(
        &self,
        count: usize,
        x: &[A],
        (weights, columns): (&[A], usize),
        start: Start<'_, A>,
        into: &mut [A],
    ) {
        let rows = weights.len() / columns.max(1);
        let packed = self.forward.get(|all| {
            let matrix = Matrix::rows(weights, columns).t();
            all.push(Packed::new(Side::Right, rows, columns, matrix));
        });
        Product::new(count, columns, rows).run(
            Left::Matrix(Matrix::rows(x, columns)),
            Right::Packed(&packed[0]),
            start,
            into,
        );
    }

    /// `gates · weights`, the transpose of [`forward`](Self::forward).
    pub fn backward<A: Scalar>(
        &self,
        count: usize,
        gates: &[A],
        (weights, columns): (&[A], usize),
        start: Start<'_, A>,
        into: &mut [A],
    ) {
        let rows = weights.len() / columns.max(1);
        let packed = self.backward.get(|all| {
            let matrix = Matrix::rows(weights, columns);
            all.push(Packed::new(Side::Right, columns, rows, matrix));
        });
        Product::new(count, rows, columns).run(
            Left::Matrix(Matrix::rows(gates, rows)),
            Right::Packed(&packed[0]),
            start,
            into,
        );
    }
}

/// The part of the gates that does not recur: weights times input, and an offset.
#[derive(Debug, Default)]
pub(super) struct Entry(Weights);

impl Entry {
    /// The gates of a block of times, when its first one is reached. Inputs of a layer begin with the input, its
    /// weights and the offsets.
    pub fn forward<A: Scalar>(
        &self,
        course: &Course,
        t: usize,
        inputs: &[&Tensor<A>],
        gates: &mut [A],
    ) {
        let Some(block) = course.enters(t) else {
            return;
        };
        let (rows, each) = (
            block.len() * course.samples,
            course.samples * course.features,
        );
        self.0.forward(
            rows,
            &inputs[0].data()[block.start * each..],
            (inputs[1].data(), course.features),
            Start::Columns(inputs[2].data()),
            &mut gates[block.start * course.gates()..block.end * course.gates()],
        );
    }

    /// The cotangent of the input in a block of times, when the first one is passed on the way back; `gates` are
    /// the cotangents of those of the block.
    pub fn backward<A: Scalar>(
        &self,
        course: &Course,
        t: usize,
        weights: &[A],
        gates: &[A],
        inputs: &mut [A],
    ) {
        let Some(block) = course.enters(t) else {
            return;
        };
        let (rows, each) = (
            block.len() * course.samples,
            course.samples * course.features,
        );
        self.0.backward(
            rows,
            gates,
            (weights, course.features),
            Start::Zero,
            &mut inputs[block.start * each..block.end * each],
        );
    }
}

/// Calls `f` for the instruction sets found at run time; it should be a loop over numbers.
#[inline(always)]
pub(super) fn vectorised(f: impl FnOnce()) {
    Arch::new().dispatch(f);
}

/// A number, or zero where it is so small that products of it would be denormal.
///
/// Cotangents vanish over many times, and processors are very slow with the denormal numbers that remain.
#[inline(always)]
pub(super) fn settled<A: Scalar>(x: A) -> A {
    let least = A::min_positive_value() / A::epsilon();
    if x.abs() < least { A::zero() } else { x }
}

#[cfg(test)]
mod tests {
    use super::settled;

    #[test]
    fn only_numbers_whose_products_are_denormal_settle() {
        assert_eq!([1e-32_f32, -1e-40, 0.0].map(settled), [0.0; 3]);
        assert_eq!([1e-30_f32, -1.0].map(settled), [1e-30, -1.0]);
        assert_eq!([1e-293_f64, 1e-291].map(settled), [0.0, 1e-291]);
        assert!(settled(f32::NAN).is_nan());
    }
}
