//! Evaluating a model at many points around each sample, in calls of bounded size.

use ndarray::Array2;
use xcebra_model::Scalar;

use crate::batch::Batch;
use crate::error::{AttrError, Result};
use crate::jacobian::estimate_unchecked;

/// Most points in one call to the model.
const MAX_POINTS: usize = 4096;

/// Most numbers one call takes or returns: 4 MiB of `f64`.
const MAX_ENTRIES: usize = 1 << 19;

/// Evaluates the model at `points` points of each sample of `batch`. `fill(sample, point, row)` writes
/// the flattened point into a row that holds the sample; `take(sample, point, outputs)` is given
/// the outputs there. Both see points in order, sample by sample, `fill` ahead of `take`.
pub(crate) fn values<A: Scalar>(
    batch: &Batch<'_, A>,
    points: usize,
    fill: impl FnMut(usize, usize, &mut [A]),
    mut take: impl FnMut(usize, usize, &[f64]),
) -> Result<()> {
    let (inputs, outputs) = (batch.inputs(), batch.outputs());
    in_calls(batch, points, inputs.max(outputs), fill, |x, each| {
        let shape = [&[x.nrows()], batch.model().input_shape()].concat();
        let x = x.view().into_shape_with_order(shape);
        let y = batch.model().forward(x.expect("rows are whole samples"));
        let y = y.map_err(|source| batch.model_error(source))?;
        if y.dim() != (each.len(), outputs) {
            return Err(AttrError::Shape {
                what: "the batch of values the model returned",
                found: y.shape().to_vec(),
                expected: format!("({}, {outputs}), samples by outputs", each.len()),
            });
        }
        let mut row = vec![0.0; outputs];
        for (&(sample, point), y) in each.iter().zip(y.outer_iter()) {
            for (row, y) in row.iter_mut().zip(y) {
                *row = y.as_f64();
            }
            take(sample, point, &row);
        }
        Ok(())
    })
}

/// The same for Jacobians, `take(sample, point, jacobian)` with row-major `outputs × inputs`.
pub(crate) fn jacobians<A: Scalar>(
    batch: &Batch<'_, A>,
    points: usize,
    fill: impl FnMut(usize, usize, &mut [A]),
    mut take: impl FnMut(usize, usize, &[f64]),
) -> Result<()> {
    let size = batch.inputs() * batch.outputs();
    in_calls(batch, points, size, fill, |x, each| {
        let shape = [&[x.nrows()], batch.model().input_shape()].concat();
        let x = x.view().into_shape_with_order(shape);
        let x = x.expect("rows are whole samples");
        let by = batch.jacobian_by();
        let found = estimate_unchecked(batch.model(), x, batch.first_sample(), by)?;
        let found = found.as_standard_layout();
        let matrices = found.as_slice().expect("standard layout");
        for (&(sample, point), jacobian) in each.iter().zip(matrices.chunks_exact(size)) {
            take(sample, point, jacobian);
        }
        Ok(())
    })
}

fn in_calls<A: Scalar>(
    batch: &Batch<'_, A>,
    points: usize,
    entries: usize,
    mut fill: impl FnMut(usize, usize, &mut [A]),
    mut call: impl FnMut(&Array2<A>, &[(usize, usize)]) -> Result<()>,
) -> Result<()> {
    let rows = batch.rows();
    let all = batch.len() * points;
    let per_call = (MAX_ENTRIES / entries.max(1)).clamp(1, MAX_POINTS);
    for first in (0..all).step_by(per_call) {
        let each: Vec<_> = (first..(first + per_call).min(all))
            .map(|i| (i / points, i % points))
            .collect();
        let mut x = Array2::zeros((each.len(), batch.inputs()));
        for (mut x, &(sample, point)) in x.outer_iter_mut().zip(&each) {
            x.assign(&rows.row(sample));
            fill(
                sample,
                point,
                x.as_slice_mut().expect("rows are contiguous"),
            );
        }
        call(&x, &each)?;
    }
    Ok(())
}
