//! `xcebra attribute`: which inputs drive which latents.

mod significance;

use std::path::PathBuf;

use clap::Args;
use xcebra::files::{Source, ensure_folder, ensure_writable};
use xcebra::{Answer, AttributeSettings, Result, attribute_files};

use super::Session;

/// Compute attribution maps of a trained encoder
///
/// For each method, writes three arrays (inputs × latents) over all samples of the recording: the
/// mean of absolute attributions under the method's name, such as ing; their signed mean under that
/// name followed by _signed; and the largest absolute one under that name followed by _max.
///
/// If an encoder sees several samples at once, these are means and maxima over the lags. The array
/// whose name ends in _lags then holds the map lag by lag (channels × window × latents).
///
///   ing                    inverted neuron gradient: pseudo-inverse of the encoder's Jacobian
///   neuron-gradient        the Jacobian itself
///   input-x-gradient       the Jacobian times the input
///   smooth-grad            mean Jacobian around the input
///   integrated-gradients   mean gradient on the way from a baseline, times the difference from it
///   gradient-shap          the same, from random samples
///   feature-ablation       the change when a baseline replaces a channel
///   occlusion              the same, for windows of time
///   shapley-sampling       Shapley values by random permutations
///   exact-shapley          Shapley values, at most 16 inputs
///   …-inverse              pseudo-inverse of any of these except ing
///
/// Parameters follow in parentheses. Quote them for the shell:
///   --method "integrated-gradients(nodes=20, baseline=mean)"
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_long_help = EXAMPLES)]
pub struct Attribute {
    /// Folder written by `xcebra fit`
    #[arg(long, value_name = "FOLDER")]
    model: PathBuf,

    /// Recording with the channels of the training: .npz, .npy, .csv, .edf, .bdf or .wav
    #[arg(long, value_name = "FILE[:ARRAY]")]
    data: Source,

    /// Session of the training whose encoder is explained: its number from 0, or the name of its file
    ///
    /// Needed only if the sessions of the training had different channels.
    #[arg(long, value_name = "SESSION")]
    session: Option<String>,

    /// One method or several, separated by commas
    #[arg(long, value_name = "NAMES", default_value = "ing")]
    method: String,

    /// File to write, .npz
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,

    /// Also write a report with pictures, .html
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Also write each map as a picture, NAME.svg and NAME.png, into this folder
    #[arg(long, value_name = "FOLDER")]
    figures: Option<PathBuf>,

    #[command(flatten)]
    significance: significance::Options,
}

const EXAMPLES: &str = "\
Examples:
  xcebra attribute --model run --data data.npz --out map.npz
  xcebra attribute --model run --data data.npz --method ing,neuron-gradient --out map.npz --report map.html
  xcebra attribute --model run --data data.npz --significance --out map.npz --report map.html
  xcebra attribute --model animals --session 1 --data rat2.npz --out rat2-map.npz";

impl Attribute {
    pub fn run(&self, session: &Session) -> Result<Answer> {
        let settings = AttributeSettings {
            methods: self.method.parse()?,
            significance: self.significance.settings(),
        };
        super::require_npz(&self.out)?;
        let data = ("--data", self.data.path.as_path());
        super::require_distinct(("--out", &self.out), &[data])?;
        ensure_writable(&self.out)?;
        if let Some(report) = &self.report {
            super::require_distinct(("--report", report), &[data, ("--out", &self.out)])?;
            ensure_writable(report)?;
        }
        if let Some(figures) = &self.figures {
            ensure_folder(figures)?;
        }
        let found = session.watched("stopping", |watch| {
            let of = self.session.as_deref();
            attribute_files(&self.model, of, &self.data, &settings, watch)
        })?;
        let answer = found.answer(Some(&self.out))?;
        found.write(&self.out)?;
        if let Some(path) = &self.report {
            found.report().write(path)?;
        }
        if let Some(folder) = &self.figures {
            for picture in found.pictures() {
                picture.write(folder)?;
            }
        }
        Ok(answer)
    }
}
