//! What a file of any format offers: arrays by name, and the times of their rows.

use std::fmt::Debug;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::array::DataArray;
use crate::clock::Clock;
use crate::error::{FileError, Result};
use crate::signals::annotations::{Annotation, TextLabel};
use crate::source::Source;
use crate::timed::{Intervals, Series, Spikes, Times};

/// The name of an array without one.
pub(crate) const UNNAMED: &str = "x";

/// Name, element type and shape of an array in a file, and what is known of its unit and its times.
#[derive(Debug, Clone, PartialEq)]
pub struct ArrayInfo {
    /// Name of the array or column, or its path in the file.
    pub name: String,
    /// Element type, as numpy calls it.
    pub element_type: String,
    /// Shape.
    pub shape: Vec<usize>,
    /// Physical unit; empty if the file does not tell.
    pub unit: String,
    /// When its rows were measured, if the file tells.
    pub timing: Option<Timing>,
    /// What it can be used for.
    pub role: Role,
}

/// When the rows of an array were measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Timing {
    /// At a steady rate.
    Steady {
        /// Time of the first row in seconds.
        start: f64,
        /// Rows per second.
        rate: f64,
    },
    /// At times that the file lists.
    Listed {
        /// The first time in seconds.
        first: f64,
        /// The last time in seconds.
        last: f64,
    },
}

/// What an array can be used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Numbers: a recording or a label.
    Numbers,
    /// Text: classes of a label.
    Text,
    /// Times of events, such as the spikes of units.
    Spikes,
    /// Intervals of time, such as trials.
    Intervals,
    /// Nothing, and why.
    Unusable(String),
}

impl ArrayInfo {
    /// Numbers of which nothing else is known.
    pub(crate) fn new(name: &str, element_type: &str, shape: Vec<usize>) -> Self {
        Self {
            name: name.to_owned(),
            element_type: element_type.to_owned(),
            shape,
            unit: String::new(),
            timing: None,
            role: Role::Numbers,
        }
    }
}

/// A file of some format. A format is a type with this trait, and a row of the [table](crate::formats).
pub(crate) trait Container: Debug {
    /// What the file holds, in its order.
    fn arrays(&mut self) -> Result<Vec<ArrayInfo>>;

    /// Reads an array by its name.
    fn read(&mut self, name: &str) -> Result<DataArray>;

    /// Reads the only array, or all channels.
    fn read_only(&mut self) -> Result<DataArray>;

    /// Reads some rows of an array. Formats that cannot do better read all of it.
    fn read_rows(&mut self, name: &str, rows: Range<usize>) -> Result<DataArray> {
        Ok(self.read(name)?.rows(rows))
    }

    /// An array of more bytes than these whose values stay in the file until they are needed. None if it is
    /// smaller, or stored in a way of which rows cannot be read.
    fn leave(&mut self, _name: &str, _more_than: u64) -> Result<Option<DataArray>> {
        Ok(None)
    }

    /// Reads a label of classes as text; none if there is no text under that name.
    fn read_text(&self, _name: &str, _clock: Option<&Clock>) -> Result<Option<TextLabel>> {
        Ok(None)
    }

    /// A single text, as MATLAB holds it.
    fn single_text(&mut self, _name: &str) -> Option<String> {
        None
    }

    /// The annotations of a biosignal.
    fn annotations(&self) -> &[Annotation] {
        &[]
    }

    /// The only array of the file, which stands in for the default one; none if there are several.
    fn stand_in(&mut self) -> Option<String> {
        None
    }

    /// The values of an array with the time of each row, one series for each sampling rate; all channels
    /// without a name.
    fn series(&mut self, name: Option<&str>) -> Result<Vec<Series>> {
        let array = match name {
            Some(name) => self.read(name)?,
            None => self.read_only()?,
        };
        Ok(vec![Series::of_array(array)?])
    }

    /// Text with the time of each row, where the file keeps both; none if there is none under that name.
    fn timed_texts(&mut self, _name: &str) -> Result<Option<(Vec<Arc<str>>, Times)>> {
        Ok(None)
    }

    /// The times of all rows, where rows of all arrays are those of one clock.
    fn times(&mut self) -> Result<Option<Times>> {
        Ok(None)
    }

    /// The spikes of all units, if the file has a table of units under that name, or at all.
    fn spikes(&mut self, _name: Option<&str>) -> Result<Option<Spikes>> {
        Ok(None)
    }

    /// Intervals of time by the name of their table.
    fn intervals(&mut self, name: &str) -> Result<Intervals> {
        Err(FileError::Value {
            place: self.path().display().to_string(),
            problem: format!("it has no intervals, so `{name}` cannot be found"),
            advice: "use a file with intervals, such as .nwb, or leave out the epochs".to_owned(),
        })
    }

    /// The file.
    fn path(&self) -> &Path;
}

/// The only one of some names; none if there are several, or none.
pub(crate) fn only(names: Vec<String>) -> Option<String> {
    let [only] = <[String; 1]>::try_from(names).ok()?;
    Some(only)
}

/// The only array of a file, by its name.
///
/// # Errors
/// [`FileError::Unnamed`] for several, [`FileError::Damaged`] for none.
pub(crate) fn only_name(path: &Path, names: Vec<String>) -> Result<String> {
    match <[String; 1]>::try_from(names) {
        Ok([name]) => Ok(name),
        Err(none) if none.is_empty() => Err(FileError::damaged(
            path.display().to_string(),
            "it holds no arrays",
        )),
        Err(available) => Err(FileError::Unnamed {
            path: path.to_path_buf(),
            available,
        }),
    }
}

/// There is no array of that name.
pub(crate) fn no_array(path: &Path, name: &str, available: Vec<String>) -> FileError {
    FileError::Missing {
        path: path.to_path_buf(),
        kind: "array",
        name: name.to_owned(),
        available,
    }
}

/// Where an array is, in words.
pub(crate) fn place_of(path: &Path, name: &str) -> String {
    crate::array::place(&Source::new(path, name))
}
