//! MATLAB files: those of versions 5 to 7, and 7.3, which is HDF5.
//!
//! A variable is called as in MATLAB: `x`, the field `s.x`, the element `c{2}` of a cell, `s(3).x` of an array of
//! structs, counted from 1. The end of a path is enough if it is the end of no other. Vectors have one axis,
//! whether they lie or stand.

mod elements;
mod v5;

use std::path::Path;

use crate::container::{Container, no_array};
use crate::error::{FileError, Result, list};
use crate::reading::read_start;
pub(crate) use v5::Matlab5;

/// Opens a file of any version.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Container>> {
    let start = read_start(path, 1024)?;
    let is_hdf5 = [0, 512].iter().any(|&at| {
        start
            .get(at..)
            .is_some_and(|rest| rest.starts_with(b"\x89HDF\r\n\x1a\n"))
    });
    if is_hdf5 {
        return open_73(path);
    }
    Ok(Box::new(Matlab5::open(path)?))
}

#[cfg(feature = "hdf5")]
fn open_73(path: &Path) -> Result<Box<dyn Container>> {
    Ok(Box::new(crate::hdf5::Matlab73::open(path)?))
}

#[cfg(not(feature = "hdf5"))]
fn open_73(path: &Path) -> Result<Box<dyn Container>> {
    Err(FileError::Value {
        place: path.display().to_string(),
        problem: "this build does not read MATLAB files of version 7.3".to_owned(),
        advice: "enable the feature `hdf5`, or save with -v7".to_owned(),
    })
}

/// The one of `names` that is meant: the whole path, or the end of just one.
pub(crate) fn resolve(path: &Path, name: &str, names: &[String]) -> Result<String> {
    let wanted = name.trim_start_matches('/').replace('/', ".");
    if names.contains(&wanted) {
        return Ok(wanted);
    }
    let end = format!(".{wanted}");
    let found: Vec<String> = names
        .iter()
        .filter(|n| n.ends_with(&end))
        .cloned()
        .collect();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(no_array(path, name, names.to_vec())),
        several => Err(FileError::Value {
            place: path.display().to_string(),
            problem: format!("several arrays are called `{name}`: {}", list(several)),
            advice: "name one by its whole path".to_owned(),
        }),
    }
}
