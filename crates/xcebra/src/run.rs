//! The folder of a trained encoder: what is needed to use it again, and how it was made.
//!
//! | file | content |
//! |---|---|
//! | `model.safetensors` | the encoder |
//! | `config.toml` | all settings, defaults written out |
//! | `channels.json` | name, mean and scale of each channel |
//! | `curves.csv` | training curves |
//! | `validation.csv` | loss on what was held out, if something was |
//! | `log.txt` | what was done, when and how fast |
//!
//! `xcebra fit` adds `report.html`, `diagnostics.json` with what the encoder is like, and `classes.json` with the names of classes that are text.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use xcebra_core::{Architecture, Encoder, History};

use crate::curves;
use crate::files::{DataFile, FileError, Recording, Source, write_file};
use crate::fit_file::{FitFile, FitFileError};
use crate::unfinished::Unfinished;

/// Name of the encoder's file.
pub const MODEL: &str = "model.safetensors";
pub(crate) const CONFIG: &str = "config.toml";
const CHANNELS: &str = "channels.json";
const CURVES: &str = "curves.csv";
const VALIDATION: &str = "validation.csv";
const LOG: &str = "log.txt";

/// Why a folder cannot be used as a run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// A data file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The encoder.
    #[error(transparent)]
    Encoder(#[from] xcebra_core::Error),
    /// The settings.
    #[error("{}: {source}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: FitFileError,
    },
    /// The training is not finished.
    #[error(
        "{} holds a training that is not finished; finish it with `{}`",
        path.display(), Unfinished::command(path)
    )]
    Unfinished {
        /// The folder.
        path: PathBuf,
    },
    /// A file that is needed to go on with a training.
    #[error("{}: {problem}; train anew, with `xcebra fit --force`", path.display())]
    Resume {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// There is no such folder.
    #[error(
        "{} is no folder of a trained encoder; pass one written by `xcebra fit` (`xcebra explain` takes .onnx files too)",
        path.display()
    )]
    NoFolder {
        /// What was given.
        path: PathBuf,
    },
    /// The channels.
    #[error("{}: {problem}; pass a folder written by `xcebra fit`", path.display())]
    Channels {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The recording has the channels of the training in another order.
    #[error("{place} has the encoder's channels in another order; choose them as {}", expected.join(","))]
    Order {
        /// The recording.
        place: String,
        /// The encoder's channels.
        expected: Vec<String>,
    },
    /// The recording's channels have other names than those of the training.
    #[error(
        "{place} has the channels {}, and the encoder was trained on {}; choose those",
        found.join(","), expected.join(",")
    )]
    Names {
        /// The recording.
        place: String,
        /// Its channels.
        found: Vec<String>,
        /// The encoder's channels.
        expected: Vec<String>,
    },
    /// The recording is not of the kind the encoder was trained on.
    #[error(
        "{place} has {found} channels, and the encoder was trained on {expected}; \
         choose the same channels in the same order"
    )]
    Mismatch {
        /// The recording.
        place: String,
        /// Its channels.
        found: usize,
        /// The encoder's channels.
        expected: usize,
    },
}

/// Names of the channels, and how each is brought to a common scale: `(x − mean) / scale`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channels {
    /// Names.
    pub names: Vec<String>,
    /// Means, in the recording's units; 0 if it was not standardised.
    pub mean: Vec<f64>,
    /// Standard deviations, in the recording's units; 1 if it was not standardised.
    pub scale: Vec<f64>,
}

