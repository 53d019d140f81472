//! The attribution methods, one file each, and what they are told.

mod align;
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

pub use align::{Alignment, align};
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

pub use crate::baseline::Baseline;
pub use crate::catalogue::title;
pub use crate::groups::Groups;
pub use xcebra_numeric::Rule;
