//! Training an encoder: from arrays in memory, or from files into a folder that can be resumed.

mod begin;
pub mod curves;
mod data;
mod figures;
pub mod fit_file;
mod job;
mod keeper;
mod known;
mod labels;
mod more;
mod notes;
mod result;
mod seeds;
mod settings;
mod subjects;
mod training;
pub mod unfinished;

pub use begin::Begin;
pub(crate) use data::by_subject;
pub use data::{Arrays, Data};
pub use job::{FitJob, ResumeJob, fit_files, fit_or_resume, resume};
pub(crate) use job::{Seeds, fit_inputs, resume_seeds};
pub(crate) use known::Known;
pub use labels::{Label, LabelArray};
pub use more::{Earlier, adapt, fit_further};
pub use result::Fitted;
pub use seeds::compare;
pub(crate) use seeds::of_seed;
pub use settings::read_settings;
pub use subjects::Subject;
pub(crate) use subjects::{channels_in_words, subjects_of};

use xcebra_core::{Config, Trainer};
use xcebra_model::Watch;

use crate::{Problem, Result};
use fit_file::FitFile;
use training::train;
use unfinished::Effort;

/// From fewer windows nothing can be learned: positives and negatives are the same few.
const FEWEST_WINDOWS: usize = 10;

/// How a line of the log begins that is a note.
const NOTE: &str = "note: ";

/// Trains an encoder on data in memory.
///
/// Nothing is written; [`Fitted::write`] writes the folder that `xcebra fit` writes. The same settings, data
/// and seed give the same bits as there.
///
/// # Errors
/// [`Problem`] if settings and data do not belong together or the training diverges; of the kind
/// [`Interrupted`](xcebra_model::Kind::Interrupted) if the watch stops it.
///
/// ```
/// use std::collections::BTreeMap;
/// use ndarray::Array2;
/// use xcebra::files::{DataArray, Values};
/// use xcebra::model::Watch;
/// use xcebra::{Arrays, Data, FitFile, fit};
///
/// let x = Array2::from_shape_fn((500, 3), |(t, c)| ((t * (c + 1)) as f64 / 9.0).sin());
/// let x = DataArray::in_memory("x", Values::F64(x.into_dyn()));
/// let arrays = Arrays { sessions: vec![x], labels: BTreeMap::new() };
///
/// let settings = FitFile::parse("", &["train.steps=20".to_owned(), "train.batch=64".to_owned()])?;
/// let fitted = fit(&settings, Data::of_arrays(arrays, &settings)?, &Watch::new())?;
/// assert_eq!(fitted.run().channels.names.len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fit(settings: &FitFile, data: Data, watch: &Watch<'_>) -> Result<Fitted> {
    let trained = fit_steps(settings, &data, watch)?;
    match watch.is_stopped() && trained.is_part(settings) {
        true => Err(Problem::stopped()),
        false => Fitted::new(settings.clone(), data, trained),
    }
}

/// As [`fit`], but a training that the watch stops gives the encoder as it is by then;
/// [`Fitted::is_part`] says so.
///
/// # Errors
/// As [`fit`], but for the watch.
pub fn fit_so_far(settings: &FitFile, data: Data, watch: &Watch<'_>) -> Result<Fitted> {
    let trained = fit_steps(settings, &data, watch)?;
    Fitted::new(settings.clone(), data, trained)
}

/// The steps of a training, until the watch stops it.
fn fit_steps(settings: &FitFile, data: &Data, watch: &Watch<'_>) -> Result<training::Trained> {
    let trainer = trainer(settings, data, &Begin::Fresh)?;
    let mut before = Effort::default();
    note_all(settings, data, watch, &mut before);
    train(watch, trainer, before, |_, _| Ok(watch.flow()))
}

/// A trainer before its first step.
fn trainer(settings: &FitFile, data: &Data, begin: &Begin) -> Result<Trainer<f32>> {
    let trainer = begin.trainer(settings, data)?;
    require_trainable(data, &settings.config())?;
    Ok(trainer)
}

/// Reports the notes of a training that begins, and keeps them in its log.
fn note_all(settings: &FitFile, data: &Data, watch: &Watch<'_>, effort: &mut Effort) {
    let likely = notes::notes(&settings.config(), &data.recording, data.files.len());
    let subjects = notes::on_subjects(settings, data);
    for note in data.notes.iter().cloned().chain(subjects).chain(likely) {
        watch.note(&note);
        let note = note.replace('\n', " ");
        effort.log += &format!("{NOTE}{note}\n");
    }
}

/// Refuses recordings from which nothing can be learned.
fn require_trainable(data: &Data, config: &Config) -> Result<()> {
    let recording = &data.recording;
    for subject in 0..recording.subjects() {
        let architecture = config.encoder.architecture(recording.channels_of(subject));
        let window = architecture.window.len();
        let sessions = recording.sessions().iter();
        let own: Vec<usize> = sessions
            .filter(|session| recording.subject_at(session.start) == subject)
            .map(ExactSizeIterator::len)
            .collect();
        let windows = own.iter().map(|len| (len + 1).saturating_sub(window));
        let windows: usize = windows.sum();
        if windows >= FEWEST_WINDOWS {
            continue;
        }
        let place = match recording.subjects() {
            1 => data.place.clone(),
            _ => format!("subject {subject} of {}", data.place),
        };
        let found = match window {
            1 => format!("{place} has {} samples", own.iter().sum::<usize>()),
            _ => format!("{place} has {windows} windows of {window} samples"),
        };
        return Err(Problem::data(
            format!("{found}, too few to train on: at least {FEWEST_WINDOWS} are needed"),
            "pass a longer recording, and check that its rows are moments in time",
        ));
    }
    Ok(())
}