impl Channels {
    /// Names, means and standard deviations of a recording; 0 and 1 unless `standardize`.
    ///
    /// # Errors
    /// [`FileError::Value`] for a channel whose standard deviation is 0 or no finite number.
    pub fn of(recording: &Recording<f64>, standardize: bool) -> Result<Self, FileError> {
        let values = &recording.values;
        let (mean, scale) = if standardize {
            let mean = values.mean_axis(Axis(0)).unwrap_or_default();
            (mean.to_vec(), values.std_axis(Axis(0), 0.0).to_vec())
        } else {
            (vec![0.0; values.ncols()], vec![1.0; values.ncols()])
        };
        let channels = Self {
            names: recording.channels.clone(),
            mean,
            scale,
        };
        match (0..channels.names.len()).find(|&c| !channels.is_usable(c)) {
            None => Ok(channels),
            Some(c) => Err(FileError::Value {
                place: recording.place.clone(),
                problem: format!(
                    "channel `{}` has mean {:e} and standard deviation {:e}",
                    channels.names[c], channels.mean[c], channels.scale[c]
                ),
                advice: "leave it out, or save it in a unit that gives moderate numbers".to_owned(),
            }),
        }
    }

    /// The recording on the common scale, in single precision.
    ///
    /// # Errors
    /// [`FileError::Value`] for the first value that single precision cannot hold.
    pub fn apply(&self, recording: &Recording<f64>) -> Result<Array2<f32>, FileError> {
        let values = &recording.values;
        let scaled = Array2::from_shape_fn(values.dim(), |(t, c)| {
            ((values[[t, c]] - self.mean[c]) / self.scale[c]) as f32
        });
        let Some(((t, c), _)) = scaled.indexed_iter().find(|(_, v)| !v.is_finite()) else {
            return Ok(scaled);
        };
        Err(FileError::Value {
            place: recording.place.clone(),
            problem: format!(
                "row {t} (counting from 0), column `{}` is {:e}, {:e} on the scale of the training",
                self.names[c],
                values[[t, c]],
                (values[[t, c]] - self.mean[c]) / self.scale[c]
            ),
            advice: "check its unit, or cut out or interpolate such values".to_owned(),
        })
    }

    fn is_usable(&self, c: usize) -> bool {
        self.mean[c].is_finite() && self.scale[c].is_finite() && self.scale[c] > 0.0
    }

    fn is_consistent(&self) -> bool {
        let n = self.names.len();
        self.mean.len() == n && self.scale.len() == n && (0..n).all(|c| self.is_usable(c))
    }
}

/// A trained encoder with what is needed to use it.
#[derive(Clone, Debug)]
pub struct Run {
    /// The encoder.
    pub encoder: Encoder<f32>,
    /// The settings it was trained with.
    pub settings: FitFile,
    /// The channels it was trained on.
    pub channels: Channels,
}

impl Run {
    /// Writes the run's files into an existing folder, the encoder last: a folder that has it has
    /// everything.
    ///
    /// # Errors
    /// [`RunError::File`] or [`RunError::Encoder`].
    pub fn save(&self, folder: &Path, history: &History, log: &str) -> Result<(), RunError> {
        let channels = serde_json::to_string_pretty(&self.channels).expect("plain numbers");
        write_file(&folder.join(CONFIG), self.settings.to_toml().as_bytes())?;
        write_file(&folder.join(CHANNELS), channels.as_bytes())?;
        write_file(&folder.join(CURVES), curves::training(history).as_bytes())?;
        if !history.validation.is_empty() {
            let table = curves::validation(history);
            write_file(&folder.join(VALIDATION), table.as_bytes())?;
        }
        write_file(&folder.join(LOG), log.as_bytes())?;
        write_file(&folder.join(MODEL), &self.encoder.to_safetensors()?)?;
        Ok(())
    }

    /// Reads a run from its folder.
    ///
    /// # Errors
    /// [`RunError`] if a file is missing, damaged, or does not fit the others.
    pub fn load(folder: &Path) -> Result<Self, RunError> {
        if !folder.is_dir() {
            let path = folder.to_path_buf();
            return Err(RunError::NoFolder { path });
        }
        if Unfinished::is_in(folder) {
            let path = folder.to_path_buf();
            return Err(RunError::Unfinished { path });
        }
        let encoder = Encoder::load(folder.join(MODEL))?;
        let path = folder.join(CONFIG);
        let settings = read_settings(&path)?;
        require_described(&path, &settings, encoder.architecture())?;
        let path = folder.join(CHANNELS);
        let fail = |problem: String| RunError::Channels {
            path: path.clone(),
            problem,
        };
        let channels: Channels =
            serde_json::from_str(&read_text(&path)?).map_err(|e| fail(e.to_string()))?;
        let inputs = encoder.architecture().inputs;
        if !channels.is_consistent() || channels.names.len() != inputs {
            return Err(fail(format!(
                "it does not describe the encoder's {inputs} channels"
            )));
        }
        Ok(Self {
            encoder,
            settings,
            channels,
        })
    }

