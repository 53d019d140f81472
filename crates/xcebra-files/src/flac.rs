//! Sound files compressed without loss: `.flac`, decoded by claxon.
//!
//! Source: RFC 9639, "Free Lossless Audio Codec".

use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use claxon::{Error, FlacReader, FlacReaderOptions};
use ndarray::Array2;

use crate::error::{FileError, Result};
use crate::npz::require_plausible;
use crate::progress::Tracked;
use crate::reading::open_large;
use crate::recorded::{Recorded, Scale};
use crate::signals::{Channel, Samples, Signals, Usable};
use crate::values::Values;

/// A file of compressed frames.
#[derive(Debug)]
struct FlacSamples {
    path: PathBuf,
    bits: u32,
    /// Frames that the header announces.
    count: usize,
}

/// A reader of the file, and its length in bytes.
fn open_reader(path: &Path) -> Result<(FlacReader<BufReader<Tracked<File>>>, u64)> {
    let (file, length) = open_large(path)?;
    // tags may be long, and tell nothing of the sound
    let options = FlacReaderOptions {
        read_vorbis_comment: false,
        ..FlacReaderOptions::default()
    };
    match FlacReader::new_ext(BufReader::new(file), options) {
        Ok(reader) => Ok((reader, length)),
        Err(error) => Err(failed(path, &error)),
    }
}

fn failed(path: &Path, error: &Error) -> FileError {
    let problem = match error {
        Error::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            "it ends within a frame".to_owned()
        }
        Error::IoError(error) => format!("it cannot be read: {error}"),
        Error::FormatError(what) => (*what).to_owned(),
        Error::Unsupported(what) => format!("{what} is not supported"),
    };
    FileError::damaged(path.display().to_string(), problem)
}

/// Opens a file; integers are scaled so that full scale is 1. Channels are called `0`, `1`, ….
pub(crate) fn open(path: &Path) -> Result<Signals> {
    let (reader, length) = open_reader(path)?;
    let info = reader.streaminfo();
    let place = path.display().to_string();
    let damaged = |problem: &str| FileError::damaged(&place, problem);
    let frames = match info.samples {
        Some(0) => return Err(damaged("it holds no samples")),
        Some(frames) => frames,
        // a stream of unknown length is counted
        None => counted(path)?,
    };
    let claimed = frames.saturating_mul(u64::from(info.channels));
    require_plausible(&place, claimed, length)?;
    let count = usize::try_from(frames).map_err(|_| damaged("it is too long"))?;
    let channel = |c: u32| Channel {
        name: c.to_string(),
        unit: String::new(),
        rate: f64::from(info.sample_rate),
        per_record: 1,
        samples: count,
        usable: Usable::Yes,
        assumed: Vec::new(),
    };
    if info.sample_rate == 0 || !(1..=32).contains(&info.bits_per_sample) {
        return Err(damaged("its sampling rate or sample width is invalid"));
    }
    let samples = FlacSamples {
        path: path.to_path_buf(),
        bits: info.bits_per_sample,
        count,
    };
    Ok(Signals::new(
        path,
        (0..info.channels).map(channel).collect(),
        samples,
    ))
}

fn counted(path: &Path) -> Result<u64> {
    let (mut reader, _) = open_reader(path)?;
    let mut blocks = reader.blocks();
    let (mut count, mut buffer) = (0, Vec::new());
    while let Some(block) = blocks
        .read_next_or_eof(buffer)
        .map_err(|error| failed(path, &error))?
    {
        count += u64::from(block.duration());
        buffer = block.into_buffer();
    }
    Ok(count)
}

impl Samples for FlacSamples {
    fn read(&self, channels: &[usize]) -> Result<Recorded> {
        let (mut reader, _) = open_reader(&self.path)?;
        let mut blocks = reader.blocks();
        let mut values: Vec<i32> = Vec::new();
        let mut buffer = Vec::new();
        let damaged =
            |problem: String| FileError::damaged(self.path.display().to_string(), problem);
        while let Some(block) = blocks
            .read_next_or_eof(buffer)
            .map_err(|error| failed(&self.path, &error))?
        {
            for frame in 0..block.duration() {
                for &channel in channels {
                    let channel = channel as u32;
                    if channel >= block.channels() {
                        return Err(damaged(
                            "a frame has fewer channels than the file".to_owned(),
                        ));
                    }
                    values.push(block.sample(channel, frame));
                }
            }
            if values.len() > self.count * channels.len() {
                return Err(damaged(
                    "it holds more samples than it announces".to_owned(),
                ));
            }
            buffer = block.into_buffer();
        }
        let rows = values.len() / channels.len().max(1);
        if rows != self.count {
            return Err(damaged(format!(
                "it ends after {rows} of {} samples",
                self.count
            )));
        }
        let gain = 2_f64.powi(1 - i32::try_from(self.bits).unwrap_or(32));
        let shape = (rows, channels.len());
        // sound of 16 bits stays small
        let numbers = match self.bits {
            ..=16 => {
                let values = values.into_iter().map(|value| value as i16).collect();
                Array2::from_shape_vec(shape, values).map(|a| Values::I16(a.into_dyn()))
            }
            _ => Array2::from_shape_vec(shape, values).map(|a| Values::I32(a.into_dyn())),
        };
        let numbers = numbers.map_err(|_| damaged("its frames are incomplete".to_owned()))?;
        Ok(Recorded::new(
            numbers,
            vec![Scale::times(vec![gain; channels.len()])],
        ))
    }
}
