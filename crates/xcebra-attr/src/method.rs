//! What an attribution method is, and what it is given and returns.

use std::ops::Deref;
use std::sync::Arc;

use xcebra_model::Scalar;

use crate::error::Result;

pub use crate::attributions::Attributions;
pub use crate::batch::Batch;
pub use crate::overview::{Needs, Overview};

/// An attribution method: how much each input of a sample matters to each output.
///
/// To add one: implement this trait in a file of `methods/` and name it in `catalogue.rs`.
pub trait Method<A: Scalar>: Send + Sync {
    /// Name by which users ask for the method, in lower case with hyphens.
    fn name(&self) -> &str;

    /// Looks whether the settings are valid. [`attribute`](crate::attribute) asks every method before it
    /// evaluates the model; by default there is nothing to refuse.
    ///
    /// # Errors
    /// [`AttrError::Parameter`](crate::AttrError::Parameter), naming the setting.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Attributes each sample of `batch` on its own.
    ///
    /// The result may depend on the samples and on their indices, but not on how they are cut into
    /// batches.
    ///
    /// # Errors
    /// Those of the model, and of the method's own arithmetic.
    fn attribute(&self, batch: &Batch<'_, A>) -> Result<Attributions>;

    /// What the method needs to know of all samples; by default nothing.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// Evaluations of the model (its value, or one pull-back) for one sample, to choose batches by;
    /// by default one pull-back for each output.
    fn evaluations(&self, outputs: usize, inputs: usize) -> usize {
        let _ = inputs;
        outputs
    }

    /// Number of columns of the map for a model with `outputs` outputs; by default as many.
    fn columns(&self, outputs: usize) -> usize {
        outputs
    }
}

impl<A: Scalar> Method<A> for Arc<dyn Method<A>> {
    fn name(&self) -> &str {
        self.deref().name()
    }
    fn check(&self) -> Result<()> {
        self.deref().check()
    }
    fn attribute(&self, batch: &Batch<'_, A>) -> Result<Attributions> {
        self.deref().attribute(batch)
    }
    fn needs(&self) -> Needs {
        self.deref().needs()
    }
    fn evaluations(&self, outputs: usize, inputs: usize) -> usize {
        self.deref().evaluations(outputs, inputs)
    }
    fn columns(&self, outputs: usize) -> usize {
        self.deref().columns(outputs)
    }
}
