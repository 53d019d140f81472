//! Progress of an explanation, and stopping it.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use xcebra_model::Watch;

use crate::error::{CdigError, Result};

/// Counts the points of several explanations that may run side by side.
pub(crate) struct Tracker<'a> {
    watch: Watch<'a>,
    state: Mutex<State>,
}

struct State {
    /// Path points evaluated.
    done: usize,
    /// Path points planned at most; falls when the adaptive rule needs fewer.
    total: usize,
    cancelled: bool,
}

impl<'a> Tracker<'a> {
    pub(crate) fn new(watch: Watch<'a>, total: usize) -> Self {
        Self {
            watch,
            state: Mutex::new(State {
                done: 0,
                total,
                cancelled: false,
            }),
        }
    }

    /// Counts points; once the watch stops the work, every other caller stops too.
    pub(crate) fn advance(&self, points: usize) -> Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.done += points;
        let (done, total) = (state.done, state.total);
        if !state.cancelled {
            self.watch
                .progress("explain", (done as u64, total as u64), "");
            state.cancelled = self.watch.is_stopped();
        }
        if state.cancelled {
            return Err(CdigError::Cancelled { done, total });
        }
        Ok(())
    }

    /// Stops every other explanation of the same call at its next point, because one has failed.
    fn stop(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.cancelled = true;
    }

    fn is_stopped(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.cancelled
    }

    /// Explains each of several items, in parallel; once one fails, the others stop. Of those that
    /// failed by then, the error of the first.
    pub(crate) fn all<T: Sync, R: Send>(
        &self,
        items: &[T],
        explain: impl Fn(&T) -> Result<R> + Sync,
    ) -> Result<Vec<R>> {
        let failure: Mutex<Option<(usize, CdigError)>> = Mutex::new(None);
        let found: Vec<Option<R>> = items
            .par_iter()
            .enumerate()
            .map(|(i, item)| {
                if self.is_stopped() {
                    return None;
                }
                match explain(item) {
                    Ok(found) => Some(found),
                    Err(error) => {
                        // one that only stopped because of another says no more than that
                        let rank = |i, error: &_| (matches!(error, CdigError::Cancelled { .. }), i);
                        let mut first = failure.lock().unwrap_or_else(PoisonError::into_inner);
                        if first
                            .as_ref()
                            .is_none_or(|(j, earlier)| rank(i, &error) < rank(*j, earlier))
                        {
                            *first = Some((i, error));
                        }
                        self.stop();
                        None
                    }
                }
            })
            .collect();
        let failure = failure.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, error)) = failure {
            return Err(error);
        }
        found.into_iter().collect::<Option<_>>().ok_or_else(|| {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let (done, total) = (state.done, state.total);
            CdigError::Cancelled { done, total }
        })
    }

    /// Takes back points that were planned and are not needed.
    pub(crate) fn give_back(&self, points: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.total -= points;
    }
}
