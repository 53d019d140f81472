//! Settings of an attribution.

use std::fmt;
use std::ops::ControlFlow;

use crate::error::{AttrError, Result};
use crate::inverse::Tolerance;

/// Told the number of samples done and of all samples; decides whether to go on.
pub type Observer<'a> = &'a dyn Fn(usize, usize) -> ControlFlow<()>;

/// Settings of [`attribute`](crate::attribute).
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    batch_size: Option<usize>,
    tolerance: Tolerance,
    observer: Option<Observer<'a>>,
}

impl<'a> Options<'a> {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how many samples each thread holds at a time, Jacobians and all.
    ///
    /// By default 1024, or fewer if their Jacobians would exceed 16 MiB.
    ///
    /// # Errors
    /// [`AttrError::Parameter`] if `batch_size` is 0.
    pub fn with_batch_size(mut self, batch_size: usize) -> Result<Self> {
        if batch_size == 0 {
            return Err(AttrError::parameter("batch_size", "0", "at least 1 sample"));
        }
        self.batch_size = Some(batch_size);
        Ok(self)
    }

    /// Sets which singular values count as zero when Jacobians are inverted.
    #[must_use]
    pub fn with_tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Sets a function to be told of progress, on the calling thread, with the number of samples
    /// done and of all samples. If it breaks, the attribution ends with [`AttrError::Cancelled`].
    #[must_use]
    pub fn with_observer(mut self, observer: Observer<'a>) -> Self {
        self.observer = Some(observer);
        self
    }

    pub(crate) fn tolerance(&self) -> Tolerance {
        self.tolerance
    }

    /// The batch size for Jacobians of so many entries.
    pub(crate) fn batch_size(&self, entries: usize) -> usize {
        const MAX_SAMPLES: usize = 1024;
        const MAX_ENTRIES: usize = (16 << 20) / size_of::<f64>();
        self.batch_size
            .unwrap_or_else(|| (MAX_ENTRIES / entries).clamp(1, MAX_SAMPLES))
    }

    pub(crate) fn report(&self, done: usize, total: usize) -> Result<()> {
        match self.observer.map(|observe| observe(done, total)) {
            Some(ControlFlow::Break(())) => Err(AttrError::Cancelled { done, total }),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("batch_size", &self.batch_size)
            .field("tolerance", &self.tolerance)
            .field("observer", &self.observer.map(|_| "set"))
            .finish()
    }
}
