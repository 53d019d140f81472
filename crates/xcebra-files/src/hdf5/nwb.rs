//! NWB, Neurodata Without Borders: units with their spikes, time series and intervals in an HDF5 file.
//!
//! Everything answers to its name, if that is the end of just one path, or to its path. Values of a series are
//! in its unit: conversion and offset are applied.
//!
//! Source: NWB Format Specification 2.9; HDMF Common 1.8 for tables.

mod series;
mod units;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::tree::{Tree, child, last};
use super::{Hdf5, info, text_label};
use crate::array::DataArray;
use crate::clock::Clock;
use crate::container::{ArrayInfo, Container, Role};
use crate::error::{FileError, Result};
use crate::signals::annotations::TextLabel;
use crate::timed::{Intervals, Series, Spikes, Times};

/// An NWB file.
#[derive(Debug)]
pub(crate) struct Nwb {
    hdf5: Hdf5,
    /// Paths of the groups that are time series.
    series: Vec<String>,
    /// Paths of the tables of units.
    units: Vec<String>,
    /// Paths of the tables of intervals.
    intervals: Vec<String>,
}

impl Nwb {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let hdf5 = Hdf5::open(path)?;
        let tree = &hdf5.tree;
        let has = |group: &str, name: &str| tree.datasets.contains_key(&child(group, name));
        let (mut series, mut units, mut intervals) = (Vec::new(), Vec::new(), Vec::new());
        let groups: Vec<String> = tree.groups.keys().cloned().collect();
        for group in groups {
            if has(&group, "spike_times") {
                units.push(group);
            } else if has(&group, "start_time") && has(&group, "stop_time") {
                intervals.push(group);
            } else if has(&group, "data")
                && (has(&group, "timestamps") || has(&group, "starting_time"))
            {
                series.push(group);
            }
        }
        Ok(Self {
            hdf5,
            series,
            units,
            intervals,
        })
    }

    fn tree(&self) -> &Tree {
        &self.hdf5.tree
    }

    /// The path of the series of that name.
    fn series_path(&self, name: &str) -> Result<String> {
        // SpatialSeries lie within containers of nearly the same name: `Position/position`
        match self.tree().resolve(name, self.series.iter()) {
            Err(FileError::Missing { .. }) => {
                let within = |path: &&String| path.split('/').any(|part| part == name);
                let found: Vec<&String> = self.series.iter().filter(within).collect();
                match found[..] {
                    [one] => Ok(one.clone()),
                    _ => Err(FileError::Missing {
                        path: self.tree().path().to_path_buf(),
                        kind: "time series",
                        name: name.to_owned(),
                        available: self.series.clone(),
                    }),
                }
            }
            found => found,
        }
    }

    /// Whether a data set is listed as a part of something else.
    fn is_part(&self, path: &str) -> bool {
        let all = [&self.series, &self.units, &self.intervals];
        let mut groups = all.into_iter().flatten();
        groups.any(|group| {
            path.strip_prefix(group.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        })
    }
}

/// Where the units of a session are.
const UNITS: &str = "units";

/// Groups that describe the file and hold no measurements.
const DESCRIPTIONS: [&str; 3] = ["general", "specifications", "session_description"];

impl Container for Nwb {
    fn arrays(&mut self) -> Result<Vec<ArrayInfo>> {
        let mut arrays = Vec::new();
        for path in &self.units {
            arrays.push(units::info(self.tree(), path));
        }
        for path in &self.series {
            arrays.push(series::info(self.tree(), path));
        }
        for path in &self.intervals {
            let rows = self.tree().datasets.get(&child(path, "start_time"));
            let rows = rows
                .and_then(|dataset| dataset.shape().first().copied())
                .unwrap_or(0);
            arrays.push(ArrayInfo {
                unit: "s".to_owned(),
                role: Role::Intervals,
                ..ArrayInfo::new(
                    path,
                    "float64",
                    vec![usize::try_from(rows).unwrap_or(usize::MAX)],
                )
            });
        }
        for (path, dataset) in &self.tree().datasets {
            let described = DESCRIPTIONS
                .iter()
                .any(|group| path.split('/').next() == Some(group));
            let scalar = dataset.shape().is_empty();
            if !self.is_part(path) && !described && !scalar && last(path) != "id" {
                arrays.push(info(path, dataset));
            }
        }
        arrays.extend(self.tree().unusable());
        Ok(arrays)
    }

