//! Data files of time series as named arrays, brought to one clock if need be, and `.npz` written safely.
//!
//! | file | its arrays |
//! |---|---|
//! | `.npz`, `.safetensors` | those it names |
//! | `.npy` | one, which answers to the name `x` |
//! | `.csv`, `.tsv`, `.txt`, `.parquet`, `.arrow`, `.feather` | `x`, all columns; a column by its name; a selection of columns |
//! | `.edf`, `.bdf`, `.wav`, `.flac`, `.vhdr`, `.set`, `.hea` | `x`, all channels; channels by name or selection, `(time, channels)`; `annotations` as text |
//! | `.h5`, `.hdf5`, `.nwb`, `.mat` | arrays by path; tables of pandas; time series, units and intervals by name |
//!
//! [`FORMATS`] is the table of formats. HDF5, NWB and MATLAB 7.3 need the feature `hdf5`, Parquet and Arrow the feature
//! `parquet`.
//!
//! **One clock.** [`align()`] brings spikes, signals and labels of different rates to bins of one length.
//!
//! **Tables.** A column's name gives that column, `(rows,)`. A selection gives a matrix `(rows, columns)`:
//! a comma list of names, of patterns with `*` and `?`, and of half-open ranges of positions, such as
//! `acc_*,gyro_x` or `0..9`; `!` takes away, as in `*,!annotation`. `x` is the whole table unless a column
//! has that name. Columns that count rows or hold times are not part of `x` and `*`; even times give the
//! sampling rate and the gaps. Empty cells are missing values (NaN). Text is an error only in a column that
//! is used. Rules find out how a table is written, and [`DataArray::notes`] tells what they decided;
//! [`TableOptions`] answer what they cannot.
//!
//! **Biosignals and sound.** EDF, EDF+, BDF and BDF+ in physical units, those of one kind brought to
//! one; RIFF, RIFX, RF64 and BW64 with full scale 1. Only the samples of the chosen channels are read.
//! A [`DataArray`] says where a recording was interrupted ([`breaks`](DataArray::breaks)), when its rows
//! were measured ([`clock`](DataArray::clock())), and what the reader left out, assumed or repaired
//! ([`notes`](DataArray::notes)). Annotations are listed by [`DataFile::annotations`], and are a label
//! by [`DataFile::read_text`].
//!
//! **Element types.** 32- and 64-bit floats, integers of any width, truth values; either byte
//! order; C and Fortran order.
//!
//! **Files from strangers.** No file makes the reader panic, and memory grows with the bytes that
//! are there, not with what a header claims. A compressed array may hold [`SMALL_ARRAY`] values, or
//! [`VALUES_PER_COMPRESSED_BYTE`] a compressed byte if that is more.

#![forbid(unsafe_code)]

mod align;
mod array;
mod atomic;
mod brainvision;
mod clock;
#[cfg(feature = "parquet")]
mod columnar;
mod columns;
mod container;
mod csv;
mod edf;
mod eeglab;
mod error;
mod flac;
mod folder;
mod formats;
#[cfg(feature = "parquet")]
mod guarded;
#[cfg(feature = "hdf5")]
mod hdf5;
mod lock;
mod matlab;
mod npy;
mod npy_advice;
mod npy_header;
mod npy_rows;
mod npy_text;
mod npz;
mod on_disk;
mod open;
mod progress;
mod raw;
mod reading;
mod recorded;
mod recording;
mod series;
mod signals;
mod source;
mod tensors;
mod timed;
mod values;
mod varying;
mod wav;
mod wfdb;

pub use align::{
    Aligned, AlignedLabel, Alignment, Constant, LabelForm, LabelSource, Missing, align,
    label_forms, seconds, seconds_of,
};
pub use array::DataArray;
pub use atomic::{AtomicFile, TEMPORARY, ensure_folder, ensure_writable, write_file};
pub use clock::Clock;
pub use container::{ArrayInfo, Role, Timing};
pub use csv::TableOptions;
pub use error::{FileError, Result};
pub use folder::AtomicFolder;
pub use formats::{FORMATS, Format, FormatInfo};
pub use lock::{FolderClaim, FolderLock};
pub use npy::{npy_bytes, read_npy};
pub use npz::{NpzOutput, SMALL_ARRAY, VALUES_PER_COMPRESSED_BYTE};
pub use on_disk::OnDisk;
pub use open::{DataFile, read};
pub use progress::watched;
pub use recorded::{Recorded, Scale};
pub use recording::Table;
pub use signals::annotations::{Annotation, TextLabel};
pub use signals::rates::rates_agree;
pub use source::Source;
pub use timed::{Intervals, Series, Spikes, Times};
pub use values::Values;
pub use varying::{constant_channels, require_varying_channels};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
