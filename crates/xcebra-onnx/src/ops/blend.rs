//! Results that are weighted sums along an axis, running sums among them.

use xcebra_model::Scalar;

use super::{Call, Op, Pass};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::shape::around;
use crate::tensor::Tensor;

/// Every entry of the result along `axis` is a weighted sum of entries of the input.
struct Blend {
    axis: usize,
    /// Entries and weights; as many as the result has entries.
    sums: Vec<Vec<(usize, f64)>>,
}

/// Sums of all entries up to each.
struct CumulativeSum(Running);

/// How results run along an axis.
pub(crate) struct Running {
    pub axis: usize,
    /// Without the entry itself.
    pub exclusive: bool,
    /// From the end.
    pub reverse: bool,
}

impl Running {
    pub fn of<A: Scalar>(b: &Builder<A>, call: &Call<'_>, x: Slot) -> Result<Self> {
        let axis = call.required(b, 1)?;
        let axis = b.number(axis, "the axis")? as i64;
        Ok(Self {
            axis: b.axis(axis, b.rank(x))?,
            exclusive: call.node.flag("exclusive"),
            reverse: call.node.flag("reverse"),
        })
    }
}

/// Weighted sums of entries along an axis, one for each entry of the result.
pub(crate) fn weighted<A: Scalar>(
    b: &mut Builder<A>,
    x: Slot,
    axis: usize,
    sums: Vec<Vec<(usize, f64)>>,
) -> Result<Slot> {
    let mut shape = b.shape(x).to_vec();
    shape[axis] = sums.len();
    b.emit(Blend { axis, sums }, &[x], &shape)
}

pub(crate) fn cumulative_sum<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let op = CumulativeSum(Running::of(b, call, x)?);
    let shape = b.shape(x).to_vec();
    b.emit_as(b.kind(x), op, &[x], &shape)
}

impl<A: Scalar> Op<A> for Blend {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let mut shape = inputs[0].shape().to_vec();
        let (outer, length, inner) = around(&shape, self.axis);
        shape[self.axis] = self.sums.len();
        let mut data = vec![A::zero(); outer * self.sums.len() * inner];
        for i in 0..outer {
            for (j, sum) in self.sums.iter().enumerate() {
                let to = &mut data[(i * self.sums.len() + j) * inner..][..inner];
                for &(k, weight) in sum {
                    let from = &inputs[0].data()[(i * length + k) * inner..][..inner];
                    let weight = A::of(weight);
                    to.iter_mut().zip(from).for_each(|(t, &f)| *t += weight * f);
                }
            }
        }
        vec![Tensor::new(&shape, data)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let shape = pass.inputs[0].shape();
        let (outer, length, inner) = around(shape, self.axis);
        let mut data = vec![A::zero(); outer * length * inner];
        for i in 0..outer {
            for (j, sum) in self.sums.iter().enumerate() {
                let from = &pass.gradient().data()[(i * self.sums.len() + j) * inner..][..inner];
                for &(k, weight) in sum {
                    let to = &mut data[(i * length + k) * inner..][..inner];
                    let weight = A::of(weight);
                    to.iter_mut().zip(from).for_each(|(t, &f)| *t += weight * f);
                }
            }
        }
        vec![Some(Tensor::new(shape, data))]
    }
}

impl CumulativeSum {
    fn run<A: Scalar>(&self, x: &Tensor<A>, reverse: bool) -> Tensor<A> {
        let (outer, length, inner) = around(x.shape(), self.0.axis);
        let mut data = vec![A::zero(); x.data().len()];
        for i in 0..outer * inner {
            let place = |j: usize| (i / inner * length + j) * inner + i % inner;
            let mut sum = A::zero();
            for j in 0..length {
                let at = place(if reverse { length - 1 - j } else { j });
                let before = sum;
                sum += x.data()[at];
                data[at] = if self.0.exclusive { before } else { sum };
            }
        }
        Tensor::new(x.shape(), data)
    }
}

impl<A: Scalar> Op<A> for CumulativeSum {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        vec![self.run(inputs[0], self.0.reverse)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        vec![Some(self.run(pass.gradient(), !self.0.reverse))]
    }
}
