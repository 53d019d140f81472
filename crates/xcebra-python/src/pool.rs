//! The threads that compute.
//!
//! Work never runs in rayon's global pool: a process forked from one that used it (a worker of a data loader or of
//! `multiprocessing`) inherits the pool but not its threads, and would wait for them forever. The pool here
//! belongs to a process, and a child makes another one. It can also be resized, which the global one cannot.

use std::collections::HashMap;
use std::num::NonZero;
use std::process;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Pools by process and number of threads. Those of a parent process stay in the table of a child: dropping one would
/// wait for locks that threads of the parent may hold.
static POOLS: Mutex<Option<Pools>> = Mutex::new(None);

type Pools = HashMap<(u32, usize), Arc<ThreadPool>>;

/// The pool of this process with so many threads. Holding Python while it is looked up keeps another thread from
/// forking in between.
pub(crate) fn pool(_: Python<'_>, threads: Option<usize>) -> PyResult<Arc<ThreadPool>> {
    let threads = threads.unwrap_or_else(usual_threads).max(1);
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let pools = pools.get_or_insert_default();
    let key = (process::id(), threads);
    if let Some(pool) = pools.get(&key) {
        return Ok(Arc::clone(pool));
    }
    let built = ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|i| format!("xcebra-{i}"))
        .build()
        .map_err(|error| {
            PyRuntimeError::new_err(format!("cannot start {threads} threads: {error}"))
        })?;
    let pool = Arc::new(built);
    pools.insert(key, Arc::clone(&pool));
    Ok(pool)
}

/// As many threads as the environment variable `RAYON_NUM_THREADS` says, or the process may use processors.
#[pyfunction]
pub(crate) fn usual_threads() -> usize {
    let told = std::env::var("RAYON_NUM_THREADS").ok();
    let told = told.and_then(|text| text.parse().ok()).filter(|&n| n > 0);
    told.unwrap_or_else(|| available_parallelism().map_or(1, NonZero::get))
}
