//! HDF5 files: any array by its path, tables of pandas, and what MATLAB 7.3 and NWB write in them.
//!
//! Source: The HDF Group, "HDF5 File Format Specification 3.0".

mod failed;
mod left;
mod links;
mod lzf;
mod matlab;
mod nwb;
mod pickle;
mod tables;
mod tree;
mod values;

use std::ops::Range;
use std::path::Path;

use hdf5_reader::Dataset;

use crate::array::DataArray;
use crate::clock::Clock;
use crate::container::{ArrayInfo, Container, Role, only, only_name, place_of};
use crate::error::{FileError, Result};
use crate::signals::annotations::TextLabel;
use crate::source::Source;
pub(crate) use matlab::Matlab73;
pub(crate) use nwb::Nwb;
use tables::Frame;
use tree::{Tree, parent, text_of};
use values::{Kind, kind, type_name};

/// An HDF5 file.
#[derive(Debug)]
pub(crate) struct Hdf5 {
    tree: Tree,
    frames: Vec<Frame>,
}

impl Hdf5 {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let tree = Tree::open(path)?;
        let frames = tables::find(&tree);
        Ok(Self { tree, frames })
    }

    /// What is listed: tables as a whole, arrays outside of tables, fields of records.
    fn paths(&self) -> Vec<String> {
        let frames = self.frames.iter().map(|frame| frame.path.clone());
        let mut paths: Vec<String> = frames.collect();
        for (path, dataset) in &self.tree.datasets {
            if self.frames.iter().any(|frame| frame.holds(path)) {
                continue;
            }
            match kind(dataset.dtype()) {
                Kind::Fields(fields) if !values::is_complex(&fields) => {
                    paths.extend(fields.iter().map(|field| format!("{path}/{}", field.name)));
                }
                _ => paths.push(path.clone()),
            }
        }
        paths
    }

    fn array(&self, name: &str, rows: Option<Range<usize>>) -> Result<DataArray> {
        let paths = self.paths();
        // columns of a table follow a colon
        let (table, columns) = match name.split_once(':') {
            Some((table, columns)) => (table, Some(columns)),
            None => (name, None),
        };
        let found = self.tree.resolve(table, paths.iter());
        if let Ok(path) = &found
            && let Some(frame) = self.frames.iter().find(|frame| frame.path == *path)
        {
            let array = frame.read(&self.tree, columns)?;
            return Ok(match rows {
                Some(rows) => array.rows(rows),
                None => array,
            });
        }
        let path = match columns {
            Some(_) => self.tree.resolve(name, paths.iter()),
            None => found,
        };
        let path = path.map_err(|error| self.tree.explained(error))?;
        let place = place_of(self.tree.path(), name);
        let source = Source::new(self.tree.path(), name);
        let Some(dataset) = self.tree.datasets.get(&path) else {
            let array = self.field(&path, &place)?;
            let array = DataArray::new(source, array);
            return Ok(match rows {
                Some(rows) => array.rows(rows),
                None => array,
            });
        };
        let rows = rows.map(|rows| rows.start as u64..rows.end as u64);
        let values = values::read(dataset, &place, rows)?;
        Ok(with_unit(DataArray::new(source, values), unit(dataset)))
    }

    /// A field of records, whose path is not that of a data set.
    fn field(&self, path: &str, place: &str) -> Result<crate::Values> {
        let missing = || FileError::damaged(place, "its records cannot be found");
        let dataset = self.tree.datasets.get(parent(path)).ok_or_else(missing)?;
        let Kind::Fields(fields) = kind(dataset.dtype()) else {
            return Err(missing());
        };
        let field = fields.iter().find(|field| field.name == tree::last(path));
        values::field(dataset, field.ok_or_else(missing)?, place)
    }
}

/// The unit of a data set, as its attributes tell it.
fn unit(dataset: &Dataset) -> String {
    let named = ["unit", "units"]
        .iter()
        .find_map(|name| text_of(dataset, name));
    named.unwrap_or_default()
}

/// The same with one unit for all columns, if it is known.
fn with_unit(array: DataArray, unit: String) -> DataArray {
    let columns = match *array.shape() {
        [_] => 1,
        [_, columns] => columns,
        _ => return array,
    };
    let units = (!unit.is_empty()).then(|| vec![unit; columns]);
    DataArray { units, ..array }
}

