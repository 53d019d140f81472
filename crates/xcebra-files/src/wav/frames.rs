//! The samples of a file, read in blocks of frames: only the channels that are asked for are kept.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;

use ndarray::{Array2, ArrayD};

use super::format::{Coding, Format};
use crate::error::{FileError, Result};
use crate::reading::open_large;
use crate::recorded::{Recorded, Scale};
use crate::signals::Samples;
use crate::values::Values;

/// Where the frames of a file are.
#[derive(Debug)]
pub(super) struct Frames {
    pub(super) path: PathBuf,
    pub(super) format: Format,
    pub(super) from: u64,
    pub(super) count: usize,
}

impl Samples for Frames {
    fn read(&self, channels: &[usize]) -> Result<Recorded> {
        self.recorded(channels, 0..self.count)
    }

    fn rows(&self, channels: &[usize], rows: Range<usize>) -> Result<Option<Recorded>> {
        self.recorded(channels, rows).map(Some)
    }
}

impl Frames {
    /// Full scale is 1.
    fn recorded(&self, channels: &[usize], rows: Range<usize>) -> Result<Recorded> {
        let asked = (channels, rows);
        let signed = |bits: i32| (-0.0, 2_f64.powi(1 - bits));
        let number = |sample: &[u8]| i64::from_be_bytes(self.left(sample));
        let (numbers, (offset, gain)) = match (self.format.coding, self.format.width) {
            (Coding::Unsigned, _) => {
                let values = self.numbers(&asked, |sample| sample[0])?;
                (Values::U8(values), (-1.0, 1.0 / 128.0))
            }
            // bits that a container does not use are the lowest
            (Coding::Integer, 2) => {
                let values = self.numbers(&asked, |sample| (number(sample) >> 48) as i16)?;
                (Values::I16(values), signed(16))
            }
            (Coding::Integer, 3 | 4) => {
                let values = self.numbers(&asked, |sample| (number(sample) >> 32) as i32)?;
                (Values::I32(values), signed(32))
            }
            (Coding::Integer, _) => {
                let values = self.numbers(&asked, number)?;
                (Values::I64(values), signed(64))
            }
            (Coding::Float, 4) => {
                let single = |sample: &[u8]| {
                    let [a, b, c, d, ..] = self.left(sample);
                    f32::from_be_bytes([a, b, c, d])
                };
                (Values::F32(self.numbers(&asked, single)?), (-0.0, 1.0))
            }
            (Coding::Float, _) => {
                let double = |sample: &[u8]| f64::from_be_bytes(self.left(sample));
                (Values::F64(self.numbers(&asked, double)?), (-0.0, 1.0))
            }
            (Coding::ALaw, _) => {
                let values = self.numbers(&asked, |sample| a_law(sample[0]))?;
                (Values::I16(values), signed(16))
            }
            (Coding::MuLaw, _) => {
                let values = self.numbers(&asked, |sample| mu_law(sample[0]))?;
                (Values::I16(values), signed(16))
            }
        };
        let [offset, gain] = [offset, gain].map(|value| vec![value; channels.len()]);
        let scale = Scale::Linear { offset, gain };
        let scales = match scale.is_identity() {
            true => Vec::new(),
            false => vec![scale],
        };
        Ok(Recorded::new(numbers, scales))
    }

    /// The samples of some channels.
    fn numbers<T: Copy + Default>(
        &self,
        (channels, rows): &(&[usize], Range<usize>),
        decoded: impl Fn(&[u8]) -> T,
    ) -> Result<ArrayD<T>> {
        let fail = |error| FileError::read(&self.path, error);
        let mut reader = BufReader::with_capacity(1 << 16, open_large(&self.path)?.0);
        let width = self.format.width;
        let mut frame = vec![0; width * self.format.channels];
        let from = self.from + (rows.start * frame.len()) as u64;
        reader.seek(SeekFrom::Start(from)).map_err(fail)?;
        let mut values = Array2::from_elem((rows.len(), channels.len()), T::default());
        for mut row in values.rows_mut() {
            reader.read_exact(&mut frame).map_err(fail)?;
            for (value, &channel) in row.iter_mut().zip(*channels) {
                *value = decoded(&frame[channel * width..(channel + 1) * width]);
            }
        }
        Ok(values.into_dyn())
    }

    /// The bytes of a sample, the highest first, with zeros behind them.
    fn left(&self, sample: &[u8]) -> [u8; 8] {
        let mut bytes = [0; 8];
        for (i, to) in bytes.iter_mut().take(sample.len()).enumerate() {
            let from = match self.format.big_endian {
                true => i,
                false => sample.len() - 1 - i,
            };
            *to = sample[from];
        }
        bytes
    }
}

/// ITU-T G.711: sign, exponent of three bits, mantissa of four; every second bit is inverted.
fn a_law(byte: u8) -> i16 {
    let byte = i16::from(byte ^ 0x55);
    let (exponent, mantissa) = ((byte >> 4) & 7, byte & 15);
    let size = match exponent {
        0 => (mantissa << 4) + 8,
        _ => ((mantissa << 4) + 0x108) << (exponent - 1),
    };
    if byte & 0x80 == 0 { -size } else { size }
}

/// ITU-T G.711: sign, exponent of three bits, mantissa of four; every bit is inverted.
fn mu_law(byte: u8) -> i16 {
    let byte = i16::from(!byte);
    let (exponent, mantissa) = ((byte >> 4) & 7, byte & 15);
    let size = (((mantissa << 3) + 0x84) << exponent) - 0x84;
    if byte & 0x80 == 0 { size } else { -size }
}
