//! Settings of an attribution.

use std::fmt;

use ndarray::ArrayView3;
use xcebra_model::Watch;

use crate::error::{AttrError, Result};
use crate::inverse::Tolerance;
use crate::jacobian::JacobianBy;

/// Attributions of successive samples by one method, before they are aggregated.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// Name of the method.
    pub method: &'a str,
    /// Index of the first sample.
    pub first_sample: usize,
    /// The block of samples that they belong to; see [`attribute_blocks`](crate::attribute_blocks).
    pub block: usize,
    /// `(n, inputs, outputs)`, each sample laid out as a map.
    pub values: ArrayView3<'a, f64>,
}

/// Receives the attributions of each sample; see [`Options::sink`].
pub type Sink<'a> = &'a dyn Fn(&Piece<'_>) -> Result<()>;

/// Settings of [`attribute`](crate::attribute).
#[derive(Clone, Copy)]
pub struct Options<'a> {
    batch_size: Option<usize>,
    pub(crate) tolerance: Tolerance,
    pub(crate) jacobians: JacobianBy,
    pub(crate) seed: u64,
    pub(crate) background: usize,
    watch: Watch<'a>,
    pub(crate) sink: Option<Sink<'a>>,
}

impl<'a> Options<'a> {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            batch_size: None,
            tolerance: Tolerance::default(),
            jacobians: JacobianBy::default(),
            seed: 0,
            background: 256,
            watch: Watch::default(),
            sink: None,
        }
    }

    /// Sets how many samples each thread holds at a time, Jacobians and all; at least 1.
    ///
    /// By default 1024, or fewer if their Jacobians would exceed 16 MiB or a method needs many
    /// evaluations a sample: progress is reported, and work can be stopped, between batches.
    #[must_use]
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = Some(batch_size);
        self
    }

    /// Sets which singular values count as zero when Jacobians are inverted.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Sets how Jacobians are computed, for all methods that use them.
    #[must_use]
    pub fn jacobians(mut self, by: JacobianBy) -> Self {
        self.jacobians = by;
        self
    }

    /// Sets the seed of all random choices (default 0). Each sample and method has a stream of its
    /// own: the same seed gives the same attributions however samples are cut into batches.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets how many samples are drawn at random, once, for shuffled baselines (at least 1; default 256,
    /// or all if there are fewer).
    #[must_use]
    pub fn background(mut self, samples: usize) -> Self {
        self.background = samples;
        self
    }

    /// Sets a function that receives the attributions of each sample, for maps per time point. It is
    /// called on the calling thread, in the order of samples and methods, and nothing is kept. If it
    /// fails the attribution fails: wrap errors of writing with [`AttrError::sink`].
    #[must_use]
    pub fn sink(mut self, sink: Sink<'a>) -> Self {
        self.sink = Some(sink);
        self
    }

    /// Sets what is told of progress, as the task `attribute` on the calling thread, counted in samples. If
    /// the watch stops the work, the attribution ends with [`AttrError::Cancelled`].
    #[must_use]
    pub fn watch(mut self, watch: Watch<'a>) -> Self {
        self.watch = watch;
        self
    }

    /// Fails if a number of samples is 0.
    pub(crate) fn check(&self) -> Result<()> {
        AttrError::positive("batch_size", self.batch_size.unwrap_or(1))?;
        AttrError::positive("background", self.background)
    }

    /// The batch size that was set, or one for Jacobians of this many entries and this many evaluations a sample.
    pub(crate) fn samples_at_once(&self, entries: usize, evaluations: usize) -> usize {
        const MAX_SAMPLES: usize = 1024;
        const MAX_ENTRIES: usize = (16 << 20) / size_of::<f64>();
        const MAX_EVALUATIONS: usize = 1 << 16;
        let most = (MAX_ENTRIES / entries).min(MAX_EVALUATIONS / evaluations.max(1));
        self.batch_size
            .unwrap_or_else(|| most.clamp(1, MAX_SAMPLES))
    }

    pub(crate) fn report(&self, done: usize, total: usize) -> Result<()> {
        self.watch
            .progress("attribute", (done as u64, total as u64), "");
        match self.watch.is_stopped() {
            true => Err(AttrError::Cancelled { done, total }),
            false => Ok(()),
        }
    }
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("batch_size", &self.batch_size)
            .field("tolerance", &self.tolerance)
            .field("jacobians", &self.jacobians)
            .field("seed", &self.seed)
            .field("background", &self.background)
            .field("watch", &self.watch)
            .field("sink", &self.sink.map(|_| "set"))
            .finish()
    }
}
