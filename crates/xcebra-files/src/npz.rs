//! Named arrays in numpy's `.npz` format: a zip archive of `.npy` files.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::{ArrayRef, Dimension};
use ndarray_npy::{NpzWriter, WritableElement, WriteNpyExt, WriteNpzError};
use xcebra_numeric::{Entry, ensure_finite};
use zip::read::ZipFile;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive};

use crate::array::{DataArray, place};
use crate::atomic::AtomicFile;
use crate::clock::Clock;
use crate::container::{ArrayInfo, Container, Role, only, only_name};
use crate::error::{FileError, Result};
use crate::npy::{read_values, require_bytes};
use crate::npy_header::{Header, TextHeader};
use crate::npy_rows::{Packed, PackedRows, PlainRows};
use crate::npy_text::{Texts, read_texts};
use crate::on_disk::{OnDisk, ReadRows};
use crate::progress::Tracked;
use crate::reading::open_large;
use crate::signals::annotations::TextLabel;
use crate::source::Source;
use crate::values::Values;

/// A compressed array of at most this many values is always read (1 GiB as `float64`).
pub const SMALL_ARRAY: u64 = 1 << 27;
/// A larger compressed array may hold this many values a compressed byte: ten times what
/// recordings reach, a fraction of what a zip bomb does.
pub const VALUES_PER_COMPRESSED_BYTE: u64 = 16;

/// Refuses more values than a compressed size justifies.
pub(crate) fn require_plausible(place: &str, claimed: u64, stored: u64) -> Result<()> {
    let limit = SMALL_ARRAY.max(stored.saturating_mul(VALUES_PER_COMPRESSED_BYTE));
    if claimed <= limit {
        return Ok(());
    }
    Err(FileError::TooLarge {
        place: place.to_owned(),
        claimed,
        stored,
        limit,
    })
}

/// An open `.npz` file.
#[derive(Debug)]
pub(crate) struct NpzFile {
    path: PathBuf,
    length: u64,
    zip: ZipArchive<BufReader<Tracked<File>>>,
}

impl NpzFile {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let (file, length) = open_large(path)?;
        let zip = ZipArchive::new(BufReader::new(file))
            .map_err(|error| zip_error(&path.display().to_string(), &error))?;
        Ok(Self {
            path: path.to_path_buf(),
            length,
            zip,
        })
    }

    /// Names of the arrays, in the order of the file.
    pub(crate) fn names(&self) -> Vec<String> {
        let strip = |name: &str| name.strip_suffix(".npy").map(str::to_owned);
        self.zip.file_names().filter_map(strip).collect()
    }

    /// Element type and shape of an array, without reading its values.
    pub(crate) fn header(&mut self, name: &str) -> Result<Header> {
        let place = place(&Source::new(&self.path, name));
        let mut entry = self.entry(name, &place)?;
        Header::read(&mut entry, &place)
    }

    /// Reads the values of an array.
    fn values(&mut self, name: &str) -> Result<Values> {
        let place = place(&Source::new(&self.path, name));
        let length = self.length;
        let mut entry = self.entry(name, &place)?;
        let header = Header::read(&mut entry, &place)?;
        if entry.compression() != CompressionMethod::Stored {
            let stored = entry.compressed_size().min(length);
            require_plausible(&place, header.count(&place)? as u64, stored)?;
        }
        let available = entry.size().saturating_sub(header.length);
        read_values(&mut entry, &header, available, &place)
    }

    /// What the header of a list of texts says; none if the array holds something else.
    fn text_header(&mut self, name: &str) -> Result<Option<TextHeader>> {
        let place = place(&Source::new(&self.path, name));
        let header = TextHeader::read(&mut self.entry(name, &place)?, &place)?;
        Ok(header.filter(|header| header.shape.len() == 1))
    }

    /// The texts of a list; none if the array holds something else, or there is none of that name.
    fn texts(&mut self, name: &str) -> Result<Option<Vec<Arc<str>>>> {
        let place = place(&Source::new(&self.path, name));
        if self.zip.index_for_name(&format!("{name}.npy")).is_none() {
            return Ok(None);
        }
        let length = self.length;
        let mut entry = self.entry(name, &place)?;
        let header = TextHeader::read(&mut entry, &place)?;
        let Some(header) = header.filter(|header| header.shape.len() == 1) else {
            return Ok(None);
        };
        if entry.compression() != CompressionMethod::Stored {
            let stored = entry.compressed_size().min(length);
            require_plausible(&place, header.bytes(&place)? as u64, stored)?;
        }
        read_texts(&mut entry, &header, &place).map(Some)
    }

    fn entry(&mut self, name: &str, place: &str) -> Result<ZipFile<'_, BufReader<Tracked<File>>>> {
        let Some(index) = self.zip.index_for_name(&format!("{name}.npy")) else {
            return Err(FileError::Missing {
                path: self.path.clone(),
                kind: "array",
                name: name.to_owned(),
                available: self.names(),
            });
        };
        self.zip
            .by_index(index)
            .map_err(|error| zip_error(place, &error))
    }
}

