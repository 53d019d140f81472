//! The whole mixing: one network a block of channels.

use ndarray::{Array1, Array2, ArrayRef1, NdFloat};
use rand_chacha::ChaCha8Rng;

use crate::check::{cast, point};
use crate::connectivity::Connectivity;
use crate::error::Result;
use crate::mixing::{HiddenLayers, Mixing, MixingConfig};

/// The mixing function `x = g(z)` of all latents (d) into all channels (D): each block of channels is
/// its own [`Mixing`] of the groups that feed it. The Jacobian is zero exactly where the
/// [map](Connectivity::map) is false.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockMixing {
    connectivity: Connectivity,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
struct Part {
    mixing: Mixing,
    latents: Vec<usize>,
    first_channel: usize,
}

impl BlockMixing {
    /// Draws one network for each block, with the default [`HiddenLayers`]; `rng(b)` is the generator of
    /// block `b`'s.
    ///
    /// # Errors
    /// [`SynthError::Parameter`](crate::SynthError::Parameter) if the configuration is invalid.
    pub fn random(
        connectivity: &Connectivity,
        config: MixingConfig,
        rng: impl Fn(usize) -> ChaCha8Rng,
    ) -> Result<Self> {
        Self::with_layers(connectivity, config, HiddenLayers::default(), rng)
    }

    /// Draws one network for each block, with hidden layers of your choice.
    ///
    /// # Errors
    /// [`SynthError::Parameter`](crate::SynthError::Parameter) if the configuration is invalid, or
    /// the width does not suit every block.
    pub fn with_layers(
        connectivity: &Connectivity,
        config: MixingConfig,
        layers: HiddenLayers,
        rng: impl Fn(usize) -> ChaCha8Rng,
    ) -> Result<Self> {
        let wiring = connectivity.wiring().into_iter().enumerate();
        let parts = wiring.map(|(block, (channels, latents))| {
            let (inputs, outputs) = (latents.len(), channels.len());
            let mixing = Mixing::with_layers(inputs, outputs, config, layers, &mut rng(block))?;
            Ok(Part {
                mixing,
                latents,
                first_channel: channels.start,
            })
        });
        Ok(Self {
            parts: parts.collect::<Result<_>>()?,
            connectivity: connectivity.clone(),
        })
    }

    /// Who feeds whom.
    #[must_use]
    pub fn connectivity(&self) -> &Connectivity {
        &self.connectivity
    }

    /// The network of each block.
    pub fn blocks(&self) -> impl ExactSizeIterator<Item = &Mixing> {
        self.parts.iter().map(|part| &part.mixing)
    }

    /// `g(z)`, (D), at one point `z` (d).
    ///
    /// # Errors
    /// [`SynthError::PointLength`](crate::SynthError::PointLength),
    /// [`SynthError::NotFinite`](crate::SynthError::NotFinite).
    pub fn value<A: NdFloat>(&self, z: &ArrayRef1<A>) -> Result<Array1<A>> {
        let z = point(z, self.connectivity.latents())?;
        Ok(self.evaluate(&z).mapv(cast))
    }

    /// `∂g/∂z`, (D, d), at one point `z` (d).
    ///
    /// # Errors
    /// As [`value`](Self::value).
    pub fn jacobian<A: NdFloat>(&self, z: &ArrayRef1<A>) -> Result<Array2<A>> {
        let z = point(z, self.connectivity.latents())?;
        let mut jacobian = Array2::zeros((self.connectivity.channels(), z.len()));
        for part in &self.parts {
            let block = part.mixing.differentiate(&part.inputs(&z));
            for ((row, column), &slope) in block.indexed_iter() {
                jacobian[[part.first_channel + row, part.latents[column]]] = cast(slope);
            }
        }
        Ok(jacobian)
    }

    pub(crate) fn evaluate(&self, z: &ArrayRef1<f64>) -> Array1<f64> {
        let outputs = self
            .parts
            .iter()
            .map(|part| part.mixing.evaluate(&part.inputs(z)));
        outputs.flatten().collect()
    }
}

impl Part {
    fn inputs(&self, z: &ArrayRef1<f64>) -> Array1<f64> {
        self.latents.iter().map(|&latent| z[latent]).collect()
    }
}
