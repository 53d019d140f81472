//! The chunk `fmt `: how samples are stored.

use std::path::Path;

use crate::error::{FileError, Result};
use crate::signals::field;

const INTEGER: u16 = 1;
const FLOAT: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
const EXTENSIBLE: u16 = 0xFFFE;
/// What follows the number of a format in its GUID, little-endian: that of all formats, and that of
/// sound fields.
const GUIDS: [[u8; 12]; 2] = [
    [0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71],
    [0x21, 7, 0xD3, 0x11, 0x86, 0x44, 0xC8, 0xC1, 0xCA, 0, 0, 0],
];

/// How samples are stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    pub(super) coding: Coding,
    pub(super) channels: usize,
    pub(super) rate: u32,
    /// Bytes of one sample, with those of its container that it does not use.
    pub(super) width: usize,
    pub(super) big_endian: bool,
}

/// What the bytes of a sample mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// One byte, 128 is zero.
    Unsigned,
    /// Two's complement, from the highest bit of the container on.
    Integer,
    Float,
    ALaw,
    MuLaw,
}

impl Format {
    /// Reads the chunk.
    pub(super) fn read(path: &Path, chunk: &[u8], big_endian: bool) -> Result<Self> {
        let damaged = |problem: &str| FileError::damaged(path.display().to_string(), problem);
        let word = |at| {
            field(chunk, at).map(|b| match big_endian {
                true => u16::from_be_bytes(b),
                false => u16::from_le_bytes(b),
            })
        };
        let rate = field(chunk, 4).map(|b| match big_endian {
            true => u32::from_be_bytes(b),
            false => u32::from_le_bytes(b),
        });
        let (Some(tag), Some(channels), Some(rate), Some(block), Some(bits)) =
            (word(0), word(2), rate, word(12), word(14))
        else {
            return Err(damaged("its format is cut short"));
        };
        let tag = match tag {
            EXTENSIBLE => extended(chunk, big_endian)
                .ok_or_else(|| damaged("its extensible format is cut short or unknown"))?,
            _ => tag,
        };
        if channels == 0 || rate == 0 {
            return Err(damaged(&format!(
                "its format has {channels} channels at {rate} Hz"
            )));
        }
        let width = match block {
            // left out by some writers
            0 => bits.div_ceil(8),
            _ if block % channels == 0 => block / channels,
            _ => 0,
        };
        let coding = match (tag, width, bits) {
            (INTEGER | FLOAT | A_LAW | MU_LAW, ..)
                if width == 0 || bits > width.saturating_mul(8) =>
            {
                return Err(damaged(&format!(
                    "its format has {channels} channels of {bits} bits in {block} bytes"
                )));
            }
            // up to 8 bits are without sign, more are with
            (INTEGER, 1, 1..) => Coding::Unsigned,
            (INTEGER, 2..=8, 9..) => Coding::Integer,
            (FLOAT, 4, 32) | (FLOAT, 8, 64) => Coding::Float,
            (A_LAW, 1, 8) => Coding::ALaw,
            (MU_LAW, 1, 8) => Coding::MuLaw,
            _ => return Err(unsupported(path, tag, bits)),
        };
        Ok(Self {
            coding,
            channels: channels.into(),
            rate,
            width: width.into(),
            big_endian,
        })
    }
}

/// The number of the format that an extensible one stands for.
fn extended(chunk: &[u8], big_endian: bool) -> Option<u16> {
    let mut guid: [u8; 16] = field(chunk, 24)?;
    if big_endian {
        // the first three numbers of a GUID have the byte order of the file
        guid[..4].reverse();
        guid[4..6].reverse();
        guid[6..8].reverse();
    }
    let known = GUIDS.iter().any(|tail| guid.ends_with(tail)) && guid[2..4] == [0, 0];
    known.then(|| u16::from_le_bytes([guid[0], guid[1]]))
}

fn unsupported(path: &Path, tag: u16, bits: u16) -> FileError {
    let name = match tag {
        INTEGER => "integers",
        FLOAT => "floats",
        2 => "Microsoft ADPCM",
        0x11 => "IMA ADPCM",
        0x31 => "GSM 6.10",
        0x50 => "MPEG",
        0x55 => "MP3",
        _ => "an unknown kind",
    };
    FileError::Value {
        place: path.display().to_string(),
        problem: format!(
            "its samples are {name} of {bits} bits (format {tag}), which are not read"
        ),
        advice:
            "convert it to 16-bit PCM, for example with `ffmpeg -i old.wav -c:a pcm_s16le new.wav`"
                .to_owned(),
    }
}
