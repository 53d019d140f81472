//! `xcebra explain`: which frequencies or other components of a signal carry a model's output.

mod arguments;

use std::path::PathBuf;

use clap::Args;
use xcebra::cdig::{self, Rule};
use xcebra::explain::{
    BaselineSource, DomainSpec, Domains, ExplainSettings, OutputSpec, SignalSource, Subject,
    explain,
};
use xcebra::files::{Source, ensure_folder, ensure_writable};
use xcebra::{Answer, Result};

use super::Session;
use arguments::{Unit, parse_bands, parse_baseline, parse_domains, parse_range};

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
    #[arg(long, value_name = "FILE or FOLDER")]
    model: PathBuf,

    /// Signals: one, a batch, or a recording (time × channels) that is cut into signals; .npz, .npy, .csv,
    /// .edf, .bdf or .wav
    #[arg(long, value_name = "FILE[:ARRAY]")]
    input: Source,

    /// Domain of the attribution: one of those below
    #[arg(
        long,
        value_name = "NAME",
        default_value = "rfft",
        conflicts_with = "domains"
    )]
    domain: DomainSpec,

    /// Several domains, separated by commas, or auto. Explains the same prediction in each and ranks them by
    /// the Gini coefficient of absolute attribution; first comes the domain in which the smallest share of
    /// the coefficients carries the output
    #[arg(long, value_name = "NAMES")]
    domains: Option<String>,

    /// Sampling rate in Hz, if the file does not give it; 1 counts time in samples
    #[arg(long, value_name = "HZ")]
    fs: Option<f64>,

    /// Output of the model, counted from 0; 0+1 for a sum, 2-0 for a difference [default: 0]
    #[arg(long, value_name = "K", allow_hyphen_values = true)]
    output: Option<OutputSpec>,

    /// Where the path begins: zero, mean (of each channel over time), or a signal in a file
    #[arg(
        long,
        value_name = "zero, mean or FILE[:ARRAY]",
        default_value = "zero",
        value_parser = parse_baseline
    )]
    baseline: BaselineSource,

    /// How gradients are summed along the path: adaptive[:TOLERANCE[:POINTS]], midpoint:N, trapezoid:N, left:N, right:N, gauss-legendre:N
    #[arg(long, value_name = "RULE", default_value = "adaptive")]
    rule: Rule,

    /// Only these signals of the batch, such as 0..10
    #[arg(long, value_name = "RANGE", value_parser = parse_range)]
    signals: Option<std::ops::Range<usize>>,

    /// Samples from one signal to the next when a recording is cut [default: the length of a signal]
    #[arg(long, value_name = "SAMPLES", value_parser = clap::value_parser!(u32).range(1..))]
    hop: Option<u32>,

    /// Which axis of the model's input is time, counted from 0 [default: the one that fits a recording, or is
    /// at least 4 times as long as all others]
    #[arg(long, value_name = "AXIS")]
    time_axis: Option<usize>,

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

    /// Number of random orders with which insertion and deletion are compared, for a report or --domains
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(0..=1000))]
    random_orders: u16,

    /// Seed of random orders and of independent components
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// File to write, .npz
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,

    /// Also write a report with pictures, .html
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Also write the pictures, NAME.svg and NAME.png, into this folder
    #[arg(long, value_name = "FOLDER")]
    figures: Option<PathBuf>,
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
  xcebra explain --model run --input data.npz --output 2 --domain time --out map.npz";

impl Explain {
    pub fn run(&self, session: &Session) -> Result<Answer> {
        self.check_places()?;
        let subject = Subject::load(&self.model)?;
        let settings = self.settings()?;
        let explained = session.watched("stopping", |watch| explain(&subject, &settings, watch))?;
        let answer = explained.answer(Some(&self.out))?;
        let arrays = explained.arrays(&self.out)?;
        if let Some(folder) = &self.figures {
            ensure_folder(folder)?;
            let pictures = explained.pictures();
            for picture in pictures.iter().flat_map(|(_, pictures)| pictures) {
                picture.write(folder)?;
            }
        }
        if let Some(path) = &self.report {
            explained.report().write(path)?;
        }
        // last: a file that is there stands for results that are complete
        arrays.commit()?;
        Ok(answer)
    }

    fn settings(&self) -> Result<ExplainSettings> {
        let curves = self.report.is_some() || self.figures.is_some() || self.domains.is_some();
        Ok(ExplainSettings {
            domains: match &self.domains {
                Some(list) => parse_domains(list)?,
                None => Domains::These(vec![self.domain.clone()]),
            },
            sampling_rate: self.fs,
            output: self.output.clone(),
            baseline: self.baseline.clone(),
            rule: self.rule,
            signals: self.signals.clone(),
            hop: self.hop.map(|hop| hop as usize),
            time_axis: self.time_axis,
            bands: self.bands.clone().unwrap_or_default().0,
            fit_on: self.fit_on.clone().map(SignalSource::File),
            unit: self.frequency_unit.into(),
            curves: curves.then_some(self.random_orders.into()),
            seed: self.seed,
            ..ExplainSettings::new(self.input.clone())
        })
    }

    /// Everything that is read and written, before anything is.
    fn check_places(&self) -> Result<()> {
        super::require_npz(&self.out)?;
        let mut read = vec![
            ("--input", self.input.path.as_path()),
            ("--model", &self.model),
        ];
        if let BaselineSource::Signal(SignalSource::File(source)) = &self.baseline {
            read.push(("--baseline", &source.path));
        }
        if let Some(source) = &self.fit_on {
            read.push(("--fit-on", &source.path));
        }
        super::require_distinct(("--out", &self.out), &read)?;
        ensure_writable(&self.out)?;
        if let Some(report) = &self.report {
            read.push(("--out", &self.out));
            super::require_distinct(("--report", report), &read)?;
            ensure_writable(report)?;
        }
        Ok(())
    }
}
