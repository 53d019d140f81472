//! Samples that are not in memory.

use std::fmt::Debug;
use std::ops::Range;

/// Samples (time, channels) that are read when they are asked for, such as those of a file larger than memory.
///
/// What cannot be read is NaN; the source keeps why, and who made it asks.
pub trait StoredRows: Debug + Send + Sync {
    /// Number of samples.
    fn samples(&self) -> usize;

    /// Number of channels.
    fn channels(&self) -> usize;

    /// Appends some samples, one after another, in double precision.
    fn append(&self, samples: Range<usize>, out: &mut Vec<f64>);
}
