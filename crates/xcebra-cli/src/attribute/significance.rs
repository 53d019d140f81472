//! The options of `xcebra attribute --significance`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use xcebra::attr::significance::{Control, Tail};
use xcebra::{Null, SMALLEST_EFFECT, SignificanceSettings};

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
    ///
    /// While they are made, the trainings are kept in a folder beside --out whose name ends in .trainings: the same
    /// command goes on with them, however it was ended.
    #[arg(long, visible_alias = "trainings", value_name = "N", num_args = 0..=1, default_missing_value = "20")]
    significance: Option<u32>,

    /// What an entry is compared with
    #[arg(
        long,
        value_name = "NULL",
        default_value = "resampled",
        requires = "significance"
    )]
    null: NullName,

    /// Share of mistakes among the entries that are called connected, and among those that are called not
    /// connected, on average
    #[arg(long, value_name = "LEVEL", default_value = "0.05", value_parser = level, requires = "significance")]
    fdr: f64,

    /// Smallest effect of interest: a connection that is weaker may be called not connected
    ///
    /// For ing, this is the change of a channel, in its standard deviations, when the latents move by one standard deviation. For
    /// other methods, as a share of the median connected entry of the latent.
    #[arg(long, value_name = "EFFECT", default_value_t = SMALLEST_EFFECT, value_parser = effect, requires = "significance")]
    smallest_effect: f64,

    /// How the shares of mistakes of --fdr are controlled
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

fn effect(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(effect) if effect > 0.0 && f64::is_finite(effect) => Ok(effect),
        _ => Err("not a positive number".to_owned()),
    }
}

fn level(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(level) if level > 0.0 && level < 1.0 => Ok(level),
        _ => Err("not a number strictly between 0 and 1".to_owned()),
    }
}

impl Options {
    /// The settings of the test, if one is asked for.
    pub fn settings(&self, keep: Option<PathBuf>) -> Option<SignificanceSettings> {
        let null = match self.null {
            NullName::Resampled => Null::Resampled,
            NullName::ShiftedLabels => Null::ShiftedLabels,
        };
        Some(SignificanceSettings {
            trainings: self.significance? as usize,
            null,
            level: self.fdr,
            control: match self.control {
                ControlName::Bh => Control::BenjaminiHochberg,
                ControlName::By => Control::BenjaminiYekutieli,
            },
            tail: self.p_values.map(|name| match name {
                TailName::Fitted => Tail::Fitted,
                TailName::Ranks => Tail::Ranks,
            }),
            blocks: self.blocks as usize,
            smallest_effect: self.smallest_effect,
            keep,
        })
    }

    /// Whether a test is asked for.
    pub fn is_set(&self) -> bool {
        self.significance.is_some()
    }
}
