//! Does a training find more than chance? It is trained again on labels or channels that are shuffled in time, and all
//! trainings are judged by samples that they did not see.

mod judged;
mod kept;
mod result;
mod shuffled;
#[cfg(test)]
mod tests;

pub use kept::{ChanceJob, chance_files};
pub use result::Chance;

use xcebra_core::{Config, Recording, Trainer};
use xcebra_model::Watch;

use crate::{Data, FitFile, Fitted, Problem, Result, Shuffle};
use judged::Judged;

/// Share of the samples that is held out where the settings hold out none.
const HELD_OUT: f64 = 0.2;
/// Batches of what is held out that a training is judged by, at least.
const BATCHES: usize = 8;
/// Blocks of time whose order is shuffled.
const BLOCKS: usize = 20;

/// What trainings are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChanceSettings {
    /// What is shuffled: the labels, or each channel for itself.
    pub shuffle: Shuffle,
    /// How many trainings are made on shuffled recordings; 19 at least for a verdict at 5 %.
    pub trainings: usize,
    /// Number of blocks of time whose order is shuffled. By default 20; each sample for itself where the order of
    /// time alone is learned, since channels whose blocks are moved follow time as before.
    pub blocks: Option<usize>,
}

impl Default for ChanceSettings {
    /// 19 trainings on shuffled labels.
    fn default() -> Self {
        Self {
            shuffle: Shuffle::Labels,
            trainings: 19,
            blocks: None,
        }
    }
}

/// Trains with the settings on a recording, and as often as asked for on the same recording with its labels or its
/// channels shuffled in blocks of time. Says whether the true order is learned better, going by samples that are held
/// out of each training: a fifth of them where the settings hold out none. The number of steps is that of the
/// settings; no training stops early. Of several subjects, each is shuffled for itself.
///
/// Trainings are judged by the goodness of fit of the objectives with a label, or of all objectives if there is none;
/// with a supervised objective among them, by the loss. Each has a seed of its own.
///
/// # Errors
/// [`Problem`] if there is nothing to shuffle or a training fails; of the kind
/// [`Interrupted`](xcebra_model::Kind::Interrupted) if the watch stops it.
///
/// ```
/// use std::collections::BTreeMap;
/// use ndarray::Array2;
/// use xcebra::files::{DataArray, Values};
/// use xcebra::model::Watch;
/// use xcebra::{Arrays, ChanceSettings, Data, FitFile, Shuffle, chance};
///
/// let x = Array2::from_shape_fn((400, 3), |(t, c)| ((t * (c + 1)) as f64 / 9.0).sin());
/// let x = DataArray::in_memory("x", Values::F64(x.into_dyn()));
/// let arrays = Arrays { sessions: vec![x], labels: BTreeMap::new() };
/// let settings = FitFile::parse("", &["train.steps=20".to_owned(), "train.batch=64".to_owned()])?;
/// let data = Data::of_arrays(arrays, &settings)?;
/// let how = ChanceSettings { shuffle: Shuffle::Columns, trainings: 3, ..Default::default() };
/// let found = chance(&settings, &data, &how, &Watch::new())?;
/// assert_eq!(found.shuffled.len(), 3);
/// assert!(found.sentence().contains("3 trainings are too few"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn chance(
    settings: &FitFile,
    data: &Data,
    how: &ChanceSettings,
    watch: &Watch<'_>,
) -> Result<Chance> {
    let trainings = Trainings::new(settings, &data.recording, how)?;
    let mut scores = Vec::new();
    for k in 0..trainings.count() {
        let mut trainer = trainings.begin(k)?;
        scores.push(trainings.score(k, &mut trainer, |_| Ok(()), watch)?);
    }
    trainings.compared(scores)
}

/// As [`chance`], of a training that is finished, with its settings and data.
///
/// # Errors
/// As [`chance`], and [`Problem`] if the training went on from an earlier one, which another training does not repeat.
pub fn chance_of(fitted: &Fitted, how: &ChanceSettings, watch: &Watch<'_>) -> Result<Chance> {
    fitted.require_repeatable()?;
    chance(&fitted.run().settings, fitted.data(), how, watch)
}

