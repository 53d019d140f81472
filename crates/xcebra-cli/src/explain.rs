//! `xcebra explain`: which frequencies or other components of a signal carry a model's output.

mod arguments;
mod named;
mod program;
mod settings;

use std::path::{Path, PathBuf};

use clap::Args;
use xcebra::cdig::{self, Rule};
use xcebra::explain::{
    BaselineSource, DomainSpec, ExplainJob, ExplainedModel, GradientSource, GroupBy, Outputs,
    SignalSource,
};
use xcebra::files::Source;
use xcebra::report::Picture;
use xcebra::{Answer, Result};

use super::Session;
use super::figures::Figures;
use super::model_flags::ModelFlags;
use super::places::Places;
use super::study::refuse;
use arguments::{Signals, Unit, parse_bands, parse_signals};
use named::Named;
use program::ProgramFlags;
use settings::{named, named_baseline, named_source};

/// Explain which frequencies or other components of a signal carry a model's output
///
/// Cross-domain integrated gradients distribute the change of the output from a baseline to the signal
/// over the signal's coefficients in a domain. Writes the array `attribution`, with one entry for each
/// coefficient, and `frequency_hz`, `time_s`, … along its axes. A batch of signals adds a leading axis.
///
/// The attributions of all coefficients add up to F(x) − F(baseline), apart from a residual. The residual
/// is reported for every signal, and whether the tolerance of the adaptive rule was met.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_long_help = after_help())]
pub struct Explain {
    /// Model: an .onnx file, or a folder written by `xcebra fit`, whose outputs are its latents
    #[arg(
        long,
        value_name = "FILE or FOLDER",
        required_unless_present = "command"
    )]
    model: Option<PathBuf>,

    /// Signals: one, a batch, or a recording (time × channels) that is cut into signals; any format that
    /// `xcebra files` lists. For several inputs of a model NAME=FILE[:ARRAY], once for each; so are --domain,
    /// --baseline, --fs and --time-axis
    #[arg(long, required = true, value_name = "FILE[:ARRAY]", value_parser = named_source)]
    input: Vec<Named<Source>>,

    /// Domain of the attribution: one of those below [default: rfft; time for each of several inputs]
    #[arg(long, value_name = "NAME", conflicts_with = "domains", value_parser = named::<DomainSpec>)]
    domain: Vec<Named<DomainSpec>>,

    /// Several domains, separated by commas, or auto. Explains the same prediction in each and ranks them by
    /// the Gini coefficient of absolute attribution; first comes the domain in which the smallest share of
    /// the coefficients carries the output
    #[arg(long, value_name = "NAMES")]
    domains: Option<String>,

    /// Sampling rate in Hz, if the file does not give it; 1 counts time in samples
    #[arg(long, value_name = "HZ", value_parser = named::<f64>)]
    fs: Vec<Named<f64>>,

    /// Output of the model, counted from 0; 0+1 for a sum, 2-0 for a difference; 0,1,2 or 0..12 or all for each
    /// of several; predicted for the largest output of each signal [default: 0]
    #[arg(long, value_name = "K", allow_hyphen_values = true)]
    output: Option<Outputs>,

    /// Where the path begins: zero, mean (of each channel over time), or a signal in a file. Of several signals,
    /// each is a baseline, and attributions are means over them (expected gradients) [default: zero]
    #[arg(
        long,
        value_name = "zero, mean or FILE[:ARRAY]",
        value_parser = named_baseline
    )]
    baseline: Vec<Named<BaselineSource>>,

    /// How many of several baselines to draw at random [default: all]
    #[arg(long, value_name = "N")]
    baseline_count: Option<usize>,

    /// How gradients are summed along the path: adaptive[:TOLERANCE[:POINTS]], midpoint:N, trapezoid:N, left:N, right:N, gauss-legendre:N [default: adaptive; midpoint:50 with smoothing]
    #[arg(long, value_name = "RULE")]
    rule: Option<Rule>,

    /// Where gradients come from: model, differences[:STEP] or smoothing[:SIGMA[:PAIRS]]. The last two need only
    /// values of the model; what they cost is said before they start [default: model; differences with --command]
    #[arg(long, value_name = "SOURCE")]
    gradient: Option<GradientSource>,

    /// Only these signals of the batch, such as 0..10 or 0,5,9
    #[arg(long, value_name = "LIST", value_parser = parse_signals)]
    signals: Option<Signals>,

    /// Summarise signals in groups: by a label, an array of the input file or FILE[:ARRAY] with one value for each
    /// signal or for each sample of the recording; or by the predicted output
    #[arg(long, value_name = "LABEL or predicted")]
    group_by: Option<GroupBy>,

    /// Samples from one signal to the next when a recording is cut [default: the length of a signal]
    #[arg(long, value_name = "SAMPLES", value_parser = clap::value_parser!(u32).range(1..))]
    hop: Option<u32>,

    /// Which axis of the model's input is time, counted from 0 [default: the one that fits a recording, or is
    /// at least 4 times as long as all others]
    #[arg(long, value_name = "AXIS", value_parser = named::<usize>)]
    time_axis: Vec<Named<usize>>,

    /// Named bands in Hz, below half the sampling rate, over which attribution is summed:
    /// theta=4-8,alpha=8-13
    #[arg(long, value_name = "NAME=LOW-HIGH,…", value_parser = parse_bands)]
    bands: Option<arguments::Bands>,

    /// Signals from which principal or independent components are fitted [default: those of --input]
    #[arg(long, value_name = "FILE[:ARRAY]")]
    fit_on: Option<Source>,

    /// Unit of frequencies in text and pictures
    #[arg(long, value_enum, default_value_t = Unit::Hz)]
    frequency_unit: Unit,

    /// Number of random orders with which insertion and deletion are compared, for a report or --domains; in a
    /// plan it asks for both [default: 5]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=1000))]
    random_orders: Option<u16>,

    /// Seed of random orders and of independent components
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    #[command(flatten)]
    model_flags: ModelFlags,

    #[command(flatten)]
    program: ProgramFlags,

    /// File to write, .npz
    #[arg(long, short, value_name = "FILE", help_heading = "Options")]
    out: PathBuf,

    /// Also write a report with pictures, .html
    #[arg(long, value_name = "FILE", help_heading = "Options")]
    report: Option<PathBuf>,

    #[command(flatten, next_help_heading = "Options")]
    figures: Figures,
}

