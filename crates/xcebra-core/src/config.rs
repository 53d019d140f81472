//! Everything that decides a training run; serialisable, every field with its default.

use serde::{Deserialize, Serialize};

use crate::encoder::{Architecture, EncoderName};
use crate::error::{Error, Result};
use crate::objective::Similarity;
use crate::ops::Head;
use crate::regularizer::{Probes, Ramp};

/// A training run.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The encoder.
    pub encoder: EncoderConfig,
    /// The objectives, whose losses add up; empty means one over all dimensions with positives
    /// one sample later.
    pub objective: Vec<ObjectiveConfig>,
    /// The Jacobian regulariser.
    pub regularizer: RegularizerConfig,
    /// The optimisation.
    pub train: TrainConfig,
}

/// Section `[encoder]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EncoderConfig {
    /// Default `offset1-mse-clip`.
    pub name: EncoderName,
    /// Embedding dimensions, default 6.
    pub outputs: usize,
    /// Hidden units of `offset1`, default 32.
    pub hidden: usize,
    /// Limit of the outputs of `offset1-mse-clip`, default 5.
    pub clip: f64,
}

impl Default for EncoderConfig {
    fn default() -> Self {
        Self {
            name: EncoderName::Offset1MseClip,
            outputs: 6,
            hidden: 32,
            clip: 5.0,
        }
    }
}

impl EncoderConfig {
    /// The architecture for a recording of `channels`.
    pub fn architecture(&self, channels: usize) -> Architecture {
        Architecture::named(self.name, channels, self.outputs, self.hidden, self.clip)
    }
}

/// One `[[objective]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectiveConfig {
    /// First and last-but-one embedding dimension; default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dims: Option<[usize; 2]>,
    /// The distribution of positives.
    pub positives: PositivesConfig,
    /// The similarity; default squared-Euclidean at temperature 1.
    #[serde(default)]
    pub similarity: Similarity,
    /// Weight in the sum of the losses, default 1.
    #[serde(default = "one")]
    pub weight: f64,
}

fn one() -> f64 {
    1.0
}

fn one_sample() -> usize {
    1
}

/// The distribution of positives, by its `kind`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PositivesConfig {
    /// The sample `offset` samples later.
    Time {
        /// Default 1.
        #[serde(default = "one_sample")]
        offset: usize,
    },
    /// The reference's label plus a label difference over `delta` samples, then the nearest label.
    TimeDelta {
        /// Name of a continuous label.
        label: String,
        /// Default 1.
        #[serde(default = "one_sample")]
        delta: usize,
    },
    /// A sample of the same class.
    Discrete {
        /// Name of a discrete label.
        label: String,
    },
}

/// Section `[regularizer]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegularizerConfig {
    /// λ, default 0.1; 0 turns the regulariser off.
    pub weight: f64,
    /// First step of the rise of λ from 0, default 2500.
    pub start: usize,
    /// Steps of the rise, default 2500.
    pub ramp: usize,
    /// Random projections a sample, default 1; 0 is exact.
    pub projections: usize,
}

impl Default for RegularizerConfig {
    fn default() -> Self {
        Self {
            weight: 0.1,
            start: 2500,
            ramp: 2500,
            projections: 1,
        }
    }
}

impl RegularizerConfig {
    /// Its weight over the steps.
    pub fn schedule(&self) -> Ramp {
        Ramp {
            weight: self.weight,
            start: self.start,
            ramp: self.ramp,
        }
    }

    /// Its probes.
    pub fn probes(&self) -> Probes {
        Probes::from_count(self.projections)
    }
}

/// Section `[train]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Steps, default 20000.
    pub steps: usize,
    /// References (and as many negatives and positives of each objective) a step, default 512.
    pub batch: usize,
    /// Adam's step size, default 3e-4.
    pub learning_rate: f64,
    /// The learning rate over the steps, default constant.
    pub schedule: LearningRateSchedule,
    /// Seed of weights, samples and projections, default 0.
    pub seed: u64,
    /// Steps between two entries of the training curves, default 50.
    pub log_every: usize,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            steps: 20_000,
            batch: 512,
            learning_rate: 3e-4,
            schedule: LearningRateSchedule::Constant,
            seed: 0,
            log_every: 50,
        }
    }
}

/// The learning rate over the steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LearningRateSchedule {
    /// Always `learning_rate`.
    Constant,
    /// A linear rise over the first 2 % of the steps, then half a cosine down to 1 % of
    /// `learning_rate`.
    Cosine,
}

