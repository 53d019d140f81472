//! Products of matrices.

use xcebra_model::Scalar;

use super::elementwise::{Pair, binary, scaled};
use super::layout::{permute, reshape_to};
use super::{Call, Op, Pass};
use crate::buffer;
use crate::builder::{Builder, Packing, Packs, Slot};
use crate::error::Result;
use crate::kernels::{Left, Matrix, Packed, Product, Right, Side, Start};
use crate::shape::{broadcast, broadcast_strides, for_each_row};
use crate::tensor::Tensor;

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

/// One matrix (m, k) times weights (k, n) that are known in advance, plus an offset (n) for every row if
/// there is a third input.
struct Dense {
    product: Product,
    /// Whether the weights are stored as (n, k).
    turned: bool,
    /// Shape of the result.
    shape: Vec<usize>,
    packs: Packs,
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
    // one matrix on the right: the stack on the left is one tall matrix
    let rows = m * stack.iter().product::<usize>();
    let z = if flat && b.known(y).is_some() {
        let product = Product::new(rows, k, n);
        let op = Dense::new(b, product, y, false, &shape);
        b.emit(op, &[x, y], &shape)?
    } else if flat {
        let op = MatMul {
            m: rows,
            k,
            n,
            stack: vec![],
            strides: [vec![], vec![]],
            shape: shape.clone(),
        };
        b.emit(op, &[x, y], &shape)?
    } else {
        let strides = [
            broadcast_strides(outer_left, &stack),
            broadcast_strides(outer_right, &stack),
        ];
        let op = MatMul {
            m,
            k,
            n,
            stack,
            strides,
            shape: shape.clone(),
        };
        b.emit(op, &[x, y], &shape)?
    };
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
    let turned = call.node.flag("transB");
    let alpha = call.node.float("alpha").unwrap_or(1.0);
    let beta = call.node.float("beta").unwrap_or(1.0);
    let (rows, [k, n]) = (b.shape(x)[0], if turned { [1, 0] } else { [0, 1] });
    let [k, n] = [b.shape(y)[k], b.shape(y)[n]];
    let offset = call.optional(2);
    let plain = offset.is_none_or(|c| b.known(c).is_some() && b.shape(c) == [n] && beta == 1.0);
    if b.known(y).is_some() && alpha == 1.0 && plain && b.shape(x)[1] == k {
        let op = Dense::new(b, Product::new(rows, k, n), y, turned, &[rows, n]);
        let inputs: Vec<Slot> = [x, y].into_iter().chain(offset).collect();
        return b.emit(op, &inputs, &[rows, n]);
    }
    if turned {
        y = permute(b, y, &[1, 0])?;
    }
    let product = multiply(b, x, y)?;
    let product = scaled(b, product, alpha)?;
    let Some(offset) = offset else {
        return Ok(product);
    };
    let offset = scaled(b, offset, beta)?;
    binary(b, Pair::Add, product, offset)
}

impl Dense {
    fn new<A: Scalar>(
        b: &mut Builder<A>,
        product: Product,
        weights: Slot,
        turned: bool,
        shape: &[usize],
    ) -> Self {
        Self {
            product,
            turned,
            shape: shape.to_vec(),
            packs: b.packs(weights, Packing::Dense { turned }),
        }
    }

    /// The weights as (k, n).
    fn weights<'a, A>(&self, data: &'a [A]) -> Matrix<'a, A> {
        match self.turned {
            true => Matrix::rows(data, self.product.depth).t(),
            false => Matrix::rows(data, self.product.columns),
        }
    }
}

impl<A: Scalar> Op<A> for Dense {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let Product {
            rows,
            columns,
            depth,
        } = self.product;
        let packed = self.packs[0].get(|all| {
            let weights = self.weights(inputs[1].data());
            all.push(Packed::new(Side::Right, columns, depth, weights));
        });
        let mut data = buffer::of_any_value(rows * columns);
        let start = match inputs.get(2) {
            Some(offset) => Start::Columns(offset.data()),
            None => Start::Zero,
        };
        self.product.run(
            Left::Matrix(Matrix::rows(inputs[0].data(), depth)),
            Right::Packed(&packed[0]),
            start,
            &mut data,
        );
        vec![Tensor::new(&self.shape, data)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let Product {
            rows,
            columns,
            depth,
        } = self.product;
        let packed = self.packs[1].get(|all| {
            let weights = self.weights(pass.inputs[1].data()).t();
            all.push(Packed::new(Side::Right, depth, columns, weights));
        });
        let mut data = buffer::of_any_value(rows * depth);
        Product::new(rows, columns, depth).run(
            Left::Matrix(Matrix::rows(pass.gradient().data(), columns)),
            Right::Packed(&packed[0]),
            Start::Zero,
            &mut data,
        );
        vec![Some(Tensor::new(pass.inputs[0].shape(), data)), None, None]
    }

    fn reads_input(&self, _: usize, _: &[bool]) -> bool {
        false
    }

    fn reads_outputs(&self) -> bool {
        false
    }
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

    fn left<'a, A>(&self, data: &'a [A], at: usize) -> Matrix<'a, A> {
        Matrix::rows(&data[at..at + self.m * self.k], self.k)
    }

    fn right<'a, A>(&self, data: &'a [A], at: usize) -> Matrix<'a, A> {
        Matrix::rows(&data[at..at + self.k * self.n], self.n)
    }

    fn result<'a, A>(&self, data: &'a [A], at: usize) -> Matrix<'a, A> {
        Matrix::rows(&data[at..at + self.m * self.n], self.n)
    }
}

impl<A: Scalar> Op<A> for MatMul {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let (m, k, n) = (self.m, self.k, self.n);
        let mut data = buffer::of_any_value(self.shape.iter().product());
        let (x, y) = (inputs[0].data(), inputs[1].data());
        self.each(|i, j, o| {
            let (left, right) = (
                Left::Matrix(self.left(x, i)),
                Right::Matrix(self.right(y, j)),
            );
            Product::new(m, k, n).run(left, right, Start::Zero, &mut data[o..o + m * n]);
        });
        vec![Tensor::new(&self.shape, data)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let (m, k, n) = (self.m, self.k, self.n);
        let g = pass.gradient().data();
        let (x, y) = (pass.inputs[0], pass.inputs[1]);
        // sums over the axes along which an argument was broadcast
        let left = pass.wanted[0].then(|| {
            let mut data = buffer::zeros(x.len());
            self.each(|i, j, o| {
                let left = Left::Matrix(self.result(g, o));
                let right = Right::Matrix(self.right(y.data(), j).t());
                let out = &mut data[i..i + m * k];
                Product::new(m, n, k).run(left, right, Start::Result, out);
            });
            Tensor::new(x.shape(), data)
        });
        let right = pass.wanted[1].then(|| {
            let mut data = buffer::zeros(y.len());
            self.each(|i, j, o| {
                let left = Left::Matrix(self.left(x.data(), i).t());
                let right = Right::Matrix(self.result(g, o));
                let out = &mut data[j..j + k * n];
                Product::new(k, m, n).run(left, right, Start::Result, out);
            });
            Tensor::new(y.shape(), data)
        });
        vec![left, right]
    }

    fn reads_input(&self, i: usize, wanted: &[bool]) -> bool {
        wanted[1 - i]
    }

    fn reads_outputs(&self) -> bool {
        false
    }
}
