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
    /// `(n, inputs, outputs)`, each sample laid out as a map.
    pub values: ArrayView3<'a, f64>,
}

/// Given the attributions of each sample; see [`Options::with_sink`].
pub type Sink<'a> = &'a dyn Fn(&Piece<'_>) -> Result<()>;

/// Settings of [`attribute`](crate::attribute).
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    batch_size: Option<usize>,
    tolerance: Tolerance,
    jacobians: JacobianBy,
    seed: u64,
    background: Option<usize>,
    watch: Watch<'a>,
    sink: Option<Sink<'a>>,
}

impl<'a> Options<'a> {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how many samples each thread holds at a time, Jacobians and all.
    ///
    /// By default 1024, or fewer if their Jacobians would exceed 16 MiB or a method needs many
    /// evaluations a sample: progress is reported, and work can be stopped, between batches.
    ///
    /// # Errors
    /// [`AttrError::Parameter`] if `batch_size` is 0.
    pub fn with_batch_size(mut self, batch_size: usize) -> Result<Self> {
        self.batch_size = Some(AttrError::positive("batch_size", batch_size)?);
        Ok(self)
    }

    /// Sets which singular values count as zero when Jacobians are inverted.
    #[must_use]
    pub fn with_tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Sets how Jacobians are computed, for all methods that use them.
    #[must_use]
    pub fn with_jacobians(mut self, by: JacobianBy) -> Self {
        self.jacobians = by;
        self
    }

    /// Sets the seed of all random choices (default 0). Each sample and method has a stream of its
    /// own: the same seed gives the same attributions however samples are cut into batches.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets how many samples are drawn at random, once, for shuffled baselines (default 256, or all
    /// if there are fewer).
    ///
    /// # Errors
    /// [`AttrError::Parameter`] if there are none.
    pub fn with_background(mut self, samples: usize) -> Result<Self> {
        self.background = Some(AttrError::positive("background", samples)?);
        Ok(self)
    }

    /// Sets a function to be given the attributions of each sample, for maps per time point. It is
    /// called on the calling thread, in the order of samples and methods, and nothing is kept. If it
    /// fails the attribution fails: wrap errors of writing with [`AttrError::sink`].
    #[must_use]
    pub fn with_sink(mut self, sink: Sink<'a>) -> Self {
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

    pub(crate) fn tolerance(&self) -> Tolerance {
        self.tolerance
    }

    pub(crate) fn jacobians(&self) -> JacobianBy {
        self.jacobians
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn background(&self) -> usize {
        self.background.unwrap_or(256)
    }

    pub(crate) fn sink(&self) -> Option<Sink<'a>> {
        self.sink
    }

    /// The batch size for Jacobians of so many entries and so many evaluations a sample.
    pub(crate) fn batch_size(&self, entries: usize, evaluations: usize) -> usize {
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
