//! Several signals side by side, whose evaluations go through a model together.
//!
//! Each signal is explained in a lane, a thread of its own. A lane that needs the model waits. When all lanes wait, one
//! round is complete: its evaluations are joined into calls of the model's batch size, in the order of the lanes, and
//! every lane goes on with its part of the answers. Which evaluations meet in a call therefore depends on the work
//! alone, not on which thread is faster: the same numbers, even where a model rounds a sample differently
//! in another batch.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use rayon::ThreadPool;
use rayon::prelude::*;
use xcebra::cdig::CdigError;
use xcebra::model::{Advice, Kind, Model, ModelError};

use crate::caller::{Caller, Crew, lock};
use crate::joined::evaluate_joined;
use crate::model::{Answer, Asked, Functions, Given};

/// What all lanes of a job share.
pub(crate) struct Lanes {
    functions: Functions,
    caller: Caller,
    /// Samples in one call of the model.
    batch: usize,
    state: Mutex<State>,
    permits: Permits,
    /// Whether a lane has failed: the others end with the round.
    failed: AtomicBool,
}

struct State {
    /// Lanes that do not wait for the model.
    running: usize,
    /// What each lane waits for.
    waiting: Vec<Option<Waiting>>,
}

struct Waiting {
    asked: Asked,
    reply: SyncSender<Answer>,
}

impl State {
    /// One lane less runs. Gives the round if it is complete by that.
    fn rests(&mut self) -> Vec<Waiting> {
        self.running -= 1;
        if self.running > 0 {
            return Vec::new();
        }
        let round: Vec<Waiting> = self.waiting.iter_mut().filter_map(Option::take).collect();
        self.running = round.len();
        round
    }
}

impl Lanes {
    /// The answer for a lane, in the round that is complete next.
    fn ask(&self, lane: usize, asked: Asked) -> Result<Answer, ModelError> {
        let (reply, replied) = mpsc::sync_channel(1);
        let round = {
            let mut state = lock(&self.state);
            state.waiting[lane] = Some(Waiting { asked, reply });
            state.rests()
        };
        self.serve(round);
        self.permits.release();
        let answer = replied.recv();
        self.permits.acquire();
        answer.map_err(|_| ModelError::Stopped)
    }

    /// A lane has no more work.
    fn leave(&self) {
        let round = lock(&self.state).rests();
        self.serve(round);
        self.permits.release();
    }

    /// Answers a complete round. A lane whose reply is dropped learns from that that the job stops.
    fn serve(&self, round: Vec<Waiting>) {
        if round.is_empty() || self.failed.load(Ordering::Relaxed) {
            return;
        }
        let (asked, replies): (Vec<_>, Vec<_>) =
            round.into_iter().map(|one| (one.asked, one.reply)).unzip();
        let call = |asked| self.functions.evaluate(&self.caller, asked);
        let Ok(answers) = evaluate_joined(asked, self.batch, call) else {
            return;
        };
        for (reply, answer) in replies.into_iter().zip(answers) {
            // the lane waits
            let _ = reply.send(answer);
        }
    }
}

/// Lanes that may compute at the same time.
struct Permits {
    free: Mutex<usize>,
    released: Condvar,
}

impl Permits {
    fn acquire(&self) {
        let free = lock(&self.free);
        let waited = self.released.wait_while(free, |free| *free == 0);
        *waited.unwrap_or_else(PoisonError::into_inner) -= 1;
    }

    fn release(&self) {
        *lock(&self.free) += 1;
        self.released.notify_one();
    }
}

/// A lane leaves when its work ends, also if it panics: the others wait for it.
struct Leaves<'a>(&'a Lanes);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// What `one` gives for the signals 0 to `n` with the model: a network that is computed here on all threads, functions
/// in the lanes of `crew`, or one signal after the other if it has none.
pub(crate) fn each_signal<T: Send>(
    model: &Given,
    crew: &Crew,
    batch: usize,
    n: usize,
    one: impl Fn(&dyn Model<f64>, usize) -> Result<T, CdigError> + Sync,
) -> Result<Vec<T>, CdigError> {
    match model {
        Given::Native(native) => {
            let model = native.model.as_ref();
            (0..n).into_par_iter().map(|i| one(model, i)).collect()
        }
        Given::Functions(functions) if !crew.lanes.is_empty() => {
            in_lanes(functions, crew, batch, n, one)
        }
        Given::Functions(_) => {
            let model = model.called(&crew.caller);
            (0..n).map(|i| one(model.as_ref(), i)).collect()
        }
    }
}

/// What `one` gives in lanes. Of errors, that of the first signal.
fn in_lanes<T: Send>(
    functions: &Functions,
    crew: &Crew,
    batch: usize,
    n: usize,
    one: impl Fn(&dyn Model<f64>, usize) -> Result<T, CdigError> + Sync,
) -> Result<Vec<T>, CdigError> {
    let count = crew.lanes.len();
    let lanes = Arc::new(Lanes {
        functions: functions.clone(),
        caller: crew.caller.clone(),
        batch,
        state: Mutex::new(State {
            running: count,
            waiting: (0..count).map(|_| None).collect(),
        }),
        permits: Permits {
            free: Mutex::new(crew.threads),
            released: Condvar::new(),
        },
        failed: AtomicBool::new(false),
    });
    let found: Vec<Mutex<Option<Result<T, CdigError>>>> =
        (0..n).map(|_| Mutex::new(None)).collect();
    let work = |lane: usize| {
        lanes.permits.acquire();
        let leaves = Leaves(&lanes);
        let (shared, asking) = (Arc::clone(&lanes), Arc::clone(&lanes));
        let model = shared
            .functions
            .evaluated(move |asked| asking.ask(lane, asked));
        for i in (lane..n).step_by(count) {
            let result = one(model.as_ref(), i);
            let failed = result.is_err();
            *lock(&found[i]) = Some(result);
            if failed {
                lanes.failed.store(true, Ordering::Relaxed);
                break;
            }
        }
        drop(leaves);
    };
    start(&crew.lanes, 0, &work);
    let found = found.into_iter().map(|result| {
        let result = result.into_inner();
        result.unwrap_or_else(PoisonError::into_inner)
    });
    first_failure(found.flatten(), n)
}

/// Runs `work` in each lane, on the one thread of its pool: what explains in there waits for no other thread.
fn start(pools: &[ThreadPool], lane: usize, work: &(dyn Fn(usize) + Sync)) {
    let Some((pool, others)) = pools.split_first() else {
        return;
    };
    pool.in_place_scope(|scope| {
        scope.spawn(move |_| work(lane));
        start(others, lane + 1, work);
    });
}

/// All of `n` results, or the first error that is more than the stop that another error caused.
fn first_failure<T>(
    found: impl Iterator<Item = Result<T, CdigError>>,
    n: usize,
) -> Result<Vec<T>, CdigError> {
    let mut results = Vec::with_capacity(n);
    let mut stopped = None;
    for result in found {
        match result {
            Ok(found) => results.push(found),
            Err(error) if error.kind() == Kind::Interrupted => stopped = stopped.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    match stopped {
        Some(error) => Err(error),
        None => Ok(results),
    }
}
