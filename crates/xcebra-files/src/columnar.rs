//! Tables by column: Parquet, and Arrow in its file and stream forms (`.feather` is the same).
//!
//! Columns of numbers, truth values, dates and text. Dates become seconds from the first, and nulls become NaN.
//! As in other tables a column is chosen by its name, and several by a selection.
//!
//! Source: Apache Parquet format 2; Apache Arrow columnar format 1.5.

use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, RecordBatch, RecordBatchReader};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, Schema, TimeUnit};
use ndarray::{Array2, ArrayD, IxDyn};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::array::DataArray;
use crate::clock::Clock;
use crate::columns;
use crate::container::{ArrayInfo, Container, Role};
use crate::error::{FileError, Result};
use crate::guarded::guarded;
use crate::npz::require_plausible;
use crate::reading::open_file;
use crate::signals::annotations::TextLabel;
use crate::source::Source;
use crate::values::Values;

/// Rows that are decoded at once.
const BATCH: usize = 8192;

/// A table of columns.
#[derive(Debug)]
pub(crate) struct Columnar {
    path: PathBuf,
    form: Form,
    schema: Arc<Schema>,
    rows: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Parquet,
    File,
    Stream,
}

fn failed(path: &Path, error: impl std::fmt::Display) -> FileError {
    FileError::damaged(path.display().to_string(), error.to_string())
}

