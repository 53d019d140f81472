//! An explanation of a model and signals in files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use xcebra_files::NpzOutput;
use xcebra_model::Watch;

use super::explain_share;
use super::inputs::{InputSettings, InputsExplanation, explain_inputs_share};
use super::model_options::ModelOptions;
use super::result::Explanation;
use super::settings::{ExplainSettings, SignalSource};
use super::subject::Subject;
use crate::report::{Picture, Report};
use crate::share::Share;
use crate::{Answer, Result};

/// A model that is not loaded yet.
#[derive(Debug, Clone)]
pub enum ExplainedModel {
    /// An ONNX file, or the folder of a trained encoder.
    Stored(PathBuf, ModelOptions),
    /// A program; see [`Subject::program`].
    Program {
        /// It and its arguments.
        words: Vec<String>,
        /// Shape of one signal.
        shape: Vec<usize>,
        /// How long it may take over a batch.
        patience: Option<Duration>,
    },
}

/// What is to be explained, and of which model.
#[derive(Debug, Clone)]
pub struct ExplainJob {
    /// The model.
    pub model: ExplainedModel,
    /// What is to be explained, and how.
    pub settings: ExplainSettings,
    /// The inputs, if several are explained together; [`explain_inputs`](super::explain_inputs()) says what of the settings
    /// belongs to them.
    pub inputs: Vec<InputSettings>,
}

/// What was found.
#[expect(clippy::large_enum_variant, reason = "there is one of them")]
pub enum Explained {
    /// For a model of one input.
    One(Explanation),
    /// For each of several inputs.
    Several(InputsExplanation),
}

impl ExplainJob {
    /// Loads the model, and explains.
    ///
    /// # Errors
    /// As [`Subject::load_with`], [`Subject::program`], [`explain`](super::explain()) and
    /// [`explain_inputs`](super::explain_inputs()).
    pub fn run(&self, watch: &Watch<'_>) -> Result<Explained> {
        let found = self.share(&Share::Whole, watch)?;
        Ok(found.expect("the whole was asked for"))
    }

    /// As [`run`](Self::run), or a share of it, of which there is nothing to tell.
    pub(crate) fn share(&self, share: &Share<'_>, watch: &Watch<'_>) -> Result<Option<Explained>> {
        let subject = self.subject()?;
        Ok(match &self.inputs[..] {
            [] => explain_share(&subject, &self.settings, share, watch)?.map(Explained::One),
            inputs => explain_inputs_share(&subject, &self.settings, inputs, share, watch)?
                .map(Explained::Several),
        })
    }

    fn subject(&self) -> Result<Subject> {
        match &self.model {
            ExplainedModel::Stored(path, options) => {
                let several = self.inputs.iter();
                let mut sources: Vec<(Option<String>, &SignalSource)> = several
                    .map(|one| (Some(one.name.clone()), &one.input))
                    .collect();
                if sources.is_empty() {
                    sources.push((None, &self.settings.input));
                }
                Subject::load_with(path, options, &sources)
            }
            ExplainedModel::Program {
                words,
                shape,
                patience,
            } => Subject::program(words, shape, *patience),
        }
    }
}

impl Explained {
    /// The answer, for a reader and for a program; `out` is the file that the arrays were written to.
    ///
    /// # Errors
    /// [`Kind::Numeric`](xcebra_model::Kind::Numeric) if a number of it is not finite.
    pub fn answer(&self, out: Option<&Path>) -> Result<Answer> {
        match self {
            Self::One(found) => found.answer(out),
            Self::Several(found) => found.answer(out),
        }
    }

    /// Writes the arrays beside an `.npz` file, which appears when they are committed.
    ///
    /// # Errors
    /// [`Kind::File`](xcebra_model::Kind::File).
    pub fn arrays(&self, path: &Path) -> Result<NpzOutput> {
        match self {
            Self::One(found) => found.arrays(path),
            Self::Several(found) => found.arrays(path),
        }
    }

    /// The pictures by the headings that they stand under.
    pub fn pictures(&self) -> Vec<(String, Vec<Picture>)> {
        match self {
            Self::One(found) => found.pictures(),
            Self::Several(found) => found.pictures(),
        }
    }

    /// The report.
    pub fn report(&self) -> Report {
        match self {
            Self::One(found) => found.report(),
            Self::Several(found) => found.report(),
        }
    }
}
