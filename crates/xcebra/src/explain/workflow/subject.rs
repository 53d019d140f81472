//! The model to explain, and the signals in its shape.

use std::path::Path;

use super::settings::SignalSource;
use crate::explain::{Input, Signals, sentinels};
use crate::{MODEL, Problem, Result, Run};
use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, Axis};
use xcebra_core::Encoder;
use xcebra_files::read;
use xcebra_model::{Model, ModelError, batch_len};

/// A model with the way its signals are read.
pub struct Subject {
    name: String,
    model: Box<dyn Model<f64>>,
    /// For a trained encoder: its channels and their scale.
    run: Option<Run>,
}

impl Subject {
    /// Loads the model of a file or folder.
    ///
    /// # Errors
    /// [`Problem`] if it is neither an ONNX file nor the folder of a trained encoder, or cannot be read.
    pub fn load(path: &Path) -> Result<Self> {
        if path.is_dir() {
            let run = Run::load(path)?;
            let encoder = Encoder::<f64>::load(path.join(MODEL))?;
            return Ok(Self {
                name: path.display().to_string(),
                model: match encoder.input_shape().len() {
                    1 => Box::new(OneSample::new(encoder)),
                    _ => Box::new(encoder),
                },
                run: Some(run),
            });
        }
        let extension = path.extension().unwrap_or_default();
        if extension.eq_ignore_ascii_case("onnx") {
            return onnx_file(path);
        }
        Err(Problem::file(
            format!("{} is neither an .onnx file nor a folder", path.display()),
            "pass an .onnx file, or a folder written by `xcebra fit`",
        ))
    }

    /// A model in memory; the name is for messages and reports.
    pub fn of_model(name: impl Into<String>, model: impl Model<f64> + 'static) -> Self {
        Self {
            name: name.into(),
            model: Box::new(model),
            run: None,
        }
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
    pub(super) fn time_axis(&self, asked: Option<usize>) -> Result<Option<usize>> {
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
    pub(super) fn signals(
        &self,
        source: &SignalSource,
        time_axis: Option<usize>,
        hop: Option<usize>,
    ) -> Result<Loaded> {
        let (input, sampling_rate, mut notes) = match (source, &self.run) {
            (SignalSource::File(source), Some(run)) => {
                let recording = run.recording(source)?;
                let starts = recording.x.sessions().iter().skip(1);
                let input = Input {
                    // the channels of a recording are checked against those of the training
                    rows_are_time: true,
                    breaks: starts.map(|segment| segment.start).collect(),
                    columns: run.channels.names.clone(),
                    ..Input::new(
                        recording.x.samples().mapv(f64::from).into_dyn(),
                        &source.to_string(),
                    )
                };
                (input, recording.sampling_rate, recording.notes)
            }
            (SignalSource::File(source), None) => {
                let array = read(source)?;
                let input = Input::from(&array);
                let mut notes = array.notes;
                notes.extend(sentinels(&input.values, &input.place));
                (input, array.sampling_rate, notes)
            }
            (SignalSource::Array(input), _) => {
                let notes = sentinels(&input.values, &input.place);
                (input.clone(), None, notes)
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

#[cfg(feature = "onnx")]
fn onnx_file(path: &Path) -> Result<Subject> {
    use xcebra_onnx::{OnnxError, OnnxModel};

    let in_file = |error: OnnxError| match error {
        OnnxError::Io { .. } => Problem::from(error),
        error => Problem::from(error).context(&path.display().to_string()),
    };
    let model = OnnxModel::<f64>::load(path).map_err(in_file)?;
    Ok(Subject::of_model(path.display().to_string(), model))
}

#[cfg(not(feature = "onnx"))]
fn onnx_file(path: &Path) -> Result<Subject> {
    Err(Problem::file(
        format!(
            "{} is an ONNX file, and this build cannot read them",
            path.display()
        ),
        "build with the feature `onnx` of the crate xcebra",
    ))
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
    batch_len(&[x.shape().get(1).copied().unwrap_or(0), 1], x.shape())?;
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
