//! Maps in pieces: ranges of the samples that they are means over.

use std::cell::Cell;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use xcebra_model::Watch;

use super::model::Model;
use super::{AttributeJob, Gathered, MapJob, Piece, Study};
use crate::attribute::{attribute_files_share, attribute_model_share};
use crate::explain::{ExplainedModel, SignalSource, Subject};
use crate::fit::unfinished::Inputs;
use crate::report::Report;
use crate::share::Share;
use crate::{Answer, Attributed, ModelMapSettings, ModelMaps, Result};

/// Maps as a plan keeps them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeWork {
    /// Where relative paths begin, and the recording.
    inputs: Inputs,
    model: Model,
    /// Whether it is an encoder of ours.
    is_encoder: bool,
    session: Option<String>,
    /// As they are written.
    methods: String,
    time_axis: Option<usize>,
    hop: Option<usize>,
    /// Number of blocks of samples.
    blocks: usize,
}

/// What was found.
enum Found {
    Encoder(Box<Attributed>),
    Model(ModelMaps),
}

impl AttributeWork {
    pub fn of(job: &AttributeJob, watch: &Watch<'_>) -> Result<(Self, usize)> {
        let mut work = match job {
            AttributeJob::Encoder(job) => Self {
                inputs: Inputs::new(std::slice::from_ref(&job.data))?,
                model: Model::of(&ExplainedModel::Stored(
                    job.model.clone(),
                    Default::default(),
                )),
                is_encoder: true,
                session: job.session.clone(),
                methods: job.methods.clone(),
                time_axis: None,
                hop: None,
                blocks: 0,
            },
            AttributeJob::Model {
                model,
                options,
                data,
                methods,
                time_axis,
                hop,
            } => Self {
                inputs: Inputs::new(std::slice::from_ref(data))?,
                model: Model::of(&ExplainedModel::Stored(model.clone(), options.clone())),
                is_encoder: false,
                session: None,
                methods: methods.clone(),
                time_axis: *time_axis,
                hop: *hop,
                blocks: 0,
            },
        };
        // what is wrong is said now
        let blocks = Cell::new(0);
        work.share(&Share::Checked(&|found| blocks.set(found)), watch)?;
        work.blocks = blocks.get();
        let blocks = work.blocks;
        Ok((work, blocks))
    }

    fn share(&self, share: &Share<'_>, watch: &Watch<'_>) -> Result<Option<Found>> {
        let data = self.inputs.only()?;
        let model = self.model.load(&self.inputs)?;
        let ExplainedModel::Stored(path, options) = model else {
            unreachable!("maps of programs are not planned");
        };
        if self.is_encoder {
            let session = self.session.as_deref();
            let methods = self.methods.parse()?;
            let found = attribute_files_share(&path, session, &data, &methods, share, watch)?;
            return Ok(found.map(|found| Found::Encoder(Box::new(found))));
        }
        let data = SignalSource::File(data);
        let subject = Subject::load_with(&path, &options, &[(None, &data)])?;
        let settings = ModelMapSettings {
            methods: self.methods.parse()?,
            time_axis: self.time_axis,
            hop: self.hop,
        };
        let found = attribute_model_share(&subject, &data, &settings, share, watch)?;
        Ok(found.map(Found::Model))
    }

    pub fn files(&self) -> Result<Vec<PathBuf>> {
        let mut files = self.model.files(&self.inputs.folder)?;
        files.push(self.inputs.folder.join(self.inputs.only()?.path));
        Ok(files)
    }

    pub fn run(&self, piece: &Piece<'_>) -> Result<()> {
        let share = Share::Part(piece.part(self.blocks), piece.folder);
        self.share(&share, piece.watch).map(drop)
    }

    pub fn gather(&self, study: &Study, to: &Gathered<'_>, watch: &Watch<'_>) -> Result<Answer> {
        let folder = study.folder_of(self.blocks);
        let found = self.share(&Share::Kept(&folder), watch)?;
        let found = found.expect("the whole was asked for");
        let answer = match &found {
            Found::Encoder(found) => found.answer(Some(to.out)),
            Found::Model(found) => found.answer(Some(to.out)),
        }?;
        to.report(|| Ok(found.report()))?;
        match &found {
            Found::Encoder(found) => found.write(to.out),
            Found::Model(found) => found.write(to.out),
        }?;
        Ok(answer)
    }
}

impl Found {
    fn report(&self) -> Report {
        match self {
            Self::Encoder(found) => found.report(),
            Self::Model(found) => found.report(),
        }
    }
}

impl From<MapJob> for AttributeJob {
    fn from(job: MapJob) -> Self {
        Self::Encoder(job)
    }
}
