//! Numbers gathered at indices, known in advance or computed from the model's input.

use xcebra_model::Scalar;

use super::index::Indexing;
use super::select::Select;
use super::{Call, Op, Pass};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::tensor::Tensor;

/// Blocks of the first input at the indices of the second. The indices have no derivative.
struct Take(Indexing);

pub(crate) fn gather_elements<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, indices) = (call.required(b, 0)?, call.required(b, 1)?);
    let axis = call.node.int("axis").unwrap_or(0);
    let indexing = Indexing::elements(b, axis, b.shape(x), b.shape(indices))?;
    take(b, indexing, x, indices)
}

pub(crate) fn gather_nd<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, indices) = (call.required(b, 0)?, call.required(b, 1)?);
    let shared = call.node.int("batch_dims").unwrap_or(0);
    let indexing = Indexing::places(b, shared, b.shape(x), b.shape(indices))?;
    take(b, indexing, x, indices)
}

/// `Gather` with indices that depend on the model's input.
pub(crate) fn gather<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, indices) = (call.required(b, 0)?, call.required(b, 1)?);
    along(b, call.node.int("axis").unwrap_or(0), x, indices)
}

/// Entries of the first axis.
pub(crate) fn rows<A: Scalar>(b: &mut Builder<A>, x: Slot, indices: Slot) -> Result<Slot> {
    along(b, 0, x, indices)
}

/// Entries of an axis.
pub(crate) fn along<A: Scalar>(
    b: &mut Builder<A>,
    axis: i64,
    x: Slot,
    indices: Slot,
) -> Result<Slot> {
    let indexing = Indexing::along(b, axis, b.shape(x), b.shape(indices))?;
    take(b, indexing, x, indices)
}

fn take<A: Scalar>(b: &mut Builder<A>, indexing: Indexing, x: Slot, indices: Slot) -> Result<Slot> {
    let indexing = indexing.resolve(b, indices)?;
    let (kind, shape) = (b.kind(x), indexing.shape.clone());
    if indexing.varies() {
        return b.emit_as(kind, Take(indexing), &[x, indices], &shape);
    }
    let from = b.shape(x).to_vec();
    let block = indexing.block;
    let starts = indexing.into_fixed().unwrap_or_default();
    let map = starts.iter().flat_map(|&s| s..s + block).collect();
    b.emit_as(kind, Select::places(&from, &shape, map), &[x], &shape)
}

impl<A: Scalar> Op<A> for Take {
    fn check(&self, inputs: &[&Tensor<A>]) -> Result<(), String> {
        self.0.check(inputs[1].data())
    }

    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let (x, block) = (inputs[0].data(), self.0.block);
        let mut data = Vec::with_capacity(self.0.shape.iter().product());
        for start in self.0.blocks(Some(inputs[1].data())) {
            data.extend_from_slice(&x[start..start + block]);
        }
        vec![Tensor::new(&self.0.shape, data)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let x = pass.inputs[0];
        let mut data = vec![A::zero(); x.data().len()];
        let block = self.0.block.max(1);
        let gradients = pass.gradient().data().chunks_exact(block);
        let starts = self.0.blocks(Some(pass.inputs[1].data()));
        for (start, gradient) in starts.into_iter().zip(gradients) {
            let to = &mut data[start..start + block];
            to.iter_mut().zip(gradient).for_each(|(sum, &g)| *sum += g);
        }
        vec![Some(Tensor::new(x.shape(), data)), None]
    }
}