impl Columnar {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut start = [0; 6];
        let (mut file, length) = open_file(path)?;
        let read = file
            .read(&mut start)
            .map_err(|error| FileError::read(path, error))?;
        file.rewind()
            .map_err(|error| FileError::read(path, error))?;
        if read < 4 {
            return Err(failed(path, "it is empty"));
        }
        let mut opened = Self {
            path: path.to_path_buf(),
            form: match &start {
                [b'P', b'A', b'R', b'1', ..] => Form::Parquet,
                b"ARROW1" => Form::File,
                [b'F', b'E', b'A', b'1', ..] => {
                    return Err(FileError::Value {
                        place: path.display().to_string(),
                        problem: "it is a file of Feather version 1, which cannot be read"
                            .to_owned(),
                        advice: "save it as Feather version 2".to_owned(),
                    });
                }
                _ => Form::Stream,
            },
            schema: Arc::new(Schema::empty()),
            rows: 0,
        };
        let (schema, rows) = match opened.form {
            Form::Parquet => {
                let builder = guarded(&path.display().to_string(), || {
                    ParquetRecordBatchReaderBuilder::try_new(file)
                        .map_err(|error| failed(path, error))
                })?;
                let rows = builder.metadata().file_metadata().num_rows();
                (
                    builder.schema().clone(),
                    usize::try_from(rows).map_err(|error| failed(path, error))?,
                )
            }
            _ => {
                let place = path.display().to_string();
                let schema = guarded(&place, || Ok(opened.reader(&[])?.schema()))?;
                // one column is enough to count the rows
                let first: &[usize] = if schema.fields().is_empty() {
                    &[]
                } else {
                    &[0]
                };
                let mut rows = 0;
                opened.batches(first, |batch| {
                    rows += batch.num_rows();
                    Ok(())
                })?;
                (schema, rows)
            }
        };
        let claimed = (rows as u64).saturating_mul(schema.fields().len() as u64);
        require_plausible(&path.display().to_string(), claimed, length)?;
        (opened.schema, opened.rows) = (schema, rows);
        Ok(opened)
    }

    /// Calls `take` with the rows in batches, of some columns. No columns stand for all.
    fn batches(
        &self,
        chosen: &[usize],
        mut take: impl FnMut(&RecordBatch) -> Result<()>,
    ) -> Result<()> {
        guarded(&self.path.display().to_string(), || {
            for batch in self.reader(chosen)? {
                take(&batch.map_err(|error| failed(&self.path, error))?)?;
            }
            Ok(())
        })
    }

    fn reader(&self, chosen: &[usize]) -> Result<Box<dyn RecordBatchReader>> {
        let fail = |error: ArrowError| failed(&self.path, error);
        let (file, _) = open_file(&self.path)?;
        let some = (!chosen.is_empty()).then(|| chosen.to_vec());
        Ok(match self.form {
            Form::Parquet => {
                let builder = ParquetRecordBatchReaderBuilder::try_new(file)
                    .map_err(|e| failed(&self.path, e))?;
                let mask = match some {
                    Some(some) => ProjectionMask::roots(builder.parquet_schema(), some),
                    None => ProjectionMask::all(),
                };
                let built = builder.with_projection(mask).with_batch_size(BATCH).build();
                Box::new(built.map_err(|error| failed(&self.path, error))?)
            }
            Form::File => Box::new(FileReader::try_new(BufReader::new(file), some).map_err(fail)?),
            Form::Stream => {
                Box::new(StreamReader::try_new(BufReader::new(file), some).map_err(fail)?)
            }
        })
    }

    fn names(&self) -> Vec<String> {
        self.schema
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect()
    }

    /// Columns of numbers, which `x` and `*` stand for.
    fn is_number(&self, column: usize) -> bool {
        role(self.schema.field(column).data_type()) == Role::Numbers
    }

    fn select(&self, selection: &str) -> Result<DataArray> {
        let names = self.names();
        let one = names.iter().position(|name| name == selection);
        let chosen = match one {
            Some(column) => vec![column],
            None => {
                let shown = |column: usize| {
                    self.is_number(column) && !is_moment(self.schema.field(column).data_type())
                };
                columns::select_shown(&self.path, &names, shown, selection)?.0
            }
        };
        if let Some(&column) = chosen.iter().find(|&&column| !self.is_number(column)) {
            return Err(FileError::ElementType {
                place: crate::container::place_of(&self.path, &names[column]),
                found: self.schema.field(column).data_type().to_string(),
                expected: "numbers",
                advice: format!(
                    "use it as a label of classes, or leave it out with \"*,!{}\"",
                    names[column]
                ),
            });
        }
        let mut sorted = chosen.clone();
        sorted.sort_unstable();
        sorted.dedup();
        let mut held: Vec<Vec<f64>> = vec![Vec::new(); sorted.len()];
        self.batches(&sorted, |batch| {
            for (i, out) in held.iter_mut().enumerate() {
                append(batch.column(i).as_ref(), out).ok_or_else(|| {
                    failed(&self.path, "a column has another type than announced")
                })?;
            }
            match held.iter().any(|column| column.len() > self.rows) {
                true => Err(failed(&self.path, "it holds more rows than it announces")),
                false => Ok(()),
            }
        })?;
        if held.iter().any(|column| column.len() != self.rows) {
            return Err(failed(&self.path, "it holds fewer rows than it announces"));
        }
        for (i, column) in sorted.iter().enumerate() {
            if is_moment(self.schema.field(*column).data_type()) {
                let first = held[i].first().copied().unwrap_or(0.0);
                held[i].iter_mut().for_each(|time| *time -= first);
            }
        }
        let place = |column: &usize| sorted.partition_point(|other| other < column);
        let source = Source::new(&self.path, selection);
        let values = match one {
            Some(_) => ArrayD::from_shape_vec(IxDyn(&[self.rows]), std::mem::take(&mut held[0]))
                .expect("a value a row"),
            None => {
                let of = |(row, column): (usize, usize)| held[place(&chosen[column])][row];
                Array2::from_shape_fn((self.rows, chosen.len()), of).into_dyn()
            }
        };
        Ok(DataArray {
            columns: Some(chosen.iter().map(|&column| names[column].clone()).collect()),
            ..DataArray::new(source, Values::F64(values))
        })
    }
}

fn is_moment(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 | DataType::Duration(_)
    )
}

fn role(data_type: &DataType) -> Role {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Role::Text,
        DataType::Dictionary(_, values) if role(values) == Role::Text => Role::Text,
        DataType::Boolean => Role::Numbers,
        other if other.is_integer() || matches!(other, DataType::Float32 | DataType::Float64) => {
            Role::Numbers
        }
        other if is_moment(other) => Role::Numbers,
        _ => Role::Unusable("neither numbers nor text".to_owned()),
    }
}

fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "bool".to_owned(),
        other => match role(other) {
            Role::Text => "text".to_owned(),
            _ => other.to_string().to_lowercase(),
        },
    }
}

