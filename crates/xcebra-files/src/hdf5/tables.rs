//! Tables that pandas writes into HDF5, in its formats `fixed` and `table`; those of DeepLabCut are such.
//!
//! Source: pandas, `pandas/io/pytables.py`.

use std::collections::HashSet;

use hdf5_reader::Dataset;
use ndarray::{Array2, Axis, concatenate};

use super::pickle;
use super::tree::{Tree, child, last, text};
use super::values::{self, Kind, kind};
use crate::array::DataArray;
use crate::columns;
use crate::container::{ArrayInfo, place_of};
use crate::error::{FileError, Result};
use crate::source::Source;
use crate::values::Values;

/// A table of numbers.
#[derive(Debug)]
pub(super) struct Frame {
    /// Path of the group that holds it.
    pub(super) path: String,
    rows: usize,
    /// Names of the columns in their order.
    names: Vec<String>,
    blocks: Vec<Block>,
}

/// Columns of one type.
#[derive(Debug)]
struct Block {
    place: Place,
    /// Name of each of its columns, as pandas has them.
    names: Vec<Vec<String>>,
}

#[derive(Debug)]
enum Place {
    /// A data set (rows, columns).
    Dataset(String),
    /// A field of the records of a data set.
    Field(String, String),
}

/// All tables of a file.
pub(super) fn find(tree: &Tree) -> Vec<Frame> {
    let groups = tree.groups.keys();
    groups
        .filter_map(
            |path| match tree.group_text(path, "pandas_type")?.as_str() {
                "frame" => fixed(tree, path),
                "frame_table" | "series_table" => appendable(tree, path),
                "series" => series(tree, path),
                _ => None,
            },
        )
        .collect()
}

/// A table in the format `fixed`: blocks of columns, and an axis with the names in order.
fn fixed(tree: &Tree, path: &str) -> Option<Frame> {
    let order = items(tree, path, "axis0")?;
    let mut blocks = Vec::new();
    let mut rows = None;
    for number in 0.. {
        let values = child(path, &format!("block{number}_values"));
        let Some(dataset) = tree.datasets.get(&values) else {
            break;
        };
        // text and dates are not numbers: their columns are left out
        if !matches!(kind(dataset.dtype()), Kind::Numbers(_)) || dataset.shape().len() != 2 {
            continue;
        }
        rows = rows.or(Some(usize::try_from(dataset.shape()[0]).ok()?));
        let names = items(tree, path, &format!("block{number}_items"))?;
        blocks.push(Block {
            place: Place::Dataset(values),
            names,
        });
    }
    Some(Frame::new(path, rows?, &order, blocks))
}

/// A column in the format `fixed`: its values, and an attribute with its name.
fn series(tree: &Tree, path: &str) -> Option<Frame> {
    let values = child(path, "values");
    let dataset = tree.datasets.get(&values)?;
    let (&[rows], Kind::Numbers(_)) = (dataset.shape(), kind(dataset.dtype())) else {
        return None;
    };
    let named = tree
        .group_text(path, "name")
        .filter(|name| !name.is_empty());
    let name = vec![named.unwrap_or_else(|| last(path).to_owned())];
    let block = Block {
        place: Place::Dataset(values),
        names: vec![name.clone()],
    };
    Some(Frame::new(
        path,
        usize::try_from(rows).ok()?,
        &[name],
        vec![block],
    ))
}

