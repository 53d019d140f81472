//! Tables: the units of a session with their spikes, and intervals such as trials.

use std::collections::BTreeMap;

use crate::container::{ArrayInfo, Role, Timing, place_of};
use crate::error::{FileError, Result};
use crate::hdf5::tree::{Tree, child, last, parent};
use crate::hdf5::values::{self, Kind, kind};
use crate::timed::{Intervals, Spikes};

/// Columns of a table of units that are not properties.
const NOT_PROPERTIES: [&str; 4] = [
    "spike_times",
    "obs_intervals",
    "waveform_mean",
    "waveform_sd",
];

/// What is listed of a table of units.
pub(super) fn info(tree: &Tree, path: &str) -> ArrayInfo {
    let spikes = &tree.datasets[&child(path, "spike_times")];
    let rows = |name: &str| {
        let dataset = tree.datasets.get(&child(path, name))?;
        usize::try_from(*dataset.shape().first()?).ok()
    };
    let units = rows("spike_times_index")
        .or_else(|| rows("id"))
        .unwrap_or(0);
    let count = rows("spike_times").unwrap_or(0);
    let ends = values::read(spikes, path, None)
        .ok()
        .map(|all| all.to_float::<f64>());
    let ends = ends.filter(|all| !all.is_empty()).map(|all| {
        let edge = |of: fn(f64, f64) -> f64, from| all.iter().copied().fold(from, of);
        Timing::Listed {
            first: edge(f64::min, f64::INFINITY),
            last: edge(f64::max, f64::NEG_INFINITY),
        }
    });
    ArrayInfo {
        unit: "s".to_owned(),
        role: Role::Spikes,
        timing: ends,
        element_type: format!("{count} × {}", values::type_name(spikes.dtype())),
        ..ArrayInfo::new(path, "", vec![units])
    }
}

/// The parts of a ragged column: the index tells where each one ends.
fn ragged(
    tree: &Tree,
    path: &str,
    column: &str,
    length: usize,
) -> Result<Option<Vec<std::ops::Range<usize>>>> {
    let name = child(path, &format!("{column}_index"));
    let Some(index) = tree.datasets.get(&name) else {
        return Ok(None);
    };
    let place = place_of(tree.path(), &name);
    let ends = values::read(index, &place, None)?.to_float::<f64>();
    let mut parts = Vec::new();
    let mut from = 0;
    for &end in &ends {
        let to = end as usize;
        if to < from || to > length {
            return Err(FileError::damaged(
                place,
                format!("{to} does not lie between {from} and {length}"),
            ));
        }
        parts.push(from..to);
        from = to;
    }
    Ok(Some(parts))
}

/// A column of numbers.
fn numbers(tree: &Tree, path: &str, column: &str) -> Result<Option<Vec<f64>>> {
    let name = child(path, column);
    let Some(dataset) = tree.datasets.get(&name) else {
        return Ok(None);
    };
    let values = values::read(dataset, &place_of(tree.path(), &name), None)?;
    Ok(Some(values.to_float::<f64>().iter().copied().collect()))
}

/// The units of a table.
pub(super) fn read(tree: &Tree, path: &str) -> Result<Spikes> {
    let place = place_of(tree.path(), path);
    let all = numbers(tree, path, "spike_times")?.unwrap_or_default();
    let parts = ragged(tree, path, "spike_times", all.len())?;
    // without an index there is one unit
    let parts = parts.unwrap_or_else(|| std::iter::once(0..all.len()).collect());
    let mut notes = Vec::new();
    let mut unsorted = 0;
    let mut times: Vec<Vec<f64>> = Vec::new();
    for (unit, part) in parts.iter().enumerate() {
        let mut spikes = all[part.clone()].to_vec();
        if let Some(bad) = spikes.iter().find(|time| !time.is_finite()) {
            return Err(FileError::Value {
                place,
                problem: format!("a spike of unit {unit} (counting from 0) is at {bad} s"),
                advice: "leave out spikes without a time".to_owned(),
            });
        }
        if !spikes.is_sorted() {
            unsorted += 1;
            spikes.sort_by(f64::total_cmp);
        }
        times.push(spikes);
    }
    if unsorted > 0 {
        notes.push(format!(
            "the spikes of {unsorted} units were not in the order of time and were sorted"
        ));
    }
    let observed = match numbers(tree, path, "obs_intervals")? {
        None => None,
        Some(edges) => {
            let rows = edges.len() / 2;
            let parts = ragged(tree, path, "obs_intervals", rows)?;
            let spans = |part: &std::ops::Range<usize>| -> Vec<[f64; 2]> {
                part.clone()
                    .map(|row| [edges[2 * row], edges[2 * row + 1]])
                    .collect()
            };
            parts
                .filter(|parts| parts.len() == times.len())
                .map(|parts| parts.iter().map(spans).collect())
        }
    };
    let properties = properties(tree, path, times.len())?;
    let names = match properties.get("id") {
        Some(ids) => ids.clone(),
        None => (0..times.len()).map(|unit| unit.to_string()).collect(),
    };
    Ok(Spikes {
        place,
        names,
        times,
        observed,
        properties,
        notes,
    })
}

/// The columns of a table with one number or text a row.
fn properties(tree: &Tree, path: &str, rows: usize) -> Result<BTreeMap<String, Vec<String>>> {
    let mut properties = BTreeMap::new();
    for (name, dataset) in &tree.datasets {
        let column = last(name);
        if parent(name) != path || column.ends_with("_index") || NOT_PROPERTIES.contains(&column) {
            continue;
        }
        if *dataset.shape() != [rows as u64] || tree.datasets.contains_key(&format!("{name}_index"))
        {
            continue;
        }
        let place = place_of(tree.path(), name);
        let texts = match kind(dataset.dtype()) {
            Kind::Text => values::texts(dataset, &place)?,
            Kind::Numbers(_) => match values::read(dataset, &place, None)? {
                crate::Values::Bool(truths) => truths.iter().map(ToString::to_string).collect(),
                numbers => numbers
                    .to_float::<f64>()
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
            },
            _ => continue,
        };
        properties.insert(column.to_owned(), texts);
    }
    Ok(properties)
}

/// The intervals of a table.
pub(super) fn intervals(tree: &Tree, path: &str) -> Result<Intervals> {
    let place = place_of(tree.path(), path);
    let start = numbers(tree, path, "start_time")?.unwrap_or_default();
    let stop = numbers(tree, path, "stop_time")?.unwrap_or_default();
    if start.len() != stop.len() {
        let problem = format!("{} intervals begin and {} end", start.len(), stop.len());
        return Err(FileError::damaged(place, problem));
    }
    let properties = properties(tree, path, start.len())?;
    let spans = start
        .into_iter()
        .zip(stop)
        .map(|(from, to)| [from, to])
        .collect();
    Ok(Intervals {
        place,
        spans,
        properties,
    })
}
