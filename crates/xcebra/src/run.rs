//! The folder of a trained encoder: what is needed to use it again, and how it was made.
//!
//! | file | content |
//! |---|---|
//! | `model.safetensors` | the encoder |
//! | `config.toml` | all settings, defaults written out |
//! | `channels.json` | name, mean, scale and, if known, unit of each channel |
//! | `curves.csv` | training curves |
//! | `validation.csv` | loss on what was held out, if something was |
//! | `log.txt` | what was done, when and how fast |
//!
//! Of several subjects, the files of the others have their number: `model-1.safetensors`, `channels-1.json`.
//!
//! `xcebra fit` adds `sessions.json` with the data and the subject of each session, `report.html`, `diagnostics.json` with what the encoder is like, and `classes.json` with the names of classes that are text.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use xcebra_core::ops::Head;
use xcebra_core::{Architecture, Encoder, History};

use crate::channels::Channels;
use crate::clock;
use crate::files::{DataArray, DataFile, FileError, OnDisk, Source, Table, write_file};
use crate::fit::curves;
use crate::fit::fit_file::{FitFile, FitFileError};
use crate::fit::unfinished::Unfinished;
use crate::run_error::RunError;
use crate::sessions::{Sessions, file_of};
use crate::suspicion;

/// Name of the encoder's file.
pub const MODEL: &str = "model.safetensors";
pub(crate) const CONFIG: &str = "config.toml";
const CHANNELS: &str = "channels.json";
pub(crate) const CURVES: &str = "curves.csv";
pub(crate) const VALIDATION: &str = "validation.csv";
pub(crate) const LOG: &str = "log.txt";

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

    /// Writes the runs of several subjects, the subject of each session in `subjects`, into an existing folder, without the
    /// history of their training.
    ///
    /// # Errors
    /// [`RunError::File`] or [`RunError::Encoder`].
    pub fn save_all(runs: &[Self], subjects: &[usize], folder: &Path) -> Result<(), RunError> {
        for (subject, run) in runs.iter().enumerate().skip(1) {
            run.save_other(folder, subject)?;
        }
        if runs.len() > 1 {
            let sessions = Sessions {
                inputs: None,
                subjects: subjects.to_vec(),
            };
            sessions.save(folder)?;
        }
        match runs.first() {
            Some(first) => first.save(folder, &History::default(), ""),
            None => Ok(()),
        }
    }

    /// Writes the files of another subject than the first into an existing folder.
    ///
    /// # Errors
    /// [`RunError::File`] or [`RunError::Encoder`].
    pub(crate) fn save_other(&self, folder: &Path, subject: usize) -> Result<(), RunError> {
        let channels = serde_json::to_string_pretty(&self.channels).expect("plain numbers");
        write_file(&file_of(folder, CHANNELS, subject), channels.as_bytes())?;
        let model = self.encoder.to_safetensors()?;
        Ok(write_file(&file_of(folder, MODEL, subject), &model)?)
    }

    /// Reads a run from its folder.
    ///
    /// # Errors
    /// [`RunError`] if a file is missing, damaged, or does not fit the others, and if the folder holds the
    /// encoders of several subjects.
    pub fn load(folder: &Path) -> Result<Self, RunError> {
        Self::load_session(folder, None)
    }

    /// As [`load`](Self::load), the encoder of a session: its number, from 0 in the order of the training, or
    /// the name of its file.
    ///
    /// # Errors
    /// As [`load`](Self::load), and [`RunError::Sessions`] if no such session was trained on.
    pub fn load_session(folder: &Path, session: Option<&str>) -> Result<Self, RunError> {
        let subject = Self::subject(folder, session)?;
        Self::load_subject(folder, subject)
    }

    /// The subject of a session of the training in a folder.
    ///
    /// # Errors
    /// [`RunError`] if there is no finished training, or no such session.
    pub fn subject(folder: &Path, session: Option<&str>) -> Result<usize, RunError> {
        require_finished(folder)?;
        let one = || Sessions {
            inputs: None,
            subjects: vec![0],
        };
        let sessions = Sessions::load(folder)?.unwrap_or_else(one);
        sessions.subject(folder, session)
    }

    /// Reads the runs of all subjects from their folder.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_all(folder: &Path) -> Result<Vec<Self>, RunError> {
        require_finished(folder)?;
        let subjects = Sessions::load(folder)?.map_or(1, |sessions| sessions.count());
        (0..subjects)
            .map(|s| Self::load_subject(folder, s))
            .collect()
    }

    fn load_subject(folder: &Path, subject: usize) -> Result<Self, RunError> {
        let encoder = Encoder::load(file_of(folder, MODEL, subject))?;
        let path = folder.join(CONFIG);
        let settings = read_settings(&path)?;
        require_described(&path, &settings, encoder.architecture())?;
        let path = file_of(folder, CHANNELS, subject);
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
    /// [`RunError::File`] if it cannot be read; [`RunError::Mismatch`], [`RunError::Transposed`],
    /// [`RunError::Order`] or [`RunError::Names`] for other channels.
    pub fn recording(&self, source: &Source) -> Result<ScaledRecording, RunError> {
        self.recording_beyond(source, LARGE)
    }

    /// As [`recording`](Self::recording); a matrix of more bytes than `more_than` stays in its file.
    fn recording_beyond(
        &self,
        source: &Source,
        more_than: u64,
    ) -> Result<ScaledRecording, RunError> {
        let data = &self.settings.data;
        if let Some(clock) = &data.clock {
            let clock = (clock, self.channels.names.as_slice());
            return self.scaled(clock::recording(source, &self.settings, clock)?);
        }
        let more_than = match data.transpose {
            true => u64::MAX,
            false => more_than,
        };
        let mut file = DataFile::of(source)?;
        let array = file.read_or_leave(source.array.as_deref(), &data.x, more_than)?;
        self.scaled(match data.transpose {
            true => array.transposed(),
            false => array,
        })
    }

    /// Brings an array (time, channels) in memory to the scale of the training.
    ///
    /// # Errors
    /// As [`recording`](Self::recording).
    pub fn scaled(&self, mut array: DataArray) -> Result<ScaledRecording, RunError> {
        array.bring_to_units(self.channels.units.as_deref())?;
        let recording = array.recording()?;
        let left = recording.values().on_disk().cloned();
        let scaled = self.scaled_table(recording);
        match left.as_ref().and_then(OnDisk::failure) {
            // what could not be read passes for missing
            Some(failure) => Err(failure.into()),
            None => scaled.map(|scaled| ScaledRecording { left, ..scaled }),
        }
    }

    fn scaled_table(&self, recording: Table) -> Result<ScaledRecording, RunError> {
        self.channels.require_same(&recording)?;
        let mut notes = recording.notes.clone();
        notes.extend(self.channels.notes(&recording));
        notes.extend(suspicion::of_channels(std::slice::from_ref(&recording)));
        let segments = recording.segments();
        let window = self.encoder.architecture().window.len();
        notes.extend(suspicion::of_segments(&recording.place, &segments, window));
        let sampling_rate = recording.sampling_rate;
        let lengths: Vec<usize> = segments.iter().map(Range::len).collect();
        let x = xcebra_core::Recording::to_embed(vec![self.channels.scale(recording)?])?;
        Ok(ScaledRecording {
            x: x.with_sessions(&lengths)?,
            sampling_rate,
            notes,
            left: None,
        })
    }

    /// The largest rank that the outputs of the encoder allow.
    pub fn possible_rank(&self) -> usize {
        let architecture = self.encoder.architecture();
        architecture.outputs() - usize::from(architecture.head == Head::Normalize)
    }
}

