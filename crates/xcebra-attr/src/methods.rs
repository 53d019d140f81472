//! The attribution methods, one file each, and the catalogue of their names.

mod aligned;
mod exact_shapley;
mod feature_ablation;
mod gradient_shap;
mod input_x_gradient;
mod integrated_gradients;
mod inverse;
mod inverted_neuron_gradient;
mod neuron_gradient;
mod occlusion;
mod replace;
mod shapley_sampling;
mod smooth_grad;

use xcebra_model::Scalar;

use crate::error::Result;
use crate::method::Method;
use crate::parameters::Parameters;

pub use aligned::Aligned;
pub use exact_shapley::ExactShapley;
pub use feature_ablation::FeatureAblation;
pub use gradient_shap::GradientShap;
pub use input_x_gradient::InputXGradient;
pub use integrated_gradients::IntegratedGradients;
pub use inverse::Inverse;
pub use inverted_neuron_gradient::InvertedNeuronGradient;
pub use neuron_gradient::NeuronGradient;
pub use occlusion::Occlusion;
pub use shapley_sampling::ShapleySampling;
pub use smooth_grad::{Noise, SmoothGrad};

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
pub(crate) type Make<A> = fn(&mut Parameters) -> Result<Box<dyn Method<A>>>;

/// Every name with how to make its method.
pub(crate) fn catalogue<A: Scalar>() -> Vec<(&'static str, Make<A>)> {
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