/// The domains, as their catalogue lists them, and examples.
fn after_help() -> String {
    format!("Domains:\n{}\n\n{EXAMPLES}", cdig::catalogue::help())
}

const EXAMPLES: &str = "\
Examples:
  xcebra explain --model hr.onnx --input pulse.npz:x --domain fourier --fs 32 --out map.npz --report map.html
  xcebra explain --model hr.onnx --input pulse.wav --domains auto --frequency-unit bpm --out map.npz
  xcebra explain --model eeg.onnx --input night.edf --domain ica+rfft --signals 0..10 --out map.npz
  xcebra explain --model eeg.onnx --input trials.npz:x --output predicted --group-by label --out map.npz
  xcebra explain --command \"python model.py\" --input trials.npz:x --fs 250 --out map.npz
  xcebra explain --model run --input data.npz --output 2 --domain time --out map.npz";

impl Explain {
    pub fn run(&self, session: &Session) -> Result<Answer> {
        self.check_places()?;
        let shown = self.report.is_some() || self.figures.folder().is_some();
        let job = self.job(shown)?;
        let found = session.watched("stopping", |watch| job.run(watch))?;
        let answer = found.answer(Some(&self.out))?;
        self.places().write(
            || all(found.pictures()),
            || found.report(),
            |out| Ok(found.arrays(out)?.commit()?),
        )?;
        Ok(answer)
    }

    /// The explanation, for a plan whose folder is `out`.
    pub fn planned(&self) -> Result<(ExplainJob, &Path)> {
        refuse(self.report.is_some(), "--report")?;
        refuse(self.figures.folder().is_some(), "--figures")?;
        // a report may be asked for when the pieces are gathered
        let job = self.job(self.random_orders.is_some())?;
        Ok((job, &self.out))
    }

    /// What is to be explained; with insertion and deletion if it will be `shown`.
    fn job(&self, shown: bool) -> Result<ExplainJob> {
        let (settings, inputs) = match self.model_flags.several_inputs() {
            Some(names) => {
                let inputs = self.inputs(names)?;
                let first = inputs[0].input.clone();
                (self.shared_settings(first, shown), inputs)
            }
            None => (self.settings(shown)?, Vec::new()),
        };
        let model = match (&self.model, &settings.input) {
            (None, SignalSource::File(input)) => self.program.model(input)?,
            (model, _) => {
                let model = model.clone().unwrap_or_default();
                ExplainedModel::Stored(model, self.model_flags.options())
            }
        };
        Ok(ExplainJob {
            model,
            settings,
            inputs,
        })
    }

    fn places(&self) -> Places<'_> {
        Places {
            out: Some(&self.out),
            report: self.report.as_deref(),
            figures: &self.figures,
        }
    }

    /// Everything that is read and written, before anything is.
    fn check_places(&self) -> Result<()> {
        let mut read = Vec::new();
        for source in self.input.iter().flat_map(Named::values) {
            read.push(("--input", source.path.as_path()));
        }
        read.extend(self.model.as_deref().map(|model| ("--model", model)));
        read.extend(self.model_flags.files());
        if let Some(GroupBy::File(source)) = &self.group_by {
            read.push(("--group-by", &source.path));
        }
        for baseline in self.baseline.iter().flat_map(Named::values) {
            if let BaselineSource::Signal(SignalSource::File(source)) = baseline {
                read.push(("--baseline", &source.path));
            }
        }
        if let Some(source) = &self.fit_on {
            read.push(("--fit-on", &source.path));
        }
        self.places().check(&read)
    }
}

/// The pictures of all domains.
fn all(named: Vec<(String, Vec<Picture>)>) -> Vec<Picture> {
    named
        .into_iter()
        .flat_map(|(_, pictures)| pictures)
        .collect()
}
