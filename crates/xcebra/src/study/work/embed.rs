//! An embedding in pieces: ranges of time.

use std::cell::Cell;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use xcebra_core::encoder::Edges;
use xcebra_model::Watch;

use super::{EmbedJob, Gathered, Piece, Study};
use crate::embedding::embed_files_share;
use crate::fit::unfinished::Inputs;
use crate::run::CONFIG;
use crate::share::Share;
use crate::{Answer, Embedding, MODEL, Result};

/// An embedding as a plan keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbedWork {
    /// The folder of the encoder, as it was given.
    model: PathBuf,
    session: Option<String>,
    /// Where relative paths begin, and the recording.
    inputs: Inputs,
    /// Whether the ends of the recording are left out.
    drop_edges: bool,
    /// Number of stretches of time.
    stretches: usize,
}

impl EmbedWork {
    pub fn of(job: &EmbedJob, watch: &Watch<'_>) -> Result<(Self, usize)> {
        let mut work = Self {
            model: job.model.clone(),
            session: job.session.clone(),
            inputs: Inputs::new(std::slice::from_ref(&job.data))?,
            drop_edges: job.edges == Edges::Drop,
            stretches: 0,
        };
        // what is wrong is said now
        let stretches = Cell::new(0);
        work.share(&Share::Checked(&|found| stretches.set(found)), watch)?;
        work.stretches = stretches.get();
        let stretches = work.stretches;
        Ok((work, stretches))
    }

    fn share(&self, share: &Share<'_>, watch: &Watch<'_>) -> Result<Option<Embedding>> {
        let model = self.inputs.path(&self.model);
        let edges = match self.drop_edges {
            true => Edges::Drop,
            false => Edges::Pad,
        };
        let session = self.session.as_deref();
        embed_files_share(&model, session, &self.inputs.only()?, edges, share, watch)
    }

    pub fn files(&self) -> Result<Vec<PathBuf>> {
        let model = self.inputs.folder.join(&self.model);
        let data = self.inputs.folder.join(self.inputs.only()?.path);
        Ok(vec![model.join(MODEL), model.join(CONFIG), data])
    }

    pub fn run(&self, piece: &Piece<'_>) -> Result<()> {
        let share = Share::Part(piece.part(self.stretches), piece.folder);
        self.share(&share, piece.watch).map(drop)
    }

    pub fn gather(&self, study: &Study, to: &Gathered<'_>, watch: &Watch<'_>) -> Result<Answer> {
        let folder = study.folder_of(self.stretches);
        let found = self.share(&Share::Kept(&folder), watch)?;
        let found = found.expect("the whole was asked for");
        to.report(|| Ok(found.report(&[])))?;
        found.write(to.out)?;
        Ok(found.answer(Some(to.out)))
    }
}