/// The names along an axis, each with its levels.
fn items(tree: &Tree, path: &str, axis: &str) -> Option<Vec<Vec<String>>> {
    let texts = |name: &str| {
        let dataset = tree.datasets.get(&child(path, name))?;
        let place = place_of(tree.path(), name);
        match kind(dataset.dtype()) {
            Kind::Text => values::texts(dataset, &place).ok(),
            _ => {
                let numbers = values::read(dataset, &place, None).ok()?.to_float::<f64>();
                Some(numbers.iter().map(ToString::to_string).collect())
            }
        }
    };
    if let Some(plain) = texts(axis) {
        return Some(plain.into_iter().map(|name| vec![name]).collect());
    }
    let mut names: Vec<Vec<String>> = Vec::new();
    for level in 0.. {
        let (Some(words), Some(codes)) = (
            texts(&format!("{axis}_level{level}")),
            tree.datasets
                .get(&child(path, &format!("{axis}_label{level}"))),
        ) else {
            break;
        };
        let codes = values::read(codes, &place_of(tree.path(), axis), None).ok()?;
        let codes = codes.to_float::<f64>();
        names.resize(codes.len(), Vec::new());
        for (name, code) in names.iter_mut().zip(&codes) {
            // −1 stands for a missing name
            let word = (*code >= 0.0).then(|| words.get(*code as usize)).flatten();
            name.push(word.cloned().unwrap_or_default());
        }
    }
    (!names.is_empty()).then_some(names)
}

/// A table in the format `table`: records with an index and blocks of columns.
fn appendable(tree: &Tree, path: &str) -> Option<Frame> {
    let at = child(path, "table");
    let dataset = tree.datasets.get(&at)?;
    let Kind::Fields(fields) = kind(dataset.dtype()) else {
        return None;
    };
    let rows = usize::try_from(*dataset.shape().first()?).ok()?;
    let mut blocks = Vec::new();
    for field in fields.iter().filter(|field| field.name != "index") {
        let base = match &field.datatype {
            hdf5_reader::Datatype::Array { base, .. } => base,
            other => other,
        };
        if !matches!(kind(base), Kind::Numbers(_)) {
            continue;
        }
        let names = pickled(dataset, &format!("{}_kind", field.name));
        blocks.push(Block {
            place: Place::Field(at.clone(), field.name.clone()),
            names: names.unwrap_or_else(|| vec![vec![field.name.clone()]]),
        });
    }
    // the axes are pickled as [(1, [names])]
    let order = tree.groups.get(path)?.attribute("non_index_axes").ok();
    let order = order.and_then(|attribute| pickle::read(attribute.raw_data.as_slice()));
    let order = order.and_then(|axes| match axes {
        pickle::Item::List(axes) => match axes.into_iter().next()? {
            pickle::Item::List(axis) => axis.into_iter().nth(1)?.names(),
            pickle::Item::Text(_) => None,
        },
        pickle::Item::Text(_) => None,
    });
    let all = || {
        blocks
            .iter()
            .flat_map(|block| block.names.clone())
            .collect()
    };
    let order = order.unwrap_or_else(all);
    Some(Frame::new(path, rows, &order, blocks))
}

fn pickled(dataset: &Dataset, name: &str) -> Option<Vec<Vec<String>>> {
    let attribute = dataset.attribute(name).ok()?;
    // long lists are texts of varying length
    let held = text(&attribute);
    let names = |bytes: &[u8]| pickle::read(bytes)?.names();
    names(&attribute.raw_data).or_else(|| names(held?.as_bytes()))
}

impl Frame {
    fn new(path: &str, rows: usize, order: &[Vec<String>], blocks: Vec<Block>) -> Self {
        let held: HashSet<&Vec<String>> = blocks.iter().flat_map(|block| &block.names).collect();
        let order: Vec<&Vec<String>> = order.iter().filter(|name| held.contains(name)).collect();
        // a level that is the same everywhere, such as DeepLabCut's scorer, tells nothing
        let levels = order.first().map_or(0, |name| name.len());
        let varies = |level: &usize| {
            order
                .iter()
                .any(|name| name.get(*level) != order[0].get(*level))
        };
        let mut shown: Vec<usize> = (0..levels).filter(varies).collect();
        if shown.is_empty() {
            shown = (0..levels).collect();
        }
        let name = |levels: &&Vec<String>| {
            let parts = shown.iter().filter_map(|&level| levels.get(level));
            parts.map(String::as_str).collect::<Vec<_>>().join(".")
        };
        let names = order.iter().map(name).collect();
        let order: Vec<Vec<String>> = order.into_iter().cloned().collect();
        let mut blocks = blocks;
        // the names of blocks serve to find their columns
        for block in &mut blocks {
            for name in &mut block.names {
                let at = order.iter().position(|other| other == name);
                *name = vec![at.map_or(String::new(), |at| at.to_string())];
            }
        }
        Self {
            path: path.to_owned(),
            rows,
            names,
            blocks,
        }
    }

