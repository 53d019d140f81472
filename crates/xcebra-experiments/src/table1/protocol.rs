//! What is trained: encoders of the paper's synthetic experiment at three scales.

use serde::{Deserialize, Serialize};
use xcebra::core::{
    Config, EncoderConfig, EncoderName, LearningRateSchedule, LossConfig, ObjectiveConfig,
    PositivesConfig, RegularizerConfig, TrainConfig,
};

use crate::cells::Cell;
use crate::scale::Scale;

/// How an encoder is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Training {
    /// Mean squared error to the latents.
    Supervised,
    /// `InfoNCE`, all dimensions with positives one sample later.
    Time,
    /// The hybrid form: the same, and the dimensions from ⌈d/2⌉ with positives by `z2`.
    Hybrid,
}

/// A training with or without the Jacobian regulariser: a column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Encoder {
    /// How it is trained.
    pub training: Training,
    /// Whether the Jacobian is regularised.
    pub regularized: bool,
}

impl Encoder {
    /// All six, in the order of the table.
    pub fn all() -> Vec<Self> {
        [Training::Supervised, Training::Time, Training::Hybrid]
            .into_iter()
            .flat_map(|training| {
                [false, true].map(|regularized| Self {
                    training,
                    regularized,
                })
            })
            .collect()
    }

    /// Its name in tables.
    pub fn name(&self) -> &'static str {
        match (self.training, self.regularized) {
            (Training::Supervised, false) => "supervised",
            (Training::Supervised, true) => "supervised + reg",
            (Training::Time, false) => "time-contrastive",
            (Training::Time, true) => "time-contrastive + reg",
            (Training::Hybrid, false) => "hybrid",
            (Training::Hybrid, true) => "hybrid + reg",
        }
    }
}

/// The experiment at one scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Protocol {
    /// Data sets of each size.
    pub seeds: u64,
    /// Numbers of latents d.
    pub dims: Vec<usize>,
    /// Samples of a data set.
    pub samples: usize,
    /// Samples, evenly spaced, that every method attributes.
    pub attributed: usize,
    /// The methods, with parameters where those are not the defaults.
    pub methods: Vec<String>,
    /// The optimisation.
    pub train: TrainConfig,
    /// The regulariser of the contrastive encoders that have one.
    pub regularizer: RegularizerConfig,
    /// λ of the supervised encoder that has one.
    pub supervised_weight: f64,
    /// Limit of each output of the encoder.
    pub clip: f64,
}

/// Everything that decides one cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Seed of the data and of the training.
    pub seed: u64,
    /// Number of latents.
    pub dims: usize,
    /// Samples of the data set.
    pub samples: usize,
    /// Which encoder.
    pub encoder: Encoder,
    /// Its training.
    pub config: Config,
    /// Samples attributed.
    pub attributed: usize,
    /// The methods.
    pub methods: Vec<String>,
}

/// Every named method that makes sense for one sample of channels. `neuron-gradient-inverse` is
/// `ing` by definition; `occlusion` slides a window over time and is `feature-ablation` where a
/// sample has no time; `exact-shapley` takes at most 16 inputs.
const METHODS: [&str; 14] = [
    "ing",
    "neuron-gradient",
    "input-x-gradient",
    "input-x-gradient-inverse",
    "smooth-grad(draws=20)",
    "smooth-grad-inverse(draws=20)",
    "integrated-gradients(nodes=20)",
    "integrated-gradients-inverse(nodes=20)",
    "gradient-shap(draws=20)",
    "gradient-shap-inverse(draws=20)",
    "feature-ablation",
    "feature-ablation-inverse",
    "shapley-sampling(permutations=10)",
    "shapley-sampling-inverse(permutations=10)",
];

/// λ of the paper, which has 5,000 negatives in a batch.
const PAPER: f64 = 0.1;

/// λ of contrastive encoders where a batch has 512 negatives.
///
/// The positive is not among the negatives: where it is nearer than all of them, the loss falls
/// with the square of the embedding's size s, without end. A step of standard deviation σ is
/// √d σ long (0.6 for d = 9 and σ = 0.2); the nearest of n points in the box is about
/// `2 (n V_d)^{−1/d}` away, `V_d` the volume of the unit ball (0.88 for n = 512): they cross between
/// d = 5 and 6. The penalty λ/2 ‖J‖² grows with s², too, and holds the embedding inside the encoder's
/// limit if λ is large enough; at the limit Jacobians lose rank.
const FEW_NEGATIVES: f64 = 1.0;

