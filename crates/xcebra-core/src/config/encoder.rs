//! Settings of the encoder.

use serde::{Deserialize, Serialize};

use crate::encoder::{Architecture, EncoderName};

/// Section `[encoder]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EncoderConfig {
    /// Default `offset1-mse-clip`.
    pub name: EncoderName,
    /// Embedding dimensions, default 6.
    pub outputs: usize,
    /// Hidden units of `offset1`, default 32.
    pub hidden: usize,
    /// Limit of the outputs of `offset1-mse-clip`, default 5.
    pub clip: f64,
}

impl Default for EncoderConfig {
    fn default() -> Self {
        Self {
            name: EncoderName::Offset1MseClip,
            outputs: 6,
            hidden: 32,
            clip: 5.0,
        }
    }
}

impl EncoderConfig {
    /// The architecture for a recording of `channels`.
    pub fn architecture(&self, channels: usize) -> Architecture {
        Architecture::named(self.name, channels, self.outputs, self.hidden, self.clip)
    }
}
