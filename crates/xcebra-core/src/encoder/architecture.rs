//! The shapes of the encoders of CEBRA and xCEBRA.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::ops::{Head, Network};

/// Names of the encoders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EncoderName {
    /// D → u → u → ⌊u/2⌋ → d, normalised to unit length.
    Offset1,
    /// D → 30 d → 30 d → 10 d → d.
    Offset1Mse,
    /// As [`EncoderName::Offset1Mse`], each output limited to `±clip`.
    Offset1MseClip,
}

/// Everything that fixes the shape of an encoder: linear layers with GELU between them, and what
/// follows the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// Channels D of the recording.
    pub inputs: usize,
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Embedding dimensions d.
    pub outputs: usize,
    /// What follows the last linear layer.
    pub head: Head,
}

/// Most numbers one layer may hold: 2^28, one gibibyte in single precision.
const MOST_WEIGHTS: u128 = 1 << 28;

impl Architecture {
    /// The encoder `name` for `inputs` channels and `outputs` embedding dimensions. `units` are
    /// the hidden units u of `offset1`, `clip` the limit of `offset1-mse-clip`; the others do not
    /// look at them.
    pub fn named(
        name: EncoderName,
        inputs: usize,
        outputs: usize,
        units: usize,
        clip: f64,
    ) -> Self {
        let (hidden, head) = match name {
            EncoderName::Offset1 => (vec![units, units, units / 2], Head::Normalize),
            EncoderName::Offset1Mse | EncoderName::Offset1MseClip => {
                let wide = outputs.saturating_mul(30);
                let head = match name {
                    EncoderName::Offset1MseClip => Head::Clip { limit: clip },
                    _ => Head::Identity,
                };
                (vec![wide, wide, outputs.saturating_mul(10)], head)
            }
        };
        Self {
            inputs,
            hidden,
            outputs,
            head,
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.inputs == 0 {
            return Err(Error::setting("the number of channels", 0, "at least 1"));
        }
        if self.outputs == 0 {
            return Err(Error::setting("encoder.outputs", 0, "at least 1"));
        }
        if self.hidden.contains(&0) {
            return Err(Error::setting(
                "the widths of the encoder's hidden layers",
                format!("{:?}", self.hidden),
                "at least 1 (encoder.hidden = 2 or more)",
            ));
        }
        if let Head::Clip { limit } = self.head
            && !(limit.is_finite() && limit > 0.0)
        {
            return Err(Error::setting("encoder.clip", limit, "a positive number"));
        }
        let largest = self
            .widths()
            .windows(2)
            .map(|w| w[0] as u128 * w[1] as u128)
            .max();
        if largest.is_some_and(|largest| largest > MOST_WEIGHTS) {
            return Err(Error::setting(
                "the widths of the encoder's layers",
                format!("{:?}", self.widths()),
                "small enough for layers of at most 2^28 weights",
            ));
        }
        Ok(())
    }

    /// Width of each layer, inputs and outputs included.
    pub fn widths(&self) -> Vec<usize> {
        let mut widths = vec![self.inputs];
        widths.extend_from_slice(&self.hidden);
        widths.push(self.outputs);
        widths
    }

    pub(crate) fn network(&self) -> Network {
        Network::new(&self.widths(), self.head)
    }
}
