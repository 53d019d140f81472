//! The table of formats: one row for each, with its extensions and what opens it.

use std::path::Path;

use crate::brainvision;
use crate::container::Container;
use crate::csv::{Table, TableOptions};
use crate::edf;
use crate::eeglab;
use crate::error::{FileError, Result};
use crate::flac;
use crate::matlab;
use crate::npy::NpyFile;
use crate::npz::NpzFile;
use crate::tensors::TensorFile;
use crate::wav;
use crate::wfdb;

/// The formats of data files, distinguished by the extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Named arrays: `.npz`.
    Npz,
    /// One array without a name: `.npy`.
    Npy,
    /// A table: `.csv`, `.tsv`, `.txt`.
    Csv,
    /// Biosignals: `.edf`, `.bdf`.
    Edf,
    /// Sound: `.wav`, `.rf64`.
    Wav,
    /// Arrays by path: `.h5`, `.hdf5`, `.hdf`.
    Hdf5,
    /// Sessions of neurophysiology: `.nwb`.
    Nwb,
    /// MATLAB: `.mat`.
    Matlab,
    /// EEG of EEGLAB: `.set`.
    Eeglab,
    /// EEG of BrainVision: `.vhdr`.
    BrainVision,
    /// Compressed sound: `.flac`.
    Flac,
    /// Tensors by name: `.safetensors`.
    Safetensors,
    /// Records of PhysioNet: `.hea`.
    Wfdb,
    /// Tables by column: `.parquet`.
    Parquet,
    /// Tables by column: `.arrow`, `.feather`.
    Arrow,
}

/// A format as users see it.
#[derive(Debug, Clone, Copy)]
pub struct FormatInfo {
    /// The format.
    pub format: Format,
    /// Its name.
    pub name: &'static str,
    /// The extensions of its files, with their dots.
    pub extensions: &'static [&'static str],
    /// What is read from such a file.
    pub content: &'static str,
    /// The feature that this build lacks to read it, if it lacks one.
    pub lacks: Option<&'static str>,
    open: fn(&Path, &TableOptions) -> Result<Box<dyn Container>>,
}

/// A row of the table.
const fn row(
    format: Format,
    name: &'static str,
    extensions: &'static [&'static str],
    content: &'static str,
    open: fn(&Path, &TableOptions) -> Result<Box<dyn Container>>,
) -> FormatInfo {
    FormatInfo {
        format,
        name,
        extensions,
        content,
        lacks: None,
        open,
    }
}

/// All formats.
pub static FORMATS: &[FormatInfo] = &[
    row(
        Format::Npz,
        "NumPy archive",
        &[".npz"],
        "arrays by name",
        |path, _| Ok(Box::new(NpzFile::open(path)?)),
    ),
    row(
        Format::Npy,
        "NumPy array",
        &[".npy"],
        "its array",
        |path, _| Ok(Box::new(NpyFile::open(path)?)),
    ),
    row(
        Format::Csv,
        "table",
        &[".csv", ".tsv", ".txt"],
        "columns by name or selection; text as classes",
        |path, options| Ok(Box::new(Table::open(path, options)?)),
    ),
    row(
        Format::Edf,
        "EDF, EDF+, BDF, BDF+",
        &[".edf", ".bdf"],
        "channels in physical units; annotations as classes",
        |path, _| Ok(Box::new(edf::open(path)?)),
    ),
    row(
        Format::Wav,
        "WAV, RF64, BW64",
        &[".wav", ".rf64"],
        "channels with full scale 1",
        |path, _| Ok(Box::new(wav::open(path)?)),
    ),
    hdf5(row(
        Format::Hdf5,
        "HDF5",
        &[".h5", ".hdf5", ".hdf"],
        "any array by its path; tables of pandas and DeepLabCut",
        open_hdf5,
    )),
    hdf5(row(
        Format::Nwb,
        "NWB",
        &[".nwb"],
        "units, time series and intervals by name",
        open_nwb,
    )),
    row(
        Format::Matlab,
        "MATLAB 5 to 7.3",
        &[".mat"],
        "variables by name; fields and cells as s.x, c{2}",
        |path, _| matlab::open(path),
    ),
    row(
        Format::Eeglab,
        "EEGLAB",
        &[".set"],
        "channels in µV; events as classes",
        |path, _| Ok(Box::new(eeglab::open(path)?)),
    ),
    row(
        Format::BrainVision,
        "BrainVision",
        &[".vhdr"],
        "channels in physical units; markers as classes",
        |path, _| Ok(Box::new(brainvision::open(path)?)),
    ),
    row(
        Format::Flac,
        "FLAC",
        &[".flac"],
        "channels with full scale 1",
        |path, _| Ok(Box::new(flac::open(path)?)),
    ),
    row(
        Format::Safetensors,
        "safetensors",
        &[".safetensors"],
        "tensors by name",
        |path, _| Ok(Box::new(TensorFile::open(path)?)),
    ),
    row(
        Format::Wfdb,
        "WFDB",
        &[".hea"],
        "signals in physical units",
        |path, _| Ok(Box::new(wfdb::open(path)?)),
    ),
    parquet(row(
        Format::Parquet,
        "Parquet",
        &[".parquet"],
        "columns by name or selection; text as classes",
        open_columnar,
    )),
    parquet(row(
        Format::Arrow,
        "Arrow, Feather",
        &[".arrow", ".feather"],
        "columns by name or selection; text as classes",
        open_columnar,
    )),
];

