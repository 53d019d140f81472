//! Products along an axis and of matrices: running products, determinants.

use xcebra_model::Scalar;

use super::blend::Running;
use super::{Call, Op, Pass};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::shape::around;
use crate::tensor::Tensor;

/// Products of all entries up to each.
struct CumulativeProduct(Running);

/// Determinants of square matrices of `n` rows.
struct Determinant {
    n: usize,
}

pub(crate) fn cumulative<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let op = CumulativeProduct(Running::of(b, call, x)?);
    let shape = b.shape(x).to_vec();
    b.emit_as(b.kind(x), op, &[x], &shape)
}

pub(crate) fn determinant<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let shape = b.shape(x).to_vec();
    match shape[..] {
        [.., rows, columns] if rows == columns => {
            b.emit(Determinant { n: rows }, &[x], &shape[..shape.len() - 2])
        }
        _ => b.refuse(format!(
            "an input of shape {shape:?}, expected square matrices"
        )),
    }
}

impl CumulativeProduct {
    /// Offsets of each lane in the order of multiplication.
    fn lanes(&self, shape: &[usize]) -> Vec<Vec<usize>> {
        let (outer, length, inner) = around(shape, self.0.axis);
        let lane = |i: usize| {
            let place = |j: usize| (i / inner * length + j) * inner + i % inner;
            match self.0.reverse {
                true => (0..length).rev().map(place).collect(),
                false => (0..length).map(place).collect(),
            }
        };
        (0..outer * inner).map(lane).collect()
    }
}

impl<A: Scalar> Op<A> for CumulativeProduct {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let x = inputs[0].data();
        let mut data = vec![A::one(); x.len()];
        for lane in self.lanes(inputs[0].shape()) {
            let mut product = A::one();
            for at in lane {
                let before = product;
                product *= x[at];
                data[at] = if self.0.exclusive { before } else { product };
            }
        }
        vec![Tensor::new(inputs[0].shape(), data)]
    }

    /// Without division: entry `i` has a derivative by factor `k` of the product of the other factors.
    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let (x, g) = (pass.inputs[0].data(), pass.gradient().data());
        let mut data = vec![A::zero(); x.len()];
        for lane in self.lanes(pass.inputs[0].shape()) {
            // what comes after factor k, summed from the end: h_k = Σ_{i ≥ k} g_i Π_{k < j ≤ i} x_j
            let mut after = A::zero();
            let mut sums = vec![A::zero(); lane.len()];
            for (i, &at) in lane.iter().enumerate().rev() {
                if self.0.exclusive {
                    sums[i] = after;
                    after = g[at] + x[at] * after;
                } else {
                    after = g[at] + lane.get(i + 1).map_or(A::zero(), |&next| x[next] * after);
                    sums[i] = after;
                }
            }
            let mut before = A::one();
            for (&at, sum) in lane.iter().zip(sums) {
                data[at] = before * sum;
                before *= x[at];
            }
        }
        vec![Some(Tensor::new(pass.inputs[0].shape(), data))]
    }
}

impl Determinant {
    /// The determinant of rows `rows` and columns `columns`, by elimination with the largest pivot.
    fn minor(&self, matrix: &[f64], rows: &[usize], columns: &[usize]) -> f64 {
        let n = rows.len();
        let pick = |&r: &usize| columns.iter().map(|&c| matrix[r * self.n + c]).collect();
        let mut a: Vec<Vec<f64>> = rows.iter().map(pick).collect();
        let mut determinant = 1.0;
        for k in 0..n {
            let size = |&i: &usize| a[i][k].abs();
            let pivot = (k..n)
                .max_by(|i, j| size(i).total_cmp(&size(j)))
                .unwrap_or(k);
            if a[pivot][k] == 0.0 {
                return 0.0;
            }
            if pivot != k {
                a.swap(pivot, k);
                determinant = -determinant;
            }
            determinant *= a[k][k];
            let (top, below) = a.split_at_mut(k + 1);
            for row in below {
                let factor = row[k] / top[k][k];
                row.iter_mut()
                    .zip(&top[k])
                    .skip(k)
                    .for_each(|(x, &t)| *x -= factor * t);
            }
        }
        determinant
    }

    fn matrices<'a, A: Scalar>(&self, x: &'a Tensor<A>) -> impl Iterator<Item = Vec<f64>> + 'a {
        let each = (self.n * self.n).max(1);
        x.data()
            .chunks_exact(each)
            .map(|m| m.iter().map(|v| v.as_f64()).collect())
    }
}

impl<A: Scalar> Op<A> for Determinant {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let all: Vec<usize> = (0..self.n).collect();
        let data = match self.n {
            0 => vec![
                A::one();
                inputs[0].shape()[..inputs[0].shape().len() - 2]
                    .iter()
                    .product()
            ],
            _ => self
                .matrices(inputs[0])
                .map(|m| A::of(self.minor(&m, &all, &all)))
                .collect(),
        };
        vec![Tensor::new(
            &inputs[0].shape()[..inputs[0].shape().len() - 2],
            data,
        )]
    }

    /// The cofactors, which exist for singular matrices too.
    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let x = pass.inputs[0];
        let mut data = Vec::with_capacity(x.data().len());
        for (matrix, &g) in self.matrices(x).zip(pass.gradient().data()) {
            for i in 0..self.n * self.n {
                let (row, column) = (i / self.n, i % self.n);
                let without = |k: usize| (0..self.n).filter(|&j| j != k).collect::<Vec<_>>();
                let minor = self.minor(&matrix, &without(row), &without(column));
                let sign = if (row + column) % 2 == 0 { 1.0 } else { -1.0 };
                data.push(g * A::of(sign * minor));
            }
        }
        vec![Some(Tensor::new(x.shape(), data))]
    }
}
