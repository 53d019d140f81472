//! BrainVision: a header `.vhdr`, samples in a binary file beside it, and markers.
//!
//! Source: Brain Products, "BrainVision Core Data Format 1.0".

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use encoding_rs::WINDOWS_1252;

use crate::error::{FileError, Result};
use crate::raw::{Coding, RawSamples};
use crate::reading::read_start;
use crate::signals::annotations::Annotation;
use crate::signals::{Channel, Signals, Usable, counted};

/// No header or list of markers is longer.
const MOST_BYTES: u64 = 1 << 26;
/// More channels are a mistake.
const MOST_CHANNELS: usize = 1 << 16;

/// The keys of a file by section, both in lower case.
struct Ini {
    place: String,
    values: HashMap<(String, String), String>,
}

impl Ini {
    fn read(path: &Path) -> Result<Self> {
        let text = match String::from_utf8(read_start(path, MOST_BYTES)?) {
            Ok(text) => text,
            Err(error) => WINDOWS_1252.decode(error.as_bytes()).0.into_owned(),
        };
        let mut values = HashMap::new();
        let mut section = String::new();
        for line in text.lines().map(str::trim) {
            if let Some(name) = line
                .strip_prefix('[')
                .and_then(|line| line.strip_suffix(']'))
            {
                section = name.to_ascii_lowercase();
            } else if let Some((key, value)) =
                line.split_once('=').filter(|_| !line.starts_with(';'))
            {
                let key = (section.clone(), key.trim().to_ascii_lowercase());
                values.insert(key, value.trim().to_owned());
            }
        }
        Ok(Self {
            place: path.display().to_string(),
            values,
        })
    }

    fn get(&self, section: &str, key: &str) -> Option<&str> {
        self.values
            .get(&(section.to_owned(), key.to_owned()))
            .map(String::as_str)
    }

    /// A number that must be there.
    fn number(&self, section: &str, key: &str) -> Result<f64> {
        let value = self
            .get(section, key)
            .and_then(|text| text.parse::<f64>().ok());
        let value = value.filter(|value| value.is_finite() && *value > 0.0);
        value.ok_or_else(|| {
            FileError::damaged(
                &self.place,
                format!("`{key}` is missing or not a number above 0"),
            )
        })
    }
}

/// A file that the header names, which is beside it.
fn beside(header: &Path, name: &str) -> PathBuf {
    let base = header.file_stem().unwrap_or_default().to_string_lossy();
    let name = name.replace("$b", &base);
    // the name alone: a header must not lead anywhere else
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    header.with_file_name(name)
}

