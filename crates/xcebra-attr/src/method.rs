//! What an attribution method is, and the list of those there are.

use std::cell::OnceCell;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use ndarray::{Array3, ArrayD, ArrayViewD};
use xcebra_model::{Model, ModelError, Scalar};

use crate::error::{AttrError, Result};
use crate::inverse::{Inversion, Tolerance};
use crate::jacobian::jacobians_from;
use crate::methods::{InvertedNeuronGradient, NeuronGradient};

/// An attribution method: how much each input of a sample matters to each output.
///
/// To add one: implement this trait in a file of `methods/` and name it in the list of
/// [`Methods::all`].
pub trait Method<A: Scalar>: Send + Sync {
    /// Name by which users ask for the method, in lower case with hyphens.
    fn name(&self) -> &'static str;

    /// Attributes each sample of `batch` on its own.
    ///
    /// The result may depend on the samples and on their indices, but not on how they are cut into
    /// batches.
    ///
    /// # Errors
    /// Those of the model, and of the method's own arithmetic.
    fn attribute(&self, batch: &Batch<'_, A>) -> Result<Attributions>;
}

/// What a method found for a batch.
#[derive(Clone, Debug)]
pub struct Attributions {
    /// `(n, outputs, inputs)`, the inputs flattened; laid out as the Jacobians are.
    pub values: Array3<f64>,
    /// For methods that invert Jacobians: rank and condition of each.
    pub inversions: Option<Vec<Inversion>>,
}

/// Consecutive samples, and what methods share about them.
pub struct Batch<'a, A> {
    model: &'a dyn Model<A>,
    x: ArrayD<A>,
    first_sample: usize,
    tolerance: Tolerance,
    jacobians: OnceCell<Array3<f64>>,
}

impl<'a, A: Scalar> Batch<'a, A> {
    pub(crate) fn new(
        model: &'a dyn Model<A>,
        x: ArrayD<A>,
        first_sample: usize,
        tolerance: Tolerance,
    ) -> Self {
        Self {
            model,
            x,
            first_sample,
            tolerance,
            jacobians: OnceCell::new(),
        }
    }

    /// The model to be explained.
    pub fn model(&self) -> &'a dyn Model<A> {
        self.model
    }

    /// The samples, `(n, …input_shape)`.
    pub fn x(&self) -> ArrayViewD<'_, A> {
        self.x.view()
    }

    /// Index of the first of them among all samples; seed random choices with
    /// it, and name it in errors.
    pub fn first_sample(&self) -> usize {
        self.first_sample
    }

    /// Wraps an error of the model, naming these samples.
    pub fn model_error(&self, source: ModelError) -> AttrError {
        let first = self.first_sample;
        AttrError::Model {
            first,
            end: first + self.x.shape()[0],
            source,
        }
    }

    /// Tolerance of pseudo-inverses.
    pub fn tolerance(&self) -> Tolerance {
        self.tolerance
    }

    /// Jacobians `(n, outputs, inputs)`, all finite; computed when first asked for, once for all
    /// methods.
    ///
    /// # Errors
    /// As [`jacobians`](crate::jacobians).
    pub fn jacobians(&self) -> Result<&Array3<f64>> {
        if let Some(known) = self.jacobians.get() {
            return Ok(known);
        }
        let computed = jacobians_from(self.model, self.x.view(), self.first_sample)?;
        Ok(self.jacobians.get_or_init(|| computed))
    }
}

/// A list of methods, parsed from names such as `"ing,neuron-gradient"` or put together.
///
/// ```
/// use xcebra_attr::{InvertedNeuronGradient, Methods};
///
/// let named: Methods<f32> = "ing,neuron-gradient".parse()?;
/// assert_eq!(named.names(), ["ing", "neuron-gradient"]);
///
/// let one = Methods::<f32>::new().with(InvertedNeuronGradient);
/// assert_eq!(one.names(), ["ing"]);
/// # Ok::<(), xcebra_attr::AttrError>(())
/// ```
pub struct Methods<A>(Vec<Box<dyn Method<A>>>);

impl<A: Scalar> Methods<A> {
    /// Every method of this crate, with its defaults.
    pub fn all() -> Self {
        Self(vec![
            Box::new(InvertedNeuronGradient),
            Box::new(NeuronGradient),
        ])
    }

    /// No method.
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a method.
    #[must_use]
    pub fn with(mut self, method: impl Method<A> + 'static) -> Self {
        self.0.push(Box::new(method));
        self
    }

    /// Their names, in order.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|method| method.name()).collect()
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

impl<A: Scalar> FromStr for Methods<A> {
    type Err = AttrError;

    /// Parses names separated by commas; spaces around them are ignored.
    fn from_str(list: &str) -> Result<Self> {
        let mut left = Self::all();
        let valid = left.names();
        let mut chosen = Self::new();
        for name in list.split(',').map(str::trim) {
            if let Some(at) = left.0.iter().position(|method| method.name() == name) {
                chosen.0.push(left.0.remove(at));
            } else if valid.contains(&name) {
                let found = format!("\"{list}\", with {name} twice");
                let expected = "each attribution method at most once";
                return Err(AttrError::parameter("the list of methods", found, expected));
            } else {
                return Err(AttrError::UnknownMethod {
                    found: name.to_owned(),
                    valid: valid.join(", "),
                });
            }
        }
        Ok(chosen)
    }
}

impl<A: Scalar> fmt::Debug for Methods<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_keep_their_order_and_name_what_is_wrong() {
        let methods: Methods<f64> = " neuron-gradient, ing".parse().unwrap();
        assert_eq!(methods.names(), ["neuron-gradient", "ing"]);
        let error = "ing,gradient".parse::<Methods<f64>>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no attribution method \"gradient\"; choose among: ing, neuron-gradient"
        );
        let error = "ing,ing".parse::<Methods<f64>>().unwrap_err().to_string();
        assert!(error.contains("ing twice"), "{error}");
        assert!("".parse::<Methods<f64>>().is_err());
    }

    #[test]
    fn names_are_unique() {
        let mut names = Methods::<f32>::all().names();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
