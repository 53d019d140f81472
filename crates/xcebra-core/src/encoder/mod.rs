//! Encoders: their architectures, parameters, files, and their face as a `Model`.

mod architecture;
mod cebra;
mod cebra_sessions;
mod custom;
mod embed;
mod files;
mod limits;
mod model;
mod names;
mod trainable;

pub use architecture::{Architecture, Layer};
pub use custom::{Custom, TensorEncoder};
pub use embed::{Edges, Embedding};
pub use names::{EncoderName, Sizes};
pub use trainable::Trainable;

use std::sync::{Arc, OnceLock};

use rand::Rng;
use rand::distributions::Uniform;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::error::{CoreError, Result};
use crate::ops::Element;
use crate::ops::{Cpu, Engine, Network, Packed};
use crate::streams;

/// An encoder: an [`Architecture`] with the numbers it has learned.
///
/// It implements [`xcebra_model::Model`], so that every attribution method takes it.
#[derive(Clone, Debug)]
pub struct Encoder<E> {
    architecture: Architecture,
    network: Arc<Network>,
    parameters: Vec<E>,
    input_shape: Vec<usize>,
    engine: Arc<dyn Engine<E>>,
    /// Once it is used as a model.
    packed: OnceLock<Arc<Packed>>,
}

impl<E: Element> Encoder<E> {
    /// A fresh encoder, with PyTorch's initialisation of linear layers and convolutions: weights
    /// and biases uniform in ±1/√(inputs · kernel), and around the identity where the layer
    /// [says so](Layer::identity). The same seed gives the same encoder in `f32` and `f64`, up to
    /// rounding.
    ///
    /// # Errors
    /// [`CoreError::Setting`] if the architecture is impossible.
    pub fn new(architecture: Architecture, seed: u64) -> Result<Self> {
        Self::of_subject(architecture, seed, 0)
    }

    /// As [`new`](Self::new), for the subject of that number: each has its own weights.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_subject(architecture: Architecture, seed: u64, subject: usize) -> Result<Self> {
        architecture.check()?;
        let network = architecture.network();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(streams::weights(subject));
        let mut parameters = vec![E::zero(); network.parameters()];
        for (layer, spec) in network.layers.iter().zip(&architecture.layers) {
            let bound = 1.0 / ((layer.inputs * layer.kernel) as f64).sqrt();
            let uniform = Uniform::new_inclusive(-bound, bound);
            for p in &mut parameters[layer.weight.start..layer.bias.end] {
                *p = E::of(rng.sample(uniform));
            }
            if spec.identity {
                layer.add_identity(&mut parameters);
            }
        }
        Ok(Self::assemble(architecture, network, parameters))
    }

    /// An encoder with given parameters, laid out as [`layout`](Self::layout) says.
    ///
    /// # Errors
    /// [`CoreError::Setting`] if the architecture is impossible; [`CoreError::Data`] if the parameters
    /// are of another number or not finite.
    pub fn from_parameters(architecture: Architecture, parameters: Vec<E>) -> Result<Self> {
        architecture.check()?;
        let network = architecture.network();
        if parameters.len() != network.parameters() {
            return Err(CoreError::data(
                "the parameters",
                format!(
                    "{} numbers for an encoder of {}",
                    parameters.len(),
                    network.parameters()
                ),
                "pass the parameters of the same architecture",
            ));
        }
        if let Some(at) = parameters.iter().position(|p| !p.is_finite()) {
            return Err(CoreError::data(
                "the parameters",
                format!("number {at} is {}", parameters[at]),
                "train again: the model file holds a failed run",
            ));
        }
        Ok(Self::assemble(architecture, network, parameters))
    }

    fn assemble(architecture: Architecture, network: Network, parameters: Vec<E>) -> Self {
        let input_shape = match network.window() {
            1 => vec![network.channels()],
            window => vec![network.channels(), window],
        };
        Self {
            architecture,
            network: Arc::new(network),
            parameters,
            input_shape,
            engine: Arc::new(Cpu::default()),
            packed: OnceLock::new(),
        }
    }

    /// The parameters as the products take them.
    fn weights(&self) -> (&[E], &Packed) {
        let pack = || Arc::new(self.network.pack(&self.parameters));
        (&self.parameters, self.packed.get_or_init(pack))
    }

    /// The same encoder with the layers of another after its first one.
    ///
    /// # Errors
    /// [`CoreError::Data`] if they are of other sizes.
    pub fn with_trunk_of(self, other: &Self) -> Result<Self> {
        let own = self.network.layers[0].bias.end;
        let trunk = &other.parameters[other.network.layers[0].bias.end..];
        let parameters = [&self.parameters[..own], trunk].concat();
        Self::from_parameters(self.architecture, parameters)
    }

    /// The architecture.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// All parameters, one layer after another: weight (kernel, out, in) row-major, then bias
    /// (out).
    pub fn parameters(&self) -> &[E] {
        &self.parameters
    }

    /// The same encoder, trained by another engine than [`Cpu`]. As a model it is computed by the
    /// processor.
    #[must_use]
    pub fn on(self, engine: Arc<dyn Engine<E>>) -> Self {
        Self { engine, ..self }
    }

    /// Name, shape and first position of each tensor in [`parameters`](Self::parameters):
    /// `layers.0.weight`, `layers.0.bias`, … A weight is (out, in), or (kernel, out, in) with more
    /// than one tap; tap `j` of a convolution sees the time `t + j`.
    pub fn layout(&self) -> Vec<(String, Vec<usize>, usize)> {
        self.network
            .layers
            .iter()
            .enumerate()
            .flat_map(|(l, layer)| {
                let mut shape = vec![layer.kernel, layer.outputs, layer.inputs];
                if layer.kernel == 1 {
                    shape.remove(0);
                }
                [
                    (format!("layers.{l}.weight"), shape, layer.weight.start),
                    (
                        format!("layers.{l}.bias"),
                        vec![layer.outputs],
                        layer.bias.start,
                    ),
                ]
            })
            .collect()
    }
}