    /// Reads a recording for this encoder: the array that `source` names, or the one of the
    /// settings, brought to the scale of the training.
    ///
    /// # Errors
    /// [`RunError::File`] if it cannot be read; [`RunError::Mismatch`] for other channels.
    pub fn read(&self, source: &Source) -> Result<Array2<f32>, RunError> {
        Ok(self.read_whole(source)?.0)
    }

    /// As [`read`](Self::read), with the recording as the file has it: its values, sampling rate,
    /// interruptions and notes.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn read_whole(&self, source: &Source) -> Result<(Array2<f32>, Recording<f64>), RunError> {
        let recording = read_recording(source, &self.settings.data.x)?;
        let (found, expected) = (&recording.channels, &self.channels.names);
        let place = recording.place.clone();
        if found != expected && sorted(found) == sorted(expected) {
            let expected = expected.clone();
            return Err(RunError::Order { place, expected });
        }
        if found != expected && is_named(found) && is_named(expected) {
            let (found, expected) = (found.clone(), expected.clone());
            return Err(RunError::Names {
                place,
                found,
                expected,
            });
        }
        if found.len() != expected.len() {
            let (found, expected) = (found.len(), expected.len());
            return Err(RunError::Mismatch {
                place,
                found,
                expected,
            });
        }
        Ok((self.channels.apply(&recording)?, recording))
    }
}

/// Reads a recording: the array that `source` names, otherwise `default`.
///
/// # Errors
/// [`FileError`].
pub fn read_recording(source: &Source, default: &str) -> Result<Recording<f64>, FileError> {
    let mut file = DataFile::of(source)?;
    match &source.array {
        Some(array) => file.read(array),
        None => file.read_default(default),
    }?
    .recording()
}

/// Reads the settings in a folder of `xcebra fit`.
pub(crate) fn read_settings(path: &Path) -> Result<FitFile, RunError> {
    let text = read_text(path)?;
    FitFile::parse(&text, &[]).map_err(|mut error| {
        if let Some(before) = error.span.as_ref().and_then(|span| text.get(..span.start)) {
            let line = 1 + before.matches('\n').count();
            error.message = format!("line {line}: {}", error.message);
        }
        RunError::Config {
            path: path.to_path_buf(),
            source: error,
        }
    })
}

/// Refuses settings that are not those of an encoder of that shape.
fn require_described(
    path: &Path,
    settings: &FitFile,
    architecture: &Architecture,
) -> Result<(), RunError> {
    let described = settings.encoder.architecture(architecture.inputs);
    if described.widths() == architecture.widths() {
        return Ok(());
    }
    Err(RunError::Config {
        path: path.to_path_buf(),
        source: FitFileError {
            message: format!("its section [encoder] does not describe the encoder in {MODEL}"),
            advice: "pass a folder written by `xcebra fit`".to_owned(),
            span: None,
        },
    })
}

/// Whether the channels have names, and not only positions.
fn is_named(channels: &[String]) -> bool {
    !channels
        .iter()
        .enumerate()
        .all(|(position, name)| *name == position.to_string())
}

fn sorted(names: &[String]) -> Vec<&String> {
    let mut names: Vec<&String> = names.iter().collect();
    names.sort_unstable();
    names
}

pub(crate) fn read_text(path: &Path) -> Result<String, FileError> {
    const MOST_BYTES: u64 = 1 << 24;
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text))
        .map_err(|source| FileError::Read {
            path: path.to_path_buf(),
            source,
        })?;
    Ok(text)
}
