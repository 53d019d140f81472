//! The samples of a record: signals of one file come frame by frame.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use ndarray::Array2;

use super::Described;
use crate::error::{FileError, Result};
use crate::reading::open_large;
use crate::recorded::{Recorded, Scale};
use crate::signals::Samples;
use crate::values::Values;

/// How samples are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// 8 bits, 128 is zero.
    Offset8,
    /// 16 bits, the lowest first.
    Little16,
    /// 16 bits, the highest first.
    Big16,
    /// 16 bits, 32768 is zero.
    Offset16,
    /// Pairs of 12 bits in three bytes.
    Packed12,
    Little24,
    Little32,
}

impl Coding {
    pub(super) fn of(format: &str) -> Option<Self> {
        Some(match format {
            "80" => Self::Offset8,
            "16" => Self::Little16,
            "61" => Self::Big16,
            "160" => Self::Offset16,
            "212" => Self::Packed12,
            "24" => Self::Little24,
            "32" => Self::Little32,
            _ => return None,
        })
    }

    /// The number of samples in this many bytes.
    fn samples(self, bytes: u64) -> u64 {
        match self {
            Self::Offset8 => bytes,
            Self::Little16 | Self::Big16 | Self::Offset16 => bytes / 2,
            // a last sample without its pair takes two bytes
            Self::Packed12 => bytes / 3 * 2 + u64::from(bytes % 3 == 2),
            Self::Little24 => bytes / 3,
            Self::Little32 => bytes / 4,
        }
    }

    /// Sample number `i`, and whether it stands for a missing value.
    fn decode(self, bytes: &[u8], i: usize) -> Option<(i32, bool)> {
        let byte = |at: usize| bytes.get(at).map(|&byte| i32::from(byte));
        Some(match self {
            Self::Offset8 => {
                let value = byte(i)? - 128;
                (value, value == -128)
            }
            Self::Little16 | Self::Big16 | Self::Offset16 => {
                let pair = [*bytes.get(2 * i)?, *bytes.get(2 * i + 1)?];
                let value = match self {
                    Self::Little16 => i32::from(i16::from_le_bytes(pair)),
                    Self::Big16 => i32::from(i16::from_be_bytes(pair)),
                    _ => i32::from(u16::from_le_bytes(pair)) - 32768,
                };
                (value, value == -32768)
            }
            Self::Packed12 => {
                let at = i / 2 * 3;
                let bits = match i % 2 {
                    0 => byte(at)? | (byte(at + 1)? & 0x0f) << 8,
                    _ => byte(at + 2)? | (byte(at + 1)? & 0xf0) << 4,
                };
                let value = (bits << 20) >> 20;
                (value, value == -2048)
            }
            Self::Little24 => {
                let value =
                    (byte(3 * i)? << 8 | byte(3 * i + 1)? << 16 | byte(3 * i + 2)? << 24) >> 8;
                (value, value == -(1 << 23))
            }
            Self::Little32 => {
                let word = bytes.get(4 * i..4 * i + 4)?;
                let value = i32::from_le_bytes(word.try_into().ok()?);
                (value, value == i32::MIN)
            }
        })
    }
}

/// How the numbers of a signal become physical values.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) gain: f64,
    pub(super) baseline: f64,
}

/// The signals of one file.
#[derive(Debug)]
pub(super) struct Group {
    path: PathBuf,
    coding: Coding,
    from: u64,
    length: u64,
    /// Each signal with the samples of a frame before it, and its own.
    signals: Vec<(usize, usize, usize)>,
    /// Samples of a frame.
    frame: usize,
}