impl TrainConfig {
    /// The learning rate at a step, counted from 0.
    pub fn learning_rate_at(&self, step: usize) -> f64 {
        match self.schedule {
            LearningRateSchedule::Constant => self.learning_rate,
            LearningRateSchedule::Cosine => {
                let (step, steps) = (step as f64, self.steps as f64);
                let warm = (0.02 * steps).max(1.0);
                if step < warm {
                    return self.learning_rate * (step + 1.0) / (warm + 1.0);
                }
                let progress = (step - warm) / (steps - warm).max(1.0);
                let wave = 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
                self.learning_rate * (0.01 + 0.99 * wave)
            }
        }
    }
}

impl Config {
    /// The hybrid form of the paper for latents of which the second half is a label: all
    /// dimensions with positives one sample later, the dimensions from ⌈d/2⌉ with positives by
    /// `label` (Schneider et al. 2025, section 4).
    pub fn hybrid(outputs: usize, label: impl Into<String>) -> Self {
        let objective = |dims, positives| ObjectiveConfig {
            dims: Some(dims),
            positives,
            similarity: Similarity::default(),
            weight: 1.0,
        };
        Self {
            encoder: EncoderConfig {
                outputs,
                ..EncoderConfig::default()
            },
            objective: vec![
                objective([0, outputs], PositivesConfig::Time { offset: 1 }),
                objective(
                    [outputs.div_ceil(2), outputs],
                    PositivesConfig::TimeDelta {
                        label: label.into(),
                        delta: 1,
                    },
                ),
            ],
            ..Self::default()
        }
    }

    /// The objectives, or the default one.
    pub fn objectives(&self) -> Vec<ObjectiveConfig> {
        if self.objective.is_empty() {
            vec![ObjectiveConfig {
                dims: None,
                positives: PositivesConfig::Time { offset: 1 },
                similarity: Similarity::default(),
                weight: 1.0,
            }]
        } else {
            self.objective.clone()
        }
    }

    /// Checks every setting that needs no recording.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first setting outside its domain.
    pub fn check(&self) -> Result<()> {
        self.encoder.architecture(1).check()?;
        for (i, objective) in self.objectives().iter().enumerate() {
            objective.check(i, &self.encoder.architecture(1))?;
        }
        let r = &self.regularizer;
        if !(r.weight.is_finite() && r.weight >= 0.0) {
            return Err(Error::setting(
                "regularizer.weight",
                r.weight,
                "0 or a positive number",
            ));
        }
        if r.projections > 1000 {
            return Err(Error::setting(
                "regularizer.projections",
                r.projections,
                "at most 1000",
            ));
        }
        let t = &self.train;
        if t.steps == 0 {
            return Err(Error::setting("train.steps", 0, "at least 1"));
        }
        if t.batch < 2 || t.batch > 1 << 20 {
            return Err(Error::setting("train.batch", t.batch, "from 2 to 1048576"));
        }
        if !(t.learning_rate.is_finite() && t.learning_rate > 0.0) {
            return Err(Error::setting(
                "train.learning_rate",
                t.learning_rate,
                "a positive number",
            ));
        }
        if t.log_every == 0 {
            return Err(Error::setting("train.log_every", 0, "at least 1"));
        }
        Ok(())
    }
}

impl ObjectiveConfig {
    fn check(&self, i: usize, encoder: &Architecture) -> Result<()> {
        let field = |name: &str| format!("objective[{i}].{name}");
        let outputs = encoder.outputs;
        if let Some([first, end]) = self.dims
            && (first >= end || end > outputs)
        {
            return Err(Error::setting(
                field("dims"),
                format!("[{first}, {end}]"),
                format!("[first, end] with first < end ≤ encoder.outputs = {outputs}"),
            ));
        }
        let temperature = self.similarity.temperature;
        if !(temperature.is_finite() && temperature > 0.0) {
            return Err(Error::setting(
                field("similarity.temperature"),
                temperature,
                "a positive number",
            ));
        }
        if !(self.weight.is_finite() && self.weight >= 0.0) {
            return Err(Error::setting(
                field("weight"),
                self.weight,
                "0 or a positive number",
            ));
        }
        let whole = self
            .dims
            .is_none_or(|[first, end]| first == 0 && end == outputs);
        if encoder.head == Head::Normalize && !whole {
            return Err(Error::setting(
                field("dims"),
                format!("{:?}", self.dims.unwrap_or_default()),
                "all dimensions for an encoder whose output is normalised",
            ));
        }
        Ok(())
    }
}
