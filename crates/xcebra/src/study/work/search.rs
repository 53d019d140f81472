//! A search in pieces, a training each.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use xcebra_files::AtomicFolder;
use xcebra_model::Watch;

use super::{Gathered, Piece, Study, copy, files, refused, settings, sources};
use crate::fit::unfinished::Inputs;
use crate::search::{Cells, State, cell, train_files};
use crate::{Answer, Result, SearchData, SearchJob, Searched, Trial};

/// Where the training of a piece is.
const RUN: &str = "run";

/// A search as a plan keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchWork {
    inputs: Inputs,
    /// The settings that are chosen.
    axes: Vec<String>,
    /// What was assumed.
    notes: Vec<String>,
    /// All else, as the folder of a search keeps it.
    search: State,
}

impl SearchWork {
    pub fn of(job: &SearchJob, watch: &Watch<'_>) -> Result<(Self, usize)> {
        let SearchData::Files(data) = &job.data else {
            return Err(refused("a search on arrays in memory"));
        };
        let Cells { all, notes } = Cells::of(job)?;
        notes.iter().for_each(|note| watch.note(note));
        let work = Self {
            inputs: Inputs::new(data)?,
            axes: job.axes.iter().map(|axis| axis.path.clone()).collect(),
            notes,
            search: State::of(job, &all)?,
        };
        Ok((work, all.len()))
    }

    pub fn files(&self) -> Result<Vec<PathBuf>> {
        let mut all = files(&self.inputs, &settings(&self.search.settings)?)?;
        for sets in &self.search.runs {
            let (settings, _) = cell(&settings(&self.search.settings)?, sets)?;
            all.extend(files(&self.inputs, &settings)?);
        }
        all.sort();
        all.dedup();
        Ok(all)
    }

    pub fn run(&self, piece: &Piece<'_>) -> Result<Option<String>> {
        let sets = &self.search.runs[piece.number];
        let (settings, _) = cell(&settings(&self.search.settings)?, sets)?;
        let data = sources(&self.inputs)?;
        let folder = piece.folder.join(RUN);
        let of = (self.inputs.clone(), data.as_slice());
        let made = train_files(of, (&folder, &settings), piece.every, piece.watch);
        made.map_err(|problem| problem.context(&sets.join(", ")))
    }

    pub fn gather(&self, study: &Study, to: &Gathered<'_>) -> Result<Answer> {
        let out = to.out;
        let new = AtomicFolder::create(out, None)?;
        self.search.claim(new.path())?;
        let mut trials = Vec::new();
        for (number, sets) in self.search.runs.iter().enumerate() {
            let name = format!("{number:04}");
            let failed = study.done(number)?.and_then(|done| done.said);
            if failed.is_none() {
                let from = study.piece(number).join(RUN);
                copy(&from, &new.path().join(&name), |_| false)?;
            }
            let place = new.path().join(&name);
            let mut trial = Trial::read(place, sets.clone(), failed)?;
            trial.folder = out.join(&name);
            trials.push(trial);
        }
        let searched = Searched {
            out: out.to_path_buf(),
            axes: self.axes.clone(),
            trials,
            notes: self.notes.clone(),
        };
        searched.write(new.path())?;
        new.commit()?;
        searched.answer()
    }
}
