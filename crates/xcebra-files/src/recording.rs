//! Recordings: arrays with a time axis, checked before any work begins.

use std::ops::Range;

use crate::array::DataArray;
use crate::error::{FileError, Result, list, not_finite};
use crate::recorded::blocks;
use crate::values::Values;
use crate::varying::{constant_channels, require_varying_channels};

/// A recording `(time, channels)` of finite numbers, at least one of each.
///
/// The numbers stay in the type of their file, so that a recording of bytes takes a byte for each of them.
/// What computes with them takes them in double precision, [block by block](Self::each_block).
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Where it came from, for messages.
    pub place: String,
    /// One name a channel: the file's, or the position.
    pub channels: Vec<String>,
    /// Samples per second, if the file tells.
    pub sampling_rate: Option<f64>,
    /// Rows before which the recording was interrupted, ascending; none if it is in one piece.
    pub breaks: Vec<usize>,
    /// What the reader left out, assumed or repaired, a sentence each.
    pub notes: Vec<String>,
    /// By rows.
    values: Values,
    by_columns: bool,
}

impl Table {
    /// Number of samples in time.
    pub fn samples(&self) -> usize {
        self.values.shape()[0]
    }

    /// The values `(time, channels)`, row after row.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// The values `(time, channels)`, row after row, without a copy.
    pub fn into_values(self) -> Values {
        self.values
    }

    /// Whether the file held the values column by column. Sums over such arrays are rounded in another way.
    pub fn came_by_columns(&self) -> bool {
        self.by_columns
    }

    /// Calls `take` with ranges of samples and their values in double precision, row after row.
    pub fn each_block(&self, mut take: impl FnMut(Range<usize>, &[f64])) {
        let columns = self.channels.len();
        if let Values::F64(values) = &self.values {
            let values = values.as_slice().expect("rows follow each other");
            for rows in blocks(self.samples(), columns) {
                let places = rows.start * columns..rows.end * columns;
                take(rows, &values[places]);
            }
            return;
        }
        let mut block = Vec::new();
        for rows in blocks(self.samples(), columns) {
            self.values.widen(rows.clone(), &mut block);
            take(rows, &block);
        }
    }

    /// The value of a channel at a sample.
    pub fn at(&self, sample: usize, channel: usize) -> f64 {
        self.values.at(sample, channel)
    }

    /// The values of some channels, one after another, in one pass over the samples.
    pub fn columns(&self, channels: &[usize]) -> Vec<Vec<f64>> {
        let mut columns = vec![Vec::with_capacity(self.samples()); channels.len()];
        self.each_block(|_, rows| {
            for row in rows.chunks_exact(self.channels.len()) {
                for (column, &channel) in columns.iter_mut().zip(channels) {
                    column.push(row[channel]);
                }
            }
        });
        columns
    }

    /// The values of a channel.
    pub fn column(&self, channel: usize) -> Vec<f64> {
        match self.values.on_disk() {
            Some(_) => self.columns(&[channel]).swap_remove(0),
            None => (0..self.samples()).map(|t| self.at(t, channel)).collect(),
        }
    }

    /// The stretches without interruption: ranges of rows, in order.
    pub fn segments(&self) -> Vec<Range<usize>> {
        let inside = |row: &usize| (1..self.samples()).contains(row);
        let mut edges = vec![0, self.samples()];
        edges.extend(self.breaks.iter().copied().filter(inside));
        edges.sort_unstable();
        edges.dedup();
        edges.windows(2).map(|pair| pair[0]..pair[1]).collect()
    }

    /// Names of the channels that never change by more than rounding; see [`xcebra_numeric::is_constant`].
    pub fn constant_channels(&self) -> Vec<String> {
        constant_channels(std::slice::from_ref(self), self.values.epsilon())
    }

    /// Refuses channels that never change by more than rounding: nothing can be learned from them, nor
    /// attributed to them.
    ///
    /// # Errors
    /// [`FileError::Value`] with their names.
    pub fn require_varying_channels(&self) -> Result<()> {
        require_varying_channels(std::slice::from_ref(self))
    }

    /// Refuses a recording of fewer than `needed` samples; `purpose` says what needs them.
    ///
    /// # Errors
    /// [`FileError::Shape`].
    pub fn require_samples(&self, needed: usize, purpose: &str) -> Result<()> {
        if self.samples() >= needed {
            return Ok(());
        }
        Err(FileError::Shape {
            place: self.place.clone(),
            found: self.values.shape().to_vec(),
            expected: format!("at least {needed} rows for {purpose}"),
            advice: "record longer, or transpose the array if its rows are channels",
        })
    }
}

impl DataArray {
    /// The array as a recording `(time, channels)`; a vector is one channel. Values are copied only if they
    /// are held column by column.
    ///
    /// # Errors
    /// [`FileError::Shape`] unless there are one or two axes with at least one element;
    /// [`FileError::Value`] for the first value that is not finite, with row and channel, and for
    /// channels without any value.
    pub fn recording(self) -> Result<Table> {
        self.require_time_series("a recording (time, channels)")?;
        let place = self.place();
        let by_columns = self.values.is_by_columns();
        let values = self.values.into_rows();
        let columns = values.shape()[1];
        let positions = || (0..columns).map(|j| j.to_string()).collect();
        let left = values.on_disk().cloned();
        let recording = Table {
            place,
            values,
            channels: self.columns.unwrap_or_else(positions),
            sampling_rate: self.sampling_rate,
            breaks: self.breaks,
            notes: self.notes,
            by_columns,
        };
        let checked = recording.require_finite();
        // what could not be read passes for missing
        if let Some(failure) = left.and_then(|left| left.failure()) {
            return Err(failure);
        }
        checked.map(|()| recording)
    }
}

