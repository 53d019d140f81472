//! `xcebra explain`: which frequencies or other components of a signal carry a model's output.

mod arguments;
mod domains;
mod json;
mod means;
mod page;
mod result;
mod subject;
mod summary;
mod tables;
mod work;

use std::path::PathBuf;
use std::time::Instant;

use cdig::Rule;
use clap::Args;
use xcebra::cdig;
use xcebra::explain::{DomainSpec, Setting, Signals};
use xcebra::files::{Source, ensure_folder, ensure_writable, rates_agree};

use super::{Outcome, Problem, Result, Session};
use arguments::{BaselineSpec, OutputSpec, Unit, parse_bands, parse_range};
use subject::Subject;
use work::{Job, One};

/// Explain which frequencies or other components of a signal carry a model's output
///
/// Cross-domain integrated gradients: the change of the output from a baseline to the signal is
/// shared out among the signal's coefficients in a domain. Writes the array `attribution`, one entry a
/// coefficient, with `frequency_hz`, `time_s`, … along its axes; a batch of signals gives it a leading axis.
///
/// The attribution of all coefficients adds up to F(x) − F(baseline) up to the residual, which is
/// reported for every signal, with whether the tolerance of the adaptive rule was met.
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

    /// Domain of the attribution, one of those below
    #[arg(
        long,
        value_name = "NAME",
        default_value = "rfft",
        conflicts_with = "domains"
    )]
    domain: DomainSpec,

    /// Several domains, separated by commas, or auto: explains the same prediction in each and
    /// ranks them by the Gini coefficient of absolute attribution, those first in which the smallest share of
    /// the coefficients carries the output
    #[arg(long, value_name = "NAMES")]
    domains: Option<String>,

    /// Sampling rate in Hz, unless the file tells it; 1 counts time in samples
    #[arg(long, value_name = "HZ")]
    fs: Option<f64>,

    /// Which output of the model, from 0; 0+1 for a sum, 2-0 for a difference [default: 0]
    #[arg(long, value_name = "K", allow_hyphen_values = true)]
    output: Option<OutputSpec>,

    /// Where the path begins: zero, mean (of each channel over time), or a signal in a file
    #[arg(
        long,
        value_name = "zero, mean or FILE[:ARRAY]",
        default_value = "zero"
    )]
    baseline: BaselineSpec,

    /// How gradients are added up along the path: adaptive[:TOLERANCE[:POINTS]], midpoint:N, trapezoid:N, right:N, gauss-legendre:N
    #[arg(long, value_name = "RULE", default_value = "adaptive")]
    rule: Rule,

    /// Only these signals of the batch, such as 0..10
    #[arg(long, value_name = "RANGE", value_parser = parse_range)]
    signals: Option<std::ops::Range<usize>>,

    /// Samples from one signal to the next where a recording is cut [default: the length of a signal]
    #[arg(long, value_name = "SAMPLES", value_parser = clap::value_parser!(u32).range(1..))]
    hop: Option<u32>,

    /// Which axis of the model's input is time, from 0 [default: the one that fits a recording, or is at least
    /// 4 times as long as all others]
    #[arg(long, value_name = "AXIS")]
    time_axis: Option<usize>,

    /// Named bands in Hz, below half the sampling rate, over which attribution is added up:
    /// theta=4-8,alpha=8-13
    #[arg(long, value_name = "NAME=LOW-HIGH,…", value_parser = parse_bands)]
    bands: Option<arguments::Bands>,

    /// Signals from which principal or independent components are fitted [default: those of --input]
    #[arg(long, value_name = "FILE[:ARRAY]")]
    fit_on: Option<Source>,

    /// Unit of frequencies in text and pictures
    #[arg(long, value_enum, default_value_t = Unit::Hz)]
    frequency_unit: Unit,

    /// Random orders with which insertion and deletion are compared, where a report or --domains asks for them
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

