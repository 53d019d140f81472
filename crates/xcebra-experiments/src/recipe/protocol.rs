//! The grid, and the recordings that it is tried on.

use serde::{Deserialize, Serialize};
use xcebra::core::{
    Config, EncoderConfig, EncoderName, LearningRateSchedule, ObjectiveConfig, PositivesConfig,
    RegularizerConfig, TrainConfig, ValidationConfig,
};

use crate::animal;
use crate::cells::Cell;
use crate::scale::Scale;

/// A kind of recording.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Recorded {
    /// The form of the paper: 50 channels, of which half follow the first half of the latents alone.
    Protocol {
        /// Latents.
        dims: usize,
        /// Standard deviation of a step of their Brownian motion.
        step: f64,
        /// Samples.
        samples: usize,
    },
    /// Firing rates of a simulated animal.
    Rates,
    /// Its smoothed spike counts.
    Spikes,
    /// The shoulder exercises of `examples-data`, whose true map is not known.
    Shoulder,
}

impl Recorded {
    /// All of them, in the order of tables.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for dims in [4, 6, 9] {
            for step in [0.1, 0.2] {
                all.extend([20_000, 100_000].map(|samples| Self::Protocol {
                    dims,
                    step,
                    samples,
                }));
            }
        }
        all.extend([Self::Rates, Self::Spikes, Self::Shoulder]);
        all
    }

    /// Its name in tables.
    pub fn name(self) -> String {
        match self {
            Self::Protocol {
                dims,
                step,
                samples,
            } => format!("d = {dims}, step {step}, {samples} samples"),
            Self::Rates => "rates".to_owned(),
            Self::Spikes => "spikes".to_owned(),
            Self::Shoulder => "shoulder exercises".to_owned(),
        }
    }
}

/// From when on the regulariser has an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Begin {
    /// Its weight rises from the first step on.
    Start,
    /// From a quarter of the steps on.
    Quarter,
}

/// One point of the grid. The weight takes a quarter of the steps to rise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// λ.
    pub weight: f64,
    /// From when on.
    pub begin: Begin,
    /// Steps of the training.
    pub steps: usize,
}

impl Recipe {
    /// The grid.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for steps in [2_000, 4_000] {
            for weight in [0.0, 0.03, 0.1, 0.3, 1.0] {
                for begin in [Begin::Start, Begin::Quarter] {
                    // without a regulariser it makes no difference when it begins
                    if weight > 0.0 || begin == Begin::Start {
                        all.push(Self {
                            weight,
                            begin,
                            steps,
                        });
                    }
                }
            }
        }
        all
    }

    /// Its name in tables.
    pub fn name(self) -> String {
        let begin = match (self.weight, self.begin) {
            (0.0, _) => String::new(),
            (_, Begin::Start) => " from the start".to_owned(),
            (_, Begin::Quarter) => " from a quarter".to_owned(),
        };
        format!("λ = {}{begin}, {} steps", self.weight, self.steps)
    }

    /// The regulariser.
    pub fn regularizer(self) -> RegularizerConfig {
        let quarter = self.steps / 4;
        RegularizerConfig {
            weight: self.weight,
            start: match self.begin {
                Begin::Start => 0,
                Begin::Quarter => quarter,
            },
            ramp: quarter,
            projections: 1,
        }
    }
}

/// The experiment at one scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Protocol {
    /// Recordings of each kind, each with a training of another seed.
    pub seeds: u64,
    /// Kinds of recordings.
    pub recorded: Vec<Recorded>,
    /// Points of the grid.
    pub recipes: Vec<Recipe>,
    /// Samples of a batch.
    pub batch: usize,
    /// Samples that maps are over.
    pub attributed: usize,
}

/// Everything that decides one cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// What is recorded.
    pub recorded: Recorded,
    /// How it is trained.
    pub recipe: Recipe,
    /// Seed of the recording and of the training.
    pub seed: u64,
    /// Samples of a batch.
    pub batch: usize,
    /// Samples that maps are over.
    pub attributed: usize,
}

