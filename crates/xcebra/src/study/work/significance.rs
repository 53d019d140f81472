//! The test of map entries in pieces, a training each.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use xcebra_attr::Methods;
use xcebra_attr::significance::{Control, Tail};
use xcebra_files::Source;
use xcebra_model::Watch;

use super::{Gathered, MapJob, Piece, Study};
use crate::attribute::{check_test, train_for_test};
use crate::fit::unfinished::Inputs;
use crate::{
    Answer, AttributeSettings, MODEL, Null, Result, Sessions, SignificanceSettings, attribute_files,
};

/// A test as a plan keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignificanceWork {
    /// The folder of the encoder, as it was given.
    model: PathBuf,
    session: Option<String>,
    /// Where relative paths begin, and the recording.
    inputs: Inputs,
    /// As they are written.
    methods: String,
    trainings: usize,
    shifted_labels: bool,
    level: f64,
    any_dependence: bool,
    /// By ranks or fitted, if that was chosen.
    ranks: Option<bool>,
    blocks: usize,
    smallest_effect: f64,
}

impl SignificanceWork {
    pub fn of(job: &MapJob, test: &SignificanceSettings) -> Result<(Self, usize)> {
        let session = job.session.as_deref();
        check_test((&job.model, session), &job.data, test)?;
        // a name that is wrong is said now
        job.methods.parse::<Methods<f32>>()?;
        let work = Self {
            model: job.model.clone(),
            session: job.session.clone(),
            inputs: Inputs::new(std::slice::from_ref(&job.data))?,
            methods: job.methods.clone(),
            trainings: test.trainings,
            shifted_labels: test.null == Null::ShiftedLabels,
            level: test.level,
            any_dependence: test.control == Control::BenjaminiYekutieli,
            ranks: test.tail.map(|tail| tail == Tail::Ranks),
            blocks: test.blocks,
            smallest_effect: test.smallest_effect,
        };
        Ok((work, test.trainings))
    }

    pub fn files(&self) -> Result<Vec<PathBuf>> {
        let model = self.inputs.folder.join(&self.model);
        let mut files = vec![model.join(MODEL), model.join("config.toml")];
        let sessions = Sessions::load(&model)?.filter(|sessions| sessions.count() > 1);
        // several subjects are trained again together, on their own files
        if let Some(inputs) = sessions.and_then(|sessions| sessions.inputs) {
            for text in &inputs.data {
                files.push(inputs.folder.join(text.parse::<Source>()?.path));
            }
        }
        files.push(self.inputs.folder.join(self.data()?.path));
        Ok(files)
    }

    pub fn run(&self, piece: &Piece<'_>) -> Result<()> {
        let model = self.model();
        let of = (model.as_path(), self.session.as_deref());
        let training = (piece.number, piece.folder, piece.every);
        train_for_test(
            of,
            &self.data()?,
            &self.settings(None),
            training,
            piece.watch,
        )
    }

    pub fn gather(&self, study: &Study, to: &Gathered<'_>, watch: &Watch<'_>) -> Result<Answer> {
        let settings = AttributeSettings {
            methods: self.methods.parse()?,
            significance: Some(self.settings(Some(study.folder.join("pieces")))),
        };
        let session = self.session.as_deref();
        let found = attribute_files(&self.model(), session, &self.data()?, &settings, watch)?;
        let answer = found.answer(Some(to.out))?;
        to.report(|| Ok(found.report()))?;
        found.write(to.out)?;
        Ok(answer)
    }

    fn model(&self) -> PathBuf {
        self.inputs.path(&self.model)
    }

    fn data(&self) -> Result<Source> {
        Ok(self.inputs.only()?)
    }

    fn settings(&self, keep: Option<PathBuf>) -> SignificanceSettings {
        SignificanceSettings {
            trainings: self.trainings,
            null: match self.shifted_labels {
                true => Null::ShiftedLabels,
                false => Null::Resampled,
            },
            level: self.level,
            control: match self.any_dependence {
                true => Control::BenjaminiYekutieli,
                false => Control::BenjaminiHochberg,
            },
            tail: self.ranks.map(|ranks| match ranks {
                true => Tail::Ranks,
                false => Tail::Fitted,
            }),
            blocks: self.blocks,
            smallest_effect: self.smallest_effect,
            keep,
        }
    }
}
