//! The attribution methods, one file each.

mod inverted_neuron_gradient;
mod neuron_gradient;

pub use inverted_neuron_gradient::InvertedNeuronGradient;
pub use neuron_gradient::NeuronGradient;
