//! What is trained on the simulated animal.

use serde::{Deserialize, Serialize};
use xcebra::core::{
    Config, EncoderConfig, EncoderName, LearningRateSchedule, LossConfig, ObjectiveConfig,
    PositivesConfig, RegularizerConfig, TrainConfig,
};

use crate::cells::Cell;
use crate::scale::Scale;

/// What the encoder sees of the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observation {
    /// The firing rates themselves: nothing but a function of behaviour.
    Rates,
    /// Poisson spike counts, smoothed over time.
    Spikes,
}

/// How an encoder is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Training {
    /// Mean squared error to position, heading (cosine, sine) and speed.
    Supervised,
    /// `InfoNCE`, a block of dimensions for each variable: positives are samples of similar position,
    /// heading or speed.
    Behaviour,
}

/// One way of training on one kind of observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encoder {
    /// What it sees.
    pub observation: Observation,
    /// How it is trained.
    pub training: Training,
    /// Whether the Jacobian is regularised.
    pub regularized: bool,
}

impl Encoder {
    /// All of them, in the order of the tables.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for observation in [Observation::Rates, Observation::Spikes] {
            for training in [Training::Supervised, Training::Behaviour] {
                for regularized in [false, true] {
                    all.push(Self {
                        observation,
                        training,
                        regularized,
                    });
                }
            }
        }
        all
    }

    /// Its name in tables.
    pub fn name(&self) -> String {
        let observation = match self.observation {
            Observation::Rates => "rates",
            Observation::Spikes => "spikes",
        };
        let training = match self.training {
            Training::Supervised => "supervised",
            Training::Behaviour => "behaviour",
        };
        let regularized = if self.regularized { " + reg" } else { "" };
        format!("{observation}, {training}{regularized}")
    }
}

/// The experiment at one scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Protocol {
    /// Animals: each has its own cells, path and spikes.
    pub seeds: u64,
    /// Time bins of the recording.
    pub bins: usize,
    /// Cells of each of the five tuned kinds.
    pub cells_of_a_kind: usize,
    /// Cells that follow nothing; left out of rates, which would be constant.
    pub untuned: usize,
    /// Bins, evenly spaced, that every method attributes.
    pub attributed: usize,
    /// The optimisation.
    pub train: TrainConfig,
    /// The regulariser of those that have one.
    pub regularizer: RegularizerConfig,
}

/// Everything that decides one cell of the experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Seed of the animal and of the training.
    pub seed: u64,
    /// Which encoder.
    pub encoder: Encoder,
    /// Its training.
    pub config: Config,
    /// Time bins.
    pub bins: usize,
    /// Seconds of a bin.
    pub bin: f64,
    /// Standard deviation of the Gaussian that smooths counts, seconds.
    pub smoothing: f64,
    /// Cells of each of the five tuned kinds.
    pub cells_of_a_kind: usize,
    /// Cells that follow nothing.
    pub untuned: usize,
    /// Bins attributed.
    pub attributed: usize,
    /// The methods.
    pub methods: Vec<String>,
}

/// The methods of the comparison. `ing` and `neuron-gradient` are also taken of the embedding's own
/// coordinates, see [`run`](super::run).
const METHODS: [&str; 4] = [
    "ing",
    "neuron-gradient",
    "integrated-gradients(nodes=20)",
    "feature-ablation",
];

/// Seconds of a bin: a seventh of the time in which the velocity changes.
const BIN: f64 = 0.1;
/// Seconds: two bins, less than a place field takes to cross (0.5 s and more).
const SMOOTHING: f64 = 0.2;

/// Names of the labels.
pub(super) const POSITION: &str = "position";
pub(super) const HEADING: &str = "heading";
pub(super) const SPEED: &str = "speed";
pub(super) const ALL: &str = "behaviour";

/// Dimensions of the embedding that belong to position, heading (a circle needs two) and speed.
pub(super) const BLOCKS: [[usize; 2]; 3] = [[0, 2], [2, 4], [4, 5]];

