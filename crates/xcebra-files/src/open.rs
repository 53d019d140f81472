//! A data file of any format as a collection of named arrays.

use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::array::DataArray;
use crate::clock::Clock;
use crate::csv::{Table, TableOptions};
use crate::edf;
use crate::error::{FileError, Result};
use crate::npy::read_values;
use crate::npy_header::Header;
use crate::npz::NpzFile;
use crate::signals::Signals;
use crate::signals::annotations::{Annotation, TextLabel};
use crate::source::{Format, Source};
use crate::wav;

/// Name, element type and shape of an array in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayInfo {
    /// Name of the array or column.
    pub name: String,
    /// Element type, as numpy calls it.
    pub element_type: &'static str,
    /// Shape.
    pub shape: Vec<usize>,
}

/// An open data file.
#[derive(Debug)]
pub struct DataFile {
    path: PathBuf,
    contents: Contents,
}

#[derive(Debug)]
enum Contents {
    Npz(Box<NpzFile>),
    Npy,
    Table(Box<Table>),
    Signals(Box<Signals>),
}

/// The name of an array without one.
const UNNAMED: &str = "x";

impl DataFile {
    /// Opens a file; its extension tells the format.
    ///
    /// # Errors
    /// [`FileError::UnknownFormat`], [`FileError::Read`], [`FileError::Damaged`].
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
    /// As [`open`](Self::open); [`FileError::Value`] for a table that can be read in two ways.
    pub fn open_with(path: &Path, options: &TableOptions) -> Result<Self> {
        let contents = match Format::of(path)? {
            Format::Npz => Contents::Npz(Box::new(NpzFile::open(path)?)),
            Format::Npy => {
                File::open(path).map_err(|error| FileError::read(path, error))?;
                Contents::Npy
            }
            Format::Csv => Contents::Table(Box::new(Table::open(path, options)?)),
            Format::Edf => Contents::Signals(Box::new(edf::open(path)?)),
            Format::Wav => Contents::Signals(Box::new(wav::open(path)?)),
        };
        Ok(Self {
            path: path.to_path_buf(),
            contents,
        })
    }

    /// What the file holds; for a table its columns, for signals their channels.
    ///
    /// # Errors
    /// [`FileError::Damaged`] or [`FileError::ElementType`] of the first array that cannot be read.
    pub fn arrays(&mut self) -> Result<Vec<ArrayInfo>> {
        let info = |name: &str, header: &Header| ArrayInfo {
            name: name.to_owned(),
            element_type: header.element.name(),
            shape: header.shape.clone(),
        };
        match &mut self.contents {
            Contents::Npz(npz) => npz
                .names()
                .iter()
                .map(|name| Ok(info(name, &npz.header(name)?)))
                .collect(),
            Contents::Npy => {
                let (_, header, _) = open_npy(&self.path)?;
                Ok(vec![info(UNNAMED, &header)])
            }
            Contents::Table(table) => Ok(table
                .names
                .iter()
                .map(|name| ArrayInfo {
                    name: name.clone(),
                    element_type: "float64",
                    shape: vec![table.shape()[0]],
                })
                .collect()),
            Contents::Signals(signals) => Ok(signals
                .channels
                .iter()
                .map(|channel| ArrayInfo {
                    name: channel.name.clone(),
                    element_type: "float64",
                    shape: vec![channel.samples],
                })
                .collect()),
        }
    }

    /// The names of all arrays, columns or channels, of element types that cannot be read too.
    pub fn names(&self) -> Vec<String> {
        match &self.contents {
            Contents::Npz(npz) => npz.names(),
            Contents::Npy => vec![UNNAMED.to_owned()],
            Contents::Table(table) => table.names.clone(),
            Contents::Signals(signals) => {
                let channels = signals.channels.iter();
                channels.map(|channel| channel.name.clone()).collect()
            }
        }
    }

