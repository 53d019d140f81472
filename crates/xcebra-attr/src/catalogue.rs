//! Methods by their names: the list of all, and lists from text such as `name` or `name(key=value, …)`,
//! separated by commas.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use xcebra_model::Scalar;

use crate::error::{AttrError, Result};
use crate::method::Method;
use crate::methods::{
    ExactShapley, FeatureAblation, GradientShap, InputXGradient, IntegratedGradients, Inverse,
    InvertedNeuronGradient, NeuronGradient, Occlusion, ShapleySampling, SmoothGrad,
};
use crate::parameters::Parameters;

/// A list of methods, parsed from names such as `"ing,neuron-gradient"` or put together.
///
/// Names may have parameters in parentheses: `"integrated-gradients(nodes=100, baseline=mean)"`. The
/// README of the crate lists names, and the builder of each method says what its parameters are.
///
/// ```
/// use xcebra_attr::Methods;
/// use xcebra_attr::methods::{InvertedNeuronGradient, IntegratedGradients, Rule};
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
#[derive(Clone)]
pub struct Methods<A>(Vec<Arc<dyn Method<A>>>);

impl<A: Scalar> Methods<A> {
    /// Every method that has a name, with its defaults. `exact-shapley` refuses models with more
    /// than 16 inputs.
    pub fn all() -> Self {
        let defaults =
            |(_, make): (_, Make<A>)| make(&mut Parameters::none()).expect("defaults are valid");
        let all = catalogue().into_iter().map(defaults);
        Self(all.map(Arc::from).collect())
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

    /// Leaves out the method of a name, if it is there.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|method| method.name() != name);
        self
    }

    pub(crate) fn push(&mut self, method: Box<dyn Method<A>>) {
        self.0.push(method.into());
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
    type Target = [Arc<dyn Method<A>>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<A: Scalar> fmt::Debug for Methods<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl<A: Scalar> FromStr for Methods<A> {
    type Err = AttrError;

    /// Parses names, with parameters in parentheses or without, separated by commas; spaces around
    /// them are ignored.
    fn from_str(list: &str) -> Result<Self> {
        let catalogue = catalogue();
        let mut chosen = Self::new();
        for item in split(list)? {
            let (name, parameters) = match item.split_once('(') {
                Some((name, rest)) => (name.trim(), rest.trim_end_matches(')')),
                None => (item, ""),
            };
            let Some((_, make)) = catalogue.iter().find(|(known, _)| *known == name) else {
                let valid: Vec<_> = catalogue.iter().map(|(name, _)| *name).collect();
                return Err(AttrError::UnknownMethod {
                    found: name.to_owned(),
                    valid: valid.join(", "),
                });
            };
            if chosen.names().contains(&name) {
                let found = format!("\"{list}\", with {name} twice");
                let expected = "each attribution method at most once";
                return Err(AttrError::parameter("the list of methods", found, expected));
            }
            let mut parameters = Parameters::parse(parameters)?;
            let method = make(&mut parameters)?;
            method.check()?;
            chosen.push(method);
            parameters.finish(name)?;
        }
        Ok(chosen)
    }
}

/// Items between the commas outside parentheses.
fn split(list: &str) -> Result<Vec<&str>> {
    let (mut items, mut start, mut inside) = (Vec::new(), 0, false);
    let unbalanced = || {
        let expected = "name(key=value, …), with each parenthesis closed";
        AttrError::parameter("the list of methods", format!("\"{list}\""), expected)
    };
    for (at, c) in list.char_indices() {
        match c {
            '(' if inside => return Err(unbalanced()),
            ')' if !inside => return Err(unbalanced()),
            '(' | ')' => inside = c == '(',
            ',' if !inside => {
                items.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(list[start..].trim());
    let closed = |item: &&str| !item.contains(')') || item.ends_with(')');
    if inside || !items.iter().all(closed) {
        return Err(unbalanced());
    }
    Ok(items)
}

/// The name of a method for a reader.
pub fn title(method: &str) -> &str {
    match method {
        "ing" => "Inverted neuron gradient",
        "neuron-gradient" => "Neuron gradient",
        "input-x-gradient" => "Input × gradient",
        "smooth-grad" => "SmoothGrad",
        "integrated-gradients" => "Integrated gradients",
        "gradient-shap" => "Gradient SHAP",
        "feature-ablation" => "Feature ablation",
        "occlusion" => "Occlusion",
        "shapley-sampling" => "Shapley values, sampled",
        "exact-shapley" => "Shapley values",
        other => other,
    }
}

/// Makes a method of its parameters.
type Make<A> = fn(&mut Parameters) -> Result<Box<dyn Method<A>>>;

/// Every name with how to make its method.
fn catalogue<A: Scalar>() -> Vec<(&'static str, Make<A>)> {
    vec![
        ("ing", |_| Ok(Box::new(InvertedNeuronGradient))),
        ("neuron-gradient", |_| Ok(Box::new(NeuronGradient))),
        ("neuron-gradient-inverse", |_| inverse(NeuronGradient)),
        ("input-x-gradient", |_| Ok(Box::new(InputXGradient))),
        ("input-x-gradient-inverse", |_| inverse(InputXGradient)),
        ("smooth-grad", |p| Ok(Box::new(SmoothGrad::parse(p)?))),
        ("smooth-grad-inverse", |p| inverse(SmoothGrad::parse(p)?)),
        ("integrated-gradients", |p| {
            Ok(Box::new(IntegratedGradients::parse(p)?))
        }),
        ("integrated-gradients-inverse", |p| {
            inverse(IntegratedGradients::parse(p)?)
        }),
        ("gradient-shap", |p| Ok(Box::new(GradientShap::parse(p)?))),
        ("gradient-shap-inverse", |p| {
            inverse(GradientShap::parse(p)?)
        }),
        ("feature-ablation", |p| {
            Ok(Box::new(FeatureAblation::parse(p)?))
        }),
        ("feature-ablation-inverse", |p| {
            inverse(FeatureAblation::parse(p)?)
        }),
        ("occlusion", |p| Ok(Box::new(Occlusion::parse(p)?))),
        ("occlusion-inverse", |p| inverse(Occlusion::parse(p)?)),
        ("shapley-sampling", |p| {
            Ok(Box::new(ShapleySampling::parse(p)?))
        }),
        ("shapley-sampling-inverse", |p| {
            inverse(ShapleySampling::parse(p)?)
        }),
        ("exact-shapley", |p| Ok(Box::new(ExactShapley::parse(p)?))),
        ("exact-shapley-inverse", |p| {
            inverse(ExactShapley::parse(p)?)
        }),
    ]
}

fn inverse<A: Scalar>(method: impl Method<A> + 'static) -> Result<Box<dyn Method<A>>> {
    Ok(Box::new(Inverse::new(method)))
}

#[cfg(test)]
mod tests;
