//! How often does `xcebra chance` err? On recordings of which it is known whether there is something to find.
//!
//! Many small recordings with a label, a quick training each with its trainings on shuffled recordings, and counts of the
//! verdict "more than chance".

use std::collections::BTreeMap;
use std::path::Path;

use ndarray::{Array2, Axis};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use xcebra::files::{DataArray, Values};
use xcebra::model::Watch;
use xcebra::synth::{Block, Connectivity, Dataset, DatasetConfig};
use xcebra::{Arrays, ChanceSettings, Data, FitFile, LabelArray, Shuffle, chance};

use crate::cells::{self, Cell, Progress, Share};
use crate::error::Result;
use crate::table::Table;

/// Recordings of each kind unless asked otherwise.
pub const DATA_SETS: u64 = 100;
const CHANNELS: usize = 20;

/// What a recording and its label have to do with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The label is a latent of the channels.
    Related,
    /// The label is a latent of another recording.
    Unrelated,
    /// The label is a latent of the channels, and then the samples of each channel were put into random order.
    Scattered,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Related, Self::Unrelated, Self::Scattered];

    fn in_words(self) -> &'static str {
        match self {
            Self::Related => "a latent of the channels",
            Self::Unrelated => "a latent of another recording",
            Self::Scattered => "a latent of the channels, which were then shuffled",
        }
    }
}

/// Everything that decides one recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Seed of the recording and of the training.
    pub seed: u64,
    /// Its kind.
    pub kind: Kind,
    /// Samples.
    pub samples: usize,
    /// Steps of each training.
    pub steps: usize,
    /// Trainings on shuffled recordings.
    pub trainings: usize,
}

/// The p-values of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// With shuffled labels.
    pub labels: f64,
    /// With shuffled channels.
    pub channels: f64,
}

/// Measures the recordings of a share that have no result in `folder` yet, `sets` of each kind in all, and writes
/// `chance.csv` there once all have one; returns the table as Markdown, or none if other pieces are still to be made.
///
/// # Errors
/// As [`cells::measure`].
pub fn reproduce(
    sets: u64,
    folder: &Path,
    share: (Share, usize),
    report: &(dyn Fn(&Progress<'_>) + Sync),
) -> Result<Option<String>> {
    let cell = |kind: Kind, seed: u64| Cell {
        name: format!("{kind:?}-{seed}").to_lowercase(),
        cost: 1.0,
        settings: Settings {
            seed,
            kind,
            samples: 1000,
            steps: 100,
            trainings: 19,
        },
    };
    let all = Kind::ALL
        .iter()
        .flat_map(|&kind| (0..sets).map(move |seed| cell(kind, seed)));
    let Some(measured) = cells::measure(all.collect(), folder, share, report, run)? else {
        return Ok(None);
    };
    let table = summary(&measured);
    table.write_csv(folder, "chance")?;
    Ok(Some(table.markdown()))
}

/// How often each verdict was "more than chance".
pub fn summary(measured: &[(Settings, Outcome)]) -> Table {
    let mut table = Table::new([
        "the label is",
        "recordings",
        "more than chance, labels shuffled",
        "more than chance, channels shuffled",
    ]);
    for kind in Kind::ALL {
        let own = measured
            .iter()
            .filter(|(settings, _)| settings.kind == kind);
        let own: Vec<&Outcome> = own.map(|(_, outcome)| outcome).collect();
        let count =
            |p: fn(&Outcome) -> f64| own.iter().filter(|o| p(o) <= 0.05).count().to_string();
        table.push([
            kind.in_words().to_owned(),
            own.len().to_string(),
            count(|outcome| outcome.labels),
            count(|outcome| outcome.channels),
        ]);
    }
    table
}

/// Trains and compares.
///
/// # Errors
/// If a training fails.
pub fn run(settings: &Settings) -> Result<Outcome> {
    let sets = [
        format!("train.steps={}", settings.steps),
        format!("train.seed={}", 100 * settings.seed),
        "train.batch=64".to_owned(),
        "train.learning_rate=3e-3".to_owned(),
        "encoder.outputs=2".to_owned(),
        "objective.0.positives={kind=\"time-delta\", label=\"z\"}".to_owned(),
        format!("regularizer.start={}", settings.steps / 4),
        format!("regularizer.ramp={}", settings.steps / 4),
    ];
    let fit = FitFile::parse("", &sets)?;
    let data = Data::of_arrays(arrays(settings)?, &fit)?;
    let p = |shuffle: Shuffle| {
        let how = ChanceSettings {
            shuffle,
            trainings: settings.trainings,
            blocks: None,
        };
        chance(&fit, &data, &how, &Watch::new()).map(|found| found.p())
    };
    Ok(Outcome {
        labels: p(Shuffle::Labels)?,
        channels: p(Shuffle::Columns)?,
    })
}

fn arrays(settings: &Settings) -> Result<Arrays> {
    let own = recording(settings, 0)?;
    let label = match settings.kind {
        Kind::Related | Kind::Scattered => own.z,
        Kind::Unrelated => recording(settings, 1)?.z,
    };
    let mut x = own.x;
    if settings.kind == Kind::Scattered {
        let mut random = ChaCha8Rng::seed_from_u64(settings.seed);
        let mut order: Vec<usize> = (0..x.nrows()).collect();
        for channel in 0..x.ncols() {
            order.shuffle(&mut random);
            let moved = x.column(channel).select(Axis(0), &order);
            x.column_mut(channel).assign(&moved);
        }
    }
    let array = |name: &str, values: Array2<f64>| {
        DataArray::in_memory(name, Values::F64(values.into_dyn()))
    };
    Ok(Arrays {
        sessions: vec![array("x", x)],
        labels: BTreeMap::from([(
            "z".to_owned(),
            vec![LabelArray::Numbers(Box::new(array("z", label)))],
        )]),
    })
}

/// Two latents that all channels know, with noise.
fn recording(settings: &Settings, number: u64) -> Result<Dataset<f64>> {
    let block = Block {
        channels: CHANNELS,
        inputs: vec![0],
    };
    let connectivity = Connectivity::new(vec![2], vec![block])?;
    let config = DatasetConfig::new(connectivity)
        .samples(settings.samples)
        .noise(0.5);
    Ok(config.seed(2 * settings.seed + number).generate()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_counted_by_kind() {
        let of = |kind: Kind, labels: f64| {
            let settings = Settings {
                seed: 0,
                kind,
                samples: 200,
                steps: 4,
                trainings: 2,
            };
            (
                settings,
                Outcome {
                    labels,
                    channels: 0.05,
                },
            )
        };
        let found = summary(&[
            of(Kind::Related, 0.05),
            of(Kind::Related, 0.1),
            of(Kind::Scattered, 1.0),
        ]);
        let text = found.csv();
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows[1], "a latent of the channels,2,1,2");
        assert_eq!(rows[2], "a latent of another recording,0,0,0");
        assert_eq!(
            rows[3],
            "\"a latent of the channels, which were then shuffled\",1,0,1"
        );
    }

    #[test]
    fn a_recording_of_every_kind_is_measured() {
        for kind in Kind::ALL {
            let settings = Settings {
                seed: 1,
                kind,
                samples: 200,
                steps: 2,
                trainings: 2,
            };
            let found = run(&settings).unwrap();
            assert_eq!(found, run(&settings).unwrap());
            for p in [found.labels, found.channels] {
                assert!((1.0 / 3.0..=1.0).contains(&p), "{p}");
            }
        }
    }
}
