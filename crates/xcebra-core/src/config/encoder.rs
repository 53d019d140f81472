//! Settings of the encoder.

use serde::{Deserialize, Serialize};

use crate::checks::positive;
use crate::encoder::{Architecture, EncoderName, Layer, Sizes};
use crate::error::{CoreError, Result};
use crate::ops::Head;
use crate::path::SettingPath;

/// Section `[encoder]`.
///
/// Your own encoder is `name = "custom"` with its layers, the last of which has `outputs`
/// outputs, and if need be its head and window:
///
/// ```toml
/// name = "custom"
/// outputs = 6
/// layers = [{ outputs = 64, kernel = 2 }, { outputs = 64, kernel = 3, skip = true }, { outputs = 6 }]
/// head = { kind = "tanh" }
/// left = 3
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EncoderConfig {
    /// Default `offset1-mse-clip`.
    pub name: EncoderName,
    /// Embedding dimensions, default 6.
    pub outputs: usize,
    /// Hidden units u of the encoders that leave them open, default 32.
    pub hidden: usize,
    /// Limit of the outputs of `offset1-mse-clip`, default 5.
    pub clip: f64,
    /// Layers between the first and the last two of `offset1-mse-v2` and `offset1-mse-resnet`,
    /// default 2.
    #[serde(skip_serializing_if = "is_default_depth")]
    pub depth: usize,
    /// Samples of the window before the one that is embedded; default half of the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<usize>,
    /// What follows the last layer, instead of what the name says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<Head>,
    /// All layers of `custom`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Layer>,
    /// What the encoders of several subjects have in common; default nothing.
    #[serde(skip_serializing_if = "is_default_shared")]
    pub shared: Shared,
}

/// What the encoders of several subjects have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shared {
    /// Nothing: each subject has its own network.
    #[default]
    None,
    /// All layers but the first, which each subject has for itself.
    Trunk,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_default_shared(shared: &Shared) -> bool {
    *shared == Shared::default()
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_default_depth(depth: &usize) -> bool {
    *depth == Sizes::default().depth
}

impl Default for EncoderConfig {
    fn default() -> Self {
        let sizes = Sizes::default();
        Self {
            name: EncoderName::Offset1MseClip,
            outputs: 6,
            hidden: sizes.units,
            clip: sizes.clip,
            depth: sizes.depth,
            left: None,
            head: None,
            layers: Vec::new(),
            shared: Shared::default(),
        }
    }
}

impl EncoderConfig {
    /// The architecture for a recording of `channels`.
    pub fn architecture(&self, channels: usize) -> Architecture {
        let sizes = Sizes {
            units: self.hidden,
            depth: self.depth,
            clip: self.clip,
        };
        let mut architecture = match self.name {
            EncoderName::Custom => Architecture::new(channels, self.layers.clone(), Head::Identity),
            name => Architecture::named(name, channels, self.outputs, &sizes),
        };
        if let Some(head) = self.head {
            architecture.head = head;
        }
        match self.left {
            Some(left) => architecture.left(left),
            None => architecture,
        }
    }

    /// Checks every setting that needs no recording.
    ///
    /// # Errors
    /// [`CoreError::Setting`] for the first setting outside its domain.
    pub fn check(&self) -> Result<()> {
        if self.name != EncoderName::Custom && !self.layers.is_empty() {
            return Err(CoreError::setting(
                "encoder.layers",
                format!("a list of {}", self.layers.len()),
                "left out, unless encoder.name = \"custom\"",
            ));
        }
        if let Some(Head::Clip { limit }) = self.head {
            positive("encoder.head.limit", limit)?;
        }
        // a skip around the first layer needs as many channels as units
        let channels = match self.layers.first() {
            Some(first) if first.skip => first.outputs,
            _ => 1,
        };
        let architecture = self.architecture(channels);
        architecture.check().map_err(|e| self.in_sizes(e))?;
        if architecture.outputs() != self.outputs {
            return Err(CoreError::setting(
                SettingPath::new("encoder.layers")
                    .then(self.layers.len().saturating_sub(1))
                    .then("outputs"),
                architecture.outputs(),
                format!("encoder.outputs = {}", self.outputs),
            ));
        }
        Ok(())
    }

    /// An error about the layers of an encoder that has a name, as one about the sizes they come from.
    fn in_sizes(&self, error: CoreError) -> CoreError {
        let CoreError::Setting {
            field, expected, ..
        } = &error
        else {
            return error;
        };
        let of_outputs = matches!(
            self.name,
            EncoderName::Offset1Mse | EncoderName::Offset1MseClip | EncoderName::Offset1MseTanh
        );
        match field.as_str() {
            _ if self.name == EncoderName::Custom => error,
            "encoder.layers" => CoreError::setting("encoder.depth", self.depth, expected.as_str()),
            layer if !layer.starts_with("encoder.layers.") => error,
            // half of them may be the units of a layer
            _ if self.hidden < 2 && !of_outputs => {
                CoreError::setting("encoder.hidden", self.hidden, "at least 2")
            }
            _ if of_outputs || self.outputs > self.hidden => {
                CoreError::setting("encoder.outputs", self.outputs, expected.as_str())
            }
            _ => CoreError::setting("encoder.hidden", self.hidden, expected.as_str()),
        }
    }
}
