//! Input times gradient.

use ndarray::Axis;
use xcebra_model::Scalar;

use crate::attributions::Attributions;
use crate::batch::Batch;
use crate::error::Result;
use crate::method::Method;

/// Input times gradient, `"input-x-gradient"`: `x_j ∂f_k/∂x_j`, integrated gradients with a zero
/// baseline and one step (captum: `InputXGradient`).
#[derive(Clone, Copy, Debug, Default)]
pub struct InputXGradient;

impl<A: Scalar> Method<A> for InputXGradient {
    fn name(&self) -> &str {
        "input-x-gradient"
    }

    fn attribute(&self, batch: &Batch<'_, A>) -> Result<Attributions> {
        let x = batch.rows().mapv(Scalar::as_f64).insert_axis(Axis(1));
        Ok(Attributions::new(batch.jacobians()? * &x))
    }
}