impl Protocol {
    /// The protocol at a scale; `None` for [`Scale::Paper`], which has no such experiment.
    pub fn at(scale: Scale) -> Option<Self> {
        match scale {
            Scale::Smoke => Some(Self {
                seeds: 2,
                recorded: vec![
                    Recorded::Protocol {
                        dims: 4,
                        step: 0.2,
                        samples: 2_000,
                    },
                    Recorded::Shoulder,
                ],
                recipes: [0.0, 1.0]
                    .map(|weight| Recipe {
                        weight,
                        begin: Begin::Start,
                        steps: 40,
                    })
                    .to_vec(),
                batch: 128,
                attributed: 50,
            }),
            Scale::Small => Some(Self {
                seeds: 3,
                recorded: Recorded::all(),
                recipes: Recipe::all(),
                batch: 512,
                attributed: 500,
            }),
            Scale::Paper => None,
        }
    }

    /// Its cells: seed by seed, so that an experiment broken off has whole grids.
    pub fn cells(&self) -> Vec<Cell<Settings>> {
        let mut cells = Vec::new();
        for seed in 0..self.seeds {
            for (number, &recorded) in self.recorded.iter().enumerate() {
                for (point, &recipe) in self.recipes.iter().enumerate() {
                    let settings = Settings {
                        recorded,
                        recipe,
                        seed,
                        batch: self.batch,
                        attributed: self.attributed,
                    };
                    let penalty = if recipe.weight > 0.0 { 2.0 } else { 1.0 };
                    cells.push(Cell {
                        name: format!("recording{number:02}_recipe{point:02}_seed{seed}"),
                        cost: penalty * recipe.steps as f64,
                        settings,
                    });
                }
            }
        }
        cells
    }
}

/// Name of the label of the form of the paper: the second half of the latents.
pub(super) const LABEL: &str = "z2";
/// Name of the label of the shoulder exercises.
pub(super) const EXERCISE: &str = "exercise";

/// Fraction of the samples that are held out of each training.
const HELD_OUT: f64 = 0.2;

impl Settings {
    /// The training.
    pub fn config(&self) -> Config {
        let mut config = match self.recorded {
            Recorded::Protocol { dims, .. } => Config::hybrid(dims, LABEL),
            Recorded::Rates | Recorded::Spikes => self.animal().config,
            Recorded::Shoulder => shoulder(),
        };
        config.regularizer = self.recipe.regularizer();
        config.train = TrainConfig {
            steps: self.recipe.steps,
            batch: self.batch,
            learning_rate: 2e-3,
            schedule: LearningRateSchedule::Cosine,
            seed: self.seed,
            log_every: 500,
            ..TrainConfig::default()
        };
        config.validation = ValidationConfig {
            held_out: HELD_OUT,
            every: self.recipe.steps / 4,
            batches: 8,
            ..ValidationConfig::default()
        };
        config
    }

    /// The animal, of the size of `repro animal --scale small`.
    pub(super) fn animal(&self) -> animal::Settings {
        let protocol = animal::Protocol::at(Scale::Small).expect("there is a small scale");
        let observation = match self.recorded {
            Recorded::Spikes => animal::Observation::Spikes,
            _ => animal::Observation::Rates,
        };
        let encoder = animal::Encoder {
            observation,
            training: animal::Training::Behaviour,
            regularized: true,
        };
        protocol.settings(self.seed, encoder)
    }
}

/// The objectives of `examples-data/shoulder/exercises.toml`.
fn shoulder() -> Config {
    let objective = |dims, positives| ObjectiveConfig {
        dims: Some(dims),
        ..ObjectiveConfig::info_nce(positives)
    };
    Config {
        encoder: EncoderConfig {
            name: EncoderName::Offset1MseClip,
            outputs: 3,
            ..EncoderConfig::default()
        },
        objective: vec![
            objective([0, 3], PositivesConfig::Time { offset: 5 }),
            objective(
                [1, 3],
                PositivesConfig::Discrete {
                    label: EXERCISE.to_owned(),
                },
            ),
        ],
        ..Config::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_has_every_point_once() {
        let all = Recipe::all();
        // four weights with two beginnings, and none, at two lengths
        assert_eq!(all.len(), 2 * (4 * 2 + 1));
        for (i, recipe) in all.iter().enumerate() {
            assert!(!all[..i].contains(recipe), "{recipe:?}");
        }
        let cells = Protocol::at(Scale::Small).unwrap().cells();
        assert_eq!(cells.len(), 3 * 15 * 18);
        assert!(cells[..15 * 18].iter().all(|cell| cell.settings.seed == 0));
    }

    #[test]
    fn every_training_is_valid() {
        for cell in Protocol::at(Scale::Small).unwrap().cells() {
            let config = cell.settings.config();
            config.check().unwrap();
            assert_eq!(config.train.steps, cell.settings.recipe.steps);
        }
    }
}