impl Container for NpzFile {
    fn arrays(&mut self) -> Result<Vec<ArrayInfo>> {
        let mut arrays = Vec::new();
        for name in self.names() {
            arrays.push(match self.header(&name) {
                Ok(header) => ArrayInfo::new(&name, header.element.name(), header.shape),
                // an array of text or objects does not keep others from being listed
                Err(FileError::ElementType { found, advice, .. }) => {
                    let (role, shape) = match self.text_header(&name)? {
                        Some(header) => (Role::Text, header.shape),
                        None => (Role::Unusable(advice), Vec::new()),
                    };
                    ArrayInfo {
                        role,
                        ..ArrayInfo::new(&name, &found, shape)
                    }
                }
                Err(error) => return Err(error),
            });
        }
        Ok(arrays)
    }

    fn read(&mut self, name: &str) -> Result<DataArray> {
        let values = self.values(name)?;
        Ok(DataArray::new(Source::new(&self.path, name), values))
    }

    fn read_only(&mut self) -> Result<DataArray> {
        let name = only_name(&self.path, self.names())?;
        self.read(&name)
    }

    fn read_text(&self, name: &str, _clock: Option<&Clock>) -> Result<Option<TextLabel>> {
        let texts = Self::open(&self.path)?.texts(name)?;
        Ok(texts.map(|texts| TextLabel {
            texts,
            notes: Vec::new(),
        }))
    }

    fn stand_in(&mut self) -> Option<String> {
        only(self.names())
    }

    fn leave(&mut self, name: &str, more_than: u64) -> Result<Option<DataArray>> {
        let source = Source::new(&self.path, name);
        let (place, length) = (place(&source), self.length);
        let mut entry = self.entry(name, &place)?;
        let header = Header::read(&mut entry, &place)?;
        let available = entry.size().saturating_sub(header.length);
        let (Some(shape), true) = (header.rows_and_columns(), available > more_than) else {
            return Ok(None);
        };
        require_bytes(&header, available, &place)?;
        let packed = Packed {
            from: entry.data_start(),
            stored: entry.compressed_size().min(length),
            checksum: entry.crc32(),
            path: source.path.clone(),
        };
        let rows: Box<dyn ReadRows> = match entry.compression() {
            CompressionMethod::Stored => {
                let (file, from) = (open_large(&packed.path)?.0, packed.from + header.length);
                Box::new(PlainRows::new(file, header, from, &place))
            }
            CompressionMethod::Deflated => {
                require_plausible(&place, header.count(&place)? as u64, packed.stored)?;
                Box::new(PackedRows::new(packed, header, &place))
            }
            _ => return Ok(None),
        };
        let values = Values::OnDisk(OnDisk::new(shape, rows)?);
        Ok(Some(DataArray::new(source, values)))
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

fn zip_error(place: &str, error: &ZipError) -> FileError {
    let problem = match error {
        ZipError::Io(error) => format!("it cannot be unpacked: {error}"),
        error => format!("it is not a complete zip archive: {error}"),
    };
    FileError::damaged(place, problem)
}

/// Writes an `.npz` file that appears whole or not at all.
///
/// Arrays are stored uncompressed, and the file is a function of the arrays alone: no time stamps.
///
/// ```
/// use ndarray::array;
/// use xcebra_files::{NpzOutput, Source, read};
///
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("data.npz");
/// let mut output = NpzOutput::create(&path)?;
/// output.add("x", &array![[1.0, 2.0], [3.0, 4.0]])?;
/// output.add("map", &array![[true, false]])?;
/// output.commit()?;
///
/// let x = read(&Source::new(&path, "x"))?.matrix::<f64>()?;
/// assert_eq!(x[[1, 0]], 3.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct NpzOutput {
    path: PathBuf,
    writer: NpzWriter<AtomicFile>,
}

impl NpzOutput {
    /// Starts a file next to `path`; nothing appears at `path` before [`commit`](Self::commit).
    ///
    /// # Errors
    /// [`FileError::Write`] if the folder does not exist or cannot be written to.
    pub fn create(path: &Path) -> Result<Self> {
        // numpy writes 64-bit sizes as well, so that arrays may exceed 4 GiB
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(true);
        Ok(Self {
            path: path.to_path_buf(),
            writer: NpzWriter::new_with_options(AtomicFile::create(path)?, options),
        })
    }

