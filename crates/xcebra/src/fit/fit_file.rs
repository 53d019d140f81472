//! The settings of `xcebra fit` in a TOML file.

mod overrides;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use xcebra_core::{
    Config, EncoderConfig, ObjectiveConfig, RegularizerConfig, TrainConfig, ValidationConfig,
};
use xcebra_files::Source;
use xcebra_model::{Advice, Kind};

use crate::clock::ClockConfig;

/// A training and the data it needs; every field has a default.
///
/// ```
/// use xcebra::FitFile;
///
/// let text = "
/// [encoder]
/// outputs = 4
/// [[objective]]
/// positives = { kind = 'time-delta', label = 'speed' }
/// ";
/// let file = FitFile::parse(text, &["train.steps=4000".to_owned()])?;
/// assert_eq!(file.config().train.steps, 4000);
/// assert_eq!(file.labels()["speed"], "speed");
/// # Ok::<(), xcebra::FitFileError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FitFile {
    /// Which arrays of the data file are what.
    pub data: DataConfig,
    /// The encoder.
    pub encoder: EncoderConfig,
    /// The objectives.
    pub objective: Vec<ObjectiveConfig>,
    /// The Jacobian regulariser.
    pub regularizer: RegularizerConfig,
    /// The optimisation.
    pub train: TrainConfig,
    /// What is held out of it.
    pub validation: ValidationConfig,
}

/// Section `[data]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataConfig {
    /// The recording (time, channels): an array of the data file, or columns of a table. Default
    /// `x`.
    pub x: String,
    /// For each label name of the objectives, an array of the data file or of another
    /// (`labels.npy`, `more.npz:speed`). A label that is not listed is the array of its own name.
    pub labels: BTreeMap<String, String>,
    /// Whether the array is (channels, time) and is to be transposed; default false.
    pub transpose: bool,
    /// Whether each channel is brought to mean 0 and standard deviation 1 first, so that channels
    /// of different units count alike; default true. Maps are then per standard deviation.
    pub standardize: bool,
    /// Which sessions are of one subject and share an encoder; default those with the same channels.
    #[serde(skip_serializing_if = "is_default_subjects")]
    pub subjects: SubjectsBy,
    /// How recording and labels of different rates are brought to one clock; by default they have the same
    /// rows already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockConfig>,
}

/// Which sessions are of one subject.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectsBy {
    /// Those with the same channels in the same order.
    #[default]
    Channels,
    /// Each is a subject, even if another has as many channels.
    Sessions,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_default_subjects(subjects: &SubjectsBy) -> bool {
    *subjects == SubjectsBy::default()
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            x: "x".to_owned(),
            labels: BTreeMap::new(),
            transpose: false,
            standardize: true,
            subjects: SubjectsBy::default(),
            clock: None,
        }
    }
}

/// Why settings cannot be read.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("{message}")]
pub struct FitFileError {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub advice: String,
    /// Which bytes of the text it is about, if it is about some.
    pub span: Option<Range<usize>>,
}

impl Advice for FitFileError {
    fn advice(&self) -> Option<Cow<'_, str>> {
        Some(self.advice.as_str().into())
    }

    fn kind(&self) -> Kind {
        Kind::Setting
    }
}

impl FitFileError {
    fn in_text(error: &toml::de::Error) -> Self {
        Self {
            message: error.message().trim_end().to_owned(),
            advice: "see the settings and their defaults in `xcebra fit --help`".to_owned(),
            span: error.span(),
        }
    }

    fn unchangeable(error: &toml::ser::Error) -> Self {
        Self {
            message: format!("--set cannot change these settings: {error}"),
            advice: "choose a train.seed below 2^63".to_owned(),
            span: None,
        }
    }

    fn in_override(set: &str, message: impl Into<String>) -> Self {
        Self {
            message: format!("--set {set}: {}", message.into()),
            advice: "write SECTION.FIELD=VALUE, such as train.steps=4000 or objective.0.weight=2"
                .to_owned(),
            span: None,
        }
    }
}

impl FitFile {
    /// The settings for these files: where one of them names its array, as in `FILE:ARRAY`, that is the recording.
    pub fn reading(mut self, data: &[Source]) -> Self {
        if let Some(array) = data.iter().find_map(|source| source.array.as_ref()) {
            self.data.x.clone_from(array);
        }
        self
    }