/// The channels of a subject in the folder of a training; none if they are not there or damaged.
pub(crate) fn channels_of(folder: &Path, subject: usize) -> Option<Channels> {
    let text = read_text(&file_of(folder, CHANNELS, subject)).ok()?;
    let channels: Channels = serde_json::from_str(&text).ok()?;
    channels.is_consistent().then_some(channels)
}

fn require_finished(folder: &Path) -> Result<(), RunError> {
    let path = folder.to_path_buf();
    if !folder.is_dir() {
        return Err(RunError::NoFolder { path });
    }
    if Unfinished::is_in(folder) {
        return Err(RunError::Unfinished { path });
    }
    Ok(())
}

/// A recording on the scale of a training.
#[derive(Clone, Debug)]
pub struct ScaledRecording {
    /// Its samples; their sessions are the stretches without interruption.
    pub x: xcebra_core::Recording<f32>,
    /// Samples per second, if the file tells.
    pub sampling_rate: Option<f64>,
    /// What the reader left out, assumed or repaired, and what looks like a mistake; a sentence each.
    pub notes: Vec<String>,
    /// The samples that stay in their file, if they do.
    left: Option<OnDisk>,
}

impl ScaledRecording {
    /// Refuses what was computed of samples that could not be read: they stay in a large file until they are
    /// needed, and were NaN.
    ///
    /// # Errors
    /// [`RunError::File`] of the first that failed.
    pub(crate) fn require_read(&self) -> Result<(), RunError> {
        match self.left.as_ref().and_then(OnDisk::failure) {
            Some(failure) => Err(failure.into()),
            None => Ok(()),
        }
    }
}

