//! A model that knows how long it has been at work, so that an explainer's own share can be told from it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD};
use xcebra_model::{Model, ModelError, Scalar};

/// A model whose calls, one at a time, are timed.
pub struct Timed<M> {
    model: M,
    nanoseconds: AtomicU64,
}

impl<M> Timed<M> {
    /// The model with its clock at 0.
    pub fn new(model: M) -> Self {
        Self {
            model,
            nanoseconds: AtomicU64::new(0),
        }
    }

    /// Time since the last call that was spent in the model.
    pub fn take(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.swap(0, Ordering::Relaxed))
    }

    fn timed<T>(&self, work: impl FnOnce(&M) -> T) -> T {
        let start = Instant::now();
        let result = work(&self.model);
        let taken = start.elapsed().as_nanos() as u64;
        self.nanoseconds.fetch_add(taken, Ordering::Relaxed);
        result
    }
}

impl<A: Scalar, M: Model<A>> Model<A> for Timed<M> {
    fn input_shape(&self) -> &[usize] {
        self.model.input_shape()
    }

    fn output_dim(&self) -> usize {
        self.model.output_dim()
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>, ModelError> {
        self.timed(|model| model.forward(x))
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<ArrayD<A>, ModelError> {
        self.timed(|model| model.vjp(x, cotangent))
    }

    fn value_and_vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<(Array2<A>, ArrayD<A>), ModelError> {
        self.timed(|model| model.value_and_vjp(x, cotangent))
    }
}
