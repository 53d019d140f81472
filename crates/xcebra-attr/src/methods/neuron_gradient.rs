//! Neuron gradient.

use xcebra_model::Scalar;

use crate::attributions::Attributions;
use crate::batch::Batch;
use crate::error::Result;
use crate::method::Method;

/// The neuron gradient, `"neuron-gradient"`: the Jacobian itself, `∂f_k/∂x_j`
/// (captum: `Saliency(abs=False)`, CEBRA: `jf`).
///
/// The simplest baseline; unlike the [inverted](crate::methods::InvertedNeuronGradient) one it does not
/// undo the linear mixing of latents within the outputs.
#[derive(Clone, Copy, Debug, Default)]
pub struct NeuronGradient;

impl<A: Scalar> Method<A> for NeuronGradient {
    fn name(&self) -> &str {
        "neuron-gradient"
    }

    fn attribute(&self, batch: &Batch<'_, A>) -> Result<Attributions> {
        Ok(Attributions::new(batch.jacobians()?.clone()))
    }
}
