//! `xcebra import`: a model of CEBRA as the folder of a run.

use std::path::PathBuf;

use clap::Args;
use xcebra::{Answer, ImportJob, Result, import_cebra};

use super::Session;

/// Take over a model that was trained with CEBRA
///
/// Writes the folder of a run, which `xcebra embed`, `attribute`, `decode` and `compare` take as any other, and
/// which `xcebra fit --from` trains further. The embedding is that of CEBRA up to rounding. A model of several
/// sessions has an encoder for each, which --session chooses.
///
/// The model is given by its tensors in a file of safetensors. What follows the last layer has no tensors, so
/// --architecture must be the name that CEBRA knows the model by. A file .pt of CEBRA is converted first, by the
/// Python package or by torch, as the page "Train an encoder" of the book shows.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Import {
    /// The tensors of the model, .safetensors
    #[arg(value_name = "FILE")]
    model: PathBuf,

    /// The name that CEBRA knows the model by, such as offset10-model
    #[arg(long, value_name = "NAME")]
    architecture: String,

    /// Folder to write
    #[arg(long, short, value_name = "FOLDER")]
    out: PathBuf,

    /// Replace the folder even if it holds an earlier run
    #[arg(long)]
    force: bool,
}

const EXAMPLES: &str = "\
Examples:
  xcebra import cebra.safetensors --architecture offset10-model --out run";

impl Import {
    pub fn run(&self, _session: &Session) -> Result<Answer> {
        import_cebra(&ImportJob {
            model: self.model.clone(),
            architecture: self.architecture.clone(),
            out: self.out.clone(),
            force: self.force,
        })
    }
}