/// The trainings of a comparison: the first on the true order, the others on shuffled ones.
struct Trainings<'a> {
    recording: &'a Recording<f32>,
    config: Config,
    how: ChanceSettings,
    blocks: usize,
    judged: Judged,
}

impl<'a> Trainings<'a> {
    fn new(
        settings: &FitFile,
        recording: &'a Recording<f32>,
        how: &ChanceSettings,
    ) -> Result<Self> {
        let mut config = settings.config();
        let judged = Judged::of(&config, how.shuffle)?;
        if how.trainings == 0 {
            return Err(Problem::setting(
                "there is no training to compare with",
                "make at least 19 for a verdict",
            ));
        }
        let validation = &mut config.validation;
        if validation.held_out == 0.0 {
            validation.held_out = HELD_OUT;
        }
        validation.patience = 0;
        validation.every = config.train.steps;
        validation.batches = validation.batches.max(BATCHES);
        let shortest = shuffled::shortest(recording);
        let blocks = match (how.blocks, judged.has_labels()) {
            (Some(blocks), _) => blocks,
            (None, true) => BLOCKS,
            (None, false) => shortest,
        };
        if blocks < 3 || blocks > shortest {
            return Err(Problem::setting(
                format!("{blocks} blocks of {shortest} samples cannot be shuffled"),
                "choose from 3 blocks to one for each sample",
            ));
        }
        let trainings = Self {
            recording,
            config,
            how: *how,
            blocks,
            judged,
        };
        // whatever is wrong with a training is wrong with the first
        trainings.begin(0)?;
        Ok(trainings)
    }

    /// How many there are.
    fn count(&self) -> usize {
        1 + self.how.trainings
    }

    /// Training `k` before its first step.
    fn begin(&self, k: usize) -> Result<Trainer<f32>> {
        let mut config = self.config.clone();
        config.train.seed = config.train.seed.wrapping_add(k as u64);
        let seed = config.train.seed;
        let recording = match (k, self.how.shuffle) {
            (0, _) => self.recording.clone(),
            (_, Shuffle::Labels) => shuffled::labels(self.recording, self.blocks, seed)?,
            (_, Shuffle::Columns) => shuffled::channels(self.recording, self.blocks, seed)?,
        };
        Ok(Trainer::new(config, recording)?)
    }

    /// Makes the steps that a training lacks, and judges it. `after_step` is told of every step.
    fn score(
        &self,
        k: usize,
        trainer: &mut Trainer<f32>,
        mut after_step: impl FnMut(&Trainer<f32>) -> Result<()>,
        watch: &Watch<'_>,
    ) -> Result<f64> {
        let steps = self.config.train.steps;
        let total = (self.count() * steps) as u64;
        let message = match k {
            0 => "true order".to_owned(),
            k => format!("shuffle {k} of {}", self.how.trainings),
        };
        while !trainer.is_done() {
            if watch.is_stopped() {
                return Err(Problem::stopped());
            }
            let report = trainer.step()?;
            let done = (k * steps + trainer.steps_made()) as u64;
            watch.progress("chance", (done, total), &message);
            if let Some(validation) = report.validation {
                return self.judged.score(&validation);
            }
            after_step(trainer)?;
        }
        Err(Problem::data(
            "nothing of the training was held out",
            "set validation.held_out",
        ))
    }

    fn compared(&self, scores: Vec<f64>) -> Result<Chance> {
        let [score, shuffled @ ..] = scores.as_slice() else {
            return Err(Problem::stopped());
        };
        Ok(Chance {
            shuffle: self.how.shuffle,
            blocks: self.blocks,
            judged_by: self.judged.in_words(),
            unit: self.judged.unit(),
            score: *score,
            shuffled: shuffled.to_vec(),
        })
    }
}