    fn read(&mut self, name: &str) -> Result<DataArray> {
        match self.series_path(name) {
            Ok(path) => Ok(series::read(self.tree(), &path, None)?.values),
            Err(error @ FileError::Value { .. }) => Err(error),
            Err(missing) => match self.hdf5.read(name) {
                Err(FileError::Missing { .. }) => Err(self.explained(name, missing)),
                other => other,
            },
        }
    }

    fn read_only(&mut self) -> Result<DataArray> {
        let name = crate::container::only_name(self.tree().path(), self.series.clone())?;
        self.read(&name)
    }

    fn read_rows(&mut self, name: &str, rows: Range<usize>) -> Result<DataArray> {
        match self.series_path(name) {
            Ok(path) => Ok(series::read(self.tree(), &path, Some(rows))?.values),
            Err(_) => self.hdf5.read_rows(name, rows),
        }
    }

    fn leave(&mut self, name: &str, more_than: u64) -> Result<Option<DataArray>> {
        match self.series_path(name) {
            Ok(path) => {
                let left = series::leave(self.tree(), &path, more_than)?;
                Ok(left.map(|series| series.values))
            }
            Err(_) => self.hdf5.leave(name, more_than),
        }
    }

    fn read_text(&self, name: &str, _clock: Option<&Clock>) -> Result<Option<TextLabel>> {
        match self.tree().resolve(name, self.tree().datasets.keys()) {
            Ok(path) => text_label(self.tree(), &path),
            Err(_) => match self.series_path(name) {
                Ok(path) => text_label(self.tree(), &child(&path, "data")),
                Err(_) => Ok(None),
            },
        }
    }

    fn timed_texts(&mut self, name: &str) -> Result<Option<(Vec<Arc<str>>, Times)>> {
        match self.series_path(name) {
            Ok(path) => series::texts(self.tree(), &path),
            Err(_) => Ok(None),
        }
    }

    fn series(&mut self, name: Option<&str>) -> Result<Vec<Series>> {
        let path = match name {
            Some(name) => self
                .series_path(name)
                .map_err(|error| self.explained(name, error))?,
            None => crate::container::only_name(self.tree().path(), self.series.clone())?,
        };
        Ok(vec![series::read(self.tree(), &path, None)?])
    }

    fn spikes(&mut self, name: Option<&str>) -> Result<Option<Spikes>> {
        let path = match name {
            None => self
                .units
                .iter()
                .find(|path| *path == "units")
                .or(self.units.first())
                .cloned(),
            Some(name) => self.tree().resolve(name, self.units.iter()).ok(),
        };
        // without them, something else would pass for the recording
        if path.is_none() && name.is_none_or(|name| name == UNITS) && self.has_spikeless_units() {
            return Err(FileError::Value {
                place: self.tree().path().display().to_string(),
                problem: "its units have no spike times".to_owned(),
                advice: "name the array that is the recording, such as FILE:NAME".to_owned(),
            });
        }
        path.map(|path| units::read(self.tree(), &path)).transpose()
    }

    fn intervals(&mut self, name: &str) -> Result<Intervals> {
        let path = self.tree().resolve(name, self.intervals.iter());
        let path = path.map_err(|error| match error {
            FileError::Missing { path, name, .. } => FileError::Missing {
                path,
                kind: "table of intervals",
                name,
                available: self.intervals.clone(),
            },
            other => other,
        })?;
        units::intervals(self.tree(), &path)
    }

    fn path(&self) -> &Path {
        self.tree().path()
    }
}

impl Nwb {
    /// Whether there is a table of units without times of spikes.
    fn has_spikeless_units(&self) -> bool {
        let kind = self.tree().group_text(UNITS, "neurodata_type");
        kind.as_deref() == Some("Units") && !self.units.iter().any(|path| path == UNITS)
    }

    /// The error of a name that is a series' no more than anything else's.
    fn explained(&self, name: &str, error: FileError) -> FileError {
        let is = |paths: &[String]| paths.iter().any(|path| path == name || last(path) == name);
        let place = self.tree().path().display().to_string();
        if is(&self.units) {
            return FileError::Value {
                place,
                problem: format!("`{name}` holds the spikes of units, which have no rows in time"),
                advice: "count them in bins, for example with --bin 25ms".to_owned(),
            };
        }
        if is(&self.intervals) {
            return FileError::Value {
                place,
                problem: format!("`{name}` holds intervals, which have no rows in time"),
                advice: format!("restrict the recording to them with --epochs {name}"),
            };
        }
        error
    }
}