impl Protocol {
    /// The protocol at a scale.
    pub fn at(scale: Scale) -> Self {
        let methods = METHODS.map(str::to_owned).to_vec();
        let train = |steps, batch, learning_rate, schedule| TrainConfig {
            steps,
            batch,
            learning_rate,
            schedule,
            log_every: 500,
            ..TrainConfig::default()
        };
        let regularizer = |weight, start, ramp| RegularizerConfig {
            weight,
            start,
            ramp,
            projections: 1,
        };
        let cosine = LearningRateSchedule::Cosine;
        match scale {
            Scale::Smoke => Self {
                seeds: 2,
                dims: vec![4],
                samples: 2_000,
                attributed: 50,
                methods,
                train: train(200, 256, 2e-3, cosine),
                regularizer: regularizer(FEW_NEGATIVES, 50, 50),
                supervised_weight: PAPER,
                clip: 5.0,
            },
            Scale::Small => Self {
                seeds: 3,
                dims: vec![4, 6, 9],
                samples: 20_000,
                attributed: 500,
                methods,
                train: train(2_000, 512, 2e-3, cosine),
                regularizer: regularizer(FEW_NEGATIVES, 0, 500),
                supervised_weight: PAPER,
                clip: 5.0,
            },
            Scale::Paper => Self {
                seeds: 10,
                dims: (4..=9).collect(),
                samples: 100_000,
                attributed: 1_000,
                methods,
                train: train(20_000, 5_000, 3e-4, LearningRateSchedule::Constant),
                regularizer: regularizer(PAPER, 2_500, 2_500),
                supervised_weight: PAPER,
                clip: 5.0,
            },
        }
    }

    /// Its cells: seed by seed, so that an experiment broken off has whole data sets.
    pub fn cells(&self) -> Vec<Cell<Settings>> {
        let mut cells = Vec::new();
        for seed in 0..self.seeds {
            for &dims in &self.dims {
                for encoder in Encoder::all() {
                    let settings = self.settings(seed, dims, encoder);
                    cells.push(Cell {
                        name: format!("{}_d{dims}_seed{seed}", file_name(encoder)),
                        cost: cost(&settings),
                        settings,
                    });
                }
            }
        }
        cells
    }

    /// What decides one cell.
    pub fn settings(&self, seed: u64, dims: usize, encoder: Encoder) -> Settings {
        Settings {
            seed,
            dims,
            samples: self.samples,
            encoder,
            config: self.config(seed, dims, encoder),
            attributed: self.attributed,
            methods: self.methods.clone(),
        }
    }

    fn config(&self, seed: u64, dims: usize, encoder: Encoder) -> Config {
        let hybrid = Config::hybrid(dims, LABEL);
        let objective = match encoder.training {
            Training::Supervised => vec![ObjectiveConfig::new(LossConfig::Mse {
                label: LATENTS.to_owned(),
            })],
            Training::Time => vec![ObjectiveConfig::info_nce(PositivesConfig::Time {
                offset: 1,
            })],
            Training::Hybrid => hybrid.objective,
        };
        Config {
            encoder: EncoderConfig {
                name: EncoderName::Offset1MseClip,
                outputs: dims,
                clip: self.clip,
                ..EncoderConfig::default()
            },
            objective,
            regularizer: RegularizerConfig {
                weight: match (encoder.regularized, encoder.training) {
                    (false, _) => 0.0,
                    (true, Training::Supervised) => self.supervised_weight,
                    (true, _) => self.regularizer.weight,
                },
                ..self.regularizer.clone()
            },
            train: TrainConfig {
                seed,
                ..self.train.clone()
            },
            ..Config::default()
        }
    }
}

/// Name of the label of the hybrid form: the second group of latents.
pub(super) const LABEL: &str = "z2";
/// Name of the label of the supervised form: all latents.
pub(super) const LATENTS: &str = "z";

fn file_name(encoder: Encoder) -> String {
    encoder.name().replace(" + ", "-")
}

/// What a cell costs: multiplications of its training, roughly, and of its maps.
fn cost(settings: &Settings) -> f64 {
    let d = settings.dims as f64;
    let parameters = 30.0 * d * (50.0 + 30.0 * d + 10.0 * d);
    let train = &settings.config.train;
    // references, negatives and each objective's positives, forwards and backwards
    let rows = match settings.encoder.training {
        Training::Supervised => 1.0,
        Training::Time => 3.0,
        Training::Hybrid => 4.0,
    };
    let penalty = match settings.encoder.regularized {
        true => 5.0,
        false => 0.0,
    };
    let batch = train.batch as f64;
    let pairs = 20.0 * d * batch * (rows - 2.0_f64).max(0.0);
    let training = train.steps as f64 * batch * (parameters * (3.0 * rows + penalty) + pairs);
    // pull-backs of 20 points for each output by six methods, values for 520 sets of inputs by two
    let maps = settings.attributed as f64 * parameters * (6.0 * 20.0 * 2.0 * d + 2.0 * 520.0);
    training + maps
}
