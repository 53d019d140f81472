//! An explanation in pieces: ranges of its signals.

use std::cell::Cell;
use std::fmt::Display;
use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use xcebra_files::Source;
use xcebra_model::Watch;

use super::model::Model;
use super::{Gathered, Piece, Study, refused};
use crate::explain::{
    BaselineSource, DomainSpec, Domains, ExplainJob, ExplainSettings, FrequencyUnit,
    GradientSource, GroupBy, InputSettings, Outputs, SignalSource,
};
use crate::fit::unfinished::Inputs;
use crate::share::Share;
use crate::{Answer, Problem, Result};

/// An explanation as a plan keeps it. Sources, domains and rules are written as their texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplainWork {
    /// Where relative paths begin.
    folder: PathBuf,
    model: Model,
    input: String,
    /// None for those that suit most signals.
    domains: Option<Vec<String>>,
    sampling_rate: Option<f64>,
    output: Option<Outputs>,
    baseline: Baseline,
    baseline_count: Option<usize>,
    rule: String,
    gradient: GradientSource,
    chosen: Option<Vec<Range<usize>>>,
    group_by: Option<Grouping>,
    hop: Option<usize>,
    time_axis: Option<usize>,
    bands: Vec<(String, Range<f64>)>,
    fit_on: Option<String>,
    unit: FrequencyUnit,
    curves: Option<usize>,
    seed: u64,
    inputs: Vec<Input>,
    /// Number of signals that are explained.
    signals: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Baseline {
    Zero,
    Mean,
    Signal(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Grouping {
    Predicted,
    Array(String),
    File(String),
}

/// One of several inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    name: String,
    input: String,
    domain: String,
    baseline: Baseline,
    sampling_rate: Option<f64>,
    time_axis: Option<usize>,
}

impl ExplainWork {
    pub fn of(job: &ExplainJob, watch: &Watch<'_>) -> Result<(Self, usize)> {
        // what is wrong is said now
        let signals = Cell::new(0);
        job.share(&Share::Checked(&|found| signals.set(found)), watch)?;
        let signals = signals.get();
        let settings = &job.settings;
        let work = Self {
            folder: Inputs::new(&[])?.folder,
            model: Model::of(&job.model),
            input: source(&settings.input)?,
            domains: match &settings.domains {
                Domains::Usual => None,
                Domains::These(specs) => Some(specs.iter().map(DomainSpec::to_string).collect()),
            },
            sampling_rate: settings.sampling_rate,
            output: settings.output.clone(),
            baseline: Baseline::of(&settings.baseline)?,
            baseline_count: settings.baseline_count,
            rule: settings.rule.to_string(),
            gradient: settings.gradient,
            chosen: settings.signals.clone(),
            group_by: match &settings.group_by {
                None => None,
                Some(GroupBy::Predicted) => Some(Grouping::Predicted),
                Some(GroupBy::Array(name)) => Some(Grouping::Array(name.clone())),
                Some(GroupBy::File(source)) => Some(Grouping::File(source.to_string())),
                Some(GroupBy::Values(_)) => return Err(refused("groups by values in memory")),
            },
            hop: settings.hop,
            time_axis: settings.time_axis,
            bands: settings.bands.clone(),
            fit_on: settings.fit_on.as_ref().map(source).transpose()?,
            unit: settings.unit,
            curves: settings.curves,
            seed: settings.seed,
            inputs: job.inputs.iter().map(Input::of).collect::<Result<_>>()?,
            signals,
        };
        Ok((work, signals))
    }

    /// Where sources of the plan begin.
    fn from(&self) -> Inputs {
        Inputs {
            folder: self.folder.clone(),
            data: Vec::new(),
        }
    }

    fn job(&self) -> Result<ExplainJob> {
        let from = self.from();
        let file = |text: &String| Ok::<_, Problem>(SignalSource::File(from.source(text)?));
        let settings = ExplainSettings {
            domains: match &self.domains {
                None => Domains::Usual,
                Some(specs) => Domains::These(specs.iter().map(parsed).collect::<Result<_>>()?),
            },
            sampling_rate: self.sampling_rate,
            output: self.output.clone(),
            baseline: self.baseline.source(&from)?,
            baseline_count: self.baseline_count,
            rule: parsed(&self.rule)?,
            gradient: self.gradient,
            signals: self.chosen.clone(),
            group_by: match &self.group_by {
                None => None,
                Some(Grouping::Predicted) => Some(GroupBy::Predicted),
                Some(Grouping::Array(name)) => Some(GroupBy::Array(name.clone())),
                Some(Grouping::File(text)) => Some(GroupBy::File(from.source(text)?)),
            },
            hop: self.hop,
            time_axis: self.time_axis,
            bands: self.bands.clone(),
            fit_on: self.fit_on.as_ref().map(file).transpose()?,
            unit: self.unit,
            curves: self.curves,
            seed: self.seed,
            ..ExplainSettings::new(from.source(&self.input)?)
        };
        let inputs = self.inputs.iter().map(|one| one.settings(&from));
        Ok(ExplainJob {
            model: self.model.load(&from)?,
            settings,
            inputs: inputs.collect::<Result<_>>()?,
        })
    }

    pub fn files(&self) -> Result<Vec<PathBuf>> {
        let inputs = self.inputs.iter();
        let mut texts: Vec<&String> = inputs.clone().map(|one| &one.input).collect();
        texts.push(&self.input);
        texts.extend(&self.fit_on);
        let baselines = inputs.map(|one| &one.baseline).chain([&self.baseline]);
        texts.extend(baselines.filter_map(|baseline| match baseline {
            Baseline::Signal(text) => Some(text),
            _ => None,
        }));
        if let Some(Grouping::File(text)) = &self.group_by {
            texts.push(text);
        }
        let mut files = self.model.files(&self.folder)?;
        for text in texts {
            files.push(self.folder.join(text.parse::<Source>()?.path));
        }
        files.sort();
        files.dedup();
        Ok(files)
    }

    pub fn run(&self, piece: &Piece<'_>) -> Result<()> {
        let share = Share::Part(piece.part(self.signals), piece.folder);
        self.job()?.share(&share, piece.watch).map(drop)
    }

    pub fn gather(&self, study: &Study, to: &Gathered<'_>, watch: &Watch<'_>) -> Result<Answer> {
        let folder = study.folder_of(self.signals);
        let found = self.job()?.share(&Share::Kept(&folder), watch)?;
        let found = found.expect("the whole was asked for");
        let answer = found.answer(Some(to.out))?;
        to.report(|| Ok(found.report()))?;
        found.arrays(to.out)?.commit()?;
        Ok(answer)
    }
}

impl Baseline {
    fn of(baseline: &BaselineSource) -> Result<Self> {
        Ok(match baseline {
            BaselineSource::Zero => Self::Zero,
            BaselineSource::Mean => Self::Mean,
            BaselineSource::Signal(signal) => Self::Signal(source(signal)?),
        })
    }

    fn source(&self, from: &Inputs) -> Result<BaselineSource> {
        Ok(match self {
            Self::Zero => BaselineSource::Zero,
            Self::Mean => BaselineSource::Mean,
            Self::Signal(text) => BaselineSource::Signal(SignalSource::File(from.source(text)?)),
        })
    }
}

impl Input {
    fn of(settings: &InputSettings) -> Result<Self> {
        Ok(Self {
            name: settings.name.clone(),
            input: source(&settings.input)?,
            domain: settings.domain.to_string(),
            baseline: Baseline::of(&settings.baseline)?,
            sampling_rate: settings.sampling_rate,
            time_axis: settings.time_axis,
        })
    }

    fn settings(&self, from: &Inputs) -> Result<InputSettings> {
        Ok(InputSettings {
            domain: parsed(&self.domain)?,
            baseline: self.baseline.source(from)?,
            sampling_rate: self.sampling_rate,
            time_axis: self.time_axis,
            ..InputSettings::new(&self.name, from.source(&self.input)?)
        })
    }
}

/// The text of a source, which must be a file.
fn source(source: &SignalSource) -> Result<String> {
    match source {
        SignalSource::File(source) => Ok(source.to_string()),
        SignalSource::Array(_) => Err(refused("an explanation of arrays in memory")),
    }
}

/// A value from its text in a plan, which no other program writes.
fn parsed<T: FromStr<Err: Display>>(text: &String) -> Result<T> {
    text.parse().map_err(|error| {
        Problem::file(
            format!("the plan says `{text}`: {error}"),
            "plan the study again",
        )
    })
}
