//! The pseudo-inverse of another method's attributions.

use xcebra_model::Scalar;

use crate::attributions::Attributions;
use crate::batch::Batch;
use crate::error::Result;
use crate::inverse::{check, invert_transposed};
use crate::method::Method;
use crate::overview::Needs;

/// The inverse of another method, `"…-inverse"`: the pseudo-inverse of the matrix (outputs by
/// inputs) that the method attributes to a sample, as the paper inverts integrated gradients,
/// ablations and Shapley values beside the gradient (Schneider et al., AISTATS 2025, arXiv
/// 2502.12977). Of the neuron gradient it is the [inverted](crate::methods::InvertedNeuronGradient) one.
///
/// Groups of inputs that share an attribution are inverted as they are: equal columns.
pub struct Inverse<A> {
    method: Box<dyn Method<A>>,
    name: String,
}

impl<A: Scalar> Inverse<A> {
    /// The inverse of `method`.
    pub fn new(method: impl Method<A> + 'static) -> Self {
        Self {
            name: format!("{}-inverse", method.name()),
            method: Box::new(method),
        }
    }
}

impl<A: Scalar> Method<A> for Inverse<A> {
    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self) -> Result<()> {
        self.method.check()
    }

    fn attribute(&self, batch: &Batch<'_, A>) -> Result<Attributions> {
        let found = self.method.attribute(batch)?.values;
        let (_, outputs, inputs) = found.dim();
        check(
            "the attribution to be inverted",
            &found.view(),
            batch.first_sample(),
        )?;
        let cutoff = batch.tolerance().cutoff::<A>(outputs, inputs)?;
        let (values, inversions) = invert_transposed(&found, cutoff, batch.first_sample())?;
        Ok(Attributions::new(values).with_inversions(inversions))
    }

    fn needs(&self) -> Needs {
        self.method.needs()
    }

    fn evaluations(&self, outputs: usize, inputs: usize) -> usize {
        self.method.evaluations(outputs, inputs)
    }

    fn columns(&self, outputs: usize) -> usize {
        self.method.columns(outputs)
    }
}