/// A row that needs the feature `parquet`.
const fn parquet(row: FormatInfo) -> FormatInfo {
    match cfg!(feature = "parquet") {
        true => row,
        false => FormatInfo {
            lacks: Some("parquet"),
            ..row
        },
    }
}

#[cfg(feature = "parquet")]
fn open_columnar(path: &Path, _: &TableOptions) -> Result<Box<dyn Container>> {
    Ok(Box::new(crate::columnar::Columnar::open(path)?))
}

#[cfg(not(feature = "parquet"))]
use absent as open_columnar;

/// A row that needs the feature `hdf5`.
const fn hdf5(row: FormatInfo) -> FormatInfo {
    match cfg!(feature = "hdf5") {
        true => row,
        false => FormatInfo {
            lacks: Some("hdf5"),
            ..row
        },
    }
}

#[cfg(feature = "hdf5")]
fn open_hdf5(path: &Path, _: &TableOptions) -> Result<Box<dyn Container>> {
    Ok(Box::new(crate::hdf5::Hdf5::open(path)?))
}

#[cfg(feature = "hdf5")]
fn open_nwb(path: &Path, _: &TableOptions) -> Result<Box<dyn Container>> {
    Ok(Box::new(crate::hdf5::Nwb::open(path)?))
}

#[cfg(not(feature = "hdf5"))]
use {absent as open_hdf5, absent as open_nwb};

/// Stands where nothing is opened: the row says what it lacks.
#[cfg(not(all(feature = "hdf5", feature = "parquet")))]
fn absent(path: &Path, _: &TableOptions) -> Result<Box<dyn Container>> {
    Err(FileError::UnknownFormat {
        path: path.to_path_buf(),
    })
}

impl FormatInfo {
    /// Opens a file of this format.
    pub(crate) fn open(&self, path: &Path, options: &TableOptions) -> Result<Box<dyn Container>> {
        match self.lacks {
            None => (self.open)(path, options),
            Some(feature) => Err(FileError::Value {
                place: path.display().to_string(),
                problem: format!("this build does not read {}", self.name),
                advice: format!("enable the feature `{feature}`, or use the program xcebra"),
            }),
        }
    }
}

impl Format {
    /// The format that the extension of `path` stands for.
    ///
    /// # Errors
    /// [`FileError::UnknownFormat`] for any other extension.
    pub fn of(path: &Path) -> Result<Self> {
        Ok(row_of(path)?.format)
    }
}

/// The row of a file.
pub(crate) fn row_of(path: &Path) -> Result<&'static FormatInfo> {
    let name = path.to_string_lossy().to_ascii_lowercase();
    let found = FORMATS.iter().find(|row| {
        let mut extensions = row.extensions.iter();
        extensions.any(|extension| name.ends_with(extension))
    });
    found.ok_or_else(|| FileError::UnknownFormat {
        path: path.to_path_buf(),
    })
}

/// All extensions with their formats.
pub(crate) fn extensions() -> impl Iterator<Item = (&'static str, Format)> {
    let of = |row: &'static FormatInfo| row.extensions.iter().map(move |e| (*e, row.format));
    FORMATS.iter().flat_map(of)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn an_extension_belongs_to_one_format() {
        let all: Vec<&str> = extensions().map(|(extension, _)| extension).collect();
        let distinct: BTreeSet<&str> = all.iter().copied().collect();
        assert_eq!(distinct.len(), all.len());
        for extension in all {
            assert!(extension.starts_with('.') && extension == extension.to_ascii_lowercase());
            let path = format!("a.b/data{}", extension.to_uppercase());
            let row = row_of(Path::new(&path)).unwrap();
            assert!(row.extensions.contains(&extension), "{extension}");
        }
    }
}
