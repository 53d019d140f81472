//! Arguments that need parsing: baselines, domains, bands, ranges.

use std::ops::Range;

use clap::ValueEnum;
use xcebra::explain::{BaselineSource, Domains, FrequencyUnit, SignalSource};
use xcebra::files::FileError;

/// Where a path begins: `zero`, `mean`, or a file.
pub fn parse_baseline(text: &str) -> Result<BaselineSource, FileError> {
    match text {
        "zero" => Ok(BaselineSource::Zero),
        "mean" => Ok(BaselineSource::Mean),
        file => Ok(BaselineSource::Signal(SignalSource::File(file.parse()?))),
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

impl From<Unit> for FrequencyUnit {
    fn from(unit: Unit) -> Self {
        match unit {
            Unit::Hz => Self::Hz,
            Unit::Bpm => Self::Bpm,
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

/// `auto`, or names separated by commas.
pub fn parse_domains(list: &str) -> Result<Domains, xcebra::cdig::CdigError> {
    match list {
        "auto" => Ok(Domains::Usual),
        list => {
            let specs = list.split(',').map(str::parse);
            specs.collect::<Result<_, _>>().map(Domains::These)
        }
    }
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
