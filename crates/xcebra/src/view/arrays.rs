//! The arrays of a result file, read when they are shown.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ndarray::ArrayD;
use xcebra_files::{ArrayInfo, DataFile, FileError, Role};

use crate::Result;
use crate::channels::is_named;
use crate::run::channels_of;

/// Numbers of an array that is drawn; of a larger one only the size is told.
const MOST_NUMBERS: usize = 50_000_000;

/// The arrays of a file that nobody has taken yet. What is only named is never read.
pub(super) struct Arrays {
    file: DataFile,
    /// Of arrays of numbers.
    shapes: BTreeMap<String, Vec<usize>>,
    /// Arrays of text.
    texts: BTreeSet<String>,
    /// Names of the channels of the training in whose folder the file is.
    beside: Option<Vec<String>>,
    left_out: Vec<String>,
}

impl Arrays {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut file = DataFile::open(path)?;
        let (mut shapes, mut texts, mut left_out) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        for ArrayInfo {
            name, shape, role, ..
        } in file.arrays()?
        {
            match role {
                Role::Numbers if shape.iter().product::<usize>() > MOST_NUMBERS => {
                    left_out.push(format!("Not shown: {name} {shape:?} is too large."));
                }
                Role::Numbers => {
                    shapes.insert(name, shape);
                }
                Role::Text => {
                    texts.insert(name);
                }
                // complex coefficients, objects: the other arrays can still be shown
                _ => left_out.push(match file.read(&name) {
                    Err(error @ FileError::ElementType { .. }) => format!("Not shown: {error}."),
                    _ => format!("Not shown: {name}."),
                }),
            }
        }
        Ok(Self {
            file,
            shapes,
            texts,
            beside: names_beside(path),
            left_out,
        })
    }

    /// Whether there are no numbers, nor anything that could not be read as such.
    pub(super) fn is_empty(&self) -> bool {
        let empty = |shape: &Vec<usize>| shape.contains(&0);
        self.shapes.values().all(empty) && self.left_out.is_empty()
    }

    /// The shape of an array of numbers.
    pub(super) fn shape(&self, name: &str) -> Option<&[usize]> {
        self.shapes.get(name).map(Vec::as_slice)
    }

    /// The names of the arrays of numbers with their shapes.
    pub(super) fn shapes(&self) -> impl Iterator<Item = (&String, &Vec<usize>)> {
        self.shapes.iter()
    }

    /// The numbers of an array, which is left for others.
    pub(super) fn look(&mut self, name: &str) -> Result<Option<ArrayD<f64>>> {
        if !self.shapes.contains_key(name) {
            return Ok(None);
        }
        Ok(Some(self.file.read(name)?.values.to_float()))
    }

    /// The numbers of an array, which nobody else shows.
    pub(super) fn take(&mut self, name: &str) -> Result<Option<ArrayD<f64>>> {
        let found = self.look(name)?;
        self.shapes.remove(name);
        Ok(found)
    }

    /// The texts of the array `NAME`, or of the one whose name begins as `prefix` does and ends so: that with the
    /// longest beginning.
    pub(super) fn words(&self, prefix: &str, name: &str) -> Result<Option<Vec<String>>> {
        let fits = |text: &&String| {
            text.strip_suffix(name)
                .is_some_and(|stem| prefix.starts_with(stem))
        };
        let Some(found) = self.texts.iter().filter(fits).max_by_key(|text| text.len()) else {
            return Ok(None);
        };
        let texts = self.file.read_text(found, None)?;
        Ok(texts.map(|label| label.texts.iter().map(ToString::to_string).collect()))
    }

    /// The names of the channels: those in the file, or those of the training in whose folder the file is. They may be
    /// of another recording; whoever uses them compares their number.
    pub(super) fn channels(&self, prefix: &str) -> Result<Option<Vec<String>>> {
        let found = self.words(prefix, "channel_names")?;
        Ok(found.or_else(|| self.beside.clone()))
    }

    /// The names that end so, without the ending.
    pub(super) fn stems(&self, ending: &str) -> Vec<String> {
        let names = self.shapes.keys();
        let stems = names.filter_map(|name| name.strip_suffix(ending));
        stems.map(str::to_owned).collect()
    }

    /// What cannot be shown, a sentence each.
    pub(super) fn left_out(&self) -> &[String] {
        &self.left_out
    }
}

/// The names of the channels of the training in the folder of a file; none if they are but numbers.
fn names_beside(file: &Path) -> Option<Vec<String>> {
    let names = channels_of(file.parent()?, 0)?.names;
    is_named(&names).then_some(names)
}