impl Group {
    /// The files of a record, which are beside its header.
    pub(super) fn all(header: &Path, signals: &[Described]) -> Result<Vec<Self>> {
        let mut groups: Vec<Self> = Vec::new();
        for (number, signal) in signals.iter().enumerate() {
            // the name alone: a header must not lead anywhere else
            let name = signal.file.rsplit(['/', '\\']).next().unwrap_or_default();
            let path = header.with_file_name(name);
            match groups.last_mut() {
                Some(group) if group.path == path => {
                    if group.coding != signal.coding {
                        let problem = format!("the signals of {name} have several formats");
                        return Err(FileError::damaged(header.display().to_string(), problem));
                    }
                    group.signals.push((number, group.frame, signal.per_frame));
                    group.frame += signal.per_frame;
                }
                _ => {
                    let length = std::fs::metadata(&path)
                        .map_err(|error| FileError::read(&path, error))?
                        .len();
                    groups.push(Self {
                        coding: signal.coding,
                        from: signal.from,
                        length: length.saturating_sub(signal.from),
                        signals: vec![(number, 0, signal.per_frame)],
                        frame: signal.per_frame,
                        path,
                    });
                }
            }
        }
        Ok(groups)
    }

    /// Whole frames in the file.
    pub(super) fn frames(&self) -> usize {
        usize::try_from(self.coding.samples(self.length) / self.frame as u64).unwrap_or(usize::MAX)
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        let fail = |error| FileError::read(&self.path, error);
        let (mut file, _) = open_large(&self.path)?;
        file.seek(SeekFrom::Start(self.from)).map_err(fail)?;
        let mut bytes = Vec::new();
        file.take(self.length)
            .read_to_end(&mut bytes)
            .map_err(fail)?;
        Ok(bytes)
    }
}

/// The samples of all files of a record.
#[derive(Debug)]
pub(super) struct WfdbSamples {
    pub(super) groups: Vec<Group>,
    pub(super) places: Vec<Place>,
    pub(super) frames: usize,
}

impl Samples for WfdbSamples {
    fn read(&self, channels: &[usize]) -> Result<Recorded> {
        let per_frame = |channel: usize| {
            let mut all = self.groups.iter().flat_map(|group| &group.signals);
            all.find(|signal| signal.0 == channel)
                .map_or(1, |signal| signal.2)
        };
        let each = channels.first().map_or(1, |&channel| per_frame(channel));
        let mut values = Array2::<i32>::zeros((self.frames * each, channels.len()));
        let mut missing: Vec<(usize, usize)> = Vec::new();
        for group in &self.groups {
            let wanted: Vec<(usize, usize)> = (group.signals.iter())
                .filter_map(|&(number, before, _)| {
                    Some((channels.iter().position(|&c| c == number)?, before))
                })
                .collect();
            if wanted.is_empty() {
                continue;
            }
            let bytes = group.bytes()?;
            let cut =
                || FileError::damaged(group.path.display().to_string(), "it ends within a frame");
            for row in 0..self.frames * each {
                for &(column, before) in &wanted {
                    let at = row / each * group.frame + before + row % each;
                    let (value, is_missing) = group.coding.decode(&bytes, at).ok_or_else(cut)?;
                    values[[row, column]] = value;
                    if is_missing {
                        missing.push((row, column));
                    }
                }
            }
        }
        let gain: Vec<f64> = channels
            .iter()
            .map(|&c| 1.0 / self.places[c].gain)
            .collect();
        let offset = channels
            .iter()
            .map(|&c| -self.places[c].baseline / self.places[c].gain)
            .collect();
        let narrow = values.iter().all(|&value| i16::try_from(value).is_ok());
        let numbers = match (missing.is_empty(), narrow) {
            (true, true) => Values::I16(values.mapv(|value| value as i16).into_dyn()),
            (true, false) => Values::I32(values.into_dyn()),
            (false, _) => {
                let mut wide = values.mapv(f64::from);
                for at in missing {
                    wide[[at.0, at.1]] = f64::NAN;
                }
                Values::F64(wide.into_dyn())
            }
        };
        Ok(Recorded::new(numbers, vec![Scale::Linear { offset, gain }]))
    }
}
