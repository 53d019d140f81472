//! The samples, read record by record: only those that are asked for are kept.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayD, Axis, Slice};

use super::header::{Described, Physical};
use crate::error::{FileError, Result};
use crate::reading::open_large;
use crate::recorded::{Recorded, Scale};
use crate::signals::Samples;
use crate::values::Values;

/// Where the samples of a file are.
#[derive(Debug)]
pub(super) struct Records {
    path: PathBuf,
    /// First byte of the first record.
    first: u64,
    /// Bytes of a record.
    length: u64,
    /// Number of whole records.
    count: usize,
    /// Bytes of a sample.
    width: usize,
    signals: Vec<Place>,
}

/// Where a signal is in each record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    from: u64,
    bytes: usize,
    scale: Physical,
}

impl Place {
    /// The places of all signals, one after another, and the bytes of a record.
    pub(super) fn all(signals: &[Described], width: usize) -> Option<(Vec<Self>, u64)> {
        let mut from = 0_u64;
        let mut places = Vec::with_capacity(signals.len());
        for signal in signals {
            let bytes = signal.samples.checked_mul(width)?;
            places.push(Self {
                from,
                bytes,
                scale: signal.scale,
            });
            from = from.checked_add(bytes as u64)?;
        }
        Some((places, from))
    }
}

impl Records {
    pub(super) fn new(
        path: &Path,
        first: u64,
        (length, count): (u64, usize),
        width: usize,
        signals: Vec<Place>,
    ) -> Self {
        Self {
            path: path.to_path_buf(),
            first,
            length,
            count,
            width,
            signals,
        }
    }

    /// Number of whole records.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The same records with some of the signals.
    pub(super) fn of(&self, signals: &[usize]) -> Self {
        Self {
            path: self.path.clone(),
            signals: signals.iter().map(|&i| self.signals[i]).collect(),
            ..*self
        }
    }

    /// Calls `take` with each of some records, position in `signals`, and bytes, in the order of the file.
    pub(super) fn each(
        &self,
        signals: &[usize],
        records: Range<usize>,
        mut take: impl FnMut(usize, usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let fail = |error| FileError::read(&self.path, error);
        let mut order: Vec<usize> = (0..signals.len()).collect();
        order.sort_by_key(|&i| self.signals[signals[i]].from);
        let mut reader = BufReader::new(open_large(&self.path)?.0);
        let mut at = reader.seek(SeekFrom::Start(self.first)).map_err(fail)?;
        let mut bytes = Vec::new();
        for record in records {
            let begin = self.first + record as u64 * self.length;
            for &i in &order {
                let place = &self.signals[signals[i]];
                let from = begin + place.from;
                // places ascend, and both are within the file
                reader.seek_relative((from - at) as i64).map_err(fail)?;
                bytes.resize(place.bytes, 0);
                reader.read_exact(&mut bytes).map_err(fail)?;
                at = from + place.bytes as u64;
                take(record, i, &bytes)?;
            }
        }
        Ok(())
    }
}

impl Samples for Records {
    fn read(&self, signals: &[usize]) -> Result<Recorded> {
        self.recorded(signals, 0..self.count)
    }

    fn rows(&self, signals: &[usize], rows: Range<usize>) -> Result<Option<Recorded>> {
        let each = self.samples(signals).max(1);
        let records = rows.start / each..rows.end.div_ceil(each);
        let (numbers, scales) = self.recorded(signals, records.clone())?.into_parts();
        let first = records.start * each;
        let numbers = numbers.rows(rows.start - first..rows.end - first);
        Ok(Some(Recorded::new(numbers, scales)))
    }
}

impl Records {
    /// Samples of these signals in a record.
    fn samples(&self, signals: &[usize]) -> usize {
        let first = signals.first();
        first.map_or(0, |&i| self.signals[i].bytes / self.width)
    }

    fn recorded(&self, signals: &[usize], records: Range<usize>) -> Result<Recorded> {
        let scales = signals.iter().map(|&i| self.signals[i].scale);
        let (offset, gain) = scales.map(|scale| (scale.offset, scale.gain)).unzip();
        let numbers = match self.width {
            2 => {
                let number = |[a, b]: [u8; 2]| i16::from_le_bytes([a, b]);
                Values::I16(self.numbers((signals, records), number)?)
            }
            // the sign is in the highest byte
            _ => {
                let number = |[a, b, c]: [u8; 3]| i32::from_le_bytes([0, a, b, c]) >> 8;
                Values::I32(self.numbers((signals, records), number)?)
            }
        };
        Ok(Recorded::new(numbers, vec![Scale::Linear { offset, gain }]))
    }

    /// The numbers of `N` bytes of some signals in some records.
    fn numbers<T: Copy + Default, const N: usize>(
        &self,
        (signals, records): (&[usize], Range<usize>),
        digital: impl Fn([u8; N]) -> T,
    ) -> Result<ArrayD<T>> {
        let samples = self.samples(signals);
        let shape = (samples * records.len(), signals.len());
        let mut values = Array2::from_elem(shape, T::default());
        self.each(signals, records.clone(), |record, i, bytes| {
            let mut column = values.column_mut(i);
            let record = record - records.start;
            let rows = Slice::from(record * samples..(record + 1) * samples);
            let mut rows = column.slice_axis_mut(Axis(0), rows);
            for (value, &sample) in rows.iter_mut().zip(bytes.as_chunks::<N>().0) {
                *value = digital(sample);
            }
            Ok(())
        })?;
        Ok(values.into_dyn())
    }
}