impl Table {
    fn require_finite(&self) -> Result<()> {
        let bad = match self.values.not_finite() {
            None | Some(0) => return Ok(()),
            Some(bad) => bad,
        };
        let columns = self.channels.len();
        let (mut empty, mut first) = (vec![true; columns], None);
        self.each_block(|rows, values| {
            for (i, value) in values.iter().enumerate() {
                empty[i % columns] &= value.is_nan();
                if first.is_none() && !value.is_finite() {
                    first = Some((rows.start + i / columns, i % columns, *value));
                }
            }
        });
        let empty = self.channels.iter().zip(empty).filter(|(_, empty)| *empty);
        let empty: Vec<String> = empty.map(|(name, _)| name.clone()).collect();
        if !empty.is_empty() {
            return Err(FileError::Value {
                place: self.place.clone(),
                problem: format!("channels without any value (all NaN): {}", list(&empty)),
                advice: "leave them out".to_owned(),
            });
        }
        let (row, column, value) = first.expect("there is one");
        let (at, counts) = (
            (row, self.channels[column].as_str()),
            (bad, self.samples() * columns),
        );
        Err(not_finite(self.place.clone(), at, value, counts))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3, ShapeBuilder, array};
    use xcebra_model::Advice;

    use super::*;
    use crate::source::Source;

    fn sample<D: ndarray::Dimension>(values: ndarray::Array<f64, D>) -> DataArray {
        DataArray::new(Source::new("d.npz", "x"), Values::F64(values.into_dyn()))
    }

    fn message<T: std::fmt::Debug>(result: Result<T>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn the_first_value_that_is_not_finite_is_named() {
        let mut x = Array2::<f64>::ones((4, 3));
        x[[2, 1]] = f64::NAN;
        x[[3, 0]] = f64::NEG_INFINITY;
        let mut array = sample(x);
        array.columns = Some(["a", "b", "c"].map(str::to_owned).to_vec());
        let text = message(array.recording());
        assert!(
            text.contains("row 2") && text.contains("`b` is NaN"),
            "{text}"
        );
        assert!(text.contains("2 of 12"), "{text}");
    }

    #[test]
    fn empty_and_constant_channels_are_named() {
        let x = array![[1.0, f64::NAN, 2.0], [1.0, f64::NAN, 3.0]];
        let text = message(sample(x).recording());
        assert!(text.contains("all NaN") && text.contains("`1`"), "{text}");
        let recording = sample(array![[1.0, 2.0], [1.0, 3.0]]).recording().unwrap();
        assert_eq!(recording.constant_channels(), ["0"]);
        let text = message(recording.require_varying_channels());
        assert!(
            text.contains("1 of 2 channels") && text.contains("`0`"),
            "{text}"
        );
        // constant in each session, but not over both
        let other = sample(array![[2.0, 2.0], [2.0, 3.0]]).recording().unwrap();
        let both = [recording.clone(), other];
        assert!(constant_channels(&both, f64::EPSILON).is_empty());
        require_varying_channels(&both).unwrap();
        let text = message(require_varying_channels(&[recording.clone(), recording]));
        assert!(text.contains("`x` of d.npz with array"), "{text}");
    }

    #[test]
    fn shapes_of_recordings() {
        let recording = |array: DataArray| array.recording();
        let vector = recording(sample(array![1.0, 2.0])).unwrap();
        assert_eq!(
            (vector.samples(), vector.values().shape()),
            (2, &[2, 1][..])
        );
        let text = message(recording(sample(Array2::zeros((0, 3)))));
        assert!(
            text.contains("[0, 3]") && text.contains("at least one row"),
            "{text}"
        );
        let cube = recording(sample(Array3::zeros((2, 2, 2))));
        assert!(cube.unwrap_err().advice().unwrap().contains("transpose"));
        let text = message(vector.require_samples(3, "a batch"));
        assert!(text.contains("at least 3 rows for a batch"), "{text}");
    }

    #[test]
    fn values_stay_where_they_are_and_come_by_rows() {
        let x = Array2::from_shape_fn((3000, 3), |(t, c)| (100 * t + c) as u16);
        let mut fortran = Array2::from_elem((3000, 3).f(), 0);
        fortran.assign(&x);
        let (expected, at) = (x.mapv(f64::from), x.as_ptr());
        let [kept, by_columns] = [x, fortran].map(|x| {
            let array = DataArray::in_memory("x", Values::U16(x.into_dyn()));
            array.recording().unwrap()
        });
        assert!(!kept.came_by_columns() && by_columns.came_by_columns());
        for recording in [&kept, &by_columns] {
            let mut seen = Vec::new();
            recording.each_block(|rows, values| {
                assert_eq!(rows.start * 3, seen.len());
                seen.extend_from_slice(values);
            });
            assert!(seen.iter().eq(&expected));
            assert_eq!(recording.at(7, 2), 702.0);
            assert_eq!(recording.column(1), expected.column(1).to_vec());
        }
        assert!(matches!(kept.into_values(), Values::U16(x) if x.as_ptr() == at));
    }
}
