//! A training in pieces: the training itself, and one more for each further seed that it is compared with.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xcebra_core::Trainer;
use xcebra_files::{AtomicFolder, FileError};
use xcebra_model::{Kind, Watch};

use super::{Gathered, Piece, Study, copy, files, settings, sources};
use crate::fit::unfinished::{Inputs, Unfinished};
use crate::fit::{Seeds, fit_inputs, of_seed, resume_seeds};
use crate::kept::KeptTraining;
use crate::{Answer, Begin, FitFile, FitJob, MODEL, Problem, Result, ResumeJob, Run, resume};

/// Where the training of the first piece is.
const RUN: &str = "run";
/// The lock of a training, which stays where it was.
const LOCK: &str = ".xcebra-lock";

/// A training as a plan keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitWork {
    inputs: Inputs,
    /// As TOML.
    settings: String,
    /// From how many seeds to train in all.
    seeds: Option<u16>,
    begin: Begin,
}

impl FitWork {
    pub fn of(job: &FitJob) -> Result<(Self, usize)> {
        let begin = job.begin.absolute(Path::new(""))?;
        let settings = job.settings_of_data();
        let work = Self {
            inputs: Inputs::new(&job.data)?,
            settings: settings.to_toml(),
            seeds: job.seeds,
            begin,
        };
        // what is wrong with the data is said now
        work.begin.read(&work.all_inputs()?, &settings)?;
        Ok((work, job.seeds.unwrap_or(1).into()))
    }

    /// The data that were given, and those of the run that is gone on from.
    fn all_inputs(&self) -> Result<Inputs> {
        self.begin.inputs(self.inputs.clone())
    }

    pub fn files(&self) -> Result<Vec<PathBuf>> {
        let mut files = files(&self.all_inputs()?, &settings(&self.settings)?)?;
        let earlier = self.begin.folder();
        files.extend(earlier.map(|folder| folder.join(MODEL)));
        Ok(files)
    }

    pub fn run(&self, piece: &Piece<'_>) -> Result<()> {
        match piece.number {
            0 => self.first(piece),
            _ => self.other(piece),
        }
    }

    /// The training, whose folder then lacks the comparison of its seeds alone.
    fn first(&self, piece: &Piece<'_>) -> Result<()> {
        let folder = piece.folder.join(RUN);
        let checkpoint_every = piece.every;
        if Unfinished::is_in(&folder) {
            let job = ResumeJob {
                folder,
                data: Vec::new(),
                checkpoint_every,
            };
            return resume_seeds(&job, Seeds::Left, piece.watch).map(drop);
        }
        if folder.join(MODEL).is_file() {
            return Ok(());
        }
        let job = FitJob {
            data: sources(&self.inputs)?,
            settings: settings(&self.settings)?,
            out: folder,
            force: false,
            checkpoint_every,
            seeds: self.seeds,
            begin: self.begin.clone(),
        };
        fit_inputs(&job, self.inputs.clone(), Seeds::Left, piece.watch).map(drop)
    }

    /// The training of another seed.
    fn other(&self, piece: &Piece<'_>) -> Result<()> {
        let settings: FitFile = settings(&self.settings)?;
        let mut config = settings.config();
        config.train.seed = self.seed(piece.number, config.train.seed);
        let steps = config.train.steps as u64;
        let begin = || {
            let data = self.begin.read(&self.all_inputs()?, &settings)?;
            Ok(Trainer::new(config, data.recording)?)
        };
        let told = |trainer: &Trainer<f32>| {
            let made = trainer.steps_made() as u64;
            piece.watch.progress("fit", (made, steps), "");
        };
        let kept = KeptTraining::in_folder(piece.folder, piece.every)?;
        kept.trained(0, begin, told, piece.watch).map(drop)
    }

    /// The seed of a piece.
    fn seed(&self, piece: usize, first: u64) -> u64 {
        first.wrapping_add(piece as u64)
    }

    pub fn gather(&self, study: &Study, to: &Gathered<'_>, watch: &Watch<'_>) -> Result<Answer> {
        let out = to.out;
        let new = AtomicFolder::create(out, None)?;
        let first = study.piece(0).join(RUN);
        copy(&first, new.path(), |name| name == LOCK)?;
        let seed = settings(&self.settings)?.train.seed;
        for piece in 1..study.plan.pieces {
            let kept = KeptTraining::in_folder(&study.piece(piece), Default::default())?;
            let place = of_seed(new.path(), self.seed(piece, seed), Default::default()).encoder;
            fs::copy(&kept.encoder, &place).map_err(|error| FileError::write(&place, error))?;
        }
        // with all encoders there, what remains is to compare them; the folder appears when that is done
        let job = ResumeJob {
            folder: new.path().to_path_buf(),
            data: Vec::new(),
            checkpoint_every: Default::default(),
        };
        let fitted = resume(&job, watch).map_err(|problem| match problem.kind() {
            // what there is to resume is the gathering
            Kind::Interrupted => Problem::stopped(),
            _ => problem,
        })?;
        new.commit()?;
        match fitted {
            Some(fitted) => fitted.in_folder(out).answer(),
            None => finished(out),
        }
    }
}

/// What there is to say of a training that had nothing left to do.
fn finished(out: &Path) -> Result<Answer> {
    let runs = Run::load_all(out).map_err(Problem::from)?;
    let place = out.display().to_string();
    Ok(Answer {
        text: format!("{place}: a trained encoder"),
        json: serde_json::json!({ "out": place, "encoders": runs.len() }),
    })
}
