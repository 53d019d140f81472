//! The model to explain, and the signals in its shape.

use std::path::Path;
use std::time::{Duration, Instant};

use super::groups::Recorded;
use super::model_options::{ModelOptions, Precision};
use super::program::{self, Program};
use super::settings::SignalSource;
use crate::explain::{Input as Array, Signals, sentinels};
use crate::{MODEL, Problem, Result, Run};
use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, Axis};
use xcebra_core::Encoder;
use xcebra_files::read;
use xcebra_model::{Model, ModelError, Narrowed, batch_len};

/// A model with the way its signals are read.
pub struct Subject {
    name: String,
    model: Box<dyn Model<f64>>,
    /// For a trained encoder: its channels and their scale.
    run: Option<Run>,
    /// Relative precision of the model's arithmetic.
    precision: f64,
    /// How long it took to load.
    pub(super) seconds: f64,
    /// The inputs, if there are several; the model takes them flat, one after the other.
    pub(super) inputs: Vec<Input>,
    /// Nodes after which the model moves in steps, if its own gradient is 0 wherever it exists.
    pub(super) steps: Vec<String>,
}

/// One of several inputs of a model.
pub(super) struct Input {
    pub name: String,
    /// Shape of one sample.
    pub shape: Vec<usize>,
}

impl Subject {
    /// Loads the model of a file or folder.
    ///
    /// # Errors
    /// [`Problem`] if it is neither an ONNX file nor the folder of a trained encoder, or cannot be read.
    pub fn load(path: &Path) -> Result<Self> {
        Self::load_with(path, &ModelOptions::default(), &[])
    }

    /// The encoder in a folder.
    pub(super) fn of_folder(path: &Path, precision: Precision) -> Result<Self> {
        let run = Run::load(path)?;
        let name = path.display().to_string();
        let file = path.join(MODEL);
        let subject = match precision {
            Precision::Double => {
                let encoder = Encoder::<f64>::load(file)?;
                match encoder.input_shape().len() {
                    1 => Self::of_model(name, OneSample::new(encoder)),
                    _ => Self::of_model(name, encoder),
                }
            }
            Precision::Single => {
                let encoder = Encoder::<f32>::load(file)?;
                let subject = match encoder.input_shape().len() {
                    1 => Self::of_model(name, OneSample::new(Narrowed(encoder))),
                    _ => Self::of_model(name, Narrowed(encoder)),
                };
                subject.in_single_precision()
            }
        };
        Ok(Self {
            run: Some(run),
            ..subject
        })
    }

    /// A program that reads signals of `shape` from its standard input and writes outputs to its standard output.
    /// Its words are the program and its arguments; `patience` is how long it may take over a batch, by default
    /// five minutes.
    ///
    /// Each batch is one array `(n, …shape)` of float64 in `.npy` format, which the program answers with one array
    /// `(n, outputs)` or `(n,)` in `.npy` format. It gives no gradient: explain it with
    /// [`GradientSource::Differences`](super::GradientSource::Differences) or
    /// [`Smoothing`](super::GradientSource::Smoothing).
    ///
    /// # Errors
    /// [`Problem`] if it does not start, or does not answer as it should.
    pub fn program(words: &[String], shape: &[usize], patience: Option<Duration>) -> Result<Self> {
        let start = Instant::now();
        let model = Program::start(words, shape, patience.unwrap_or(program::PATIENCE))?;
        let single = model.is_single();
        let subject = Self::of_model(words.join(" "), model);
        let subject = match single {
            true => subject.in_single_precision(),
            false => subject,
        };
        Ok(Self {
            seconds: start.elapsed().as_secs_f64(),
            ..subject
        })
    }