    /// Adds a result: an array of `f32`, `f64`, complex numbers, `bool` or integers, without entries that are
    /// infinite or NaN.
    ///
    /// A full disk is reported by [`commit`](Self::commit).
    ///
    /// # Errors
    /// [`FileError::NonFinite`] if an entry is infinite or NaN, [`FileError::Write`] if the name is taken.
    pub fn add<T: WritableElement + Entry, D: Dimension>(
        &mut self,
        name: &str,
        array: &ArrayRef<T, D>,
    ) -> Result<()> {
        ensure_finite(&format!("the array `{name}`"), array)?;
        self.add_with_gaps(name, &array.view())
    }

    /// Adds an array of text, such as names of channels, which numpy reads without pickle. Zeros at the end of a text are
    /// lost, as in numpy.
    ///
    /// ```
    /// use xcebra_files::{DataFile, NpzOutput};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("map.npz");
    /// let mut output = NpzOutput::create(&path)?;
    /// output.add_text("channel_names", &["Fp1".to_owned(), "Cz".to_owned()])?;
    /// output.commit()?;
    /// let names = DataFile::open(&path)?.read_text("channel_names", None)?.expect("text");
    /// assert_eq!(&*names.texts[1], "Cz");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`FileError::Write`] if the name is taken.
    pub fn add_text(&mut self, name: &str, texts: &[String]) -> Result<()> {
        self.add_with_gaps(name, &Texts(texts))
    }

    /// Adds a recording, in which NaN stands for samples that are missing.
    ///
    /// # Errors
    /// [`FileError::Write`] if the name is taken.
    pub fn add_with_gaps<T: WriteNpyExt + ?Sized>(&mut self, name: &str, array: &T) -> Result<()> {
        let added = self.writer.add_array(name, array);
        added.map_err(|error| self.error(error))
    }

    /// Finishes the file and puts it at its path, replacing what was there.
    ///
    /// # Errors
    /// [`FileError::Write`]; then nothing has changed at the path.
    pub fn commit(self) -> Result<()> {
        let path = self.path;
        match self.writer.finish() {
            Ok(file) => file.commit(),
            Err(error) => Err(write_error(&path, error)),
        }
    }

    fn error(&self, error: WriteNpzError) -> FileError {
        write_error(&self.path, error)
    }
}

fn write_error(path: &Path, error: WriteNpzError) -> FileError {
    use ndarray_npy::WriteNpyError;
    let source = match error {
        WriteNpzError::Zip(ZipError::Io(error)) => error,
        WriteNpzError::Npy(WriteNpyError::Io(error)) => error,
        other => std::io::Error::other(other),
    };
    FileError::write(path, source)
}
