//! Watching long work: its progress, its notes, and a way to stop it.

use std::fmt;
use std::ops::ControlFlow;

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD};

use crate::{Model, ModelError, Scalar};

/// How far a piece of work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// Name of the work, such as `fit`.
    pub task: &'a str,
    /// Units of work that are done.
    pub done: u64,
    /// Units of work in all.
    pub total: u64,
    /// How the work stands, such as the present loss; may be empty.
    pub message: &'a str,
}

/// How one piece of work is watched: it reports progress and notes, and stops when asked.
///
/// A watch belongs to one call. Two calls in one process are watched and stopped apart. The default reports
/// nothing and never stops.
///
/// ```
/// use std::sync::Mutex;
/// use xcebra_model::Watch;
///
/// let notes = Mutex::new(Vec::new());
/// let note = |text: &str| notes.lock().unwrap().push(text.to_owned());
/// let stop = || true;
/// let watch = Watch::new().on_note(&note).stop_when(&stop);
/// watch.note("channel 3 is constant");
/// assert!(watch.is_stopped());
/// assert_eq!(notes.lock().unwrap().len(), 1);
/// ```
#[derive(Clone, Copy, Default)]
pub struct Watch<'a> {
    progress: Option<&'a (dyn Fn(Progress<'_>) + Sync)>,
    note: Option<&'a (dyn Fn(&str) + Sync)>,
    stop: Option<&'a (dyn Fn() -> bool + Sync)>,
}

impl<'a> Watch<'a> {
    /// Reports nothing and never stops.
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls `report` while work goes on, from any thread.
    ///
    /// The first report of a task that goes on with earlier work says what was done before.
    #[must_use]
    pub fn on_progress(mut self, report: &'a (dyn Fn(Progress<'_>) + Sync)) -> Self {
        self.progress = Some(report);
        self
    }

    /// Calls `note` with sentences about what was assumed, left out or repaired, from any thread.
    #[must_use]
    pub fn on_note(mut self, note: &'a (dyn Fn(&str) + Sync)) -> Self {
        self.note = Some(note);
        self
    }

    /// Asks `stop` between pieces of work, from any thread; once it is true, it must stay true.
    #[must_use]
    pub fn stop_when(mut self, stop: &'a (dyn Fn() -> bool + Sync)) -> Self {
        self.stop = Some(stop);
        self
    }

    /// The same watch, which does not hear of progress: for parts of a work that counts its parts itself.
    #[must_use]
    pub fn without_progress(mut self) -> Self {
        self.progress = None;
        self
    }

    /// Reports how far `task` is.
    pub fn progress(&self, task: &str, (done, total): (u64, u64), message: &str) {
        if let Some(report) = self.progress {
            report(Progress {
                task,
                done,
                total,
                message,
            });
        }
    }

    /// Reports a note.
    pub fn note(&self, text: &str) {
        if let Some(note) = self.note {
            note(text);
        }
    }

    /// Whether the work is to stop.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop())
    }

    /// Whether to go on, for code that asks between two pieces of work.
    pub fn flow(&self) -> ControlFlow<()> {
        match self.is_stopped() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// The model, which fails with [`ModelError::Stopped`] once the work is to stop, so that whatever
    /// evaluates it ends soon.
    pub fn over<A: Scalar>(self, model: &'a dyn Model<A>) -> Watched<'a, A> {
        Watched { model, watch: self }
    }
}

impl fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("progress", &self.progress.is_some())
            .field("note", &self.note.is_some())
            .field("stop", &self.stop.is_some())
            .finish()
    }
}

/// A model that fails once its work is to stop; see [`Watch::over`].
pub struct Watched<'a, A> {
    model: &'a dyn Model<A>,
    watch: Watch<'a>,
}

impl<A: Scalar> Watched<'_, A> {
    fn unless_stopped(&self) -> Result<&dyn Model<A>, ModelError> {
        match self.watch.is_stopped() {
            true => Err(ModelError::Stopped),
            false => Ok(self.model),
        }
    }
}

impl<A: Scalar> Model<A> for Watched<'_, A> {
    fn input_shape(&self) -> &[usize] {
        self.model.input_shape()
    }

    fn output_dim(&self) -> usize {
        self.model.output_dim()
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>, ModelError> {
        self.unless_stopped()?.forward(x)
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<ArrayD<A>, ModelError> {
        self.unless_stopped()?.vjp(x, cotangent)
    }

    fn value_and_vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<(Array2<A>, ArrayD<A>), ModelError> {
        self.unless_stopped()?.value_and_vjp(x, cotangent)
    }

    fn jacobian(&self, x: ArrayViewD<'_, A>) -> Result<ArrayD<A>, ModelError> {
        self.unless_stopped()?.jacobian(x)
    }

    fn jvp(
        &self,
        x: ArrayViewD<'_, A>,
        tangent: ArrayViewD<'_, A>,
    ) -> Result<Option<Array2<A>>, ModelError> {
        self.unless_stopped()?.jvp(x, tangent)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use ndarray::array;

    use super::*;
    use crate::FnModel;

    #[test]
    fn two_watches_stop_apart() {
        let model = FnModel::new(
            [1],
            1,
            |x: ArrayViewD<'_, f64>| Ok(x.to_owned().into_dimensionality().expect("a matrix")),
            |_, cotangent: ArrayView2<'_, f64>| Ok(cotangent.to_owned().into_dyn()),
        );
        let asked = AtomicBool::new(false);
        let stop = || asked.load(Ordering::Relaxed);
        let (first, second) = (Watch::new().stop_when(&stop), Watch::new());
        let x = array![[2.0]].into_dyn();
        let (first, second) = (first.over(&model), second.over(&model));
        assert!(first.forward(x.view()).is_ok());
        asked.store(true, Ordering::Relaxed);
        let c = array![[1.0]];
        assert!(matches!(first.forward(x.view()), Err(ModelError::Stopped)));
        assert!(matches!(
            first.vjp(x.view(), c.view()),
            Err(ModelError::Stopped)
        ));
        assert!(matches!(
            first.value_and_vjp(x.view(), c.view()),
            Err(ModelError::Stopped)
        ));
        assert!(matches!(first.jacobian(x.view()), Err(ModelError::Stopped)));
        assert!(matches!(
            first.jvp(x.view(), x.view()),
            Err(ModelError::Stopped)
        ));
        assert_eq!(second.forward(x.view()).unwrap(), array![[2.0]]);
    }
}