    /// A model in memory; the name is for messages and reports.
    pub fn of_model(name: impl Into<String>, model: impl Model<f64> + 'static) -> Self {
        Self {
            name: name.into(),
            model: Box::new(model),
            run: None,
            precision: f64::EPSILON,
            seconds: 0.0,
            inputs: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Says that the model takes several inputs, flat and one after the other; none for a model of one.
    #[cfg(any(feature = "onnx", test))]
    pub(super) fn with_inputs(mut self, inputs: Vec<Input>) -> Self {
        self.inputs = inputs;
        self
    }

    /// Says after which nodes the model moves in steps if its gradient is 0 wherever it exists; none for another model.
    #[cfg(feature = "onnx")]
    pub(super) fn with_steps(mut self, nodes: Vec<String>) -> Self {
        self.steps = nodes;
        self
    }

    /// Says that the model computes in single precision, so that differences of that size are taken for rounding.
    #[must_use]
    pub fn in_single_precision(mut self) -> Self {
        self.precision = f32::EPSILON.into();
        self
    }

    /// The inputs, if there are several.
    pub(super) fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Whether the model computes in single precision.
    pub(crate) fn is_single(&self) -> bool {
        self.precision > f64::EPSILON
    }

    /// How long it took to load.
    pub(crate) fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Relative precision of the model's arithmetic.
    pub(super) fn precision(&self) -> f64 {
        self.precision
    }

    /// The name for messages and reports.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The model.
    pub fn model(&self) -> &dyn Model<f64> {
        &*self.model
    }

    /// Shape of one signal.
    pub fn shape(&self) -> &[usize] {
        self.model.input_shape()
    }

    /// The axis of time where it is known: the one asked for, or that of a trained encoder.
    pub(crate) fn time_axis(&self, asked: Option<usize>) -> Result<Option<usize>> {
        let shape = self.shape();
        if shape.is_empty() || shape.contains(&0) {
            return Err(Problem::setting(
                format!("the model's input has shape {shape:?}"),
                "pass a model of signals with at least one axis",
            ));
        }
        let of_encoder = self.run.as_ref().map(|_| shape.len() - 1);
        match (asked, of_encoder) {
            (Some(axis), _) if axis >= shape.len() => Err(Problem::setting(
                format!("--time-axis {axis}: the model's input {shape:?} has no such axis"),
                "axes are counted from 0, without that of the batch",
            )),
            (Some(axis), Some(of_encoder)) if axis != of_encoder => Err(Problem::setting(
                format!(
                    "--time-axis {axis}: time is axis {of_encoder} of a trained encoder's input {shape:?}"
                ),
                "leave --time-axis out",
            )),
            (asked, of_encoder) => Ok(asked.or(of_encoder)),
        }
    }

    /// The signals of a source.
    ///
    /// # Errors
    /// [`Problem`] if they cannot be read, or are not in the model's shape.
    pub(crate) fn signals(
        &self,
        source: &SignalSource,
        time_axis: Option<usize>,
        hop: Option<usize>,
    ) -> Result<Loaded> {
        self.signals_of(self.shape(), source, time_axis, hop)
    }

    /// As [`signals`](Self::signals), for an input of the model that has this shape.
    pub(super) fn signals_of(
        &self,
        shape: &[usize],
        source: &SignalSource,
        time_axis: Option<usize>,
        hop: Option<usize>,
    ) -> Result<Loaded> {
        let (input, sampling_rate, clock, mut notes) = match (source, &self.run) {
            (SignalSource::File(source), Some(run)) => {
                let recording = run.recording(source)?;
                let starts = recording.x.sessions().iter().skip(1);
                let input = Array {
                    // the channels of a recording are checked against those of the training
                    rows_are_time: true,
                    breaks: starts.map(|segment| segment.start).collect(),
                    columns: run.channels.names.clone(),
                    ..Array::new(
                        recording.x.samples().mapv(f64::from).into_dyn(),
                        &source.to_string(),
                    )
                };
                recording.require_read()?;
                (input, recording.sampling_rate, None, recording.notes)
            }
            (SignalSource::File(source), None) => {
                let array = read(source)?;
                let input = Array::from(&array);
                let clock = array.clock();
                let mut notes = array.notes;
                notes.extend(sentinels(&input.values, &input.place));
                (input, array.sampling_rate, clock, notes)
            }
            (SignalSource::Array(input), _) => {
                let notes = sentinels(&input.values, &input.place);
                (input.clone(), None, None, notes)
            }
        };
        let found = input.values.shape();
        let rows = found.first().copied().unwrap_or(0);
        let last = found.last().copied().unwrap_or(0);
        let mut signals = Signals::arrange(input, shape, time_axis, hop)?;
        notes.append(&mut signals.notes);
        Ok(Loaded {
            recorded: Recorded {
                // a recording may lie on its side
                samples: match signals.turned {
                    true => last,
                    false => rows,
                },
                clock,
            },
            signals,
            sampling_rate,
            notes,
        })
    }
}

/// Signals with what their file says.
pub struct Loaded {
    pub signals: Signals,
    /// What the signals were cut from, if they were.
    pub recorded: Recorded,
    /// Samples per second, if the file tells them.
    pub sampling_rate: Option<f64>,
    /// What was left out, assumed or chosen, a sentence each.
    pub notes: Vec<String>,
}

/// An encoder of single samples `[channels]` as a model of signals `[channels, 1]`.
struct OneSample<M> {
    encoder: M,
    shape: [usize; 2],
}

impl<M: Model<f64>> OneSample<M> {
    fn new(encoder: M) -> Self {
        Self {
            shape: [encoder.input_shape()[0], 1],
            encoder,
        }
    }
}

fn samples(x: ArrayViewD<'_, f64>) -> Result<ArrayViewD<'_, f64>, ModelError> {
    batch_len(&[x.shape().get(1).copied().unwrap_or(0), 1], x.shape())?;
    Ok(x.index_axis_move(Axis(2), 0))
}

impl<M: Model<f64>> Model<f64> for OneSample<M> {
    fn input_shape(&self) -> &[usize] {
        &self.shape
    }

    fn output_dim(&self) -> usize {
        self.encoder.output_dim()
    }

    fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>, ModelError> {
        self.encoder.forward(samples(x)?)
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, f64>,
        cotangent: ArrayView2<'_, f64>,
    ) -> Result<ArrayD<f64>, ModelError> {
        Ok(self
            .encoder
            .vjp(samples(x)?, cotangent)?
            .insert_axis(Axis(2)))
    }
}
