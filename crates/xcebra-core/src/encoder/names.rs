//! The encoders of CEBRA and xCEBRA by their names.

use serde::{Deserialize, Serialize};

use super::architecture::{Architecture, Layer};
use super::limits::MOST_LAYERS;
use crate::error::{CoreError, Result};
use crate::ops::Head;

/// Names of the encoders. `D` are the channels, `u` the units, `d` the embedding dimensions; an
/// arrow is a layer, GELU follows all but the last. Those with `mse` leave the embedding as it
/// is, the others normalise it to unit length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EncoderName {
    /// D → u → u → ⌊u/2⌋ → d, normalised to unit length.
    Offset1,
    /// D → u → u → u → d, normalised.
    Offset1V2,
    /// D → u, twice → u starting around the identity, → d, normalised.
    Offset1V3,
    /// D → u, four times → u with skip, → d, normalised.
    Offset1V4,
    /// D → u, four times → u starting around the identity, → d, normalised.
    Offset1V5,
    /// D → 30 d → 30 d → 10 d → d.
    Offset1Mse,
    /// As [`EncoderName::Offset1Mse`], each output limited to `±clip`.
    Offset1MseClip,
    /// As [`EncoderName::Offset1Mse`], the hyperbolic tangent of each output.
    Offset1MseTanh,
    /// D → u, `depth` times → u, → ⌊u/2⌋ → d.
    Offset1MseV2,
    /// As [`EncoderName::Offset1MseV2`], hidden layers starting around the identity.
    Offset1MseResnet,
    /// Convolutions 2, 3 with skip, 2 over u units; normalised.
    Offset5,
    /// As [`EncoderName::Offset5`], not normalised.
    Offset5Mse,
    /// Convolutions 2, three of 3 with skip, 3; normalised.
    Offset10,
    /// As [`EncoderName::Offset10`], not normalised.
    Offset10Mse,
    /// Convolutions 2, six of 3 with skip, 2; normalised.
    Offset15,
    /// As [`EncoderName::Offset15`], not normalised.
    Offset15Mse,
    /// Convolutions 2, seven of 3 with skip, 3; normalised.
    Offset18,
    /// As [`EncoderName::Offset18`], not normalised.
    Offset18Mse,
    /// Convolutions 2, eight of 3 with skip, 3; normalised.
    Offset20,
    /// As [`EncoderName::Offset20`], not normalised.
    Offset20Mse,
    /// Convolutions 2, sixteen of 3 with skip, 3; normalised.
    Offset36,
    /// As [`EncoderName::Offset36`], not normalised.
    Offset36Mse,
    /// Convolutions 2, eighteen of 3 with skip, 3; normalised.
    Offset40,
    /// As [`EncoderName::Offset40`], not normalised.
    Offset40Mse,
    /// Convolutions 2, twenty-three of 3 with skip, 3; normalised.
    Offset50,
    /// As [`EncoderName::Offset50`], not normalised.
    Offset50Mse,
    /// The layers that the configuration lists, not normalised unless it says so.
    Custom,
}

/// Sizes that a name leaves open.
#[derive(Clone, Debug, PartialEq)]
pub struct Sizes {
    /// Hidden units u, default 32.
    pub units: usize,
    /// Layers between the first and the last two of [`EncoderName::Offset1MseV2`] and
    /// [`EncoderName::Offset1MseResnet`], default 2.
    pub depth: usize,
    /// Limit of [`EncoderName::Offset1MseClip`], default 5.
    pub clip: f64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            units: 32,
            depth: 2,
            clip: 5.0,
        }
    }
}

impl EncoderName {
    /// The name as it is written, in a configuration for example.
    ///
    /// # Errors
    /// [`CoreError::Setting`] if there is no such encoder.
    pub fn parse(name: &str) -> Result<Self> {
        serde_json::from_value(serde_json::Value::String(name.to_owned())).map_err(|e| {
            // "unknown variant `…`, expected one of `offset1`, …"
            let problem = e.to_string();
            let known = problem
                .split_once("expected ")
                .map_or("", |(_, names)| names);
            CoreError::setting("encoder.name", format!("`{name}`"), known)
        })
    }

    /// Skips and last kernel of a convolutional encoder.
    fn convolutions(self) -> Option<(usize, usize)> {
        Some(match self {
            Self::Offset5 | Self::Offset5Mse => (1, 2),
            Self::Offset10 | Self::Offset10Mse => (3, 3),
            Self::Offset15 | Self::Offset15Mse => (6, 2),
            Self::Offset18 | Self::Offset18Mse => (7, 3),
            Self::Offset20 | Self::Offset20Mse => (8, 3),
            Self::Offset36 | Self::Offset36Mse => (16, 3),
            Self::Offset40 | Self::Offset40Mse => (18, 3),
            Self::Offset50 | Self::Offset50Mse => (23, 3),
            _ => return None,
        })
    }

    fn head(self, clip: f64) -> Head {
        match self {
            Self::Offset1
            | Self::Offset1V2
            | Self::Offset1V3
            | Self::Offset1V4
            | Self::Offset1V5
            | Self::Offset5
            | Self::Offset10
            | Self::Offset15
            | Self::Offset18
            | Self::Offset20
            | Self::Offset36
            | Self::Offset40
            | Self::Offset50 => Head::Normalize,
            Self::Offset1MseClip => Head::Clip { limit: clip },
            Self::Offset1MseTanh => Head::Tanh,
            _ => Head::Identity,
        }
    }

    fn layers(self, outputs: usize, sizes: &Sizes) -> Vec<Layer> {
        let units = sizes.units;
        let unit = Layer::dense(units);
        let half = Layer::dense(units / 2);
        // more than any encoder may have: refused by `check`, but not built first
        let depth = sizes.depth.min(2 * MOST_LAYERS);
        let mut layers = match self {
            Self::Offset1 => vec![unit, unit, half],
            Self::Offset1V2 => vec![unit; 3],
            Self::Offset1V3 => vec![unit, unit.identity(), unit.identity()],
            Self::Offset1V4 => [vec![unit], vec![unit.skip(); 4]].concat(),
            Self::Offset1V5 => [vec![unit], vec![unit.identity(); 4]].concat(),
            Self::Offset1Mse | Self::Offset1MseClip | Self::Offset1MseTanh => {
                let wide = Layer::dense(outputs.saturating_mul(30));
                vec![wide, wide, Layer::dense(outputs.saturating_mul(10))]
            }
            Self::Offset1MseV2 => [vec![unit; depth + 1], vec![half]].concat(),
            Self::Offset1MseResnet => {
                [vec![unit.identity(); depth + 1], vec![half.identity()]].concat()
            }
            _ => Vec::new(),
        };
        if let Some((skips, last)) = self.convolutions() {
            layers.push(Layer::convolution(units, 2));
            layers.resize(skips + 1, Layer::convolution(units, 3).skip());
            layers.push(Layer::convolution(outputs, last));
        } else if self != Self::Custom {
            layers.push(Layer::dense(outputs));
        }
        layers
    }
}

impl Architecture {
    /// The encoder `name` for `inputs` channels and `outputs` embedding dimensions, with CEBRA's
    /// widths, kernels and windows. [`EncoderName::Custom`] has no layers of its own:
    /// [`Architecture::new`] takes them.
    pub fn named(name: EncoderName, inputs: usize, outputs: usize, sizes: &Sizes) -> Self {
        Self::new(inputs, name.layers(outputs, sizes), name.head(sizes.clip))
    }
}