/// The domains, as their catalogue tells them, and examples.
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
    pub fn run(&self, session: &Session) -> Result<Outcome> {
        self.check_places()?;
        let subject = Subject::load(&self.model)?;
        let mut notes = Vec::new();
        let output = self.output(&subject, &mut notes)?;
        let known = subject.time_axis(self.time_axis)?;
        let (signals, rate) = self.read_signals(&subject, known, &mut notes)?;
        let time_axis = signals.time_axis;
        self.check_bands(rate)?;
        let baseline = self.baseline.of(&subject, time_axis, &mut notes)?;
        let fitted = match &self.fit_on {
            Some(source) => {
                let loaded = subject.signals(source, Some(time_axis), None)?;
                notes.extend(loaded.notes);
                Some(loaded.signals)
            }
            None => None,
        };
        let setting = Setting {
            time_axis,
            sampling_rate: rate,
            bands: self.bands.clone().unwrap_or_default().0,
            channels: signals.channels.clone(),
            seed: self.seed,
            ..Setting::new(
                subject.shape(),
                fitted.as_ref().unwrap_or(&signals).values.view(),
            )
        };
        let domains = self.build(&setting, &mut notes)?;
        let curves = self.report.is_some() || self.figures.is_some() || self.domains.is_some();
        let job = Job {
            subject: &subject,
            domains: &domains,
            signals: &signals,
            output: &output,
            baseline,
            rule: self.rule,
            time_axis,
            curves: curves.then_some((usize::from(self.random_orders), self.seed)),
        };
        super::interrupt::listen(session, "stopping");
        let start = Instant::now();
        let found = job.run(session)?;
        let seconds = start.elapsed().as_secs_f64();
        work::note_tolerance(&found, self.rule, &mut notes);
        work::note_unchanged(&found, &mut notes);
        summary::note_cancelling(&job, &found, &mut notes);
        for note in &notes {
            session.note(note);
        }
        let order = work::rank(&found);
        let result = result::Explained {
            command: self,
            job: &job,
            found: &found,
            order: &order,
            sampling_rate: rate,
            seconds,
            notes: &notes,
        };
        let outcome = result.outcome()?;
        result.write()?;
        Ok(outcome)
    }

    /// Everything that is read and written, before anything is.
    fn check_places(&self) -> Result<()> {
        super::require_npz(&self.out)?;
        let mut read = vec![
            ("--input", self.input.path.as_path()),
            ("--model", &self.model),
        ];
        if let BaselineSpec::File(source) = &self.baseline {
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
        match self.fs {
            Some(hz) if !(hz.is_finite() && hz > 0.0) => Err(Problem::new(
                format!("--fs {hz} is no sampling rate"),
                "give the number of samples a second, such as 32",
            )),
            _ => Ok(()),
        }
    }

    fn output(&self, subject: &Subject, notes: &mut Vec<String>) -> Result<OutputSpec> {
        let outputs = subject.model.output_dim();
        let spec = self.output.clone().unwrap_or_default();
        if self.output.is_none() && outputs > 1 {
            notes.push(format!(
                "the model has {outputs} outputs; output 0 is explained, --output chooses others"
            ));
        }
        match spec.0.iter().find(|(k, _)| *k >= outputs) {
            None => Ok(spec),
            Some((k, _)) => Err(Problem::new(
                format!("--output {spec}: the model has no output {k}"),
                format!(
                    "its outputs are counted from 0 to {}",
                    outputs.saturating_sub(1)
                ),
            )),
        }
    }

    /// The signals to explain and their sampling rate.
    fn read_signals(
        &self,
        subject: &Subject,
        time_axis: Option<usize>,
        notes: &mut Vec<String>,
    ) -> Result<(Signals, Option<f64>)> {
        let hop = self.hop.map(|hop| hop as usize);
        let loaded = subject.signals(&self.input, time_axis, hop)?;
        notes.extend(loaded.notes);
        let (signals, told) = (loaded.signals, loaded.sampling_rate);
        if let (Some(told), Some(given)) = (told, self.fs)
            && !rates_agree(told, given)
        {
            return Err(Problem::new(
                format!(
                    "{} is sampled at {told} Hz, and --fs says {given}",
                    self.input.path.display()
                ),
                "leave --fs out, or resample the file",
            ));
        }
        let signals = match &self.signals {
            None => signals,
            Some(range) => signals.part(range.clone()).ok_or_else(|| {
                Problem::new(
                    format!(
                        "--signals {}..{} reaches beyond the {} signals",
                        range.start,
                        range.end,
                        signals.len()
                    ),
                    "signals are counted from 0, and the end is not among them",
                )
            })?,
        };
        Ok((signals, self.fs.or(told)))
    }

    /// Makes the folder of figures; not before all else has been checked.
    fn figures_folder(&self) -> Result<Option<&std::path::Path>> {
        if let Some(folder) = &self.figures {
            ensure_folder(folder)?;
        }
        Ok(self.figures.as_deref())
    }
}

/// The results of all signals in one domain.
fn in_domain(found: &[One], domain: usize) -> impl Iterator<Item = &work::Scored> {
    found.iter().map(move |one| &one.scored[domain])
}
