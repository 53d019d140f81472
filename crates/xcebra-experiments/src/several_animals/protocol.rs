//! What is trained on several animals.

use serde::{Deserialize, Serialize};
use xcebra::core::ops::Head;
use xcebra::core::{Config, EncoderName, LearningRateSchedule, Shared};

use crate::cells::Cell;
use crate::scale::Scale;

/// Latents, of which the second half is the label.
pub const LATENTS: usize = 4;

/// A way of training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Way {
    /// What the encoders share.
    pub shared: Shared,
    /// Standard deviation of the noise of each channel, in units of the channel's own.
    pub noise: f64,
    /// Whether the encoders see ten samples at a time, and not one.
    pub window: bool,
    /// `train.mask_channels`.
    pub mask_channels: f64,
    /// `train.mask_times`.
    pub mask_times: f64,
}

impl Way {
    fn plain(shared: Shared) -> Self {
        Self {
            shared,
            noise: 0.0,
            window: false,
            mask_channels: 0.0,
            mask_times: 0.0,
        }
    }

    /// All of them, in the order of the tables.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::plain(Shared::None), Self::plain(Shared::Trunk)];
        let plain = Self::plain(Shared::None);
        for noise in [0.0, 0.5] {
            for mask_channels in [0.0, 0.1, 0.3] {
                all.push(Self {
                    noise,
                    mask_channels,
                    ..plain
                });
            }
        }
        for mask_times in [0.0, 0.3] {
            all.push(Self {
                noise: 0.5,
                window: true,
                mask_times,
                ..plain
            });
        }
        // the first of those without masks is the first of all
        all.remove(2);
        all
    }

    /// Whether animals are trained apart too, and a new one is added: where nothing but what they share differs.
    pub fn is_plain(&self) -> bool {
        *self == Self::plain(self.shared)
    }

    fn name(&self) -> String {
        let shared = match self.shared {
            Shared::None => "none",
            Shared::Trunk => "trunk",
        };
        let window = if self.window { "-window" } else { "" };
        format!(
            "{shared}{window}-noise{:02.0}-channels{:02.0}-times{:02.0}",
            10.0 * self.noise,
            100.0 * self.mask_channels,
            100.0 * self.mask_times
        )
    }
}

/// The experiment at one scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Protocol {
    /// Sets of three animals.
    pub seeds: u64,
    /// Samples of each animal, of which the last fifth is held out.
    pub samples: usize,
    /// Steps of each training.
    pub steps: usize,
    /// References a step.
    pub batch: usize,
}

/// Everything that decides one cell of the experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Seed of the animals and of the training.
    pub seed: u64,
    /// How they are trained.
    pub way: Way,
    /// Samples of each animal.
    pub samples: usize,
    /// The training.
    pub config: Config,
}

impl Protocol {
    /// The experiment at a scale; none for the paper's, which has no such experiment.
    pub fn at(scale: Scale) -> Option<Self> {
        let protocol = |seeds, samples, steps, batch| Self {
            seeds,
            samples,
            steps,
            batch,
        };
        match scale {
            Scale::Smoke => Some(protocol(1, 400, 4, 32)),
            Scale::Small => Some(protocol(3, 10_000, 1000, 512)),
            Scale::Paper => None,
        }
    }

    /// All cells, the quick ones first.
    pub fn cells(&self) -> Vec<Cell<Settings>> {
        let mut cells = Vec::new();
        for seed in 0..self.seeds {
            for way in Way::all() {
                cells.push(Cell {
                    name: format!("{}-{seed}", way.name()),
                    cost: match (way.window, way.is_plain()) {
                        (true, _) => 5.0,
                        (false, true) => 4.0,
                        (false, false) => 1.0,
                    },
                    settings: Settings {
                        seed,
                        way,
                        samples: self.samples,
                        config: self.config(way, seed),
                    },
                });
            }
        }
        cells.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        cells
    }

    /// All dimensions follow time, the second half also the label; the Jacobian is held small.
    fn config(&self, way: Way, seed: u64) -> Config {
        let mut config = Config::hybrid(LATENTS, "z2");
        config.encoder.name = match way.window {
            false => EncoderName::Offset1MseClip,
            true => EncoderName::Offset10Mse,
        };
        // without a limit, positives by time let an embedding of windows grow without end
        config.encoder.head = way.window.then_some(Head::Clip {
            limit: config.encoder.clip,
        });
        config.encoder.shared = way.shared;
        config.train.steps = self.steps;
        config.train.batch = self.batch;
        config.train.learning_rate = 3e-3;
        config.train.schedule = LearningRateSchedule::Cosine;
        config.train.seed = seed;
        config.train.mask_channels = way.mask_channels;
        config.train.mask_times = way.mask_times;
        (config.regularizer.start, config.regularizer.ramp) = (self.steps / 5, self.steps / 5);
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_its_own_file_and_a_plain_one_to_compare_with() {
        let cells = Protocol::at(Scale::Small).unwrap().cells();
        let mut names: Vec<&str> = cells.iter().map(|cell| cell.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!((names.len(), Way::all().len()), (27, 9));
        assert_eq!(Way::all().iter().filter(|way| way.is_plain()).count(), 2);
        for way in Way::all() {
            let bare = Way {
                mask_channels: 0.0,
                mask_times: 0.0,
                ..way
            };
            assert!(Way::all().contains(&bare), "{way:?}");
        }
    }
}