/// Opens a recording by its header.
pub(crate) fn open(path: &Path) -> Result<Signals> {
    const COMMON: &str = "common infos";
    let header = Ini::read(path)?;
    let damaged = |problem: String| FileError::damaged(&header.place, problem);
    let refused = |problem: String, advice: &str| FileError::Value {
        place: header.place.clone(),
        problem,
        advice: advice.to_owned(),
    };
    let format = header.get(COMMON, "dataformat").unwrap_or("BINARY");
    if !format.eq_ignore_ascii_case("binary") {
        return Err(refused(
            format!("its samples are in the format {format}, not binary"),
            "export it again as binary",
        ));
    }
    let coding = match header
        .get("binary infos", "binaryformat")
        .unwrap_or("INT_16")
    {
        "INT_16" => Coding::I16,
        "UINT_16" => Coding::U16,
        "INT_32" => Coding::I32,
        "IEEE_FLOAT_32" => Coding::F32,
        "IEEE_FLOAT_64" => Coding::F64,
        other => {
            return Err(refused(
                format!("samples of the type {other} are unknown"),
                "export it as IEEE_FLOAT_32",
            ));
        }
    };
    let channels = header.number(COMMON, "numberofchannels")? as usize;
    if channels > MOST_CHANNELS {
        return Err(damaged(format!("it announces {channels} channels")));
    }
    // microseconds from sample to sample
    let rate = 1e6 / header.number(COMMON, "samplinginterval")?;
    let by_channel = match header
        .get(COMMON, "dataorientation")
        .unwrap_or("MULTIPLEXED")
    {
        text if text.eq_ignore_ascii_case("multiplexed") => false,
        text if text.eq_ignore_ascii_case("vectorized") => true,
        other => return Err(damaged(format!("its orientation is {other}"))),
    };
    let named = header
        .get(COMMON, "datafile")
        .ok_or_else(|| damaged("it does not name the file of its samples".to_owned()))?;
    let data = beside(path, named);
    let length = std::fs::metadata(&data)
        .map_err(|error| FileError::read(&data, error))?
        .len();
    let frame = (coding.width() * channels) as u64;
    let count =
        usize::try_from(length / frame).map_err(|_| damaged("it is too long".to_owned()))?;
    if count == 0 {
        return Err(FileError::damaged(
            data.display().to_string(),
            "it holds no samples",
        ));
    }
    let mut notes = Vec::new();
    if length % frame > 0 {
        notes.push(format!(
            "left out: {} of an incomplete last sample",
            counted(length % frame, "byte")
        ));
    }
    let (mut listed, mut gains) = (Vec::new(), Vec::new());
    for number in 1..=channels {
        let line = header
            .get("channel infos", &format!("ch{number}"))
            .unwrap_or_default();
        // a comma within a name is written \1
        let parts: Vec<String> = line
            .split(',')
            .map(|part| part.replace("\\1", ","))
            .collect();
        let part = |i: usize| parts.get(i).map_or("", |part| part.trim());
        let gain = match part(2) {
            "" => 1.0,
            text => text
                .parse()
                .ok()
                .filter(|gain: &f64| gain.is_finite() && *gain != 0.0)
                .ok_or_else(|| {
                    damaged(format!("the resolution of channel {number} is {text:?}"))
                })?,
        };
        gains.push(gain);
        listed.push(Channel {
            name: match part(0) {
                "" => number.to_string(),
                name => name.to_owned(),
            },
            unit: match part(3) {
                "" => "µV".to_owned(),
                unit => unit.to_owned(),
            },
            rate,
            per_record: 1,
            samples: count,
            usable: Usable::Yes,
            assumed: Vec::new(),
        });
    }
    let big = header
        .get("binary infos", "usebigendianorder")
        .is_some_and(|text| text.eq_ignore_ascii_case("yes"));
    let samples = RawSamples {
        path: data,
        coding,
        big,
        by_channel,
        channels,
        count,
        from: 0,
        gains,
    };
    let (annotations, pieces) = markers(path, &header, (rate, count))?;
    let signals = Signals::new(path, listed, samples).with_notes(notes);
    Ok(signals.with_times(pieces, None, annotations))
}

/// Annotations, and the pieces without interruption: first sample and time of each.
type Marked = (Vec<Annotation>, Vec<(usize, f64)>);

/// The markers as annotations `TYPE/DESCRIPTION`. A new segment is an interruption of unknown length.
fn markers(path: &Path, header: &Ini, (rate, count): (f64, usize)) -> Result<Marked> {
    let (mut annotations, mut pieces) = (Vec::new(), vec![(0, 0.0)]);
    let Some(name) = header
        .get("common infos", "markerfile")
        .filter(|name| !name.is_empty())
    else {
        return Ok((annotations, pieces));
    };
    let file = beside(path, name);
    if !file.exists() {
        return Ok((annotations, pieces));
    }
    let list = Ini::read(&file)?;
    for number in 1.. {
        let Some(line) = list.get("marker infos", &format!("mk{number}")) else {
            break;
        };
        let parts: Vec<String> = line
            .split(',')
            .map(|part| part.replace("\\1", ","))
            .collect();
        let whole = |i: usize| {
            parts
                .get(i)
                .and_then(|part| part.trim().parse::<usize>().ok())
        };
        // positions count from 1
        let Some(sample) = whole(2).and_then(|position| position.checked_sub(1)) else {
            continue;
        };
        let kind = parts[0].trim();
        if kind.eq_ignore_ascii_case("new segment") {
            if (1..count).contains(&sample) && pieces.last().is_some_and(|&(last, _)| last < sample)
            {
                pieces.push((sample, sample as f64 / rate));
            }
            continue;
        }
        let text = parts.get(1).map_or("", |part| part.trim());
        annotations.push(Annotation {
            onset: sample as f64 / rate,
            duration: whole(3).map(|size| size as f64 / rate),
            text: match text {
                "" => kind.to_owned(),
                text => format!("{kind}/{text}"),
            },
        });
    }
    Ok((annotations, pieces))
}
