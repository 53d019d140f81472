//! The flags of the clock, which `fit` and `convert` share.

use clap::Args;
use xcebra::{ClockConfig, Problem, Result};

/// How recording and labels of different rates are brought to one clock.
#[derive(Debug, Args)]
#[command(next_help_heading = "One clock")]
pub struct ClockArguments {
    /// Bring the recording and its labels to bins of this length, such as 25ms
    ///
    /// Spikes are counted. Signals that are faster than the bins are averaged within them, slower ones
    /// interpolated, and classes taken from the nearest time. The bins cover the time that all of them have in
    /// common.
    #[arg(long, value_name = "TIME")]
    bin: Option<String>,

    /// A label, as NAME or NAME=ARRAY; repeat for several
    ///
    /// The array may be in another file, with a column of times after an @: pos=behaviour.csv:x@t
    #[arg(long, value_name = "NAME[=ARRAY]", requires = "bin")]
    pub label: Vec<String>,

    /// Turn spikes into rates in Hz with a Gaussian kernel of this standard deviation, such as 50ms
    #[arg(long, value_name = "TIME", requires = "bin")]
    smooth: Option<String>,

    /// Take only units with these properties, such as "quality=good,region=CA1|CA3"
    #[arg(long, value_name = "NAME=VALUE,…", requires = "bin")]
    units: Option<String>,

    /// Take only the intervals of this table, such as trials or trials:side=left
    #[arg(long, value_name = "TABLE", requires = "bin")]
    epochs: Option<String>,

    /// What to do with bins without a value: cut, interpolate=TIME (shorter gaps only) or refuse [default: cut]
    #[arg(long, value_name = "HOW", requires = "bin")]
    missing: Option<String>,

    /// What to do with channels that never change: drop or refuse [default: drop]
    #[arg(long, value_name = "HOW", requires = "bin")]
    constant: Option<String>,

    /// Labels that are angles in radians, separated by commas
    #[arg(long, value_name = "LABEL,…", requires = "bin", value_delimiter = ',')]
    angles: Vec<String>,

    /// Labels to treat as classes, separated by commas; text, truth values and labels with few distinct whole
    /// numbers already are
    #[arg(long, value_name = "LABEL,…", requires = "bin", value_delimiter = ',')]
    classes: Vec<String>,
}

impl ClockArguments {
    /// The clock, if bins were asked for.
    pub fn config(&self) -> Result<Option<ClockConfig>> {
        let Some(bin) = &self.bin else {
            return Ok(None);
        };
        let mut clock = ClockConfig::new(bin.clone());
        clock.smooth.clone_from(&self.smooth);
        clock.units.clone_from(&self.units);
        clock.epochs.clone_from(&self.epochs);
        if let Some(missing) = &self.missing {
            clock.missing.clone_from(missing);
        }
        if let Some(constant) = &self.constant {
            clock.constant.clone_from(constant);
        }
        clock.angles.clone_from(&self.angles);
        clock.classes.clone_from(&self.classes);
        // mistakes are told before anything is written
        clock.alignment()?;
        Ok(Some(clock))
    }

    /// As [`config`](Self::config), where bins are needed.
    pub fn required(&self) -> Result<ClockConfig> {
        self.config()?.ok_or_else(|| {
            Problem::setting(
                "there is no --bin",
                "name the length of the bins, such as --bin 25ms",
            )
        })
    }
}