/// Matrices of more bytes stay in their file until their rows are needed.
const LARGE: u64 = 200_000_000;

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

#[cfg(all(test, feature = "synth"))]
mod tests {
    use std::fs;

    use ndarray::Array2;
    use ndarray_npy::NpzWriter;
    use xcebra_core::encoder::Edges;
    use xcebra_files::{Values, npy_bytes};
    use xcebra_model::Watch;

    use super::*;
    use crate::fit::{Arrays, Data, fit};
    use crate::{AttributeSettings, attribute, embed};

    fn counts() -> Array2<u8> {
        Array2::from_shape_fn((1500, 5), |(t, c)| ((t * t + 7 * t * c) % (11 + c)) as u8)
    }

    fn packed(path: &Path, x: &Array2<u8>) {
        let mut out = NpzWriter::new_compressed(File::create(path).unwrap());
        out.add_array("x", x).unwrap();
        out.finish().unwrap();
    }

    fn run() -> Run {
        let settings = [
            "train.steps=15",
            "train.batch=64",
            "encoder.name=offset10-mse",
        ];
        let settings = FitFile::parse("", &settings.map(str::to_owned)).unwrap();
        let x = DataArray::in_memory("x", Values::U8(counts().into_dyn()));
        let arrays = Arrays {
            sessions: vec![x],
            labels: std::collections::BTreeMap::new(),
        };
        let data = Data::of_arrays(arrays, &settings).unwrap();
        fit(&settings, data, &Watch::new()).unwrap().run().clone()
    }

    /// Embedding and maps are the same bits, whether a recording is in memory or stays in its file.
    #[test]
    fn a_recording_that_stays_in_its_file_gives_the_same() {
        let (run, x) = (run(), counts());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        fs::write(&path, npy_bytes(&x.view().into_dyn())).unwrap();
        let compressed = folder.path().join("x.npz");
        packed(&compressed, &x);
        for path in [path, compressed] {
            let source = Source::file(&path);
            let [held, left] =
                [u64::MAX, 0].map(|more_than| run.recording_beyond(&source, more_than).unwrap());
            assert!(held.left.is_none() && left.left.is_some());
            assert_eq!(held.notes, left.notes);
            let watch = Watch::new();
            let embedded = |recording| embed(&run, recording, Edges::Pad, &watch).unwrap().values;
            assert_eq!(embedded(&held), embedded(&left));
            let settings = AttributeSettings {
                methods: "ing,neuron-gradient".parse().unwrap(),
                significance: None,
            };
            let maps = |recording| {
                let found = attribute(&run, recording, &settings, None, &watch).unwrap();
                found
                    .maps
                    .iter()
                    .map(|map| map.values().to_owned())
                    .collect::<Vec<_>>()
            };
            assert_eq!(maps(&held), maps(&left));
        }
    }

    /// What a file lacks is found before anything is computed of it.
    #[test]
    fn a_damaged_file_gives_no_recording() {
        let run = run();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npz");
        packed(&path, &counts());
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x55;
        fs::write(&path, bytes).unwrap();
        let error = run.recording_beyond(&Source::file(&path), 0).unwrap_err();
        assert!(error.to_string().contains("is damaged"), "{error}");
    }
}
