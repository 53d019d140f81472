//! Values, events and intervals of time, in seconds on the clock of their file.

use std::collections::BTreeMap;

use crate::array::DataArray;
use crate::error::{FileError, Result};

/// Values with the time of each row.
#[derive(Debug, Clone)]
pub struct Series {
    /// The values, (rows,) or (rows, channels).
    pub values: DataArray,
    /// The time of each row.
    pub times: Times,
    /// Whether the values are angles in radians, so that 2π is next to 0.
    pub angle: bool,
}

/// When the rows of a series were measured, in seconds.
#[derive(Debug, Clone, PartialEq)]
pub enum Times {
    /// At a steady rate, in pieces: the first row of each and its time, both ascending; the first begins with
    /// row 0.
    Steady {
        /// Rows per second.
        rate: f64,
        /// First rows and their times.
        pieces: Vec<(usize, f64)>,
    },
    /// At times that do not decrease, one a row.
    Listed(Vec<f64>),
}

/// The times of the spikes of units, or of other events, with what is known of each unit.
#[derive(Debug, Clone, Default)]
pub struct Spikes {
    /// Where they came from, in words.
    pub place: String,
    /// A name for each unit.
    pub names: Vec<String>,
    /// Ascending times of each unit.
    pub times: Vec<Vec<f64>>,
    /// Stretches in which each unit was observed, if the file states them.
    pub observed: Option<Vec<Vec<[f64; 2]>>>,
    /// Properties by name, with the value of each unit as text.
    pub properties: BTreeMap<String, Vec<String>>,
    /// What the reader left out, assumed or repaired, a sentence each.
    pub notes: Vec<String>,
}

/// Intervals of time, such as trials.
#[derive(Debug, Clone, Default)]
pub struct Intervals {
    /// Where they came from, in words.
    pub place: String,
    /// Begin and end of each.
    pub spans: Vec<[f64; 2]>,
    /// Properties by name, with the value of each interval as text.
    pub properties: BTreeMap<String, Vec<String>>,
}

impl Times {
    /// Number of times; none if any number of rows has one.
    fn listed(&self) -> Option<usize> {
        match self {
            Self::Steady { .. } => None,
            Self::Listed(times) => Some(times.len()),
        }
    }

    /// The time of a row.
    pub fn at(&self, row: usize) -> f64 {
        match self {
            Self::Steady { rate, pieces } => {
                let piece = pieces.partition_point(|&(first, _)| first <= row);
                let (first, at) = pieces[piece.saturating_sub(1)];
                // as pynapple and numpy have it: the division is exact where the rate is
                at + (row - first) as f64 / rate
            }
            Self::Listed(times) => times[row],
        }
    }
}

impl Series {
    /// An array whose file tells when its rows were measured.
    ///
    /// # Errors
    /// [`FileError::Value`] if it does not.
    pub(crate) fn of_array(array: DataArray) -> Result<Self> {
        let times = match array.clock() {
            Some(clock) => clock.times(),
            None => return Err(no_times(&array.place())),
        };
        Self::new(array, times)
    }

    /// Values at times.
    ///
    /// # Errors
    /// [`FileError::Shape`] if there are not as many times as rows; [`FileError::Value`] for times that are
    /// not finite or decrease.
    pub(crate) fn new(values: DataArray, times: Times) -> Result<Self> {
        values.require_time_series("values over time, (time,) or (time, channels),")?;
        let rows = values.shape()[0];
        if times.listed().is_some_and(|count| count != rows) {
            let count = times.listed().unwrap_or(0);
            return Err(FileError::Shape {
                place: values.place(),
                found: values.shape().to_vec(),
                expected: format!("{count} rows, one for each time"),
                advice: "name the times of this array, with one for each row",
            });
        }
        if let Times::Listed(times) = &times {
            require_ascending(&values.place(), times)?;
        }
        Ok(Self {
            values,
            times,
            angle: false,
        })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.shape()[0]
    }
}

/// There are no times for an array that needs them.
pub(crate) fn no_times(place: &str) -> FileError {
    FileError::Value {
        place: place.to_owned(),
        problem: "the file does not say when its rows were measured".to_owned(),
        advice: "name the array of its times after an @, such as beh.csv:x@t or data.npz:x@t"
            .to_owned(),
    }
}

/// Refuses times that are not finite or decrease.
pub(crate) fn require_ascending(place: &str, times: &[f64]) -> Result<()> {
    let problem = |problem: String| FileError::Value {
        place: place.to_owned(),
        problem,
        advice: "sort the rows by time, and leave out those without a time".to_owned(),
    };
    if let Some(row) = times.iter().position(|time| !time.is_finite()) {
        return Err(problem(format!(
            "the time of row {row} (counting from 0) is {}",
            times[row]
        )));
    }
    match times.windows(2).position(|pair| pair[1] < pair[0]) {
        None => Ok(()),
        Some(row) => Err(problem(format!(
            "the times decrease: row {row} (counting from 0) is at {} s and the next one at {} s",
            times[row],
            times[row + 1]
        ))),
    }
}
