//! What is asked of the clock.

use crate::align::bins::Span;
use crate::error::{FileError, Result};
use crate::open::DataFile;

/// How a recording is brought to one clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Alignment {
    /// Length of the bins in seconds.
    pub bin: f64,
    /// Standard deviation of the Gaussian kernel that turns spikes into rates, in seconds; counts without it.
    pub smooth: Option<f64>,
    /// Which units are taken: properties, each with the values that it may have.
    pub units: Vec<(String, Vec<String>)>,
    /// Table of the intervals to which the recording is restricted; `trials:side=left` chooses among them.
    pub epochs: Option<String>,
    /// What happens to bins without a value.
    pub missing: Missing,
    /// What happens to channels that never change.
    pub constant: Constant,
    /// Labels that are angles in radians, besides those that the file declares.
    pub angles: Vec<String>,
    /// Labels that are classes though their values do not look so.
    pub classes: Vec<String>,
}

/// What happens to bins without a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Missing {
    /// The recording is cut there.
    Cut,
    /// Stretches up to this many seconds are interpolated; longer ones are cut out.
    Interpolate(f64),
    /// They are an error.
    Refuse,
}

/// What happens to channels that never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constant {
    /// They are left out, with a note.
    Drop,
    /// They are an error.
    Refuse,
    /// They stay.
    Keep,
}

impl Alignment {
    /// Bins of this many seconds, and the defaults for everything else.
    pub fn new(bin: f64) -> Self {
        Self {
            bin,
            smooth: None,
            units: Vec::new(),
            epochs: None,
            missing: Missing::Cut,
            constant: Constant::Drop,
            angles: Vec::new(),
            classes: Vec::new(),
        }
    }

    /// Chooses units as `quality=good,region=CA1|CA3`.
    ///
    /// # Errors
    /// [`FileError::Value`] for another form.
    pub fn units(mut self, text: &str) -> Result<Self> {
        self.units = conditions("units", text)?;
        Ok(self)
    }

    pub(super) fn check(&self) -> Result<()> {
        let problem = |what: &str, value: f64| {
            setting(
                what,
                format!("{value} s is not a length of time above 0"),
                "25ms",
            )
        };
        if !(self.bin.is_finite() && self.bin > 0.0) {
            return Err(problem("bin", self.bin));
        }
        match self.smooth {
            Some(sigma) if !(sigma.is_finite() && sigma > 0.0) => Err(problem("smooth", sigma)),
            _ => Ok(()),
        }
    }
}

impl std::str::FromStr for Missing {
    type Err = FileError;

    fn from_str(text: &str) -> Result<Self> {
        /// The longest stretch that is interpolated if no length is given, in seconds.
        const USUAL: f64 = 1.0;
        match text.split_once(['=', ':']) {
            None if text == "cut" => Ok(Self::Cut),
            None if text == "refuse" => Ok(Self::Refuse),
            None if text == "interpolate" => Ok(Self::Interpolate(USUAL)),
            Some(("interpolate", length)) => Ok(Self::Interpolate(seconds_of("missing", length)?)),
            _ => Err(setting(
                "missing",
                format!("`{text}` is not known"),
                "cut, refuse or interpolate=200ms",
            )),
        }
    }
}

impl std::str::FromStr for Constant {
    type Err = FileError;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "drop" => Ok(Self::Drop),
            "refuse" => Ok(Self::Refuse),
            _ => Err(setting(
                "constant",
                format!("`{text}` is not known"),
                "drop or refuse",
            )),
        }
    }
}

fn setting(name: &str, problem: String, example: &str) -> FileError {
    FileError::Clock {
        problem: format!("{name}: {problem}"),
        example: example.to_owned(),
    }
}

/// A length of time such as `25ms`, `0.5s` or `2min`, in seconds; without a unit it is in seconds.
///
/// # Errors
/// [`FileError::Clock`] for anything else.
///
/// ```
/// assert_eq!(xcebra_files::seconds("25ms")?, 0.025);
/// # Ok::<(), xcebra_files::FileError>(())
/// ```
pub fn seconds(text: &str) -> Result<f64> {
    seconds_of("time", text)
}

