//! The samples of a file, read in blocks of frames: only the channels that are asked for are kept.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;

use ndarray::Array2;

use super::format::{Coding, Format};
use crate::error::{FileError, Result};

/// Where the frames of a file are.
#[derive(Debug)]
pub(crate) struct Frames {
    pub(super) path: PathBuf,
    pub(super) format: Format,
    pub(super) from: u64,
    pub(super) count: usize,
}

impl Frames {
    /// Values of some channels, full scale is 1, `(time, channels)`.
    pub(crate) fn read(&self, channels: &[usize]) -> Result<Array2<f64>> {
        let fail = |error| FileError::read(&self.path, error);
        let mut reader = BufReader::with_capacity(1 << 16, File::open(&self.path).map_err(fail)?);
        reader.seek(SeekFrom::Start(self.from)).map_err(fail)?;
        let width = self.format.width;
        let mut frame = vec![0; width * self.format.channels];
        let mut values = Array2::zeros((self.count, channels.len()));
        for mut row in values.rows_mut() {
            reader.read_exact(&mut frame).map_err(fail)?;
            for (value, &channel) in row.iter_mut().zip(channels) {
                *value = self.decoded(&frame[channel * width..(channel + 1) * width]);
            }
        }
        Ok(values)
    }

    fn decoded(&self, sample: &[u8]) -> f64 {
        // the highest byte first
        let mut bytes = [0; 8];
        for (i, to) in bytes.iter_mut().take(sample.len()).enumerate() {
            let from = match self.format.big_endian {
                true => i,
                false => sample.len() - 1 - i,
            };
            *to = sample[from];
        }
        match (self.format.coding, sample.len()) {
            (Coding::Unsigned, _) => (f64::from(bytes[0]) - 128.0) / 128.0,
            // bits that a container does not use are the lowest
            (Coding::Integer, _) => i64::from_be_bytes(bytes) as f64 / 9_223_372_036_854_775_808.0,
            (Coding::Float, 4) => {
                let [a, b, c, d, ..] = bytes;
                f32::from_be_bytes([a, b, c, d]).into()
            }
            (Coding::Float, _) => f64::from_be_bytes(bytes),
            (Coding::ALaw, _) => f64::from(a_law(bytes[0])) / 32_768.0,
            (Coding::MuLaw, _) => f64::from(mu_law(bytes[0])) / 32_768.0,
        }
    }
}

/// ITU-T G.711: sign, exponent of three bits, mantissa of four; every second bit is inverted.
fn a_law(byte: u8) -> i32 {
    let byte = i32::from(byte ^ 0x55);
    let (exponent, mantissa) = ((byte >> 4) & 7, byte & 15);
    let size = match exponent {
        0 => (mantissa << 4) + 8,
        _ => ((mantissa << 4) + 0x108) << (exponent - 1),
    };
    if byte & 0x80 == 0 { -size } else { size }
}

/// ITU-T G.711: sign, exponent of three bits, mantissa of four; every bit is inverted.
fn mu_law(byte: u8) -> i32 {
    let byte = i32::from(!byte);
    let (exponent, mantissa) = ((byte >> 4) & 7, byte & 15);
    let size = (((mantissa << 3) + 0x84) << exponent) - 0x84;
    if byte & 0x80 == 0 { size } else { -size }
}
