//! MATLAB files of version 7.3: HDF5 with attributes that tell MATLAB's classes.
//!
//! The axes are in reverse order, text is 16-bit integers, an empty array holds its shape, and the elements
//! of a cell are references to other data sets.

use std::collections::HashMap;
use std::path::Path;

use hdf5_reader::{Dataset, reference};

use super::tree::{Tree, last, number_of, parent, text_of};
use super::values::{self, Kind, failed, is_complex, kind, not_numbers};
use crate::array::DataArray;
use crate::clock::Clock;
use crate::container::{ArrayInfo, Container, Role, only, only_name, place_of};
use crate::error::{FileError, Result};
use crate::matlab::resolve;
use crate::signals::annotations::TextLabel;
use crate::source::Source;

/// Cells within cells.
const DEEPEST: usize = 16;
/// Values that are listed; a file of more is refused.
const MOST_VALUES: usize = 200_000;

/// A file of version 7.3.
#[derive(Debug)]
pub(crate) struct Matlab73 {
    tree: Tree,
    /// MATLAB's names of values, in the order of the file, and what they are.
    values: Vec<(String, Value)>,
    /// The place of each in `values`.
    places: HashMap<String, usize>,
}

#[derive(Debug, Clone)]
enum Value {
    /// The data set of numbers or text at a path.
    Dataset(String),
    /// A cell of texts, by the paths of its elements.
    Texts(Vec<String>),
    /// What cannot be read, in words.
    Other(&'static str),
}

impl Matlab73 {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let tree = Tree::open(path)?;
        let children = children(&tree);
        let mut listing = Listing {
            objects: addresses(&tree),
            children: &children,
            tree: &tree,
            values: Vec::new(),
        };
        for name in children.get("").into_iter().flatten() {
            // `#refs#` holds the elements of cells, `#subsystem#` what belongs to objects
            if !name.starts_with('#') {
                listing.value(name, name, 0)?;
            }
        }
        let values = listing.values;
        let names = values.iter().map(|(name, _)| name.clone());
        let places = names.zip(0..).collect();
        Ok(Self {
            tree,
            values,
            places,
        })
    }

    fn names(&self) -> Vec<String> {
        self.values.iter().map(|(name, _)| name.clone()).collect()
    }

    fn find(&self, name: &str) -> Result<&Value> {
        let place = match self.places.get(name) {
            Some(place) => *place,
            None => self.places[&resolve(self.tree.path(), name, &self.names())?],
        };
        Ok(&self.values[place].1)
    }
}

/// The paths of data sets and groups by their addresses.
fn addresses(tree: &Tree) -> HashMap<u64, String> {
    let datasets = tree
        .datasets
        .iter()
        .map(|(path, d)| (d.address(), path.clone()));
    let groups = tree
        .groups
        .iter()
        .map(|(path, g)| (g.address(), path.clone()));
    datasets.chain(groups).collect()
}

/// Names of the members of each group, by its path.
fn children(tree: &Tree) -> HashMap<String, Vec<String>> {
    let mut children: HashMap<String, Vec<String>> = HashMap::new();
    let paths = tree.datasets.keys().chain(tree.groups.keys());
    for path in paths.filter(|path| !path.is_empty()) {
        let members = children.entry(parent(path).to_owned()).or_default();
        members.push(last(path).to_owned());
    }
    children
}

struct Listing<'a> {
    tree: &'a Tree,
    objects: HashMap<u64, String>,
    children: &'a HashMap<String, Vec<String>>,
    values: Vec<(String, Value)>,
}