    /// Reads settings from TOML and then applies `overrides` such as `train.steps=4000`,
    /// `encoder.name="offset1"` or `objective.1.dims=[3, 6]`; a value that is no TOML is taken as
    /// text. An objective with the number that follows the last one is a new one; until its positives
    /// or another loss are set it is like the default objective.
    ///
    /// # Errors
    /// [`FitFileError`] for text that is not TOML, unknown fields, and values of the wrong type.
    pub fn parse(text: &str, overrides: &[String]) -> Result<Self, FitFileError> {
        let plain: Self = toml::from_str(text).map_err(|e| FitFileError::in_text(&e))?;
        if overrides.is_empty() {
            return Ok(plain);
        }
        // every default is written out, so that an override finds the table it belongs to
        let written = toml::Value::try_from(&plain).map_err(|e| FitFileError::unchangeable(&e))?;
        let with = |sets: &[String]| {
            let mut root = written.clone();
            for set in sets {
                let fail = |message: String| FitFileError::in_override(set, message);
                overrides::apply(&mut root, set).map_err(fail)?;
            }
            overrides::complete(&mut root);
            Self::deserialize(root).map_err(|e| {
                let last = sets.last().map_or("", String::as_str);
                FitFileError::in_override(last, e.message().trim_end())
            })
        };
        // several may make sense only together, such as a loss and its label
        with(overrides).map_err(|error| {
            let first = (1..overrides.len()).find_map(|n| with(&overrides[..n]).err());
            first.unwrap_or(error)
        })
    }

    /// The settings as TOML, every default written out.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("settings are plain tables")
    }

    /// The settings of a training, with those of the data at their defaults.
    pub fn of(config: Config) -> Self {
        Self {
            data: DataConfig::default(),
            encoder: config.encoder,
            objective: config.objective,
            regularizer: config.regularizer,
            train: config.train,
            validation: config.validation,
        }
    }

    /// The training without its data.
    pub fn config(&self) -> Config {
        Config {
            encoder: self.encoder.clone(),
            objective: self.objective.clone(),
            regularizer: self.regularizer.clone(),
            train: self.train.clone(),
            validation: self.validation.clone(),
        }
    }

    /// For each label that is used or listed, the array that holds it.
    pub fn labels(&self) -> BTreeMap<String, String> {
        let mut labels = self.data.labels.clone();
        for label in self.objective.iter().flat_map(|o| o.loss.labels()) {
            labels
                .entry(label.name.to_owned())
                .or_insert_with(|| label.name.to_owned());
        }
        labels
    }

    /// Embedding dimensions of the first objective that uses a label, `[first, end]`.
    pub fn dims_of(&self, label: &str) -> Option<[usize; 2]> {
        let uses = |o: &&ObjectiveConfig| o.loss.labels().iter().any(|l| l.name == label);
        let objective = self.objective.iter().find(uses)?;
        Some(objective.dims.unwrap_or([0, self.encoder.outputs]))
    }

    /// What the objectives take a label for; none if they do not use it.
    pub fn use_of(&self, label: &str) -> Option<LabelKind> {
        let uses = self.objective.iter().flat_map(|o| o.loss.labels());
        let mut uses = uses
            .filter(|l| l.name == label)
            .map(|l| l.discrete)
            .peekable();
        uses.peek()?;
        Some(match uses.any(|discrete| discrete) {
            true => LabelKind::Classes,
            false => LabelKind::Numbers,
        })
    }
}

/// What the values of a label are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelKind {
    /// Real numbers.
    Numbers,
    /// Classes.
    Classes,
}

#[cfg(test)]
mod tests {
    use xcebra_core::LossConfig;

    use super::*;

    fn message(text: &str, overrides: &[&str]) -> FitFileError {
        let overrides: Vec<String> = overrides.iter().map(|&s| s.to_owned()).collect();
        FitFile::parse(text, &overrides).unwrap_err()
    }

    #[test]
    fn an_empty_file_is_all_defaults_and_survives_the_round_trip() {
        let file = FitFile::parse("", &[]).unwrap();
        assert_eq!(file, FitFile::default());
        let again = |file: &FitFile| FitFile::parse(&file.to_toml(), &[]).unwrap();
        assert_eq!(again(&file), file);
        let hybrid = Config::hybrid(6, "z2");
        let file = FitFile::of(hybrid);
        assert_eq!(again(&file), file);
    }

