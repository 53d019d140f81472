//! `xcebra attribute --significance`: which entries of a map are real.

use std::fs;
use std::path::Path;

use clap::{Args, ValueEnum};
use xcebra::attr::{
    AttrError, Blocks, Bootstrap, Control, Methods, Piece, Significance, Tail, mean_over_lags,
};
use xcebra::core::{Config, Recording};
use xcebra::files::Source;
use xcebra::{Inputs, Null, Retrained, Retraining, Run, Windows, groups};

use super::tested::{AllTested, Tested};
use crate::cli::fit::data::Data;
use crate::cli::{Problem, Result, Session, interrupt};

/// Fewer cannot tell how attributions spread.
const FEWEST_FITTED: usize = 10;

#[derive(Debug, Args)]
#[command(next_help_heading = "Significance")]
pub struct Options {
    /// Test each entry of the map by N new trainings; without N, 20
    ///
    /// Trains with the settings in the model's folder, so --data must be the recording of the training,
    /// with its labels. Takes N times as long as the training of the model. Adds five arrays for each
    /// method, whose names end in _low and _high (a 95 % interval of each entry over blocks of time), _p
    /// and _q (its p-value, plain and adjusted for the number of entries), and _verdict (1 for connected,
    /// -1 for not connected, 0 for undecided).
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "20")]
    significance: Option<u32>,

    /// What an entry is compared with
    #[arg(
        long,
        value_name = "NULL",
        default_value = "resampled",
        requires = "significance"
    )]
    null: NullName,

    /// Share of mistakes among the entries that are called connected, on average
    #[arg(long, value_name = "LEVEL", default_value = "0.05", value_parser = level, requires = "significance")]
    fdr: f64,

    /// How this share is controlled
    #[arg(
        long,
        value_name = "HOW",
        default_value = "bh",
        requires = "significance"
    )]
    control: ControlName,

    /// How p-values are computed from N trainings [default: fitted for resampled, ranks for shifted-labels]
    #[arg(long, value_name = "HOW", requires = "significance")]
    p_values: Option<TailName>,

    /// Number of blocks of time that are resampled; each should be long compared with the recording's memory
    #[arg(
        long,
        value_name = "N",
        default_value = "40",
        requires = "significance"
    )]
    blocks: u32,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum NullName {
    /// Trainings on recordings whose blocks of time are drawn with replacement: how far does the entry
    /// move by chance alone? This is the test of a connection
    Resampled,
    /// Trainings with labels shifted in time: is the map about the labels? Not a test of connections to
    /// dimensions that also follow time
    ShiftedLabels,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ControlName {
    /// Benjamini and Hochberg, for entries that depend on each other positively
    Bh,
    /// Benjamini and Yekutieli, for any dependence; finds less
    By,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum TailName {
    /// The tail of a distribution fitted to the null entries; for N of 10 and more
    Fitted,
    /// Counting null entries; p-values are at least 1/(N+1), so large maps need N of 100 and more
    Ranks,
}

/// A test that is ready to begin.
pub struct Test {
    null: Null,
    test: Significance,
    level: f64,
    trainings: usize,
    retraining: Retraining,
    recording: Recording<f32>,
    config: Config,
    blocks: Blocks,
    channels: usize,
}

fn level(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(level) if level > 0.0 && level < 1.0 => Ok(level),
        _ => Err("it is not a number strictly between 0 and 1".to_owned()),
    }
}

impl Options {
    /// Reads and checks all that the test needs and tells what it will cost.
    pub fn prepare(
        &self,
        session: &Session,
        (folder, run): (&Path, &Run),
        data: &Source,
        windows: &Windows<'_>,
    ) -> Result<Option<Test>> {
        let Some(trainings) = self.significance else {
            return Ok(None);
        };
        let trainings = trainings as usize;
        let null = match self.null {
            NullName::Resampled => Null::Resampled,
            NullName::ShiftedLabels => Null::ShiftedLabels,
        };
        let fitted = match self.p_values {
            Some(name) => name == TailName::Fitted,
            None => null == Null::Resampled,
        };
        self.require_enough(trainings, fitted)?;
        let inputs = Inputs::new(std::slice::from_ref(data))?;
        let data = Data::read(&inputs, &run.settings)?;
        if data.channels != run.channels {
            return Err(Problem::new(
                format!(
                    "{} is not the recording of the training in {}: its channels have other means or scales",
                    data.place,
                    folder.display()
                ),
                "pass the recording of the training, since --significance trains on it again",
            ));
        }
        let blocks = self.blocks as usize;
        let retraining = Retraining::new(null, trainings).with_blocks(blocks);
        let config = run.settings.config();
        retraining.check(&config, &data.recording)?;
        let steps = config.train.steps;
        let estimate = seconds_of(folder).map_or(String::new(), |seconds| {
            format!(", about {}", duration(seconds * trainings as f64))
        });
        session.note(&format!(
            "{trainings} trainings of {steps} steps{estimate}; after Ctrl-C nothing is written"
        ));
        let control = match self.control {
            ControlName::Bh => Control::BenjaminiHochberg,
            ControlName::By => Control::BenjaminiYekutieli,
        };
        let tail = if fitted { Tail::Fitted } else { Tail::Ranks };
        let test = Significance::new().with_level(self.fdr)?;
        Ok(Some(Test {
            null,
            test: test.with_control(control).with_tail(tail),
            level: self.fdr,
            trainings,
            retraining,
            channels: data.recording.channels(),
            recording: data.recording,
            config,
            blocks: Blocks::of_stretches(&windows.stretches(), blocks)?,
        }))
    }

    fn require_enough(&self, trainings: usize, fitted: bool) -> Result<()> {
        let needed = match fitted {
            true => FEWEST_FITTED,
            false => (1.0 / self.fdr).ceil() as usize - 1,
        };
        if trainings >= needed {
            return Ok(());
        }
        Err(match fitted {
            true => Problem::new(
                format!("{trainings} trainings are too few to see how attributions spread"),
                format!("make at least {needed}, as in --significance {needed}"),
            ),
            false => Problem::new(
                format!(
                    "{trainings} trainings cannot decide anything at --fdr {}: by ranks, no p-value is below {:.3}",
                    self.fdr,
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

    /// Makes the trainings and tests the maps of all methods.
    pub fn run(&self, session: &Session, run: &Run, methods: &Methods<f32>) -> Result<AllTested> {
        let steps = self.config.train.steps;
        let progress = session.progress("significance", (self.trainings * steps) as u64);
        let report = |done: usize| {
            let training = (done - 1) / steps + 1;
            progress.at(
                done as u64,
                &format!("training {training} of {}", self.trainings),
            );
            interrupt::flow()
        };
        let found =
            self.retraining
                .run(&run.encoder, &self.config, &self.recording, methods, report);
        let Retrained { maps, agreement } = found.map_err(interrupt::or)?;
        drop(progress);
        let mut tested = Vec::new();
        for map in maps {
            let findings = self.test.test(&map.map, &map.nulls)?;
            let intervals = self.blocks.intervals(&map.method, &Bootstrap::new())?;
            let verdicts = findings.verdicts(&intervals)?;
            tested.push((
                map.method,
                Tested {
                    findings,
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
            null: self.null,
        })
    }
}

/// How long the training in a folder took, by the last line of its log: `12.3 s, 4567 samples/s`.
fn seconds_of(folder: &Path) -> Option<f64> {
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