impl Listing<'_> {
    fn push(&mut self, name: &str, value: Value) -> Result<()> {
        if self.values.len() >= MOST_VALUES {
            let place = self.tree.path().display().to_string();
            return Err(FileError::damaged(
                place,
                format!("it holds more than {MOST_VALUES} values"),
            ));
        }
        self.values.push((name.to_owned(), value));
        Ok(())
    }

    /// Lists a value and all that it is made of.
    fn value(&mut self, name: &str, path: &str, depth: usize) -> Result<()> {
        if depth > DEEPEST {
            return self.push(name, Value::Other("cells within cells"));
        }
        let Some(dataset) = self.tree.datasets.get(path) else {
            let sparse = self
                .tree
                .groups
                .get(path)
                .is_some_and(|g| g.attribute("MATLAB_sparse").is_ok());
            if sparse {
                return self.push(name, Value::Other("a sparse matrix"));
            }
            for child in self.children.get(path).into_iter().flatten() {
                self.value(
                    &format!("{name}.{child}"),
                    &format!("{path}/{child}"),
                    depth + 1,
                )?;
            }
            return Ok(());
        };
        if kind(dataset.dtype()) != Kind::References || is_empty(dataset) {
            return self.push(name, Value::Dataset(path.to_owned()));
        }
        let is_cell = class(dataset).as_deref() == Some("cell");
        let targets = self.targets(dataset)?;
        let texts: Option<Vec<String>> = targets
            .iter()
            .map(|target| {
                let dataset = self.tree.datasets.get(target.as_ref()?)?;
                (class(dataset).as_deref() == Some("char")).then(|| target.clone())?
            })
            .collect();
        if is_cell && let Some(texts) = texts {
            self.push(name, Value::Texts(texts))?;
        }
        // the fields of an array of structs are lists of references: s(2).x
        let outer = name.rsplit_once('.').filter(|_| !is_cell);
        for (i, target) in targets.into_iter().enumerate() {
            let Some(target) = target else {
                continue;
            };
            let name = match outer {
                Some((all, field)) => format!("{all}({}).{field}", i + 1),
                None => format!("{name}{{{}}}", i + 1),
            };
            self.value(&name, &target, depth + 1)?;
        }
        Ok(())
    }

    /// The paths that a data set of references leads to.
    fn targets(&self, dataset: &Dataset) -> Result<Vec<Option<String>>> {
        let place = self.tree.path().display().to_string();
        let fail = |error| failed(&place, &error);
        let size = dataset.raw_element_size().map_err(fail)?;
        let bytes = dataset.read_raw_bytes().map_err(fail)?;
        let width = u8::try_from(size).unwrap_or(8);
        let found = reference::read_object_references(&bytes, width).map_err(fail)?;
        Ok(found
            .iter()
            .map(|address| self.objects.get(address).cloned())
            .collect())
    }
}

fn class(dataset: &Dataset) -> Option<String> {
    text_of(dataset, "MATLAB_class")
}

/// Whether the data set holds the shape of an array without values.
fn is_empty(dataset: &Dataset) -> bool {
    number_of(dataset, "MATLAB_empty").is_some_and(|flag| flag != 0.0)
}

/// The shape of an array in MATLAB.
fn shape(dataset: &Dataset) -> Vec<usize> {
    let axes = dataset.shape().iter().rev();
    let shape: Vec<usize> = axes
        .map(|&axis| usize::try_from(axis).unwrap_or(usize::MAX))
        .collect();
    match *shape {
        [1, 1] => shape,
        [n, 1] | [1, n] => vec![n],
        _ => shape,
    }
}

/// A data set of 16-bit characters as a text.
fn characters(dataset: &Dataset, place: &str) -> Result<String> {
    if is_empty(dataset) {
        return Ok(String::new());
    }
    let units = values::read(dataset, place, None)?.to_float::<f64>();
    let units: Vec<u16> = units.iter().map(|&unit| unit as u16).collect();
    Ok(String::from_utf16_lossy(&units))
}

impl Container for Matlab73 {
    fn arrays(&mut self) -> Result<Vec<ArrayInfo>> {
        let mut arrays = Vec::new();
        for (name, value) in &self.values {
            arrays.push(match value {
                Value::Other(what) => ArrayInfo {
                    role: Role::Unusable((*what).to_owned()),
                    ..ArrayInfo::new(name, what, Vec::new())
                },
                Value::Texts(texts) => ArrayInfo {
                    role: Role::Text,
                    ..ArrayInfo::new(name, "text", vec![texts.len()])
                },
                Value::Dataset(path) => self.info(name, &self.tree.datasets[path]),
            });
        }
        arrays.extend(self.tree.unusable());
        Ok(arrays)
    }