    #[test]
    fn every_seed_survives_the_round_trip() {
        let mut file = FitFile::default();
        file.train.seed = u64::MAX;
        assert_eq!(FitFile::parse(&file.to_toml(), &[]).unwrap(), file);
        let set = ["train.steps=3".to_owned()];
        let error = FitFile::parse(&file.to_toml(), &set).unwrap_err();
        assert!(error.advice.contains("train.seed below 2^63"), "{error:?}");
    }

    #[test]
    fn overrides_reach_every_place() {
        let text = "[[objective]]\npositives = { kind = 'time' }";
        let overrides = [
            "train.steps=7",
            "train.learning_rate = 1e-2",
            "encoder.name=offset1",
            "objective.0.weight=2.5",
            "objective.0.dims=[0, 3]",
            "objective.0.similarity.kind=dot",
            "data.labels={ z = \"other\" }",
            "data.labels.y=why",
            "data.standardize=false",
        ];
        let file = FitFile::parse(text, &overrides.map(str::to_owned)).unwrap();
        assert_eq!((file.train.steps, file.train.learning_rate), (7, 1e-2));
        assert_eq!(file.encoder.name, xcebra_core::EncoderName::Offset1);
        assert_eq!(
            (file.objective[0].weight, file.objective[0].dims),
            (2.5, Some([0, 3]))
        );
        let LossConfig::InfoNce { similarity, .. } = &file.objective[0].loss else {
            panic!("{:?}", file.objective[0])
        };
        assert_eq!(similarity.metric, xcebra_core::Metric::Dot);
        assert_eq!(file.data.labels["z"], "other");
        assert_eq!(file.data.labels["y"], "why");
        assert!(!file.data.standardize);
    }

    #[test]
    fn objectives_can_be_added_without_a_file() {
        let parse = |set: &[&str]| {
            FitFile::parse("", &set.iter().map(|&s| s.to_owned()).collect::<Vec<_>>())
        };
        let one = parse(&[
            "objective.0.positives={kind='time', offset=5}",
            "objective.0.weight=2",
            "objective.1.positives={kind='discrete', label='state'}",
        ])
        .unwrap();
        let all = "objective=[{positives={kind='time', offset=5}, weight=2.0}, \
                   {positives={kind='discrete', label='state'}}]";
        assert_eq!(one, parse(&[all]).unwrap());
        assert_eq!((one.objective.len(), one.objective[0].weight), (2, 2.0));
        // the default objective, changed; a whole one; and settings that make sense only together
        let weighted = parse(&["objective.0.weight=2"])
            .unwrap()
            .config()
            .objectives();
        assert_eq!(weighted[0].weight, 2.0);
        let default = FitFile::default().config().objectives();
        assert_eq!(weighted[0].loss, default[0].loss);
        let whole = parse(&["objective.0={positives={kind='time', offset=5}, weight=2.0}"]);
        assert_eq!(whole.unwrap().objective, one.objective[..1]);
        let supervised = parse(&["objective.0.loss=mse", "objective.0.label=z"]).unwrap();
        let label = "z".to_owned();
        assert_eq!(supervised.objective[0].loss, LossConfig::Mse { label });
        for (set, part) in [
            ("objective.0.loss=mse", "missing field `label`"),
            ("objective.1.positives={kind='time'}", "no `1`"),
            ("objective=3", "invalid type"),
        ] {
            let error = parse(&[set]).unwrap_err();
            assert!(error.message.contains(part), "{error}");
        }
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let unknown = message("[train]\nstepz = 3", &[]);
        assert!(unknown.message.contains("stepz"), "{unknown}");
        assert_eq!(unknown.span, Some(8..13));
        assert!(message("[train", &[]).span.is_some());
        for (set, part) in [
            ("steps=3", "not name a section"),
            ("train.steps", "no `=`"),
            ("train.stepz=3", "stepz"),
            ("train.steps=many", "invalid type"),
            ("objective.4.weight=1", "`4`"),
            ("nowhere.x=1", "`nowhere`"),
            ("train.steps=", "nothing after"),
            ("train.steps=1\nbatch=2", "first line"),
            ("=1", "not name a section"),
            ("train.steps.deep=1", "not a section"),
        ] {
            let error = message("", &[set]);
            assert!(
                error.message.contains(part) && error.message.contains(set),
                "{error}"
            );
        }
    }
}
