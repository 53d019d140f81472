//! What an attribution method is, and lists of them.

use std::fmt;
use std::ops::Deref;

use xcebra_model::Scalar;

use crate::attributions::Attributions;
use crate::batch::Batch;
use crate::error::Result;
use crate::methods::catalogue;
use crate::overview::Needs;
use crate::parameters::Parameters;

/// An attribution method: how much each input of a sample matters to each output.
///
/// To add one: implement this trait in a file of `methods/` and name it in the catalogue of
/// `methods.rs`.
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
    /// by default one pull-back an output.
    fn evaluations(&self, outputs: usize, inputs: usize) -> usize {
        let _ = inputs;
        outputs
    }

    /// Number of columns of the map for a model of so many outputs; by default as many.
    fn columns(&self, outputs: usize) -> usize {
        outputs
    }
}

impl<A: Scalar> Method<A> for Box<dyn Method<A>> {
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

/// A list of methods, parsed from names such as `"ing,neuron-gradient"` or put together.
///
/// Names may have parameters in parentheses: `"integrated-gradients(nodes=100, baseline=mean)"`. The
/// README of the crate lists names, and the builder of each method says what its parameters are.
///
/// ```
/// use xcebra_attr::{InvertedNeuronGradient, IntegratedGradients, Methods, Rule};
///
/// let named: Methods<f32> = "ing, shapley-sampling(permutations=100)".parse()?;
/// assert_eq!(named.names(), ["ing", "shapley-sampling"]);
///
/// let built = Methods::<f32>::new()
///     .with(InvertedNeuronGradient)
///     .with(IntegratedGradients::new().rule(Rule::GaussLegendre(100)));
/// assert_eq!(built.names(), ["ing", "integrated-gradients"]);
/// # Ok::<(), xcebra_attr::AttrError>(())
/// ```
pub struct Methods<A>(Vec<Box<dyn Method<A>>>);

impl<A: Scalar> Methods<A> {
    /// Every method that has a name, with its defaults. `exact-shapley` refuses models with more
    /// than 16 inputs.
    pub fn all() -> Self {
        let defaults = |(_, make): (_, crate::methods::Make<A>)| {
            make(&mut Parameters::none()).expect("defaults are valid")
        };
        Self(catalogue().into_iter().map(defaults).collect())
    }

    /// No method.
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a method.
    #[must_use]
    pub fn with(mut self, method: impl Method<A> + 'static) -> Self {
        self.push(Box::new(method));
        self
    }

    pub(crate) fn push(&mut self, method: Box<dyn Method<A>>) {
        self.0.push(method);
    }

    /// Their names, in order.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(Method::name).collect()
    }
}

impl<A: Scalar> Default for Methods<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A> Deref for Methods<A> {
    type Target = [Box<dyn Method<A>>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<A: Scalar> fmt::Debug for Methods<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
