//! What fixes the shape of an encoder.

use serde::{Deserialize, Serialize};

use super::limits::MOST_TIMES;
use crate::ops::{Head, Network};
use crate::window::Window;

/// One layer: a convolution over time, with GELU after it in all layers but the last.
///
/// With `kernel = 1`, the default, it is a dense layer on each sample separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Units.
    pub outputs: usize,
    /// Consecutive times it sees.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub kernel: usize,
    /// Adds the layer's input to `GELU(…)`, cropped by ⌊(kernel − 1)/2⌋ times on the left and the
    /// rest on the right; needs as many inputs as outputs.
    #[serde(default, skip_serializing_if = "is_false")]
    pub skip: bool,
    /// The weights of the middle tap start around the identity instead of around zero. That is a
    /// skip inside of GELU, `GELU(x + W x + b)`, whose sum of identity and `W` is kept as one
    /// matrix; with unlike widths, what has no counterpart gets no skip.
    #[serde(default, skip_serializing_if = "is_false")]
    pub identity: bool,
}

fn one() -> usize {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_one(kernel: &usize) -> bool {
    *kernel == 1
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Layer {
    /// A dense layer.
    pub fn dense(outputs: usize) -> Self {
        Self::convolution(outputs, 1)
    }

    /// A convolution over `kernel` times.
    pub fn convolution(outputs: usize, kernel: usize) -> Self {
        Self {
            outputs,
            kernel,
            skip: false,
            identity: false,
        }
    }

    /// With a skip.
    pub fn skip(self) -> Self {
        Self { skip: true, ..self }
    }

    /// Starting around the identity.
    pub fn identity(self) -> Self {
        Self {
            identity: true,
            ..self
        }
    }
}

/// Everything that fixes the shape of an encoder: its layers, and what follows the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Architecture {
    /// Channels D of the recording.
    pub inputs: usize,
    /// The layers, of which the last gives the embedding dimensions d.
    pub layers: Vec<Layer>,
    /// What follows the last layer.
    pub head: Head,
    /// The samples it sees around the one it embeds; as long as the
    /// [receptive field](Self::receptive_field) of the layers.
    pub window: Window,
}

/// An architecture in a file, also of version 0.1.0, which knew dense layers only and stored
/// their widths.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    inputs: usize,
    layers: Option<Vec<Layer>>,
    hidden: Option<Vec<usize>>,
    outputs: Option<usize>,
    head: Head,
    window: Option<Window>,
}

impl TryFrom<Stored> for Architecture {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        match (stored.layers, stored.window, stored.hidden, stored.outputs) {
            (Some(layers), Some(window), None, None) => Ok(Self {
                inputs: stored.inputs,
                layers,
                head: stored.head,
                window,
            }),
            (None, None, Some(hidden), Some(outputs)) => {
                Ok(Self::dense(stored.inputs, &hidden, outputs, stored.head))
            }
            _ => Err("expected `layers` and `window`, or `hidden` and `outputs`"),
        }
    }
}

impl Architecture {
    /// Given layers on `inputs` channels; the window is centred, ⌊length / 2⌋ samples of it before
    /// the one that is embedded.
    pub fn new(inputs: usize, layers: Vec<Layer>, head: Head) -> Self {
        let len = times(&layers).min(MOST_TIMES) as usize;
        Self {
            inputs,
            layers,
            head,
            window: Window {
                left: len / 2,
                right: len - len / 2,
            },
        }
    }

    /// Dense layers of the widths `hidden` and `outputs`.
    pub fn dense(inputs: usize, hidden: &[usize], outputs: usize, head: Head) -> Self {
        let widths = hidden.iter().chain([&outputs]);
        Self::new(inputs, widths.map(|&w| Layer::dense(w)).collect(), head)
    }

    /// Sets how many samples of the window come before the one that is embedded.
    pub fn left(mut self, left: usize) -> Self {
        let len = self.window.len();
        self.window = Window {
            left,
            right: len.saturating_sub(left),
        };
        self
    }

    /// Embedding dimensions d.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.outputs)
    }

    /// Consecutive samples that one output depends on: 1 + Σ (kernel − 1).
    pub fn receptive_field(&self) -> usize {
        usize::try_from(times(&self.layers)).unwrap_or(usize::MAX)
    }

    /// Width of each layer, inputs and outputs included.
    pub fn widths(&self) -> Vec<usize> {
        let outputs = self.layers.iter().map(|layer| layer.outputs);
        std::iter::once(self.inputs).chain(outputs).collect()
    }

    pub(crate) fn network(&self) -> Network {
        let layers = self.layers.iter();
        let layers = layers.map(|layer| (layer.outputs, layer.kernel, layer.skip));
        Network::new(self.inputs, layers, self.head)
    }
}

/// Consecutive samples that the layers see, however many.
pub(super) fn times(layers: &[Layer]) -> u128 {
    let lost = layers.iter().map(|l| (l.kernel as u128).saturating_sub(1));
    1 + lost.sum::<u128>()
}
