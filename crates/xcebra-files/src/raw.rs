//! Samples in plain binary files beside a header, as those of BrainVision and EEGLAB.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;

use ndarray::{Array2, ArrayD};

use crate::error::{FileError, Result};
use crate::reading::open_large;
use crate::recorded::{Recorded, Scale};
use crate::signals::Samples;
use crate::values::Values;

/// The type of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    I16,
    U16,
    I32,
    F32,
    F64,
}

impl Coding {
    /// Bytes of a sample.
    pub(crate) fn width(self) -> usize {
        match self {
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// A file of samples.
#[derive(Debug)]
pub(crate) struct RawSamples {
    pub(crate) path: PathBuf,
    pub(crate) coding: Coding,
    pub(crate) big: bool,
    /// Whether the samples of a channel follow each other; otherwise those of a moment do.
    pub(crate) by_channel: bool,
    pub(crate) channels: usize,
    /// Samples of each channel.
    pub(crate) count: usize,
    /// First byte of the first sample.
    pub(crate) from: u64,
    /// Physical value of one step, for each channel.
    pub(crate) gains: Vec<f64>,
}

impl RawSamples {
    fn numbers<T: Copy + Default, const N: usize>(
        &self,
        (chosen, rows): (&[usize], Range<usize>),
        of: impl Fn([u8; N]) -> T,
    ) -> Result<ArrayD<T>> {
        let fail = |error| FileError::read(&self.path, error);
        let mut reader = BufReader::with_capacity(1 << 16, open_large(&self.path)?.0);
        let value = |bytes: [u8; N]| {
            let mut bytes = bytes;
            if self.big {
                bytes.reverse();
            }
            of(bytes)
        };
        let mut values = Array2::from_elem((rows.len(), chosen.len()), T::default());
        if self.by_channel {
            for (column, &channel) in chosen.iter().enumerate() {
                let from = self.from + ((channel * self.count + rows.start) * N) as u64;
                reader.seek(SeekFrom::Start(from)).map_err(fail)?;
                for row in 0..rows.len() {
                    let mut sample = [0; N];
                    reader.read_exact(&mut sample).map_err(fail)?;
                    values[[row, column]] = value(sample);
                }
            }
            return Ok(values.into_dyn());
        }
        let from = self.from + (rows.start * self.channels * N) as u64;
        reader.seek(SeekFrom::Start(from)).map_err(fail)?;
        let mut frame = vec![0; self.channels * N];
        for mut row in values.rows_mut() {
            reader.read_exact(&mut frame).map_err(fail)?;
            let samples = frame.as_chunks::<N>().0;
            for (out, &channel) in row.iter_mut().zip(chosen) {
                *out = value(samples[channel]);
            }
        }
        Ok(values.into_dyn())
    }
}

impl Samples for RawSamples {
    fn read(&self, channels: &[usize]) -> Result<Recorded> {
        self.recorded(channels, 0..self.count)
    }

    fn rows(&self, channels: &[usize], rows: Range<usize>) -> Result<Option<Recorded>> {
        self.recorded(channels, rows).map(Some)
    }
}

impl RawSamples {
    fn recorded(&self, channels: &[usize], rows: Range<usize>) -> Result<Recorded> {
        let asked = (channels, rows);
        let numbers = match self.coding {
            Coding::I16 => Values::I16(self.numbers(asked, i16::from_le_bytes)?),
            Coding::U16 => Values::U16(self.numbers(asked, u16::from_le_bytes)?),
            Coding::I32 => Values::I32(self.numbers(asked, i32::from_le_bytes)?),
            Coding::F32 => Values::F32(self.numbers(asked, f32::from_le_bytes)?),
            Coding::F64 => Values::F64(self.numbers(asked, f64::from_le_bytes)?),
        };
        let scale = Scale::times(
            channels
                .iter()
                .map(|&channel| self.gains[channel])
                .collect(),
        );
        let scales = if scale.is_identity() {
            Vec::new()
        } else {
            vec![scale]
        };
        Ok(Recorded::new(numbers, scales))
    }
}
