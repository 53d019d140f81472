//! Inverted neuron gradient.

use xcebra_model::Scalar;

use crate::attributions::Attributions;
use crate::batch::Batch;
use crate::error::Result;
use crate::inverse::invert_transposed;
use crate::method::Method;

/// The inverted neuron gradient (ING), `"ing"`: the pseudo-inverse `J_f(x)⁺` of the Jacobian
/// (CEBRA: `jf-inv-svd`).
///
/// For an encoder `f` that identifies the latents `z` of `x = g(z)` up to a linear map `L` and
/// whose Jacobian has least norm, `J_f⁺ = J_g L⁻¹`: its zeros are those of the generating process
/// (Schneider, González Laiz, Filippova, Frey, Mathis, AISTATS 2025, arXiv 2502.12977).
///
/// Singular values within [`Options::tolerance`](crate::Options::tolerance) of zero are
/// dropped, so redundant, clipped or normalised outputs do no harm; the map reports the ranks.
#[derive(Clone, Copy, Debug, Default)]
pub struct InvertedNeuronGradient;

impl<A: Scalar> Method<A> for InvertedNeuronGradient {
    fn name(&self) -> &str {
        "ing"
    }

    fn attribute(&self, batch: &Batch<'_, A>) -> Result<Attributions> {
        let jacobians = batch.jacobians()?;
        let (_, outputs, inputs) = jacobians.dim();
        let cutoff = batch.tolerance().cutoff::<A>(outputs, inputs)?;
        let (values, inversions) = invert_transposed(jacobians, cutoff, batch.first_sample())?;
        Ok(Attributions::new(values).with_inversions(inversions))
    }
}
