//! Going on with encoders that were trained before, on data in memory.

use xcebra_model::Watch;

use super::begin::{going_on, require_subjects};
use super::data::{Arrays, Data, Known};
use super::fit_file::FitFile;
use super::result::Fitted;
use super::training::train;
use super::unfinished::Effort;
use super::{note_all, require_trainable};
use crate::{Result, Run};

/// Encoders that were trained before.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// The encoder of each subject.
    pub runs: Vec<Run>,
    /// The subject of each session they were trained on; none if the sessions are told apart by their channels.
    pub subjects: Option<Vec<usize>>,
}

/// As [`fit_so_far`](crate::fit_so_far), but all encoders go on from where an earlier training left them. Channels keep
/// their scales.
///
/// # Errors
/// As [`fit_so_far`](crate::fit_so_far), and [`Problem`](crate::Problem) if the sessions are of other subjects than
/// the encoders, or the settings describe other encoders.
pub fn fit_further(
    settings: &FitFile,
    arrays: Arrays,
    earlier: Earlier,
    watch: &Watch<'_>,
) -> Result<Fitted> {
    let sessions = arrays.sessions.len();
    let subjects = earlier
        .subjects
        .filter(|subjects| subjects.len() == sessions);
    go_on(settings, arrays, (earlier.runs, subjects), false, watch)
}

/// Adds a new subject to encoders that were trained before, which keep their bits: the sessions are those of the earlier
/// training in their order, and after them those of the new subject. [`Fitted::answer`] says whether the basis held.
///
/// # Errors
/// As [`fit_further`].
pub fn adapt(
    settings: &FitFile,
    arrays: Arrays,
    earlier: Earlier,
    watch: &Watch<'_>,
) -> Result<Fitted> {
    let (sessions, new) = (arrays.sessions.len(), earlier.runs.len());
    let subjects = earlier.subjects.map(|mut subjects| {
        subjects.resize(sessions.max(subjects.len()), new);
        subjects
    });
    let subjects = subjects.filter(|subjects| subjects.len() == sessions);
    let mut fitted = go_on(settings, arrays, (earlier.runs, subjects), true, watch)?;
    fitted.judge_basis()?;
    Ok(fitted)
}

fn go_on(
    settings: &FitFile,
    arrays: Arrays,
    (runs, subjects): (Vec<Run>, Option<Vec<usize>>),
    adapts: bool,
    watch: &Watch<'_>,
) -> Result<Fitted> {
    let known = Known {
        subjects,
        channels: runs.iter().map(|run| run.channels.clone()).collect(),
    };
    let data = Data::of_arrays_as(arrays, settings, &known)?;
    require_subjects(&data, &runs, adapts)?;
    let trainer = going_on(settings, &data, (runs, adapts), "the earlier training")?;
    require_trainable(&data, &settings.config())?;
    let mut before = Effort::default();
    note_all(settings, &data, watch, &mut before);
    let trained = train(watch, trainer, before, |_, _| Ok(watch.flow()))?;
    Fitted::new(settings.clone(), data, trained)
}
