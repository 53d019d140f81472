//! Progress of an explanation, and stopping it.

use std::ops::ControlFlow;

use crate::error::{CdigError, Result};

/// How far an explanation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Path points evaluated.
    pub done: usize,
    /// Path points planned.
    pub total: usize,
}

/// Told after every batch; [`ControlFlow::Break`] stops the explanation.
pub(crate) type Callback<'a> = Box<dyn Fn(Progress) -> ControlFlow<()> + Send + Sync + 'a>;

pub(crate) struct Tracker<'a> {
    callback: Option<&'a Callback<'a>>,
    progress: Progress,
}

impl<'a> Tracker<'a> {
    pub(crate) fn new(callback: Option<&'a Callback<'a>>, total: usize) -> Self {
        Self {
            callback,
            progress: Progress { done: 0, total },
        }
    }

    pub(crate) fn advance(&mut self, points: usize) -> Result<()> {
        self.progress.done += points;
        let Progress { done, total } = self.progress;
        match self.callback.map(|callback| callback(self.progress)) {
            Some(ControlFlow::Break(())) => Err(CdigError::Cancelled { done, total }),
            _ => Ok(()),
        }
    }
}
