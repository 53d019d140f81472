//! The threads that compute.
//!
//! Work never runs in rayon's global pool: a process forked from one that used it (a worker of a data loader or of
//! `multiprocessing`) inherits the pool but not its threads, and would wait for them forever. The pools here
//! belong to a process, and a child makes others. A call has a pool to itself while it runs: work that waits for
//! Python occupies a thread, and a model may itself ask for an explanation.

use std::collections::HashMap;
use std::num::NonZero;
use std::process;
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Pools that no call uses, by process and number of threads. Those of a parent process stay in the table of a child:
/// dropping one would wait for locks that threads of the parent may hold.
static FREE: Mutex<Option<Free>> = Mutex::new(None);

type Free = HashMap<(u32, usize), Vec<ThreadPool>>;

/// A pool with this many threads that no other call uses. Holding Python while the table is changed keeps another
/// thread from forking in between.
pub(crate) fn borrow(_: Python<'_>, threads: usize) -> PyResult<ThreadPool> {
    let threads = threads.max(1);
    let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    let free = free.get_or_insert_default();
    if let Some(pool) = free.get_mut(&(process::id(), threads)).and_then(Vec::pop) {
        return Ok(pool);
    }
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|i| format!("xcebra-{i}"))
        .build()
        .map_err(|error| {
            PyRuntimeError::new_err(format!("cannot start {threads} threads: {error}"))
        })
}

/// Keeps a pool for the next call.
pub(crate) fn give_back(_: Python<'_>, pool: ThreadPool) {
    let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (process::id(), pool.current_num_threads());
    free.get_or_insert_default()
        .entry(key)
        .or_default()
        .push(pool);
}

/// As many threads as the environment variable `RAYON_NUM_THREADS` says, or the process may use processors.
#[pyfunction]
pub(crate) fn usual_threads() -> usize {
    let told = std::env::var("RAYON_NUM_THREADS").ok();
    let told = told.and_then(|text| text.parse().ok()).filter(|&n| n > 0);
    told.unwrap_or_else(|| available_parallelism().map_or(1, NonZero::get))
}
