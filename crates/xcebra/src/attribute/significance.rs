//! Which entries of a map are real: a test by training again.

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayView1, Axis};
use xcebra_attr::map::mean_over_lags;
use xcebra_attr::significance::{Blocks, Bootstrap, Control, Significance, Tail};
use xcebra_attr::{AttrError, Methods, Piece};
use xcebra_core::{Config, Recording};
use xcebra_model::Watch;

use super::comparable::deviations;
use super::keep::Kept;
use super::tested::{AllTested, Tested};
use crate::fit::Data;
use crate::retraining::ING;
use crate::{Null, Problem, Result, Retrained, Retraining, Run, Windows, groups};

/// Fewer cannot tell how attributions spread.
const FEWEST_FITTED: usize = 10;

/// How the entries of a map are tested.
#[derive(Clone, Debug, PartialEq)]
pub struct SignificanceSettings {
    /// How many encoders are trained again.
    pub trainings: usize,
    /// What an entry is compared with.
    pub null: Null,
    /// Share of false ones among the entries that are called connected, on average.
    pub level: f64,
    /// How that share is controlled.
    pub control: Control,
    /// How p-values are had from the trainings; by default fitted for resampled recordings and by ranks for
    /// shifted labels.
    pub tail: Option<Tail>,
    /// Blocks of time that are drawn anew; each should be long against the recording's memory.
    pub blocks: usize,
    /// The smallest effect of interest: a connection that is weaker may be called not connected. For the inverted
    /// neuron gradient in standard deviations of a channel, for a move of the latents by one standard deviation; for
    /// other methods as a share of the median connected entry of the latent.
    pub smallest_effect: f64,
    /// A folder in which trainings are kept while the test is made, so that the same test goes on after a break, with
    /// more or fewer trainings if so asked; without one they are made in memory. It is for the caller to remove it.
    pub keep: Option<PathBuf>,
}

/// The smallest effect of interest unless asked otherwise.
pub const SMALLEST_EFFECT: f64 = 0.4;

impl Default for SignificanceSettings {
    fn default() -> Self {
        Self {
            trainings: 20,
            null: Null::Resampled,
            level: 0.05,
            control: Control::BenjaminiHochberg,
            tail: None,
            blocks: 40,
            smallest_effect: SMALLEST_EFFECT,
            keep: None,
        }
    }
}

/// A test that is ready to begin.
pub struct Test {
    pub(super) null: Null,
    test: Significance,
    level: f64,
    pub(super) trainings: usize,
    pub(super) retraining: Retraining,
    pub(super) recording: Recording<f32>,
    pub(super) config: Config,
    pub(super) subject: usize,
    /// The number of blocks that was asked for.
    pub(super) asked_blocks: usize,
    blocks: Blocks,
    channels: usize,
    smallest_effect: f64,
    keep: Option<PathBuf>,
}

impl SignificanceSettings {
    fn tail(&self) -> Tail {
        self.tail.unwrap_or(match self.null {
            Null::Resampled => Tail::Fitted,
            Null::ShiftedLabels => Tail::Ranks,
        })
    }

    /// Checks all that the test needs and reports what it will cost; `seconds` is what the training took.
    pub(super) fn prepare(
        &self,
        (run, subject): (&Run, usize),
        training: Option<Data>,
        seconds: Option<f64>,
        windows: &Windows<'_>,
        watch: &Watch<'_>,
    ) -> Result<Test> {
        self.require_enough()?;
        self.require_effect()?;
        let Some(data) = training else {
            return Err(Problem::setting(
                "the entries of a map cannot be tested without the data of the training",
                "pass them with their labels",
            ));
        };
        let known = data.subjects.get(subject);
        if known.is_none_or(|known| known.channels != run.channels) {
            return Err(Problem::data(
                format!(
                    "{} is not the recording of the training: its channels have other means or scales",
                    data.place
                ),
                "pass the recording of the training, since --significance trains on it again; a run that went on \
                 from another on other data keeps the scales of that one and cannot be tested",
            ));
        }
        let trainings = self.trainings;
        let retraining = Retraining::new(self.null, trainings)
            .blocks(self.blocks)
            .subject(subject);
        let config = run.settings.config();
        retraining.check(&config, &data.recording)?;
        let steps = config.train.steps;
        let estimate = seconds.map_or(String::new(), |seconds| {
            format!(", about {}", duration(seconds * trainings as f64))
        });
        let after = match &self.keep {
            Some(folder) => format!(
                "what is trained is kept in {}, and after Ctrl-C the same command goes on with it",
                folder.display()
            ),
            None => "after Ctrl-C nothing is written".to_owned(),
        };
        watch.note(&format!(
            "{trainings} trainings of {steps} steps{estimate}; {after}"
        ));
        let mut test = Significance::new()
            .level(self.level)
            .control(self.control)
            .tail(self.tail());
        // maps of shifted labels do not contain the errors of this one, and without the largest p-values would be too small
        if self.null == Null::Resampled {
            test = test.without_strays();
        }
        test.check()?;
        Ok(Test {
            null: self.null,
            test,
            level: self.level,
            trainings,
            retraining,
            smallest_effect: self.smallest_effect,
            channels: data.recording.channels_of(subject),
            recording: data.recording,
            config,
            subject,
            asked_blocks: self.blocks,
            keep: self.keep.clone(),
            blocks: Blocks::of_stretches(&windows.stretches(), self.blocks)?,
        })
    }