/// What is listed of a data set.
fn info(path: &str, dataset: &Dataset) -> ArrayInfo {
    let shape = dataset
        .shape()
        .iter()
        .map(|&axis| usize::try_from(axis).unwrap_or(usize::MAX));
    let role = match kind(dataset.dtype()) {
        Kind::Numbers(_) => Role::Numbers,
        Kind::Text => Role::Text,
        Kind::Fields(_) => Role::Unusable("complex numbers".to_owned()),
        Kind::References => Role::Unusable("references to other objects".to_owned()),
        Kind::Other(what) => Role::Unusable(what),
    };
    ArrayInfo {
        unit: unit(dataset),
        role,
        ..ArrayInfo::new(path, &type_name(dataset.dtype()), shape.collect())
    }
}

/// The texts of a data set of text with one axis; none if it is something else.
fn text_label(tree: &Tree, path: &str) -> Result<Option<TextLabel>> {
    let Some(dataset) = tree.datasets.get(path) else {
        return Ok(None);
    };
    if kind(dataset.dtype()) != Kind::Text || dataset.shape().len() != 1 {
        return Ok(None);
    }
    let texts = values::texts(dataset, &place_of(tree.path(), path))?;
    Ok(Some(TextLabel {
        texts: texts.into_iter().map(Into::into).collect(),
        notes: Vec::new(),
    }))
}

impl Container for Hdf5 {
    fn arrays(&mut self) -> Result<Vec<ArrayInfo>> {
        let mut arrays = Vec::new();
        for path in self.paths() {
            if let Some(frame) = self.frames.iter().find(|frame| frame.path == path) {
                arrays.push(frame.info());
            } else if let Some(dataset) = self.tree.datasets.get(&path) {
                arrays.push(info(&path, dataset));
            } else if let Some(dataset) = self.tree.datasets.get(parent(&path))
                && let Kind::Fields(fields) = kind(dataset.dtype())
                && let Some(field) = fields.iter().find(|f| f.name == tree::last(&path))
            {
                let ArrayInfo { shape, .. } = info(&path, dataset);
                arrays.push(match kind(&field.datatype) {
                    Kind::Numbers(number) => ArrayInfo::new(&path, number.name(), shape),
                    _ => ArrayInfo {
                        role: Role::Unusable(type_name(&field.datatype)),
                        ..ArrayInfo::new(&path, &type_name(&field.datatype), shape)
                    },
                });
            }
        }
        arrays.extend(self.tree.unusable());
        Ok(arrays)
    }

    fn read(&mut self, name: &str) -> Result<DataArray> {
        self.tree.find(name);
        self.array(name, None)
    }

    fn read_only(&mut self) -> Result<DataArray> {
        let name = only_name(self.tree.path(), self.paths())?;
        self.read(&name)
    }

    fn read_rows(&mut self, name: &str, rows: Range<usize>) -> Result<DataArray> {
        self.tree.find(name);
        self.array(name, Some(rows))
    }

    fn leave(&mut self, name: &str, more_than: u64) -> Result<Option<DataArray>> {
        self.tree.find(name);
        let paths = self.paths();
        // what cannot be found is told when it is read
        let found = self.tree.resolve(name, paths.iter()).ok();
        let Some(dataset) = found.and_then(|path| self.tree.datasets.get(&path)) else {
            return Ok(None);
        };
        let place = place_of(self.tree.path(), name);
        let left = left::leave(dataset, &place, self.tree.bytes_to_leave(more_than))?;
        let source = Source::new(self.tree.path(), name);
        Ok(left.map(|left| {
            with_unit(
                DataArray::new(source, crate::Values::OnDisk(left)),
                unit(dataset),
            )
        }))
    }

    fn read_text(&self, name: &str, _clock: Option<&Clock>) -> Result<Option<TextLabel>> {
        match self.tree.resolve(name, self.tree.datasets.keys()) {
            Ok(path) => text_label(&self.tree, &path),
            Err(_) => Ok(None),
        }
    }

    fn stand_in(&mut self) -> Option<String> {
        only(self.paths())
    }

    fn path(&self) -> &Path {
        self.tree.path()
    }
}
