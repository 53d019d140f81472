//! Arguments that need parsing: bands, ranges, shapes, commands.

use std::ops::Range;
use std::time::Duration;

use clap::ValueEnum;
use xcebra::explain::FrequencyUnit;

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

/// Ranges of signals.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Signals(pub Vec<Range<usize>>);

/// `3..8`, `3` for one, `0,5,9..12` for several.
pub fn parse_signals(text: &str) -> Result<Signals, String> {
    let wrong = || format!("`{text}` is not a list of signals such as 0..10 or 0,5,9");
    let number = |text: &str| text.trim().parse::<usize>().map_err(|_| wrong());
    let range = |part: &str| {
        let range = match part.split_once("..") {
            Some((first, end)) => number(first)?..number(end)?,
            None => number(part).map(|only| only..only.saturating_add(1))?,
        };
        match range.is_empty() {
            true => Err(wrong()),
            false => Ok(range),
        }
    };
    let ranges: Vec<Range<usize>> = text.split(',').map(range).collect::<Result<_, _>>()?;
    for (i, one) in ranges.iter().enumerate() {
        let both = |other: &&Range<usize>| one.start < other.end && other.start < one.end;
        if let Some(other) = ranges[..i].iter().find(both) {
            let twice = one.start.max(other.start);
            return Err(format!("`{text}` names signal {twice} twice"));
        }
    }
    Ok(Signals(ranges))
}

/// `14,256`: the lengths of the axes of one signal.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape(pub Vec<usize>);

pub fn parse_shape(text: &str) -> Result<Shape, String> {
    let length = |part: &str| {
        part.trim()
            .parse()
            .ok()
            .filter(|&length: &usize| length > 0)
    };
    let lengths: Option<Vec<usize>> = text.split(',').map(length).collect();
    lengths
        .map(Shape)
        .ok_or_else(|| format!("`{text}` is not a shape such as 14,256"))
}

/// A program and its arguments, quoted as in a shell.
#[derive(Debug, Clone, PartialEq)]
pub struct Words(pub Vec<String>);

pub fn parse_command(text: &str) -> Result<Words, String> {
    match shell_words::split(text) {
        Ok(words) if !words.is_empty() => Ok(Words(words)),
        Ok(_) => Err("name a program with its arguments".to_owned()),
        Err(_) => Err("a quotation mark is not closed".to_owned()),
    }
}

/// Seconds a program may take over a batch.
pub fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.trim().parse().ok();
    let seconds = seconds.filter(|&seconds: &f64| seconds > 0.0);
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| format!("`{text}` is not a number of seconds above 0"))
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
        assert_eq!(parse_signals("3..8").unwrap().0[0], 3..8);
        assert_eq!(parse_signals("3").unwrap().0[0], 3..4);
        assert_eq!(parse_signals("5, 0..2,9").unwrap().0, [5..6, 0..2, 9..10]);
        for text in [
            "", "3..", "..3", "5..5", "8..3", "-1", "a", "1,", "1,0..3", "2,2",
        ] {
            assert!(parse_signals(text).is_err(), "{text}");
        }
    }

    #[test]
    fn programs_shapes_and_times() {
        let words = parse_command("python 'my model.py' --n 3").unwrap().0;
        assert_eq!(words, ["python", "my model.py", "--n", "3"]);
        assert!(parse_command("").is_err() && parse_command("a 'b").is_err());
        assert_eq!(parse_shape("14, 256").unwrap().0, [14, 256]);
        for text in ["", "0", "3,", "a", "-1"] {
            assert!(parse_shape(text).is_err(), "{text}");
        }
        assert_eq!(parse_seconds("0.5"), Ok(Duration::from_millis(500)));
        for text in ["", "0", "-1", "nan", "inf", "1e300", "a"] {
            assert!(parse_seconds(text).is_err(), "{text}");
        }
    }
}
