//! Tables by column: Parquet, and Arrow in its file and stream forms (`.feather` is the same).
//!
//! Columns of numbers, truth values, dates, text and lists of numbers. Dates become seconds from the first, and nulls
//! become NaN. As in other tables a column is chosen by its name, and several by a selection; an index of pandas and
//! times are not channels.
//!
//! Source: Apache Parquet format 2; Apache Arrow columnar format 1.5.

mod cells;
mod claims;

use std::cell::OnceCell;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, Schema};
use ndarray::{Array2, ArrayD, IxDyn};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::array::DataArray;
use crate::clock::Clock;
use crate::columns;
use crate::container::{ArrayInfo, Container, Role, Timing, place_of};
use crate::csv::{Candidate, ColumnValues, Roles};
use crate::error::{FileError, Result};
use crate::guarded::guarded;
use crate::npz::require_plausible;
use crate::progress::told;
use crate::reading::open_file;
use crate::signals::annotations::TextLabel;
use crate::source::Source;
use crate::timed::{Series, Times, no_times};
use crate::values::Values;
use cells::{Column, NotNumbers, append_text, is_list, is_moment, role, type_name};

/// Rows that are decoded at once.
const BATCH: usize = 8192;

/// A table of columns.
#[derive(Debug)]
pub(crate) struct Columnar {
    path: PathBuf,
    form: Form,
    schema: Arc<Schema>,
    rows: usize,
    /// Which columns are no channels, once it was asked for.
    roles: OnceCell<Roles>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Parquet,
    File,
    Stream,
}