/// As [`seconds`], of the setting `what`, which an error names.
///
/// # Errors
/// As [`seconds`].
pub fn seconds_of(what: &str, text: &str) -> Result<f64> {
    const UNITS: [(&str, f64, f64); 6] = [
        ("min", 60.0, 1.0),
        ("ms", 1.0, 1e3),
        ("us", 1.0, 1e6),
        ("µs", 1.0, 1e6),
        ("s", 1.0, 1.0),
        ("", 1.0, 1.0),
    ];
    let text = text.trim();
    let found = UNITS.iter().find_map(|(unit, times, over)| {
        let value: f64 = text.strip_suffix(unit)?.trim().parse().ok()?;
        // a division rounds once: 25 ms is the float nearest to 0.025
        Some(value * times / over)
    });
    let valid = found.filter(|seconds| seconds.is_finite() && *seconds > 0.0);
    valid.ok_or_else(|| {
        setting(
            what,
            format!("`{text}` is not a length of time"),
            "25ms, 0.5s or 2min",
        )
    })
}

/// Conditions such as `quality=good,region=CA1|CA3`.
pub(super) fn conditions(what: &str, text: &str) -> Result<Vec<(String, Vec<String>)>> {
    let parts = text.split(',').map(|part| {
        let (name, values) = part
            .split_once('=')
            .filter(|(name, values)| !name.trim().is_empty() && !values.is_empty())?;
        let values = values.split('|').map(|value| value.trim().to_owned());
        Some((name.trim().to_owned(), values.collect()))
    });
    let parts: Option<Vec<_>> = parts.collect();
    parts.ok_or_else(|| {
        setting(
            what,
            format!("`{text}` is not a list of NAME=VALUE"),
            "quality=good,region=CA1|CA3",
        )
    })
}

/// The rows that fulfil all conditions.
pub(super) fn matching(
    place: &str,
    conditions: &[(String, Vec<String>)],
    properties: &std::collections::BTreeMap<String, Vec<String>>,
    rows: usize,
) -> Result<Vec<usize>> {
    let mut kept: Vec<usize> = (0..rows).collect();
    for (name, values) in conditions {
        let Some(column) = properties.get(name) else {
            let names: Vec<String> = properties.keys().cloned().collect();
            return Err(FileError::Value {
                place: place.to_owned(),
                problem: format!(
                    "it has no property `{name}`; it has {}",
                    crate::error::list(&names)
                ),
                advice: "name one of these".to_owned(),
            });
        };
        let equal = |a: &str, b: &str| {
            let numbers = a.parse::<f64>().ok().zip(b.parse::<f64>().ok());
            a == b || numbers.is_some_and(|(a, b)| a == b)
        };
        kept.retain(|&row| {
            values
                .iter()
                .any(|value| column.get(row).is_some_and(|own| equal(own, value)))
        });
        if kept.is_empty() {
            let mut seen: Vec<String> = column.clone();
            seen.sort();
            seen.dedup();
            return Err(FileError::Value {
                place: place.to_owned(),
                problem: format!(
                    "nothing is left with {name}={}; its values are {}",
                    values.join("|"),
                    crate::error::list(&seen)
                ),
                advice: "choose a combination of values that occurs".to_owned(),
            });
        }
    }
    Ok(kept)
}

/// The intervals of a table, or those of it that fulfil conditions, and what they are in words.
pub(super) fn epochs(file: &mut DataFile, text: &str) -> Result<(Vec<Span>, String)> {
    let (name, wanted) = match text.split_once(':') {
        Some((name, wanted)) => (name, conditions("epochs", wanted)?),
        None => (text, Vec::new()),
    };
    let intervals = file.intervals(name)?;
    let rows = matching(
        &intervals.place,
        &wanted,
        &intervals.properties,
        intervals.spans.len(),
    )?;
    let mut spans: Vec<Span> = Vec::new();
    for row in rows {
        let [from, to] = intervals.spans[row];
        if from.is_finite() && to.is_finite() && from < to {
            spans.push(Span { from, to });
        }
    }
    if spans.is_empty() {
        return Err(FileError::Value {
            place: intervals.place,
            problem: "all its intervals are empty".to_owned(),
            advice: "name another table of intervals".to_owned(),
        });
    }
    Ok((super::bins::apart(spans), intervals.place))
}
