//! The inverted neuron gradient on tangents.

use ndarray::{Array1, Array3, Axis, Slice};
use xcebra_model::Scalar;

use super::frame::Frame;
use crate::attributions::Attributions;
use crate::batch::Batch;
use crate::error::Result;
use crate::inverse::invert_transposed;
use crate::method::Method;

/// The inverted neuron gradient on the tangents of blocks that lie on a sphere, `"ing-tangent"`.
///
/// If the frame has no spheres and every output has a gradient, the result equals the inverted neuron gradient to the
/// bit.
/// All attributions to a block are zero for samples at which an output of it has no gradient, although it
/// changes elsewhere: [`Effects`](super::Effects) leaves these samples out.
#[derive(Clone, Debug)]
pub struct TangentIng {
    frame: Frame,
}

impl TangentIng {
    /// Of the blocks of `frame`.
    pub fn new(frame: Frame) -> Self {
        Self { frame }
    }
}

/// Name of the method.
pub(crate) const NAME: &str = "ing-tangent";

impl<A: Scalar> Method<A> for TangentIng {
    fn name(&self) -> &str {
        NAME
    }

    fn attribute(&self, batch: &Batch<'_, A>) -> Result<Attributions> {
        let jacobians = batch.jacobians()?;
        let (n, outputs, inputs) = jacobians.dim();
        self.frame.require(n, inputs, outputs)?;
        let cutoff = batch.tolerance().cutoff::<A>(outputs, inputs)?;
        let projected = match self.frame.blocks.iter().any(|b| b.sphere.is_some()) {
            true => Some(self.on_tangents(batch, jacobians)?),
            false => None,
        };
        let inverted = projected.as_ref().unwrap_or(jacobians);
        let (mut values, inversions) = invert_transposed(inverted, cutoff, batch.first_sample())?;
        for (sample, jacobian) in jacobians.outer_iter().enumerate() {
            let still = |k: usize| jacobian.row(k).iter().all(|v| *v == 0.0);
            for block in &self.frame.blocks {
                let mut moving = block.outputs.clone().zip(&block.moves);
                if moving.any(|(k, moves)| *moves && still(k)) {
                    let mut value = values.index_axis_mut(Axis(0), sample);
                    let range = Slice::from(block.outputs.clone());
                    value.slice_axis_mut(Axis(0), range).fill(0.0);
                }
            }
        }
        Ok(Attributions::new(values).with_inversions(inversions))
    }
}

impl TangentIng {
    /// Jacobians without the radial direction of each sphere.
    fn on_tangents<A: Scalar>(
        &self,
        batch: &Batch<'_, A>,
        jacobians: &Array3<f64>,
    ) -> Result<Array3<f64>> {
        let values = batch.model().forward(batch.x());
        let values = values.map_err(|source| batch.model_error(source))?;
        let mut projected = jacobians.clone();
        for block in &self.frame.blocks {
            let Some(sphere) = &block.sphere else {
                continue;
            };
            let range = Slice::from(block.outputs.clone());
            for (sample, mut jacobian) in projected.outer_iter_mut().enumerate() {
                let at = values.index_axis(Axis(0), sample);
                let at = at.slice_axis(Axis(0), range).mapv(Scalar::as_f64);
                let mut normal: Array1<f64> = at - &sphere.centre;
                let distance = normal.dot(&normal).sqrt();
                if distance == 0.0 {
                    continue;
                }
                normal /= distance;
                let mut rows = jacobian.slice_axis_mut(Axis(0), range);
                let radial = normal.dot(&rows);
                for (mut row, &n) in rows.outer_iter_mut().zip(&normal) {
                    row.scaled_add(-n, &radial);
                }
            }
        }
        Ok(projected)
    }
}
