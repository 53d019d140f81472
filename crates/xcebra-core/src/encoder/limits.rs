//! Which architectures are possible.

use super::architecture::{Architecture, times};
use crate::error::{CoreError, Result};
use crate::ops::Head;
use crate::path::SettingPath;
use crate::window::Window;

/// Most numbers one layer may hold: 2^28, one gibibyte in single precision.
const MOST_WEIGHTS: u128 = 1 << 28;

/// Most numbers all layers together may hold.
const MOST_IN_ALL: u128 = 1 << 29;

/// Most layers.
pub(super) const MOST_LAYERS: usize = 1000;

/// Most times an encoder may see.
pub(super) const MOST_TIMES: u128 = 10_000;

impl Architecture {
    /// Checks that there can be such an encoder.
    ///
    /// # Errors
    /// [`CoreError::Setting`] for the first setting of `[encoder]` that is impossible;
    /// [`CoreError::Data`] without channels, or for a window that is not that of the layers.
    pub fn check(&self) -> Result<()> {
        if self.inputs == 0 {
            return Err(CoreError::data(
                "the encoder",
                "no channels",
                "build it for a recording of at least one channel",
            ));
        }
        let path = SettingPath::new("encoder.layers");
        if self.layers.is_empty() {
            return Err(CoreError::setting(path, "empty", "at least one layer"));
        }
        if self.layers.len() > MOST_LAYERS {
            return Err(CoreError::setting(
                path,
                format!("a list of {}", self.layers.len()),
                format!("at most {MOST_LAYERS} layers"),
            ));
        }
        if self.outputs() == 0 {
            return Err(CoreError::setting("encoder.outputs", 0, "at least 1"));
        }
        match self.head {
            Head::Clip { limit } if !(limit.is_finite() && limit > 0.0) => {
                return Err(CoreError::setting(
                    "encoder.clip",
                    limit,
                    "a positive number",
                ));
            }
            _ => {}
        }
        self.check_layers(&path)?;
        self.check_window()
    }

    fn check_layers(&self, path: &SettingPath) -> Result<()> {
        let last = self.layers.len() - 1;
        let mut total = 0;
        for (l, (layer, &inputs)) in self.layers.iter().zip(&self.widths()).enumerate() {
            let field = |name: &str| path.then(l).then(name);
            if layer.outputs == 0 {
                return Err(CoreError::setting(field("outputs"), 0, "at least 1"));
            }
            if layer.kernel == 0 {
                return Err(CoreError::setting(field("kernel"), 0, "at least 1"));
            }
            if layer.skip && l == last {
                return Err(CoreError::setting(
                    field("skip"),
                    true,
                    "false: the last layer has no GELU to go around",
                ));
            }
            if layer.skip && layer.outputs != inputs {
                return Err(CoreError::setting(
                    field("skip"),
                    format!("true with {inputs} inputs and {} outputs", layer.outputs),
                    "false, or true with as many inputs as outputs",
                ));
            }
            let weights = [inputs, layer.outputs, layer.kernel]
                .iter()
                .fold(1_u128, |product, &n| product.saturating_mul(n as u128));
            total += weights.min(MOST_IN_ALL);
            if weights > MOST_WEIGHTS || total > MOST_IN_ALL {
                return Err(CoreError::setting(
                    field("outputs"),
                    format!(
                        "{} after {inputs} inputs, with kernel {}",
                        layer.outputs, layer.kernel
                    ),
                    "small enough for at most 2^28 weights a layer and 2^29 in all",
                ));
            }
        }
        Ok(())
    }

    fn check_window(&self) -> Result<()> {
        let times = times(&self.layers);
        if times > MOST_TIMES {
            return Err(CoreError::setting(
                "encoder.layers",
                format!("a list whose receptive field is {times} samples"),
                format!("one of at most {MOST_TIMES}"),
            ));
        }
        let Window { left, right } = self.window;
        if left as u128 >= times {
            return Err(CoreError::setting(
                "encoder.left",
                left,
                format!("from 0 to {}", times - 1),
            ));
        }
        if left as u128 + right as u128 != times {
            return Err(CoreError::data(
                "the encoder",
                format!(
                    "its window is {left} samples before and {right} from the sample on, and its layers see {times}"
                ),
                "give it the window of its layers",
            ));
        }
        Ok(())
    }
}
