//! Sound files: `.wav`, uncompressed.
//!
//! Source: Microsoft, "Multimedia programming interface and data specifications 1.0" (1991), chapter
//! "Waveform audio file format", with the extensible format of 2001.

use std::fs;
use std::path::Path;

use crate::error::{FileError, Result};
use crate::signals::{Channel, Signals, field};

const INTEGER: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xFFFE;

/// How samples are stored.
struct Format {
    tag: u16,
    channels: usize,
    rate: u32,
    /// Bytes of one sample.
    width: usize,
}

/// Reads a file; integers are scaled so that full scale is 1. Channels are called `0`, `1`, ….
pub(crate) fn open(path: &Path) -> Result<Signals> {
    let bytes = fs::read(path).map_err(|error| FileError::read(path, error))?;
    let damaged = |problem: &str| FileError::damaged(path.display().to_string(), problem);
    let (format, data) = chunks(&bytes).map_err(|problem| damaged(&problem))?;
    let decode = decoder(&format).ok_or_else(|| {
        damaged(&format!(
            "samples of format {} with {} bits, expected integers of 8, 16, 24 or 32 or floats of 32 or \
             64; save it as 16-bit PCM",
            format.tag,
            8 * format.width
        ))
    })?;
    let mut channels: Vec<Channel> = (0..format.channels)
        .map(|c| Channel {
            name: c.to_string(),
            rate: f64::from(format.rate),
            values: Vec::with_capacity(data.len() / (format.width * format.channels)),
        })
        .collect();
    // a last frame that is cut short is dropped, as players do
    for frame in data.chunks_exact(format.width * format.channels) {
        for (channel, sample) in channels.iter_mut().zip(frame.chunks_exact(format.width)) {
            channel.values.push(decode(sample));
        }
    }
    Signals::new(path, channels)
}

/// The format and the bytes of the samples.
fn chunks(bytes: &[u8]) -> Result<(Format, &[u8]), String> {
    if field(bytes, 0) != Some(*b"RIFF") || field(bytes, 8) != Some(*b"WAVE") {
        return Err("it does not begin with RIFF … WAVE".to_owned());
    }
    let (mut at, mut format) = (12, None);
    while let (Some(name), Some(length)) = (field::<4>(bytes, at), field::<4>(bytes, at + 4)) {
        let length = u32::from_le_bytes(length) as usize;
        let rest = &bytes[at + 8..];
        match &name {
            b"fmt " => format = Some(read_format(rest.get(..length).unwrap_or(rest))?),
            b"data" => {
                let Some(format) = format else {
                    return Err("its samples come before their format".to_owned());
                };
                // a recorder that was switched off leaves 0 or too large a length
                let length = if length == 0 { rest.len() } else { length };
                return Ok((format, &rest[..length.min(rest.len())]));
            }
            _ => {}
        }
        // chunks begin at even positions
        at = at.saturating_add(8 + length + length % 2);
    }
    Err("it has no chunk `data` behind a chunk `fmt `".to_owned())
}

fn read_format(chunk: &[u8]) -> Result<Format, String> {
    let word = |at| field(chunk, at).map(u16::from_le_bytes);
    let (Some(tag), Some(channels), Some(rate), Some(bits)) = (
        word(0),
        word(2),
        field(chunk, 4).map(u32::from_le_bytes),
        word(14),
    ) else {
        return Err("its format is cut short".to_owned());
    };
    if channels == 0 || rate == 0 || bits == 0 || bits % 8 != 0 {
        return Err(format!(
            "its format has {channels} channels at {rate} Hz with {bits} bits"
        ));
    }
    Ok(Format {
        tag: match (tag, word(24)) {
            (EXTENSIBLE, Some(tag)) => tag,
            _ => tag,
        },
        channels: channels.into(),
        rate,
        width: usize::from(bits / 8),
    })
}

/// From the bytes of one sample to its value.
fn decoder(format: &Format) -> Option<fn(&[u8]) -> f64> {
    match (format.tag, format.width) {
        // 8 bits are without sign, wider ones with
        (INTEGER, 1) => Some(|b| (f64::from(b[0]) - 128.0) / 128.0),
        (INTEGER, 2..=4) => Some(|b| {
            let mut wide = [0; 4];
            wide[4 - b.len()..].copy_from_slice(b);
            f64::from(i32::from_le_bytes(wide)) / 2_147_483_648.0
        }),
        (FLOAT, 4) => Some(|b| field(b, 0).map_or(f64::NAN, |b| f64::from(f32::from_le_bytes(b)))),
        (FLOAT, 8) => Some(|b| field(b, 0).map_or(f64::NAN, f64::from_le_bytes)),
        _ => None,
    }
}
