//! Work in the background that calls Python on the thread that asked for it.
//!
//! A model's behaviour may depend on its thread: torch keeps grad mode and autocast for each. Calls from worker
//! threads would explain another function than the one the user calls. They would also be slower, because a
//! foreign thread makes and destroys a Python thread state at every call. So the calling thread waits here: it
//! serves the calls, shows progress and looks for Ctrl-C, and lets other Python threads run in between.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use rayon::ThreadPool;
use xcebra::model::{ModelError, Progress, Watch};

use crate::error::in_python;
use crate::pool::{borrow, give_back, usual_threads};

/// How often the calling thread looks for Ctrl-C and progress.
const LOOK: Duration = Duration::from_millis(50);

/// What the calling thread is sent.
enum Message {
    /// A call that it serves.
    Call(Box<dyn FnOnce(Python<'_>) -> Option<PyErr> + Send>),
    /// The work has ended.
    Done,
}

/// Tells the calling thread that the work has ended, also if it panics. Clones of the channel do not tell: what the
/// work returns may hold some.
struct End(mpsc::Sender<Message>);

impl Drop for End {
    fn drop(&mut self) {
        // it waits for this message
        let _ = self.0.send(Message::Done);
    }
}

/// What a job tells while it runs.
#[derive(Default)]
struct Told {
    progress: Option<(String, u64, u64, String)>,
    notes: Vec<String>,
}

/// The worker's end: calls Python, tells progress, knows whether to stop.
#[derive(Clone)]
pub(crate) struct Caller {
    calls: mpsc::Sender<Message>,
    stopped: Arc<AtomicBool>,
    told: Arc<Mutex<Told>>,
}

/// What the calling thread shows of a job.
#[derive(FromPyObject, Default)]
#[pyo3(from_item_all)]
pub(crate) struct Shown {
    /// Called with task, done, total and message.
    pub(crate) progress: Option<Py<PyAny>>,
    /// Called with each note.
    pub(crate) note: Option<Py<PyAny>>,
    /// How many threads compute.
    pub(crate) threads: Option<usize>,
}

impl Caller {
    /// What `call` gives on the calling thread.
    ///
    /// Once a call failed or the job is to stop, this and all later calls fail with [`ModelError::Stopped`]; the
    /// exception itself waits on the calling thread.
    pub(crate) fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(Python<'_>) -> PyResult<T> + Send + 'static,
    ) -> Result<T, ModelError> {
        if self.is_stopped() {
            return Err(ModelError::Stopped);
        }
        let (reply, replied) = mpsc::sync_channel(1);
        let call = Box::new(move |py: Python<'_>| match call(py) {
            Ok(value) => {
                // whoever asked waits
                let _ = reply.send(value);
                None
            }
            Err(error) => Some(error),
        });
        let sent = self.calls.send(Message::Call(call));
        sent.map_err(|_| ModelError::Stopped)?;
        replied.recv().map_err(|_| ModelError::Stopped)
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Runs `work` with a watch that tells the calling thread.
    pub(crate) fn watched<T>(&self, work: impl FnOnce(Watch<'_>) -> T) -> T {
        let progress = |p: Progress<'_>| {
            lock(&self.told).progress = Some((p.task.into(), p.done, p.total, p.message.into()));
        };
        let note = |text: &str| lock(&self.told).notes.push(text.to_owned());
        let stop = || self.is_stopped();
        work(
            Watch::new()
                .on_progress(&progress)
                .on_note(&note)
                .stop_when(&stop),
        )
    }
}

/// Threads of one call.
pub(crate) struct Crew {
    pub(crate) caller: Caller,
    /// How many threads compute at a time.
    pub(crate) threads: usize,
    /// A pool of one thread for each lane; see [`lanes`](crate::lanes).
    pub(crate) lanes: Vec<ThreadPool>,
}

/// Runs `work` on other threads while this one serves its calls. Gives what it returned, and the exception that
/// stopped it, if one did.
pub(crate) fn in_background<T: Send>(
    py: Python<'_>,
    shown: &Shown,
    work: impl FnOnce(&Caller) -> T + Send,
) -> PyResult<(T, Option<PyErr>)> {
    in_background_with_lanes(py, shown, 0, |crew| work(&crew.caller))
}

/// As [`in_background`], with threads for this many lanes.
pub(crate) fn in_background_with_lanes<T: Send>(
    py: Python<'_>,
    shown: &Shown,
    lanes: usize,
    work: impl FnOnce(&Crew) -> T + Send,
) -> PyResult<(T, Option<PyErr>)> {
    let threads = shown.threads.unwrap_or_else(usual_threads).max(1);
    let pool = borrow(py, threads)?;
    let lanes = (0..lanes).map(|_| borrow(py, 1));
    let lanes = lanes.collect::<PyResult<Vec<_>>>()?;
    let stopped = Arc::new(AtomicBool::new(false));
    let told = Arc::new(Mutex::new(Told::default()));
    let (sender, mut calls) = mpsc::channel::<Message>();
    let mut failure: Option<PyErr> = None;
    let found = thread::scope(|scope| {
        let caller = Caller {
            calls: sender,
            stopped: Arc::clone(&stopped),
            told: Arc::clone(&told),
        };
        let crew = Crew {
            caller,
            threads,
            lanes,
        };
        let worker = scope.spawn(move || {
            let end = End(crew.caller.calls.clone());
            let found = pool.install(|| work(&crew));
            drop(end);
            (found, pool, crew.lanes)
        });
        let mut shown_at = Instant::now();
        loop {
            let received;
            (calls, received) = py.detach(move || {
                let received = calls.recv_timeout(LOOK);
                (calls, received)
            });
            let mut failed = match received {
                // a call that is dropped tells whoever asked that the job stops
                Ok(Message::Call(_)) if failure.is_some() => None,
                Ok(Message::Call(call)) => call(py),
                Err(RecvTimeoutError::Timeout) => None,
                Ok(Message::Done) | Err(RecvTimeoutError::Disconnected) => break,
            };
            failed = failed.or_else(|| py.check_signals().err());
            if failed.is_none() && shown_at.elapsed() >= LOOK {
                shown_at = Instant::now();
                failed = show(py, shown, &told).err();
            }
            if let Some(error) = failed {
                stopped.store(true, Ordering::Relaxed);
                failure.get_or_insert(error);
            }
        }
        py.detach(|| worker.join())
    });
    let (found, pool, lanes) = found.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    for pool in lanes.into_iter().chain([pool]) {
        give_back(py, pool);
    }
    if failure.is_none() {
        failure = show(py, shown, &told).err();
    }
    Ok((found, failure))
}

/// Shows what was told since the last time.
fn show(py: Python<'_>, shown: &Shown, told: &Mutex<Told>) -> PyResult<()> {
    let told = std::mem::take(&mut *lock(told));
    if let Some(note) = &shown.note {
        for text in told.notes {
            note.call1(py, (in_python(&text),))?;
        }
    }
    if let (Some(progress), Some((task, done, total, message))) = (&shown.progress, told.progress) {
        progress.call1(py, (task, done, total, message))?;
    }
    Ok(())
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