fn failed(path: &Path, error: impl std::fmt::Display) -> FileError {
    let (place, text) = (path.display().to_string(), error.to_string());
    // compressions are features of the library
    match text.rsplit_once("Disabled feature at compile time: ") {
        Some((_, name)) => FileError::Value {
            place,
            problem: format!("it is compressed with {name}, which cannot be read"),
            advice: "save it again with compression=\"zstd\" or \"snappy\"".to_owned(),
        },
        None => FileError::damaged(place, text),
    }
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
            roles: OnceCell::new(),
        };
        claims::require_modest(path, opened.form)?;
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
            let (mut rows, width) = (0, 8 * self.schema.fields().len() as u64);
            for batch in self.reader(chosen)? {
                let batch = batch.map_err(|error| failed(&self.path, error))?;
                take(&batch)?;
                rows += batch.num_rows() as u64;
                let going_on = told(rows * width, self.rows as u64 * width);
                going_on.map_err(|error| FileError::read(&self.path, error))?;
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

    /// The columns that pandas keeps as the index of its table.
    fn index(&self) -> Vec<String> {
        let described = self.schema.metadata().get("pandas");
        let parsed = described.and_then(|text| serde_json::from_str(text).ok());
        let columns = parsed.as_ref().and_then(|all: &serde_json::Value| {
            let columns = all.get("index_columns")?.as_array()?;
            Some(columns.iter().filter_map(|name| name.as_str()))
        });
        columns.map_or(Vec::new(), |names| names.map(str::to_owned).collect())
    }

    /// What the columns are besides channels: numbers of rows, and times, of which one is the clock.
    fn roles(&self) -> &Roles {
        self.roles.get_or_init(|| {
            let (names, index) = (self.names(), self.index());
            let is_index = |column: &usize| index.contains(&names[*column]);
            // the index comes first in tables of text, and last here
            let (mut order, others): (Vec<usize>, Vec<usize>) =
                (0..names.len()).partition(|column| is_index(column));
            order.extend(others);
            // what cannot be read is told when it is asked for
            let of = |column: usize| {
                let read = self.columns(&[column]).ok();
                read.and_then(|mut columns| columns.pop())
                    .map_or(Vec::new(), |column| column.values)
            };
            let candidates = order.iter().map(|&column| {
                let data_type = self.schema.field(column).data_type();
                let called = names[column].as_str();
                let unnamed = is_index(&column) && called.starts_with("__index_level_");
                Candidate {
                    called,
                    name: if unnamed { "" } else { called },
                    unit: None,
                    values: (role(data_type) == Role::Numbers && !is_list(data_type)).then_some(
                        ColumnValues {
                            of: &of,
                            column,
                            rows: self.rows,
                        },
                    ),
                    moments: is_moment(data_type),
                }
            });
            let mut roles = Roles::of(&candidates.collect::<Vec<_>>(), true);
            let mut left_out = vec![None; names.len()];
            for (&column, reason) in order.iter().zip(roles.left_out) {
                let of_index = || {
                    let reason = format!(
                        "column `{}` is the index of the table: it is left out",
                        names[column]
                    );
                    (is_index(&column) && names.len() > index.len()).then_some(reason)
                };
                left_out[column] = reason.or_else(of_index);
            }
            roles.left_out = left_out;
            roles
        })
    }

    /// The numbers of some columns, ascending.
    fn columns(&self, sorted: &[usize]) -> Result<Vec<Column>> {
        let mut held: Vec<Column> = sorted.iter().map(|_| Column::default()).collect();
        let mut rows = 0;
        self.batches(sorted, |batch| {
            rows += batch.num_rows();
            if rows > self.rows {
                return Err(failed(&self.path, "it holds more rows than it announces"));
            }
            for (i, column) in held.iter_mut().enumerate() {
                column.append(batch.column(i).as_ref()).map_err(|problem| {
                    let place = place_of(&self.path, self.schema.field(sorted[i]).name());
                    match problem {
                        NotNumbers::Other => {
                            failed(&self.path, "a column has another type than announced")
                        }
                        NotNumbers::Uneven(first, other) => FileError::Value {
                            place,
                            problem: format!(
                                "its lists have different lengths, such as {first} and {other}"
                            ),
                            advice: "save one column for each number of a list".to_owned(),
                        },
                    }
                })?;
            }
            Ok(())
        })?;
        match rows == self.rows {
            true => Ok(held),
            false => Err(failed(&self.path, "it holds fewer rows than it announces")),
        }
    }

    fn select(&self, selection: &str) -> Result<DataArray> {
        let names = self.names();
        let one = names.iter().position(|name| name == selection);
        let (chosen, from_all) = match one {
            Some(column) => (vec![column], false),
            None => {
                let left_out = &self.roles().left_out;
                let shown = |column: usize| {
                    let data_type = self.schema.field(column).data_type();
                    let special = is_moment(data_type) || is_list(data_type);
                    self.is_number(column) && !special && left_out[column].is_none()
                };
                columns::select_shown(&self.path, &names, shown, selection)?
            }
        };
        let refused = |column: &&usize| {
            let list = one.is_none() && is_list(self.schema.field(**column).data_type());
            !self.is_number(**column) || list
        };
        if let Some(&column) = chosen.iter().find(refused) {
            let (name, data_type) = (&names[column], self.schema.field(column).data_type());
            return Err(FileError::ElementType {
                place: place_of(&self.path, name),
                found: type_name(data_type),
                expected: "numbers",
                advice: match role(data_type) {
                    Role::Text => {
                        format!("use it as a label of classes, or leave it out with \"*,!{name}\"")
                    }
                    Role::Numbers => "name it alone: its lists are the rows of a matrix".to_owned(),
                    _ => format!("leave it out with \"*,!{name}\", or save numbers"),
                },
            });
        }
        let mut sorted = chosen.clone();
        sorted.sort_unstable();
        sorted.dedup();
        let mut held = self.columns(&sorted)?;
        let values = match one {
            Some(_) => {
                let column = held.remove(0);
                let shape: &[usize] = match column.width {
                    Some(width) => &[self.rows, width],
                    None => &[self.rows],
                };
                ArrayD::from_shape_vec(IxDyn(shape), column.values).expect("whole rows")
            }
            None => {
                let place = |column: &usize| sorted.partition_point(|other| other < column);
                let places: Vec<usize> = chosen.iter().map(place).collect();
                let of = |(row, i): (usize, usize)| held[places[i]].values[row];
                Array2::from_shape_fn((self.rows, chosen.len()), of).into_dyn()
            }
        };
        let columns: Vec<String> = match values.shape() {
            &[_, width] if one.is_some() => (0..width).map(|i| i.to_string()).collect(),
            _ => chosen.iter().map(|&column| names[column].clone()).collect(),
        };
        let mut array = DataArray {
            columns: Some(columns),
            ..DataArray::new(Source::new(&self.path, selection), Values::F64(values))
        };
        let roles = self.roles();
        (array.sampling_rate, array.breaks) = (roles.sampling_rate, roles.breaks.clone());
        array.notes.clone_from(&roles.notes);
        if from_all {
            array.notes.extend(roles.left_out.iter().flatten().cloned());
        }
        Ok(array)
    }
}

impl Container for Columnar {
    fn arrays(&mut self) -> Result<Vec<ArrayInfo>> {
        let start = self.times()?.map_or(0.0, |times| times.at(0));
        let rate = self.roles().sampling_rate;
        let timing = rate.map(|rate| Timing::Steady { start, rate });
        let fields = self.schema.fields().iter();
        Ok(fields
            .map(|field| ArrayInfo {
                role: role(field.data_type()),
                timing,
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

    fn series(&mut self, name: Option<&str>) -> Result<Vec<Series>> {
        let array = self.select(name.unwrap_or("*"))?;
        match self.times()? {
            Some(times) => Ok(vec![Series::new(array, times)?]),
            None => Err(no_times(&array.place())),
        }
    }

    fn times(&mut self) -> Result<Option<Times>> {
        let Some((column, units_a_second)) = self.roles().clock else {
            return Ok(None);
        };
        let times = self.columns(&[column])?.remove(0).values.into_iter();
        Ok(Some(Times::Listed(
            times.map(|time| time / units_a_second).collect(),
        )))
    }

    fn path(&self) -> &Path {
        &self.path
    }
}