    /// Reads an array by name, or columns of a table by a selection.
    ///
    /// # Errors
    /// [`FileError::Missing`] lists the names there are; [`FileError::Damaged`],
    /// [`FileError::ElementType`], [`FileError::TooLarge`]; [`FileError::Value`] for text in a table.
    pub fn read(&mut self, name: &str) -> Result<DataArray> {
        let values = match &mut self.contents {
            Contents::Npz(npz) => npz.read(name)?,
            Contents::Table(table) => return table.select(name),
            Contents::Signals(signals) => return signals.select(name),
            Contents::Npy if name == UNNAMED => return self.read_only(),
            Contents::Npy => {
                return Err(FileError::Missing {
                    path: self.path.clone(),
                    kind: "array",
                    name: name.to_owned(),
                    available: vec![UNNAMED.to_owned()],
                });
            }
        };
        Ok(DataArray::new(Source::new(&self.path, name), values))
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
    /// [`FileError::Read`] or [`FileError::Damaged`]; [`FileError::Missing`] if no annotation fits;
    /// [`FileError::Value`] for annotations without a clock, or all at other times.
    pub fn read_text(&self, name: &str, clock: Option<&Clock>) -> Result<Option<TextLabel>> {
        match &self.contents {
            Contents::Table(table) => Ok(table.text(name)?.map(|texts| TextLabel {
                texts: texts.into_iter().map(Arc::from).collect(),
                notes: Vec::new(),
            })),
            Contents::Signals(signals) => signals.text(name, clock),
            Contents::Npz(_) | Contents::Npy => Ok(None),
        }
    }

    /// The annotations of a biosignal, in the order of the file; times count from its first
    /// sample.
    pub fn annotations(&self) -> &[Annotation] {
        match &self.contents {
            Contents::Signals(signals) => &signals.annotations,
            Contents::Npz(_) | Contents::Npy | Contents::Table(_) => &[],
        }
    }

    /// Reads the only array of a file, or all columns of a table.
    ///
    /// # Errors
    /// [`FileError::Unnamed`] lists the arrays of a file with several; otherwise as
    /// [`read`](Self::read).
    pub fn read_only(&mut self) -> Result<DataArray> {
        match &mut self.contents {
            Contents::Npz(npz) => match npz.names().as_slice() {
                [name] => self.read(name),
                [] => Err(FileError::damaged(
                    self.path.display().to_string(),
                    "it holds no arrays",
                )),
                names => Err(FileError::Unnamed {
                    path: self.path.clone(),
                    available: names.to_vec(),
                }),
            },
            Contents::Npy => {
                let (mut reader, header, available) = open_npy(&self.path)?;
                let place = self.path.display().to_string();
                let values = read_values(&mut reader, &header, available, &place)?;
                Ok(DataArray::new(Source::file(&self.path), values))
            }
            Contents::Table(table) => table.select("*"),
            Contents::Signals(signals) => signals.select("*"),
        }
    }

    /// Reads the array that is meant where none was named for this file. If `default` is no more than
    /// the usual `x`, the only array of an `.npz` file stands in for it, with a note.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_default(&mut self, default: &str) -> Result<DataArray> {
        if let Contents::Npz(npz) = &self.contents
            && let [only] = npz.names().as_slice()
            && default == UNNAMED
            && only != default
        {
            let mut array = self.read(only)?;
            array.notes.push(format!(
                "{} has no array `{default}`; its only array `{only}` is used",
                self.path.display()
            ));
            return Ok(array);
        }
        self.read(default)
    }

    /// Reads `name` from this file, or from another if it names one, as `labels.npy` or
    /// `labels.npz:z2` do.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_or_source(&mut self, name: &str) -> Result<DataArray> {
        match name.parse::<Source>() {
            Ok(source) if Format::of(&source.path).is_ok() => read(&source),
            _ => self.read(name),
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

/// The file behind its header, the header, and the number of bytes that follow.
fn open_npy(path: &Path) -> Result<(BufReader<File>, Header, u64)> {
    let fail = |error| FileError::read(path, error);
    let file = File::open(path).map_err(fail)?;
    let metadata = file.metadata().map_err(fail)?;
    if metadata.is_dir() {
        return Err(fail(ErrorKind::IsADirectory.into()));
    }
    let mut reader = BufReader::new(file);
    let header = Header::read(&mut reader, &path.display().to_string())?;
    let available = metadata.len().saturating_sub(header.length);
    Ok((reader, header, available))
}