    fn read(&mut self, name: &str) -> Result<DataArray> {
        let place = place_of(self.tree.path(), name);
        let path = match self.find(name)? {
            Value::Dataset(path) => path,
            Value::Texts(_) => {
                return Err(not_numbers(
                    &place,
                    "text",
                    "use it as a label of classes, or save numbers",
                ));
            }
            Value::Other(what) => {
                let advice = match *what {
                    "a sparse matrix" => "save full(x)",
                    _ => "save it as an array of numbers",
                };
                return Err(not_numbers(&place, what, advice));
            }
        };
        let dataset = &self.tree.datasets[path];
        if is_empty(dataset) {
            return Err(FileError::Shape {
                place,
                found: vec![0, 0],
                expected: "an array with values".to_owned(),
                advice: "name another array",
            });
        }
        if class(dataset).as_deref() == Some("char") {
            return Err(not_numbers(
                &place,
                "text",
                "use it as a label of classes, or save numbers",
            ));
        }
        let logical = class(dataset).as_deref() == Some("logical");
        let values = values::read(dataset, &place, None)?.transposed().squeezed();
        let values = match values {
            crate::Values::U8(bytes) if logical => {
                crate::Values::Bool(bytes.mapv(|byte| byte != 0))
            }
            other => other,
        };
        Ok(DataArray::new(Source::new(self.tree.path(), name), values))
    }

    fn read_only(&mut self) -> Result<DataArray> {
        let name = only_name(self.tree.path(), self.names())?;
        self.read(&name)
    }

    fn read_text(&self, name: &str, _clock: Option<&Clock>) -> Result<Option<TextLabel>> {
        let Ok(Value::Texts(paths)) = self.find(name) else {
            return Ok(None);
        };
        let place = place_of(self.tree.path(), name);
        let text = |path: &String| characters(&self.tree.datasets[path], &place);
        let texts: Result<Vec<String>> = paths.iter().map(text).collect();
        Ok(Some(TextLabel {
            texts: texts?.into_iter().map(Into::into).collect(),
            notes: Vec::new(),
        }))
    }

    fn single_text(&mut self, name: &str) -> Option<String> {
        let Ok(Value::Dataset(path)) = self.find(name) else {
            return None;
        };
        let dataset = &self.tree.datasets[path];
        (class(dataset).as_deref() == Some("char")).then(|| characters(dataset, name).ok())?
    }

    fn stand_in(&mut self) -> Option<String> {
        only(self.names())
    }

    fn path(&self) -> &Path {
        self.tree.path()
    }
}

impl Matlab73 {
    fn info(&self, name: &str, dataset: &Dataset) -> ArrayInfo {
        let class = class(dataset).unwrap_or_default();
        let numpy = values::type_name(dataset.dtype());
        let unusable = |reason: &str| Role::Unusable(reason.to_owned());
        let (role, element) = match (class.as_str(), kind(dataset.dtype())) {
            _ if is_empty(dataset) => (unusable("it is empty"), numpy.as_str()),
            ("char", _) => (Role::Text, "text"),
            ("logical", Kind::Numbers(_)) => (Role::Numbers, "bool"),
            (_, Kind::Numbers(_)) => (Role::Numbers, numpy.as_str()),
            (_, Kind::Fields(fields)) if is_complex(&fields) => {
                (unusable("complex numbers"), "complex")
            }
            _ => (unusable("neither numbers nor text"), numpy.as_str()),
        };
        let shape = match (class.as_str(), is_empty(dataset)) {
            ("char", _) | (_, true) => Vec::new(),
            _ => shape(dataset),
        };
        ArrayInfo {
            role,
            ..ArrayInfo::new(name, element, shape)
        }
    }
}
