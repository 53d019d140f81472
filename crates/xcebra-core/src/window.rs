//! The receptive field of an encoder.

use serde::{Deserialize, Serialize};

/// The samples an encoder sees for the sample at time `t`: `t − left .. t + right`, the end
/// excluded (what CEBRA calls an offset). `{ left: 0, right: 1 }` is the sample alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Samples before `t`.
    pub left: usize,
    /// Samples from `t` on, itself included.
    pub right: usize,
}

impl Window {
    /// The sample alone.
    pub const SAMPLE: Self = Self { left: 0, right: 1 };

    /// Number of samples.
    pub fn len(self) -> usize {
        self.left + self.right
    }

    /// Whether it holds no sample, which no encoder has.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl Default for Window {
    fn default() -> Self {
        Self::SAMPLE
    }
}