impl Protocol {
    /// The protocol at a scale.
    ///
    /// `None` for [`Scale::Paper`]: the paper's recordings are of real animals.
    pub fn at(scale: Scale) -> Option<Self> {
        let train = |steps, batch| TrainConfig {
            steps,
            batch,
            learning_rate: 2e-3,
            schedule: LearningRateSchedule::Cosine,
            log_every: 500,
            ..TrainConfig::default()
        };
        let regularizer = |start, ramp| RegularizerConfig {
            weight: 0.1,
            start,
            ramp,
            projections: 1,
        };
        match scale {
            Scale::Smoke => Some(Self {
                seeds: 1,
                bins: 2_000,
                cells_of_a_kind: 4,
                untuned: 2,
                attributed: 50,
                train: train(100, 128),
                regularizer: regularizer(25, 25),
            }),
            Scale::Small => Some(Self {
                seeds: 3,
                bins: 20_000,
                cells_of_a_kind: 20,
                untuned: 20,
                attributed: 500,
                train: train(2_000, 512),
                regularizer: regularizer(500, 500),
            }),
            Scale::Paper => None,
        }
    }

    /// Its cells: animal by animal.
    pub fn cells(&self) -> Vec<Cell<Settings>> {
        let mut cells = Vec::new();
        for seed in 0..self.seeds {
            for encoder in Encoder::all() {
                let name = encoder.name().replace(", ", "-").replace(" + ", "-");
                cells.push(Cell {
                    name: format!("{name}_seed{seed}"),
                    cost: cost(encoder),
                    settings: self.settings(seed, encoder),
                });
            }
        }
        cells
    }

    /// What decides one cell.
    pub fn settings(&self, seed: u64, encoder: Encoder) -> Settings {
        Settings {
            seed,
            encoder,
            config: self.config(seed, encoder),
            bins: self.bins,
            bin: BIN,
            smoothing: SMOOTHING,
            cells_of_a_kind: self.cells_of_a_kind,
            untuned: self.untuned,
            attributed: self.attributed,
            methods: METHODS.map(str::to_owned).to_vec(),
        }
    }

    fn config(&self, seed: u64, encoder: Encoder) -> Config {
        Config {
            encoder: EncoderConfig {
                name: EncoderName::Offset1MseClip,
                outputs: BLOCKS[2][1],
                ..EncoderConfig::default()
            },
            objective: objectives(encoder.training),
            regularizer: RegularizerConfig {
                weight: match encoder.regularized {
                    true => self.regularizer.weight,
                    false => 0.0,
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

/// The widths of the positives make the best embedding a few units wide, inside the encoder's
/// limit of 5: at temperature 1 noise of standard deviation σ makes it the variable / (σ √2), and
/// concentration κ a circle of radius √(κ / 2).
fn objectives(training: Training) -> Vec<ObjectiveConfig> {
    match training {
        Training::Supervised => vec![ObjectiveConfig::new(LossConfig::Mse {
            label: ALL.to_owned(),
        })],
        Training::Behaviour => {
            let normal = |label: &str, sigma| PositivesConfig::DeltaNormal {
                label: label.to_owned(),
                sigma,
            };
            let positives = [
                normal(POSITION, 0.15),
                PositivesConfig::DeltaVmf {
                    label: HEADING.to_owned(),
                    kappa: 8.0,
                },
                normal(SPEED, 0.05),
            ];
            let blocks = positives.into_iter().zip(BLOCKS);
            blocks
                .map(|(positives, dims)| ObjectiveConfig {
                    dims: Some(dims),
                    ..ObjectiveConfig::info_nce(positives)
                })
                .collect()
        }
    }
}

/// Relative to a supervised training without regulariser: rows of a batch.
fn cost(encoder: Encoder) -> f64 {
    let training = match encoder.training {
        Training::Supervised => 1.0,
        Training::Behaviour => 5.0,
    };
    training + if encoder.regularized { 2.0 } else { 0.0 }
}
