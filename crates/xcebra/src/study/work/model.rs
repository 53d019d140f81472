//! A model that is explained, as a plan keeps it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use xcebra_files::Source;

use crate::explain::{ExplainedModel, ModelOptions, Precision};
use crate::fit::unfinished::Inputs;
use crate::run::CONFIG;
use crate::{MODEL, Problem, Result};

/// A model that is explained; sources are written as their texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Model {
    Stored {
        path: PathBuf,
        inputs: Vec<String>,
        output: Option<String>,
        dimensions: Vec<(String, usize)>,
        constants: Vec<(String, String)>,
        detach: Vec<String>,
        precision: Precision,
    },
    Program {
        words: Vec<String>,
        shape: Vec<usize>,
        patience: Option<Duration>,
    },
}

impl Model {
    pub fn of(model: &ExplainedModel) -> Self {
        match model {
            ExplainedModel::Stored(path, options) => {
                let constants = options.constants.iter();
                Self::Stored {
                    path: path.clone(),
                    inputs: options.inputs.clone(),
                    output: options.output.clone(),
                    dimensions: options.dimensions.clone(),
                    constants: constants
                        .map(|(name, source)| (name.clone(), source.to_string()))
                        .collect(),
                    detach: options.detach.clone(),
                    precision: options.precision,
                }
            }
            ExplainedModel::Program {
                words,
                shape,
                patience,
            } => Self::Program {
                words: words.clone(),
                shape: shape.clone(),
                patience: *patience,
            },
        }
    }

    pub fn load(&self, from: &Inputs) -> Result<ExplainedModel> {
        Ok(match self {
            Self::Stored {
                path,
                inputs,
                output,
                dimensions,
                constants,
                detach,
                precision,
            } => {
                let constants = constants
                    .iter()
                    .map(|(name, text)| Ok((name.clone(), from.source(text)?)));
                let options = ModelOptions {
                    inputs: inputs.clone(),
                    output: output.clone(),
                    dimensions: dimensions.clone(),
                    constants: constants.collect::<Result<_>>()?,
                    detach: detach.clone(),
                    precision: *precision,
                };
                ExplainedModel::Stored(from.path(path), options)
            }
            Self::Program {
                words,
                shape,
                patience,
            } => ExplainedModel::Program {
                words: words.iter().map(|word| found(word, from)).collect(),
                shape: shape.clone(),
                patience: *patience,
            },
        })
    }

    /// The files that it reads; relative paths begin in `folder`.
    pub fn files(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        match self {
            Self::Stored {
                path, constants, ..
            } => {
                let mut files = files_of(&folder.join(path))?;
                for (_, text) in constants {
                    files.push(folder.join(text.parse::<Source>()?.path));
                }
                Ok(files)
            }
            // the scripts that an interpreter is given
            Self::Program { words, .. } => {
                let words = words.iter().map(|word| folder.join(word));
                Ok(words.filter(|path| path.is_file()).collect())
            }
        }
    }
}

/// A word of a command: a file of the folder in which it was planned keeps its meaning in any other.
fn found(word: &str, from: &Inputs) -> String {
    let path = Path::new(word);
    match from.folder.join(path).is_file() {
        true => from.path(path).display().to_string(),
        false => word.to_owned(),
    }
}

/// The files of a trained encoder's folder or of an ONNX file.
fn files_of(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_dir() {
        return Ok(vec![path.join(MODEL), path.join(CONFIG)]);
    }
    let mut files = vec![path.to_path_buf()];
    #[cfg(feature = "onnx")]
    files.extend(xcebra_onnx::list(path).map_err(Problem::from)?.beside);
    Ok(files)
}
