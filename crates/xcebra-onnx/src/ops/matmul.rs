//! Products of matrices.

use ndarray::ArrayView2;
use xcebra_model::Scalar;

use super::elementwise::{Pair, binary, scaled};
use super::layout::{permute, reshape_to};
use super::{Call, Op, Pass};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::shape::{broadcast, broadcast_strides, for_each_row};
use crate::tensor::{Tensor, gemm as product, matrix, matrix_mut};

/// Stacks of matrices (…, m, k) and (…, k, n); the stacks broadcast.
struct MatMul {
    m: usize,
    k: usize,
    n: usize,
    /// Shape of the result's stack and, in matrices, the strides of both arguments in it.
    stack: Vec<usize>,
    strides: [Vec<usize>; 2],
    /// Shape of the result.
    shape: Vec<usize>,
}

pub(crate) fn matmul<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, y) = (call.required(b, 0)?, call.required(b, 1)?);
    multiply(b, x, y)
}

/// The matrix product as NumPy has it, of vectors and stacks too.
pub(crate) fn multiply<A: Scalar>(b: &mut Builder<A>, x: Slot, y: Slot) -> Result<Slot> {
    let (mut left, mut right) = (b.shape(x).to_vec(), b.shape(y).to_vec());
    let vectors = (left.len() == 1, right.len() == 1);
    if left.is_empty() || right.is_empty() {
        return b.inconsistent("a product of matrices with a single number");
    }
    if vectors.0 {
        left.insert(0, 1);
    }
    if vectors.1 {
        right.push(1);
    }
    let (x, y) = (reshape_to(b, x, &left)?, reshape_to(b, y, &right)?);
    let (outer_left, &[m, k]) = left.split_at(left.len() - 2) else {
        unreachable!("two axes")
    };
    let (outer_right, &[inner, n]) = right.split_at(right.len() - 2) else {
        unreachable!("two axes")
    };
    let stack = broadcast(outer_left, outer_right).filter(|_| k == inner);
    let Some(stack) = stack else {
        return b.inconsistent(format!(
            "matrices of shapes {left:?} and {right:?} cannot be multiplied"
        ));
    };
    let mut shape = stack.clone();
    shape.extend([m, n]);
    let flat = outer_right.iter().all(|&d| d == 1) && outer_left == stack;
    let op = if flat {
        // one matrix on the right: the stack on the left is one tall matrix
        MatMul {
            m: m * stack.iter().product::<usize>(),
            k,
            n,
            stack: vec![],
            strides: [vec![], vec![]],
            shape: shape.clone(),
        }
    } else {
        let strides = [
            broadcast_strides(outer_left, &stack),
            broadcast_strides(outer_right, &stack),
        ];
        MatMul {
            m,
            k,
            n,
            stack,
            strides,
            shape: shape.clone(),
        }
    };
    let z = b.emit(op, &[x, y], &shape)?;
    if vectors.0 {
        shape.remove(shape.len() - 2);
    }
    if vectors.1 {
        shape.pop();
    }
    reshape_to(b, z, &shape)
}

pub(crate) fn gemm<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (mut x, mut y) = (call.required(b, 0)?, call.required(b, 1)?);
    if [b.rank(x), b.rank(y)] != [2, 2] {
        return b.inconsistent(format!(
            "{:?} and {:?} are not both matrices",
            b.shape(x),
            b.shape(y)
        ));
    }
    if call.node.flag("transA") {
        x = permute(b, x, &[1, 0])?;
    }
    if call.node.flag("transB") {
        y = permute(b, y, &[1, 0])?;
    }
    let product = multiply(b, x, y)?;
    let product = scaled(b, product, call.node.float("alpha").unwrap_or(1.0))?;
    let Some(offset) = call.optional(2) else {
        return Ok(product);
    };
    let offset = scaled(b, offset, call.node.float("beta").unwrap_or(1.0))?;
    binary(b, Pair::Add, product, offset)
}

impl MatMul {
    /// Calls `f` with the beginnings of both arguments and of the result of every product.
    fn each(&self, mut f: impl FnMut(usize, usize, usize)) {
        let mut axes = self.stack.clone();
        axes.push(1);
        let [mut left, mut right] = self.strides.clone();
        left.push(0);
        right.push(0);
        let mut i = 0;
        for_each_row(&axes, [&left, &right], |[x, y]| {
            f(
                x * self.m * self.k,
                y * self.k * self.n,
                i * self.m * self.n,
            );
            i += 1;
        });
    }

    fn left<'a, A>(&self, data: &'a [A], at: usize) -> ArrayView2<'a, A> {
        matrix(self.m, self.k, &data[at..at + self.m * self.k])
    }

    fn right<'a, A>(&self, data: &'a [A], at: usize) -> ArrayView2<'a, A> {
        matrix(self.k, self.n, &data[at..at + self.k * self.n])
    }

    fn result<'a, A>(&self, data: &'a [A], at: usize) -> ArrayView2<'a, A> {
        matrix(self.m, self.n, &data[at..at + self.m * self.n])
    }
}

impl<A: Scalar> Op<A> for MatMul {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let mut data = vec![A::zero(); self.shape.iter().product()];
        let (x, y) = (inputs[0].data(), inputs[1].data());
        self.each(|i, j, o| {
            let out = matrix_mut(self.m, self.n, &mut data[o..o + self.m * self.n]);
            product(self.left(x, i), self.right(y, j), A::zero(), out);
        });
        vec![Tensor::new(&self.shape, data)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let g = pass.gradient().data();
        let (x, y) = (pass.inputs[0], pass.inputs[1]);
        let left = pass.wanted[0].then(|| {
            let mut data = vec![A::zero(); x.data().len()];
            self.each(|i, j, o| {
                let out = matrix_mut(self.m, self.k, &mut data[i..i + self.m * self.k]);
                product(
                    self.result(g, o),
                    self.right(y.data(), j).reversed_axes(),
                    A::one(),
                    out,
                );
            });
            Tensor::new(x.shape(), data)
        });
        let right = pass.wanted[1].then(|| {
            let mut data = vec![A::zero(); y.data().len()];
            self.each(|i, j, o| {
                let out = matrix_mut(self.k, self.n, &mut data[j..j + self.k * self.n]);
                product(
                    self.left(x.data(), i).reversed_axes(),
                    self.result(g, o),
                    A::one(),
                    out,
                );
            });
            Tensor::new(y.shape(), data)
        });
        vec![left, right]
    }
}