/// Appends a column as numbers; none if it holds something else.
fn append(array: &dyn Array, out: &mut Vec<f64>) -> Option<()> {
    macro_rules! numbers {
        ($kind:ty, $per_second:expr) => {
            array.as_primitive_opt::<$kind>().map(|values| {
                out.extend(
                    values
                        .iter()
                        .map(|value| value.map_or(f64::NAN, |value| value as f64 / $per_second)),
                );
            })
        };
    }
    match array.data_type() {
        DataType::Float64 => numbers!(Float64Type, 1.0),
        DataType::Float32 => numbers!(Float32Type, 1.0),
        DataType::Int8 => numbers!(Int8Type, 1.0),
        DataType::Int16 => numbers!(Int16Type, 1.0),
        DataType::Int32 => numbers!(Int32Type, 1.0),
        DataType::Int64 => numbers!(Int64Type, 1.0),
        DataType::UInt8 => numbers!(UInt8Type, 1.0),
        DataType::UInt16 => numbers!(UInt16Type, 1.0),
        DataType::UInt32 => numbers!(UInt32Type, 1.0),
        DataType::UInt64 => numbers!(UInt64Type, 1.0),
        DataType::Timestamp(TimeUnit::Second, _) => numbers!(TimestampSecondType, 1.0),
        DataType::Timestamp(TimeUnit::Millisecond, _) => numbers!(TimestampMillisecondType, 1e3),
        DataType::Timestamp(TimeUnit::Microsecond, _) => numbers!(TimestampMicrosecondType, 1e6),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => numbers!(TimestampNanosecondType, 1e9),
        DataType::Duration(TimeUnit::Second) => numbers!(DurationSecondType, 1.0),
        DataType::Duration(TimeUnit::Millisecond) => numbers!(DurationMillisecondType, 1e3),
        DataType::Duration(TimeUnit::Microsecond) => numbers!(DurationMicrosecondType, 1e6),
        DataType::Duration(TimeUnit::Nanosecond) => numbers!(DurationNanosecondType, 1e9),
        DataType::Date32 => numbers!(Date32Type, 1.0 / 86_400.0),
        DataType::Date64 => numbers!(Date64Type, 1e3),
        DataType::Boolean => array.as_boolean_opt().map(|values| {
            out.extend(
                values
                    .iter()
                    .map(|value| value.map_or(f64::NAN, |truth| f64::from(u8::from(truth)))),
            );
        }),
        _ => None,
    }
}

/// Appends a column of text; a null is an empty text.
fn append_text(array: &dyn Array, out: &mut Vec<Arc<str>>) -> Option<()> {
    let text = |value: Option<&str>| Arc::from(value.unwrap_or_default());
    match array.data_type() {
        DataType::Utf8 => out.extend(array.as_string_opt::<i32>()?.iter().map(text)),
        DataType::LargeUtf8 => out.extend(array.as_string_opt::<i64>()?.iter().map(text)),
        DataType::Utf8View => out.extend(array.as_string_view_opt()?.iter().map(text)),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary_opt()?;
            let mut words = Vec::new();
            append_text(dictionary.values().as_ref(), &mut words)?;
            if words.is_empty() {
                out.extend((0..array.len()).map(|_| Arc::from("")));
                return Some(());
            }
            for (row, key) in dictionary.normalized_keys().into_iter().enumerate() {
                let word = (!array.is_null(row))
                    .then(|| words.get(key).cloned())
                    .flatten();
                out.push(word.unwrap_or_else(|| Arc::from("")));
            }
        }
        _ => return None,
    }
    Some(())
}

impl Container for Columnar {
    fn arrays(&mut self) -> Result<Vec<ArrayInfo>> {
        let fields = self.schema.fields().iter();
        Ok(fields
            .map(|field| ArrayInfo {
                role: role(field.data_type()),
                ..ArrayInfo::new(field.name(), &type_name(field.data_type()), vec![self.rows])
            })
            .collect())
    }

    fn read(&mut self, name: &str) -> Result<DataArray> {
        self.select(name)
    }

    fn read_only(&mut self) -> Result<DataArray> {
        self.select("*")
    }

    fn read_text(&self, name: &str, _clock: Option<&Clock>) -> Result<Option<TextLabel>> {
        let Some(column) = self.names().iter().position(|other| other == name) else {
            return Ok(None);
        };
        if role(self.schema.field(column).data_type()) != Role::Text {
            return Ok(None);
        }
        let mut texts = Vec::new();
        self.batches(&[column], |batch| {
            append_text(batch.column(0).as_ref(), &mut texts)
                .ok_or_else(|| failed(&self.path, "a column has another type than announced"))
        })?;
        Ok(Some(TextLabel {
            texts,
            notes: Vec::new(),
        }))
    }

    fn path(&self) -> &Path {
        &self.path
    }
}