    /// Refuses an effect that is not one.
    fn require_effect(&self) -> Result<()> {
        match self.smallest_effect > 0.0 && self.smallest_effect.is_finite() {
            true => Ok(()),
            false => Err(Problem::setting(
                format!(
                    "the smallest effect of interest is {}, which is not a positive number",
                    self.smallest_effect
                ),
                "pass one such as 0.4",
            )),
        }
    }

    /// Refuses so few trainings that nothing can be decided.
    pub(super) fn require_enough(&self) -> Result<()> {
        let (trainings, fitted) = (self.trainings, self.tail() == Tail::Fitted);
        let needed = match fitted {
            true => FEWEST_FITTED,
            false => (1.0 / self.level).ceil() as usize - 1,
        };
        if trainings >= needed {
            return Ok(());
        }
        Err(match fitted {
            true => Problem::setting(
                format!("{trainings} trainings are too few to see how attributions spread"),
                format!("make at least {needed}, as in --significance {needed}"),
            ),
            false => Problem::setting(
                format!(
                    "{trainings} trainings cannot decide anything at --fdr {}: by ranks, no p-value is below {:.3}",
                    self.level,
                    1.0 / (1 + trainings) as f64
                ),
                format!(
                    "make at least {needed}, better five times as many, or use --p-values fitted"
                ),
            ),
        })
    }
}

impl Test {
    /// Takes the attributions of samples, for intervals.
    pub fn add(&self, piece: &Piece<'_>) -> Result<(), AttrError> {
        let sizes = piece.values.mapv(f64::abs);
        let pooled = mean_over_lags(sizes.view(), self.channels)?;
        self.blocks.add(&Piece {
            values: pooled.view(),
            ..*piece
        })
    }

    /// Makes the trainings, or reads those that are kept.
    fn retrained(&self, run: &Run, methods: &Methods<f32>, watch: &Watch<'_>) -> Result<Retrained> {
        let (encoder, config, recording) = (&run.encoder, &self.config, &self.recording);
        let Some(folder) = &self.keep else {
            let found = self
                .retraining
                .run(encoder, config, recording, methods, watch);
            return found.map_err(|error| Problem::from(error).nothing_written());
        };
        let kept = Kept::of(folder, self, run.settings.to_toml())?;
        let mut nulls = self.retraining.begin(encoder, config, recording, methods)?;
        for k in 0..self.trainings {
            nulls.add(&kept.encoder(self, k, watch)?)?;
        }
        Ok(nulls.finish()?)
    }

    /// Makes the trainings and tests the maps of all methods.
    pub fn run(&self, run: &Run, methods: &Methods<f32>, watch: &Watch<'_>) -> Result<AllTested> {
        let Retrained { maps, agreement } = self.retrained(run, methods, watch)?;
        let mut tested = Vec::new();
        for map in maps {
            let effects = map.method == ING;
            let deviations = match effects {
                true => deviations(run),
                false => vec![1.0; map.map.nrows()],
            };
            let scaled = |map: &Array2<f64>| {
                let deviations = ArrayView1::from(&deviations).insert_axis(Axis(1));
                map / &deviations
            };
            let nulls: Vec<_> = map.nulls.iter().map(scaled).collect();
            let findings = self.test.test(&scaled(&map.map), &nulls)?;
            let intervals = self.blocks.intervals(&map.method, &Bootstrap::new())?;
            let typical = findings.typical_connections().into_iter();
            let smallest = typical.map(|typical| match (self.null, effects) {
                // maps of shifted labels are not errors of this one: they do not tell what is weak
                (Null::ShiftedLabels, _) => 0.0,
                (Null::Resampled, true) => self.smallest_effect,
                // without a connection to go by, nothing can be called weak
                (Null::Resampled, false) => self.smallest_effect * typical.unwrap_or(0.0),
            });
            let verdicts = findings.verdicts(&smallest.collect::<Vec<_>>())?;
            tested.push((
                map.method,
                Tested {
                    findings,
                    columns: map.columns,
                    intervals,
                    verdicts,
                },
            ));
        }
        Ok(AllTested {
            tested,
            agreement,
            groups: groups(&self.config),
            trainings: self.trainings,
            level: self.level,
            smallest_effect: self.smallest_effect,
            null: self.null,
        })
    }
}

/// How long the training in a folder took, by the last line of its log: `12.3 s, 4567 samples/s`.
pub(super) fn seconds_of(folder: &Path) -> Option<f64> {
    let log = fs::read_to_string(folder.join("log.txt")).ok()?;
    log.lines().last()?.split_once(" s, ")?.0.parse().ok()
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
