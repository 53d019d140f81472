//! `xcebra compare`: whether embeddings of runs, seeds or animals agree.

use std::path::PathBuf;

use clap::Args;
use xcebra::files::Source;
use xcebra::{Answer, CompareJob, Result, compare_files};

use super::Session;
use super::figures::Figures;
use super::places::Places;

/// Compare embeddings of several runs, seeds or animals
///
/// Two embeddings agree if a linear map takes one to the other: the table has the R² of the map from each
/// to each. The Procrustes disparity is what is left of their distance when one is turned onto the other.
///
/// Embeddings of the same samples are compared sample by sample. Those of other samples, such as those of
/// other animals, are compared by a label that all have: --label. Each is averaged in bins of the label.
/// The numbers are those of CEBRA's `consistency_score`, between runs and between data sets.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Compare {
    /// Arrays that hold embeddings; without a name the array is embedding, or the only one of the file
    #[arg(value_name = "FILE[:ARRAY]", required_unless_present = "model")]
    embeddings: Vec<Source>,

    /// Folder written by `xcebra fit`, whose encoders embed each session; may be repeated
    #[arg(long, value_name = "FOLDER")]
    model: Vec<PathBuf>,

    /// Recording that the models embed; repeat for several [default: the data of the training]
    #[arg(long, value_name = "FILE[:ARRAY]", requires = "model")]
    data: Vec<Source>,

    /// Label to compare by: an array in the file of each embedding or recording
    ///
    /// Repeat it, once for each embedding in their order, if the labels are in other files.
    #[arg(long, value_name = "NAME[=FILE:ARRAY]")]
    label: Vec<String>,

    /// Number of bins of the label
    #[arg(long, value_name = "N", default_value_t = 100)]
    bins: usize,

    /// Group of each embedding, such as its animal; repeat in their order
    ///
    /// Pairs of the same group are left out of the mean.
    #[arg(long, value_name = "NAME")]
    group: Vec<String>,

    /// File to write, .npz: r2 and disparity
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Page to write, .html, with pictures of both tables
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    #[command(flatten)]
    figures: Figures,
}

const EXAMPLES: &str = "\
Examples:
  xcebra compare monday-embedding.npz tuesday-embedding.npz
  xcebra compare --model run --model run-longer --data data.npz
  xcebra compare --model animals --label z2 --bins 20 --report animals.html
  xcebra compare rat1-embedding.npz rat2-embedding.npz --label z2=rat1.npz:z2 --label z2=rat2.npz:z2 --bins 20";

impl Compare {
    pub fn run(&self, session: &Session) -> Result<Answer> {
        let sources = self.embeddings.iter().chain(&self.data);
        let read: Vec<_> = sources
            .map(|source| ("an input", source.path.as_path()))
            .collect();
        self.places().check(&read)?;
        let job = CompareJob {
            embeddings: self.embeddings.clone(),
            runs: self.model.clone(),
            data: self.data.clone(),
            labels: self.label.clone(),
            bins: self.bins,
            groups: self.group.clone(),
        };
        let compared = session.watched("stopping", |watch| compare_files(&job, watch))?;
        let answer = compared.answer(self.out.as_deref())?;
        self.places().write(
            || compared.pictures(),
            || compared.report(),
            |out| compared.write(out),
        )?;
        Ok(answer)
    }

    fn places(&self) -> Places<'_> {
        Places {
            out: self.out.as_deref(),
            report: self.report.as_deref(),
            figures: &self.figures,
        }
    }
}
