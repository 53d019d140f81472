//! Searching for settings: a training for each choice of some of them, and which one fits best what was held out.

mod choices;
mod result;
mod state;

pub use choices::Axis;
pub use result::{Searched, Trial};

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use xcebra_files::{AtomicFolder, Source};
use xcebra_model::{Kind, Progress, Watch};

use crate::fit::unfinished::{Inputs, Unfinished};
use crate::fit::{Seeds, fit_inputs};
use crate::{Arrays, Begin, Data, FitFile, FitJob, MODEL, Problem, Result, ResumeJob, fit, resume};
use choices::choices;
pub(crate) use state::State;

/// The share of the samples that is held out where the settings hold out none.
const HELD_OUT: &str = "validation.held_out=0.2";
/// Parts of a training in which progress is told.
const PARTS: u64 = 1000;
/// More trainings than these are a mistake.
const MOST_RUNS: u64 = 10_000;

/// What the trainings of a search are made on.
#[derive(Clone, Debug)]
pub enum SearchData {
    /// The data file of each session.
    Files(Vec<Source>),
    /// Data in memory. A training that is interrupted begins anew, since its checkpoints could not name them.
    Arrays(Arrays),
}

/// A search into a folder.
#[derive(Clone, Debug)]
pub struct SearchJob {
    /// The data.
    pub data: SearchData,
    /// The settings that are the same in all trainings.
    pub settings: FitFile,
    /// The settings that are chosen, each with its values.
    pub axes: Vec<Axis>,
    /// How many choices to draw at random, all of them different; none for all there are.
    pub random: Option<u64>,
    /// The seed of the random choices.
    pub seed: u64,
    /// The folder to write: a folder of a run for each choice.
    pub out: PathBuf,
    /// Time between two checkpoints of a training.
    pub checkpoint_every: Duration,
}

/// Trains an encoder for each choice of settings, into folders `0000`, `0001`, … of the job's folder, and ranks them
/// by their goodness of fit on what was held out; no map has a say.
///
/// The same job goes on where an earlier one ended: finished trainings are not made again, and one that was
/// interrupted goes on from its checkpoint. Where the settings hold nothing out, a fifth of the samples is held out.
/// A training that diverges is listed as such, and the others go on.
///
/// # Errors
/// [`Problem`] if a choice cannot be set, the folder holds another search, or data cannot be read; of the kind
/// [`Interrupted`](Kind::Interrupted) if the watch stops it.
pub fn search(job: &SearchJob, watch: &Watch<'_>) -> Result<Searched> {
    let Cells { all, notes } = Cells::of(job)?;
    notes.iter().for_each(|note| watch.note(note));
    State::of(job, &all)?.claim(&job.out)?;
    let said = Mutex::new(BTreeSet::new());
    let mut trials = Vec::new();
    for (number, (sets, settings)) in all.iter().enumerate() {
        let folder = job.out.join(format!("{number:04}"));
        let failed = train(job, (&folder, settings), (number, all.len()), &said, watch)
            .map_err(|problem| in_search(problem, sets, &folder))?;
        trials.push(Trial::read(folder, sets.clone(), failed)?);
    }
    let searched = Searched {
        out: job.out.clone(),
        axes: job.axes.iter().map(|axis| axis.path.clone()).collect(),
        trials,
        notes,
    };
    searched.write(&job.out)?;
    Ok(searched)
}

/// The trainings of a search: for each the changes of its choice, and its settings.
pub(crate) struct Cells {
    pub all: Vec<(Vec<String>, FitFile)>,
    /// What is assumed of them, a sentence each.
    pub notes: Vec<String>,
}

impl Cells {
    /// Those of a job.
    pub fn of(job: &SearchJob) -> Result<Self> {
        let chosen = choices(&job.axes, job.random, job.seed, MOST_RUNS)?;
        let (mut all, mut notes) = (Vec::new(), Vec::new());
        for sets in chosen {
            let (settings, assumed) = cell(&job.settings, &sets)?;
            notes.extend(assumed);
            all.push((sets, settings));
        }
        notes.extend(incomparable(&job.axes));
        notes.dedup();
        Ok(Self { all, notes })
    }
}

/// The settings of a choice, with a note if they had to hold something out.
pub(crate) fn cell(shared: &FitFile, sets: &[String]) -> Result<(FitFile, Option<String>)> {
    let settings = with(shared, sets)?;
    if settings.validation.held_out > 0.0 {
        return Ok((settings, None));
    }
    let note = "the settings do not hold out any samples: a fifth of the samples is held out";
    let settings = with(&settings, &[HELD_OUT.to_owned()])?;
    Ok((settings, Some(note.to_owned())))
}