    /// Whether a data set is a part of this table.
    pub(super) fn holds(&self, path: &str) -> bool {
        path.strip_prefix(&self.path)
            .is_some_and(|rest| rest.starts_with('/') || self.path.is_empty())
    }

    pub(super) fn info(&self) -> ArrayInfo {
        ArrayInfo::new(&self.path, "float64", vec![self.rows, self.names.len()])
    }

    /// Columns of the table, `(rows, columns)`; all without a selection.
    pub(super) fn read(&self, tree: &Tree, selection: Option<&str>) -> Result<DataArray> {
        let place = place_of(tree.path(), &self.path);
        let mut all: Vec<Option<Array2<f64>>> = vec![None; self.names.len()];
        for block in &self.blocks {
            let values = block.read(tree, &place)?;
            if values.ncols() != block.names.len() || values.nrows() != self.rows {
                return Err(FileError::damaged(
                    place,
                    "its columns do not fit their names",
                ));
            }
            for (name, column) in block.names.iter().zip(values.axis_iter(Axis(1))) {
                let at = name.first().and_then(|at| at.parse::<usize>().ok());
                if let Some(slot) = at.and_then(|at| all.get_mut(at)) {
                    *slot = Some(column.to_owned().insert_axis(Axis(1)));
                }
            }
        }
        let chosen = match selection {
            None => (0..self.names.len()).collect(),
            Some(selection) => columns::select(tree.path(), &self.names, selection)?,
        };
        let taken: Option<Vec<_>> = chosen
            .iter()
            .map(|&i| all[i].as_ref().map(|column| column.view()))
            .collect();
        let missing = || FileError::damaged(&place, "columns are missing");
        let values = concatenate(Axis(1), &taken.ok_or_else(missing)?).map_err(|_| missing())?;
        // rows follow each other, as in every recording
        let values = values.as_standard_layout().into_owned().into_dyn();
        let name = match selection {
            None => self.path.clone(),
            Some(selection) => format!("{}:{selection}", self.path),
        };
        Ok(DataArray {
            columns: Some(chosen.iter().map(|&i| self.names[i].clone()).collect()),
            ..DataArray::new(Source::new(tree.path(), name), Values::F64(values))
        })
    }
}

impl Block {
    fn read(&self, tree: &Tree, place: &str) -> Result<Array2<f64>> {
        let missing = || FileError::damaged(place, "a block of its columns is missing");
        let values = match &self.place {
            Place::Dataset(path) => {
                let dataset = tree.datasets.get(path).ok_or_else(missing)?;
                let values = values::read(dataset, place, None)?;
                // blocks that were written whole may lie on their side
                match (values.shape(), self.names.len()) {
                    (&[rows, columns], count) if rows == count && columns != count => {
                        values.transposed()
                    }
                    _ => values,
                }
            }
            Place::Field(path, name) => {
                let dataset = tree.datasets.get(path).ok_or_else(missing)?;
                let Kind::Fields(fields) = kind(dataset.dtype()) else {
                    return Err(missing());
                };
                let field = fields.iter().find(|field| field.name == *name);
                values::field(dataset, field.ok_or_else(missing)?, place)?
            }
        };
        let values = values.to_float::<f64>();
        let columns = if values.ndim() == 1 {
            1
        } else {
            values.shape()[1]
        };
        let rows = values.shape()[0];
        values
            .to_shape((rows, columns))
            .map(|v| v.to_owned())
            .map_err(|_| missing())
    }
}
