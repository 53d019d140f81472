//! The model to explain, and the signals in its shape.

use std::path::Path;

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, Axis};
use xcebra::cdig::{Model, ModelError};
use xcebra::core::Encoder;
use xcebra::explain::{Input, Signals, sentinels};
use xcebra::files::{Source, read};
use xcebra::onnx::{OnnxError, OnnxModel};
use xcebra::{MODEL, Run};

use super::super::{Problem, Result};

/// A model with the way its signals are read.
pub struct Subject {
    pub model: Box<dyn Model<f64>>,
    /// For a trained encoder: its channels and their scale.
    run: Option<Run>,
}

impl Subject {
    /// Loads the model of a file or folder.
    pub fn load(path: &Path) -> Result<Self> {
        if path.is_dir() {
            let run = Run::load(path)?;
            let encoder = Encoder::<f64>::load(path.join(MODEL))?;
            return Ok(Self {
                model: match encoder.input_shape().len() {
                    1 => Box::new(OneSample::new(encoder)),
                    _ => Box::new(encoder),
                },
                run: Some(run),
            });
        }
        let extension = path.extension().unwrap_or_default();
        if extension.eq_ignore_ascii_case("onnx") {
            let in_file = |error: OnnxError| match error {
                OnnxError::Io { .. } => Problem::from(error),
                error => Problem::from(error).context(&path.display().to_string()),
            };
            return Ok(Self {
                model: Box::new(OnnxModel::<f64>::load(path).map_err(in_file)?),
                run: None,
            });
        }
        Err(Problem::new(
            format!("{} is neither an .onnx file nor a folder", path.display()),
            "pass an .onnx file, or a folder written by `xcebra fit`",
        ))
    }

    /// Shape of one signal.
    pub fn shape(&self) -> &[usize] {
        self.model.input_shape()
    }

    /// The axis of time where it is known: the one asked for, or that of a trained encoder.
    pub fn time_axis(&self, asked: Option<usize>) -> Result<Option<usize>> {
        let shape = self.shape();
        if shape.is_empty() || shape.contains(&0) {
            return Err(Problem::new(
                format!("the model's input has shape {shape:?}"),
                "pass a model of signals with at least one axis",
            ));
        }
        let of_encoder = self.run.as_ref().map(|_| shape.len() - 1);
        match (asked, of_encoder) {
            (Some(axis), _) if axis >= shape.len() => Err(Problem::new(
                format!("--time-axis {axis}: the model's input {shape:?} has no such axis"),
                "axes are counted from 0, without that of the batch",
            )),
            (Some(axis), Some(of_encoder)) if axis != of_encoder => Err(Problem::new(
                format!(
                    "--time-axis {axis}: time is axis {of_encoder} of a trained encoder's input {shape:?}"
                ),
                "leave --time-axis out",
            )),
            (asked, of_encoder) => Ok(asked.or(of_encoder)),
        }
    }

    /// The signals in a file.
    pub fn signals(
        &self,
        source: &Source,
        time_axis: Option<usize>,
        hop: Option<usize>,
    ) -> Result<Loaded> {
        let (input, sampling_rate, mut notes) = match &self.run {
            Some(run) => {
                let recording = run.recording(source)?;
                let starts = recording.segments.iter().skip(1);
                let input = Input {
                    // the channels of a recording are checked against those of the training
                    rows_are_time: true,
                    breaks: starts.map(|segment| segment.start).collect(),
                    columns: run.channels.names.clone(),
                    ..Input::new(recording.x.mapv(f64::from).into_dyn(), &source.to_string())
                };
                (input, recording.sampling_rate, recording.notes)
            }
            None => {
                let array = read(source)?;
                let input = Input::from(&array);
                let mut notes = array.notes;
                notes.extend(sentinels(&input.values, &input.place));
                (input, array.sampling_rate, notes)
            }
        };
        let mut signals = Signals::arrange(input, self.shape(), time_axis, hop)?;
        notes.append(&mut signals.notes);
        Ok(Loaded {
            signals,
            sampling_rate,
            notes,
        })
    }
}

/// Signals with what their file says.
pub struct Loaded {
    pub signals: Signals,
    /// Samples per second, if the file tells them.
    pub sampling_rate: Option<f64>,
    /// What was left out, assumed or chosen, a sentence each.
    pub notes: Vec<String>,
}

/// An encoder of single samples `[channels]` as a model of signals `[channels, 1]`.
struct OneSample {
    encoder: Encoder<f64>,
    shape: [usize; 2],
}

impl OneSample {
    fn new(encoder: Encoder<f64>) -> Self {
        Self {
            shape: [encoder.input_shape()[0], 1],
            encoder,
        }
    }
}

fn samples(x: ArrayViewD<'_, f64>) -> Result<ArrayViewD<'_, f64>, ModelError> {
    xcebra::model::batch_len(&[x.shape().get(1).copied().unwrap_or(0), 1], x.shape())?;
    Ok(x.index_axis_move(Axis(2), 0))
}

impl Model<f64> for OneSample {
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