/// The settings with changes.
fn with(settings: &FitFile, sets: &[String]) -> Result<FitFile> {
    Ok(FitFile::parse(&settings.to_toml(), sets)?)
}

/// Makes one training, or what remains of it; the reason if it failed for its own settings.
fn train(
    job: &SearchJob,
    (folder, settings): (&Path, &FitFile),
    (number, count): (usize, usize),
    said: &Mutex<BTreeSet<String>>,
    watch: &Watch<'_>,
) -> Result<Option<String>> {
    let progress = |part: Progress<'_>| {
        if part.task == "fit" {
            // the runs may differ in their steps
            let done = number as u64 * PARTS + part.done * PARTS / part.total.max(1);
            let message = format!("run {} of {count}: {}", number + 1, part.message);
            watch.progress("search", (done, count as u64 * PARTS), &message);
        }
    };
    // most notes are about the data, which all trainings share
    let note = |text: &str| {
        if said
            .lock()
            .is_ok_and(|mut said| said.insert(text.to_owned()))
        {
            watch.note(text);
        }
    };
    let stop = || watch.is_stopped();
    let inner = Watch::new()
        .on_progress(&progress)
        .on_note(&note)
        .stop_when(&stop);
    match &job.data {
        SearchData::Arrays(_) if is_done(folder) => Ok(None),
        SearchData::Arrays(arrays) => {
            let made = in_memory(arrays.clone(), settings, folder, &inner);
            of_its_own(made, folder)
        }
        SearchData::Files(data) => {
            let inputs = Inputs::new(data)?;
            train_files(
                (inputs, data),
                (folder, settings),
                job.checkpoint_every,
                &inner,
            )
        }
    }
}

/// Makes one training on files, or what remains of it; the reason if it failed for its own settings.
pub(crate) fn train_files(
    (inputs, data): (Inputs, &[Source]),
    (folder, settings): (&Path, &FitFile),
    checkpoint_every: Duration,
    watch: &Watch<'_>,
) -> Result<Option<String>> {
    if is_done(folder) {
        return Ok(None);
    }
    let made = match Unfinished::is_in(folder) {
        true => {
            let job = ResumeJob {
                folder: folder.to_path_buf(),
                data: data.to_vec(),
                checkpoint_every,
            };
            resume(&job, watch).map(drop)
        }
        false => {
            let job = FitJob {
                data: data.to_vec(),
                settings: settings.clone(),
                out: folder.to_path_buf(),
                force: false,
                checkpoint_every,
                seeds: None,
                begin: Begin::Fresh,
            };
            fit_inputs(&job, inputs, Seeds::Compared, watch).map(drop)
        }
    };
    of_its_own(made, folder)
}

fn is_done(folder: &Path) -> bool {
    folder.join(MODEL).is_file() && !Unfinished::is_in(folder)
}

/// Why a training failed, if that was for its own settings.
fn of_its_own(made: Result<()>, folder: &Path) -> Result<Option<String>> {
    match made {
        Ok(()) => Ok(None),
        Err(problem) if problem.kind() == Kind::Numeric => {
            // what is left of it would be taken up again
            let _ = fs::remove_dir_all(folder);
            Ok(Some(problem.to_string()))
        }
        Err(problem) => Err(problem),
    }
}

/// A training on data in memory, whose folder is written whole or not at all.
fn in_memory(arrays: Arrays, settings: &FitFile, folder: &Path, watch: &Watch<'_>) -> Result<()> {
    let fitted = fit(settings, Data::of_arrays(arrays, settings)?, watch)?;
    let new = AtomicFolder::create(folder, None)?;
    fitted.write(new.path())?;
    Ok(new.commit()?)
}

/// A problem of one training in the words of the search.
fn in_search(problem: Problem, sets: &[String], folder: &Path) -> Problem {
    match problem.kind() {
        Kind::Interrupted => Problem::new(
            Kind::Interrupted,
            format!("interrupted in {}", folder.display()),
            "run the same command again: it goes on where this one ended",
        ),
        _ => problem.context(&sets.join(", ")),
    }
}

/// Why fits may not be comparable, a sentence each.
fn incomparable(axes: &[Axis]) -> Vec<String> {
    let touches = |what: &str| {
        let is = |path: &str| path == what || path.starts_with(&format!("{what}."));
        axes.iter().any(|axis| is(&axis.path))
    };
    let mut notes = Vec::new();
    let mut say = |why: &str| {
        notes.push(format!(
            "the fits are not comparable: {why}; compare the runs with `xcebra decode` on other data"
        ));
    };
    if touches("train.batch") {
        say("bits over chance are limited by the batch size, which differs between the runs");
    }
    if touches("objective") {
        say("the runs have different objectives, and some are easier than others");
    }
    if touches("data") || touches("validation") {
        say("the runs train on different samples or hold out different ones");
    }
    notes
}
