//! A data file of any format as a collection of named arrays.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::array::DataArray;
use crate::clock::Clock;
use crate::container::{ArrayInfo, Container, UNNAMED};
use crate::csv::TableOptions;
use crate::error::Result;
use crate::formats::row_of;
use crate::signals::annotations::{Annotation, TextLabel};
use crate::source::Source;
use crate::timed::{Intervals, Series, Spikes, Times};

/// An open data file.
#[derive(Debug)]
pub struct DataFile {
    contents: Box<dyn Container>,
}

impl DataFile {
    /// Opens a file; its extension tells the format.
    ///
    /// # Errors
    /// [`FileError::UnknownFormat`](crate::FileError::UnknownFormat), [`FileError::Read`](crate::FileError::Read), [`FileError::Damaged`](crate::FileError::Damaged).
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, &TableOptions::default())
    }

    /// Opens the file of a source, with its options.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn of(source: &Source) -> Result<Self> {
        Self::open_with(&source.path, &source.options)
    }

    /// Opens a file; `options` say how a table is written, and mean nothing for other files.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`FileError::Value`](crate::FileError::Value) for a table that can be read in two ways.
    pub fn open_with(path: &Path, options: &TableOptions) -> Result<Self> {
        let contents = row_of(path)?.open(path, options)?;
        Ok(Self { contents })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.contents.path()
    }

    /// What the file holds; for a table its columns, for signals their channels.
    ///
    /// # Errors
    /// [`FileError::Damaged`](crate::FileError::Damaged) or [`FileError::ElementType`](crate::FileError::ElementType) of the first array that cannot be read.
    pub fn arrays(&mut self) -> Result<Vec<ArrayInfo>> {
        self.contents.arrays()
    }

    /// Reads an array by name, or columns of a table by a selection.
    ///
    /// # Errors
    /// [`FileError::Missing`](crate::FileError::Missing) lists the names there are; [`FileError::Damaged`](crate::FileError::Damaged),
    /// [`FileError::ElementType`](crate::FileError::ElementType), [`FileError::TooLarge`](crate::FileError::TooLarge); [`FileError::Value`](crate::FileError::Value) for text in a table.
    pub fn read(&mut self, name: &str) -> Result<DataArray> {
        self.contents.read(name)
    }

    /// Reads some rows of an array; those that are not there are left out.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_rows(&mut self, name: &str, rows: Range<usize>) -> Result<DataArray> {
        self.contents.read_rows(name, rows)
    }

    /// The values of an array with the time of each row, one series for each sampling rate; all channels, or
    /// the only array, without a name. `x@t` takes the times from the array `t`.
    ///
    /// # Errors
    /// As [`read`](Self::read); [`FileError::Value`](crate::FileError::Value) if the times are not known, or
    /// decrease.
    pub fn series(&mut self, name: Option<&str>) -> Result<Vec<Series>> {
        if let Some((values, times)) = name.and_then(|name| name.rsplit_once('@'))
            && !values.is_empty()
            && !times.is_empty()
        {
            return Ok(vec![self.listed(values, times)?]);
        }
        self.contents.series(name)
    }

    /// The array `values` at the times in the array `times`.
    fn listed(&mut self, values: &str, times: &str) -> Result<Series> {
        let mut values = self.contents.read(values)?;
        // what the format knows of the times of rows is not what was asked for
        values.breaks = Vec::new();
        let times = self.contents.read(times)?.vector::<f64>()?;
        Series::new(values, Times::Listed(times.to_vec()))
    }

    /// Text with the time of each row, where the file keeps both; none if there is none under that name.
    pub(crate) fn timed_texts(&mut self, name: &str) -> Result<Option<(Vec<Arc<str>>, Times)>> {
        self.contents.timed_texts(name)
    }

    /// The times of the rows, if all arrays of the file have the rows of one clock, as the columns of a table.
    pub(crate) fn times(&mut self) -> Result<Option<Times>> {
        self.contents.times()
    }

    /// The spikes of all units of the file, or of its table of units of that name; none if there is none.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn spikes(&mut self, name: Option<&str>) -> Result<Option<Spikes>> {
        self.contents.spikes(name)
    }

    /// Intervals of time by the name of their table, such as `trials`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn intervals(&mut self, name: &str) -> Result<Intervals> {
        self.contents.intervals(name)
    }

    /// Reads a label of classes as text: a column of a table, or the annotations of a biosignal as
    /// `annotations` or `annotations:PATTERN`. None if the file has neither under that name.
    ///
    /// Annotations are brought to the rows of `clock`, that of the [recording](DataArray::clock). An
    /// annotation covers the samples from its onset until its duration is over, or until the next one
    /// if it has no duration. Where several cover a sample, the one that began last counts. Samples
    /// without an annotation are `none`.
    ///
    /// # Errors
    /// [`FileError::Read`](crate::FileError::Read) or [`FileError::Damaged`](crate::FileError::Damaged); [`FileError::Missing`](crate::FileError::Missing) if no annotation fits;
    /// [`FileError::Value`](crate::FileError::Value) for annotations without a clock, or all at other times.
    pub fn read_text(&self, name: &str, clock: Option<&Clock>) -> Result<Option<TextLabel>> {
        self.contents.read_text(name, clock)
    }

    /// The annotations of a biosignal, in the order of the file; times count from its first
    /// sample.
    pub fn annotations(&self) -> &[Annotation] {
        self.contents.annotations()
    }

    /// Reads the only array of a file, or all columns of a table.
    ///
    /// # Errors
    /// [`FileError::Unnamed`](crate::FileError::Unnamed) lists the arrays of a file with several; otherwise as
    /// [`read`](Self::read).
    pub fn read_only(&mut self) -> Result<DataArray> {
        self.contents.read_only()
    }

    /// Reads the array that is meant where none was named for this file. If `default` is no more than
    /// the usual `x`, the only array of a file stands in for it, with a note.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_default(&mut self, default: &str) -> Result<DataArray> {
        self.read_or_leave(None, default, u64::MAX)
    }

    /// As [`read`](Self::read), or without a name as [`read_default`](Self::read_default). A matrix of more bytes
    /// than `more_than` stays in the file until its rows are needed, if its format allows it
    /// ([`Values::OnDisk`](crate::Values::OnDisk)).
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_or_leave(
        &mut self,
        name: Option<&str>,
        default: &str,
        more_than: u64,
    ) -> Result<DataArray> {
        let stand_in = match name {
            None if default == UNNAMED => self.contents.stand_in().filter(|only| only != UNNAMED),
            _ => None,
        };
        let name = name.or(stand_in.as_deref()).unwrap_or(default);
        let left = match more_than {
            u64::MAX => None,
            _ => self.contents.leave(name, more_than)?,
        };
        let mut array = match left {
            Some(array) => array,
            None => self.read(name)?,
        };
        if let Some(only) = &stand_in {
            array.notes.push(format!(
                "{} has no array `{default}`; its only array `{only}` is used",
                self.path().display()
            ));
        }
        Ok(array)
    }

    /// Reads `name` from this file, or from another if it names one, as `labels.npy` or
    /// `labels.npz:z2` do.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_or_source(&mut self, name: &str) -> Result<DataArray> {
        match Source::of_other_file(name) {
            Some(source) => read(&source),
            None => self.read(name),
        }
    }
}

/// Reads one array: that of the source's name, or the only one of its file.
///
/// # Errors
/// As [`DataFile::open`], [`DataFile::read`] and [`DataFile::read_only`].
pub fn read(source: &Source) -> Result<DataArray> {
    let mut file = DataFile::of(source)?;
    match &source.array {
        Some(name) => file.read(name),
        None => file.read_only(),
    }
}
