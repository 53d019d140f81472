//! Arguments that need parsing: outputs, baselines, bands, ranges.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use clap::ValueEnum;
use ndarray::Axis;
use xcebra::cdig::Baseline;
use xcebra::explain::DomainSpec;
use xcebra::files::{FileError, Source};

use super::super::{Problem, Result};
use super::Subject;

/// A weighted sum of outputs: `0`, `0+1`, `2-0`.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputSpec(pub Vec<(usize, f64)>);

impl Default for OutputSpec {
    fn default() -> Self {
        Self(vec![(0, 1.0)])
    }
}

impl FromStr for OutputSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is not an output such as 0, a sum 0+1 or a difference 2-0");
        let mut terms = Vec::new();
        let (mut rest, mut sign) = (text.trim(), 1.0);
        loop {
            let end = rest.find(['+', '-']).unwrap_or(rest.len());
            let output: usize = rest[..end].trim().parse().map_err(|_| wrong())?;
            if terms.iter().any(|(k, _)| *k == output) {
                return Err(format!("`{text}` names output {output} twice"));
            }
            terms.push((output, sign));
            match rest.as_bytes().get(end) {
                None => return Ok(Self(terms)),
                Some(b'+') => sign = 1.0,
                Some(_) => sign = -1.0,
            }
            rest = &rest[end + 1..];
        }
    }
}

impl fmt::Display for OutputSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (output, weight)) in self.0.iter().enumerate() {
            let sign = if *weight < 0.0 { "-" } else { "+" };
            write!(f, "{}{output}", if i == 0 { "" } else { sign })?;
        }
        Ok(())
    }
}

/// Where a path begins.
#[derive(Debug, Clone)]
pub enum BaselineSpec {
    Zero,
    Mean,
    File(Source),
}

impl FromStr for BaselineSpec {
    type Err = FileError;

    fn from_str(text: &str) -> Result<Self, FileError> {
        match text {
            "zero" => Ok(Self::Zero),
            "mean" => Ok(Self::Mean),
            file => Ok(Self::File(file.parse()?)),
        }
    }
}

impl fmt::Display for BaselineSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zero => f.write_str("zero"),
            Self::Mean => f.write_str("mean"),
            Self::File(source) => source.fmt(f),
        }
    }
}

impl BaselineSpec {
    /// The baseline for signals of the subject.
    pub fn of(
        &self,
        subject: &Subject,
        time_axis: usize,
        notes: &mut Vec<String>,
    ) -> Result<Baseline<f64>> {
        match self {
            Self::Zero => Ok(Baseline::Zero),
            Self::Mean => Ok(Baseline::Mean(time_axis)),
            Self::File(source) => {
                let loaded = subject.signals(source, Some(time_axis), None)?;
                notes.extend(loaded.notes);
                let signals = loaded.signals;
                if signals.len() != 1 {
                    return Err(Problem::new(
                        format!("--baseline {source} holds {} signals", signals.len()),
                        "name one signal of the model's input shape",
                    ));
                }
                Ok(Baseline::Signal(signals.values.index_axis_move(Axis(0), 0)))
            }
        }
    }
}

/// Units in which people read frequencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Unit {
    /// Cycles per second
    Hz,
    /// Beats per minute
    Bpm,
}

impl Unit {
    /// Its name, and the factor from Hz.
    pub fn factor(self) -> (&'static str, f64) {
        match self {
            Self::Hz => ("Hz", 1.0),
            Self::Bpm => ("bpm", 60.0),
        }
    }
}

/// What no band holds.
const OTHER: &str = "other";

/// Named bands in Hz.
#[derive(Debug, Clone, Default)]
pub struct Bands(pub Vec<(String, Range<f64>)>);

pub fn parse_bands(text: &str) -> Result<Bands, String> {
    let band = |part: &str| -> Option<(String, Range<f64>)> {
        let (name, limits) = part.split_once('=')?;
        let (low, high) = limits.split_once('-')?;
        let range = low.trim().parse().ok()?..high.trim().parse().ok()?;
        (!name.trim().is_empty()).then(|| (name.trim().to_owned(), range))
    };
    let wrong = |part| format!("`{part}` is not a band such as theta=4-8");
    let parts = text
        .split(',')
        .map(|part| band(part).ok_or_else(|| wrong(part)));
    let bands: Vec<(String, Range<f64>)> = parts.collect::<Result<_, _>>()?;
    for (i, (name, band)) in bands.iter().enumerate() {
        if !(band.start >= 0.0 && band.start < band.end) {
            return Err(format!(
                "the band {name}={}-{} needs 0 ≤ low < high, in Hz",
                band.start, band.end
            ));
        }
        for (other, taken) in &bands[..i] {
            if other == name {
                return Err(format!("two bands are called `{name}`"));
            }
            if band.start < taken.end && taken.start < band.end {
                return Err(format!("the bands {other} and {name} overlap"));
            }
        }
        if name == OTHER {
            return Err(format!(
                "`{OTHER}` is what no band holds; give the band another name"
            ));
        }
    }
    Ok(Bands(bands))
}

pub fn parse_domains(list: &str) -> Result<Vec<DomainSpec>> {
    Ok(list.split(',').map(str::parse).collect::<Result<_, _>>()?)
}

/// `3..8`, or `3` for one.
pub fn parse_range(text: &str) -> Result<Range<usize>, String> {
    let wrong = || format!("`{text}` is not a range of signals such as 0..10");
    let number = |text: &str| text.trim().parse::<usize>().map_err(|_| wrong());
    let range = match text.split_once("..") {
        Some((first, last)) => number(first)?..number(last)?,
        None => number(text).map(|only| only..only.saturating_add(1))?,
    };
    if range.is_empty() {
        Err(wrong())
    } else {
        Ok(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_written_as_they_are_parsed() {
        for text in ["0", "0+1", "2-0", "3+10-4"] {
            assert_eq!(text.parse::<OutputSpec>().unwrap().to_string(), text);
        }
        let contrast: OutputSpec = "2-0".parse().unwrap();
        assert_eq!(contrast.0, [(2, 1.0), (0, -1.0)]);
        for text in ["", "-", "-1", "1+", "a", "1++2", "1+1", "0.5"] {
            assert!(text.parse::<OutputSpec>().is_err(), "{text}");
        }
    }

    #[test]
    fn bands_and_ranges() {
        let bands = parse_bands("theta=4-8, alpha=8-13.5").unwrap().0;
        assert_eq!(bands[1], ("alpha".to_owned(), 8.0..13.5));
        for text in [
            "",
            "theta",
            "theta=4",
            "=4-8",
            "a=4-x",
            "a=1-2,",
            "a=1-2,a=3-4",
            "a=3-1",
            "a=nan-1",
            "a=0-2,b=1-3",
            "other=1-2",
        ] {
            assert!(parse_bands(text).is_err(), "{text}");
        }
        assert_eq!(parse_range("3..8"), Ok(3..8));
        assert_eq!(parse_range("3"), Ok(3..4));
        for text in ["", "3..", "..3", "5..5", "8..3", "-1", "a"] {
            assert!(parse_range(text).is_err(), "{text}");
        }
    }
}
