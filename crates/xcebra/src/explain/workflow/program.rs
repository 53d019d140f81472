//! A model that is a program: arrays go to its standard input, and come from its standard output.

use std::fmt;
use std::io::{BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, Ix2};
use thiserror::Error;
use xcebra_files::{Values, npy_bytes, read_npy};
use xcebra_model::{Model, ModelError, batch_len};

use crate::{Problem, Result};

/// How long a program may take over one batch unless said otherwise.
pub const PATIENCE: Duration = Duration::from_secs(300);
/// How long a program that has closed its output may take to end.
const ENDING: Duration = Duration::from_secs(2);
/// How much of its last words on standard error is told.
const LAST_WORDS: usize = 2000;

/// The model has values and no gradient.
#[derive(Debug, Error)]
#[error("the model is a program, which gives values and no gradient")]
pub struct NoGradient;

/// A model that is a program.
///
/// Each batch is one array `(n, …signal_shape)` of float64 in `.npy` format, version 1.0, on the program's standard
/// input. The program answers each with one array `(n, outputs)` or `(n,)` in `.npy` format on its standard output,
/// and ends when its input does.
pub struct Program {
    words: String,
    shape: Vec<usize>,
    outputs: usize,
    single: bool,
    patience: Duration,
    pipes: Mutex<Pipes>,
}

impl Program {
    /// Starts a program, its first word being the program itself, and asks it for the outputs of a silent signal.
    ///
    /// # Errors
    /// [`Problem`] if it does not start, or does not answer as it should.
    pub fn start(words: &[String], shape: &[usize], patience: Duration) -> Result<Self> {
        let told = words.join(" ");
        let Some((program, arguments)) = words.split_first() else {
            return Err(Problem::setting(
                "--command is empty",
                "name a program with its arguments, such as --command \"python model.py\"",
            ));
        };
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| {
                Problem::setting(
                    format!("the program `{told}` cannot be started: {error}"),
                    "check its name, that it is installed, and that it may be run",
                )
            })?;
        let mut found = Self {
            words: told,
            shape: shape.to_vec(),
            outputs: 0,
            single: false,
            patience,
            pipes: Mutex::new(Pipes::of(child)),
        };
        let silent = ArrayD::zeros([&[1], shape].concat());
        let first = found.ask(silent.view()).map_err(|error| {
            Problem::from(ModelError::evaluation(error)).advise(
                "the program must read one .npy array (n, …) from standard input, write one .npy array \
                 (n, outputs) to standard output, flush it, and repeat until its input ends",
            )
        })?;
        found.single = matches!(first, Values::F32(_));
        found.outputs = found
            .rows(&first, 1)
            .map_err(|error| Problem::from(ModelError::evaluation(error)))?
            .ncols();
        Ok(found)
    }

    /// Whether it answers in single precision.
    pub fn is_single(&self) -> bool {
        self.single
    }

    /// Sends a batch and waits for the answer.
    fn ask(&self, x: ArrayViewD<'_, f64>) -> Result<Values, Failed> {
        // one batch at a time; a batch that failed is remembered, whatever happened to another thread
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failed) = &pipes.failed {
            return Err(failed.clone());
        }
        let asked = pipes.ask(npy_bytes(&x), self.patience);
        asked.map_err(|why| {
            let failed = Failed {
                text: format!("the program `{}` {why}", self.words),
            };
            pipes.failed = Some(failed.clone());
            failed
        })
    }

    /// An answer as one row for each signal.
    fn rows(&self, values: &Values, n: usize) -> Result<Array2<f64>, Failed> {
        let (found, fits) = (values.shape(), self.outputs.max(1));
        let as_rows = match *found {
            [rows] if rows == n && (self.outputs <= 1) => Some([n, 1]),
            [rows, outputs]
                if rows == n && outputs > 0 && (self.outputs == 0 || outputs == fits) =>
            {
                Some([n, outputs])
            }
            _ => None,
        };
        let Some(as_rows) = as_rows else {
            let outputs = match self.outputs {
                0 => "outputs".to_owned(),
                n => n.to_string(),
            };
            return Err(Failed {
                text: format!(
                    "the program `{}` answered a batch of {n} signals with an array of shape {found:?}; it must have \
                     the shape ({n}, {outputs})",
                    self.words
                ),
            });
        };
        let values = values.to_float::<f64>().as_standard_layout().into_owned();
        let values = values
            .into_shape_with_order(as_rows)
            .expect("as many numbers");
        Ok(values.into_dimensionality::<Ix2>().expect("two axes"))
    }
}

impl Model<f64> for Program {
    fn input_shape(&self) -> &[usize] {
        &self.shape
    }

    fn output_dim(&self) -> usize {
        self.outputs
    }

    fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>, ModelError> {
        let n = batch_len(&self.shape, x.shape())?;
        if n == 0 {
            return Ok(Array2::zeros((0, self.outputs)));
        }
        let values = self.ask(x).map_err(ModelError::evaluation)?;
        self.rows(&values, n).map_err(ModelError::evaluation)
    }

    fn vjp(
        &self,
        _: ArrayViewD<'_, f64>,
        _: ArrayView2<'_, f64>,
    ) -> Result<ArrayD<f64>, ModelError> {
        Err(ModelError::evaluation(NoGradient))
    }
}

/// Why a program is of no use any more.
#[derive(Debug, Clone, Error)]
#[error("{text}")]
struct Failed {
    text: String,
}

/// A running program with the threads that write to it and read from it.
struct Pipes {
    child: Child,
    batches: SyncSender<Vec<u8>>,
    answers: Receiver<Result<Values, String>>,
    last_words: Arc<Mutex<Vec<u8>>>,
    failed: Option<Failed>,
}

impl Pipes {
    fn of(mut child: Child) -> Self {
        let last_words = Arc::new(Mutex::new(Vec::new()));
        let (batches, to_write) = sync_channel::<Vec<u8>>(1);
        let (answered, answers) = sync_channel(1);
        // writing and reading are apart: a program may answer before it has read everything
        if let Some(mut input) = child.stdin.take() {
            thread::spawn(move || {
                for bytes in to_write {
                    if input
                        .write_all(&bytes)
                        .and_then(|()| input.flush())
                        .is_err()
                    {
                        break;
                    }
                }
            });
        }
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || {
                let mut output = BufReader::new(output);
                loop {
                    let answer = read_npy(&mut output, "its output");
                    let ended = answer.is_err();
                    let answer = answer.map_err(|error| error.to_string());
                    if answered.send(answer).is_err() || ended {
                        break;
                    }
                }
            });
        }
        if let Some(mut errors) = child.stderr.take() {
            let last_words = Arc::clone(&last_words);
            thread::spawn(move || {
                let mut buffer = [0; 1024];
                while let Ok(n @ 1..) = errors.read(&mut buffer) {
                    let mut words = last_words.lock().unwrap_or_else(PoisonError::into_inner);
                    words.extend_from_slice(&buffer[..n]);
                    let excess = words.len().saturating_sub(LAST_WORDS);
                    words.drain(..excess);
                }
            });
        }
        Self {
            child,
            batches,
            answers,
            last_words,
            failed: None,
        }
    }

    /// The answer to a batch, or what the program did instead.
    fn ask(&mut self, batch: Vec<u8>, patience: Duration) -> Result<Values, String> {
        if self.batches.send(batch).is_err() {
            return Err(self.ended(None));
        }
        match self.answers.recv_timeout(patience) {
            Ok(Ok(values)) => Ok(values),
            Ok(Err(why)) => Err(self.ended(Some(&why))),
            Err(RecvTimeoutError::Disconnected) => Err(self.ended(None)),
            Err(RecvTimeoutError::Timeout) => {
                let _ = self.child.kill();
                let _ = self.child.wait();
                Err(format!(
                    "did not answer a batch within {} seconds and was ended{}",
                    patience.as_secs_f64(),
                    self.said()
                ))
            }
        }
    }

    /// What a program did that answered no array: it ended, or wrote something else.
    fn ended(&mut self, why: Option<&str>) -> String {
        let start = Instant::now();
        let status = loop {
            match self.child.try_wait() {
                Ok(None) if start.elapsed() < ENDING => thread::sleep(Duration::from_millis(10)),
                Ok(status) => break status,
                Err(_) => break None,
            }
        };
        match status {
            Some(status) => {
                // the thread that reads its errors may be behind
                thread::sleep(Duration::from_millis(50));
                format!("ended ({status}) before it answered{}", self.said())
            }
            None => {
                let _ = self.child.kill();
                let _ = self.child.wait();
                let why = why.map(|why| format!(": {why}")).unwrap_or_default();
                format!(
                    "wrote something other than an .npy array{why}{}",
                    self.said()
                )
            }
        }
    }

    /// Its last words on standard error.
    fn said(&self) -> String {
        let words = self
            .last_words
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match String::from_utf8_lossy(&words).trim() {
            "" => String::new(),
            words => format!("; its last words were: {words}"),
        }
    }
}

impl Drop for Pipes {
    /// The program's input ends, and it has a moment to end by itself.
    fn drop(&mut self) {
        let (closed, _) = sync_channel(1);
        drop(std::mem::replace(&mut self.batches, closed));
        let start = Instant::now();
        while start.elapsed() < ENDING {
            match self.child.try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(5)),
                _ => return,
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("words", &self.words)
            .field("shape", &self.shape)
            .field("outputs", &self.outputs)
            .finish_non_exhaustive()
    }
}
