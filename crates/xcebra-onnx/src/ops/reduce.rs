//! Sums, means, extremes and norms along axes.

use xcebra_model::Scalar;

use super::layout::{permute, reshape_to};
use super::{Call, Op, Pass};
use crate::buffer;
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::kernels::sum;
use crate::tensor::Tensor;

/// What becomes of the numbers of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reduction {
    L1,
    L2,
    LogSum,
    LogSumExp,
    /// Equal numbers share the derivative.
    Max,
    Mean,
    /// Equal numbers share the derivative.
    Min,
    Prod,
    Sum,
    SumSquare,
}

pub(crate) fn named(op: &str) -> Option<Reduction> {
    Some(match op {
        "ReduceL1" => Reduction::L1,
        "ReduceL2" => Reduction::L2,
        "ReduceLogSum" => Reduction::LogSum,
        "ReduceLogSumExp" => Reduction::LogSumExp,
        "ReduceMax" => Reduction::Max,
        "ReduceMean" => Reduction::Mean,
        "ReduceMin" => Reduction::Min,
        "ReduceProd" => Reduction::Prod,
        "ReduceSum" => Reduction::Sum,
        "ReduceSumSquare" => Reduction::SumSquare,
        _ => return None,
    })
}

pub(crate) fn lower<A: Scalar>(
    b: &mut Builder<A>,
    call: &Call<'_>,
    reduction: Reduction,
) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let rank = b.rank(x);
    let axes = match call.ints(b, "axes", 1)? {
        Some(axes) if !axes.is_empty() => b.axes(&axes, rank)?,
        _ if call.node.flag("noop_with_empty_axes") => return Ok(x),
        _ => (0..rank).collect(),
    };
    let keep = call.node.int("keepdims").unwrap_or(1) != 0;
    reduce(b, reduction, x, &axes, keep)
}

/// Reduces the given axes, which are in rising order.
pub(crate) fn reduce<A: Scalar>(
    b: &mut Builder<A>,
    reduction: Reduction,
    x: Slot,
    axes: &[usize],
    keep: bool,
) -> Result<Slot> {
    let shape = b.shape(x).to_vec();
    let kept: Vec<usize> = (0..shape.len()).filter(|a| !axes.contains(a)).collect();
    let order = [&kept, axes].concat();
    let mut rows: Vec<usize> = kept.iter().map(|&a| shape[a]).collect();
    let mut to = rows.clone();
    rows.push(axes.iter().map(|&a| shape[a]).product());
    let x = permute(b, x, &order)?;
    let x = reshape_to(b, x, &rows)?;
    let y = along_last(b, reduction, x)?;
    if keep {
        to = shape;
        axes.iter().for_each(|&a| to[a] = 1);
    }
    reshape_to(b, y, &to)
}

/// Reduces the last axis away.
pub(crate) fn along_last<A: Scalar>(
    b: &mut Builder<A>,
    reduction: Reduction,
    x: Slot,
) -> Result<Slot> {
    let shape = b.shape(x);
    let to = shape[..shape.len() - 1].to_vec();
    b.emit_as(b.kind(x), reduction, &[x], &to)
}

impl Reduction {
    fn of<A: Scalar>(self, row: &[A]) -> A {
        match self {
            Self::L1 => sum(row, |x| if x < A::zero() { -x } else { x }),
            Self::L2 => sum(row, |x| x * x).sqrt(),
            Self::LogSum => sum(row, |x| x).ln(),
            Self::LogSumExp => {
                let most = Self::Max.of(row);
                if most.is_infinite() {
                    most
                } else {
                    most + sum(row, |x| (x - most).exp()).ln()
                }
            }
            Self::Max => {
                row.iter().copied().fold(
                    A::neg_infinity(),
                    |a, x| if x > a || x.is_nan() { x } else { a },
                )
            }
            Self::Mean => sum(row, |x| x) / A::of(row.len() as f64),
            Self::Min => {
                row.iter().copied().fold(
                    A::infinity(),
                    |a, x| if x < a || x.is_nan() { x } else { a },
                )
            }
            Self::Prod => row.iter().fold(A::one(), |a, &x| a * x),
            Self::Sum => sum(row, |x| x),
            Self::SumSquare => sum(row, |x| x * x),
        }
    }

    /// Whether its derivative follows from numbers, not only from the length of the row.
    fn reads_numbers(self) -> bool {
        !matches!(self, Self::Mean | Self::Sum)
    }

    /// Fills `out` with the derivatives of the result `y` times `g`; `row` and `y` are there if it reads numbers.
    fn pull<A: Scalar>(self, row: &[A], y: A, g: A, out: &mut [A]) {
        let (zero, one) = (A::zero(), A::one());
        let mut slope = |f: &dyn Fn(A) -> A| {
            out.iter_mut()
                .zip(row)
                .for_each(|(out, &x)| *out = g * f(x));
        };
        match self {
            Self::L1 => slope(&|x| if x == zero { zero } else { x.signum() }),
            Self::L2 => slope(&|x| if y == zero { zero } else { x / y }),
            Self::LogSum => slope(&|_| (-y).exp()),
            Self::LogSumExp => slope(&|x| (x - y).exp()),
            Self::Max | Self::Min => {
                let equal = row.iter().filter(|&&x| x == y).count();
                let share = A::of(equal.max(1) as f64).recip();
                slope(&|x| if x == y { share } else { zero });
            }
            Self::Prod => {
                // products of what stands before, then of what stands after: no division by zero
                let mut before = one;
                for (out, &x) in out.iter_mut().zip(row) {
                    *out = g * before;
                    before *= x;
                }
                let mut after = one;
                for (out, &x) in out.iter_mut().zip(row).rev() {
                    *out *= after;
                    after *= x;
                }
            }
            Self::Mean => out.fill(g * A::of(out.len() as f64).recip()),
            Self::Sum => out.fill(g),
            Self::SumSquare => slope(&|x| x + x),
        }
    }
}

impl<A: Scalar> Op<A> for Reduction {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let shape = inputs[0].shape();
        let (&width, outer) = shape.split_last().expect("the last axis is reduced");
        let data = match width {
            0 => vec![self.of(&[]); outer.iter().product()],
            _ => inputs[0]
                .data()
                .chunks_exact(width)
                .map(|row| self.of(row))
                .collect(),
        };
        vec![Tensor::new(outer, data)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let x = pass.inputs[0];
        let width = x.shape().last().copied().unwrap_or(1).max(1);
        let mut data = buffer::of_any_value(x.len());
        let results = data.chunks_exact_mut(width).zip(pass.gradient().data());
        for (i, (out, &g)) in results.enumerate() {
            let (row, y) = match self.reads_numbers() {
                true => (&x.data()[i * width..][..width], pass.outputs[0].data()[i]),
                false => (&[][..], A::zero()),
            };
            self.pull(row, y, g, out);
        }
        vec![Some(Tensor::new(x.shape(), data))]
    }

    fn reads_input(&self, _: usize, _: &[bool]) -> bool {
        self.reads_numbers()
    }

    fn reads_outputs(&self) -> bool {
        self.reads_numbers()
    }
}
