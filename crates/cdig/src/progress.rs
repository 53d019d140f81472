//! Progress of an explanation, and stopping it.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use crate::error::{CdigError, Result};

/// How far an explanation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Path points evaluated.
    pub done: usize,
    /// Path points planned at most; falls when the adaptive rule needs fewer.
    pub total: usize,
}

/// Told after every batch; [`ControlFlow::Break`] stops the explanation.
pub(crate) type Callback<'a> = Box<dyn Fn(Progress) -> ControlFlow<()> + Send + Sync + 'a>;

/// Counts the points of several explanations that may run side by side.
pub(crate) struct Tracker<'a> {
    callback: Option<&'a Callback<'a>>,
    state: Mutex<State>,
}

struct State {
    progress: Progress,
    cancelled: bool,
}

impl<'a> Tracker<'a> {
    pub(crate) fn new(callback: Option<&'a Callback<'a>>, total: usize) -> Self {
        Self {
            callback,
            state: Mutex::new(State {
                progress: Progress { done: 0, total },
                cancelled: false,
            }),
        }
    }

    /// Counts points; once the callback has asked to stop, whoever comes next stops too.
    pub(crate) fn advance(&self, points: usize) -> Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.progress.done += points;
        if let Some(callback) = self.callback
            && !state.cancelled
        {
            state.cancelled = callback(state.progress).is_break();
        }
        let Progress { done, total } = state.progress;
        if state.cancelled {
            return Err(CdigError::Cancelled { done, total });
        }
        Ok(())
    }

    /// Takes back points that were planned and are not needed.
    pub(crate) fn give_back(&self, points: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.progress.total -= points;
    }
}
