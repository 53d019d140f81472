//! Time series: values in their unit, with the time of each row.

use std::ops::Range;
use std::sync::Arc;

use hdf5_reader::Dataset;

use crate::array::DataArray;
use crate::clock::Clock;
use crate::container::{ArrayInfo, Role, Timing, place_of};
use crate::error::{FileError, Result};
use crate::hdf5::tree::{Tree, child, number_of, text_of};
use crate::hdf5::with_unit;
use crate::hdf5::{left, values};
use crate::recorded::{Recorded, Scale};
use crate::source::Source;
use crate::timed::{Series, Times};
use crate::values::Values;

/// What is listed of a series.
pub(super) fn info(tree: &Tree, path: &str) -> ArrayInfo {
    let data = &tree.datasets[&child(path, "data")];
    let mut listed = crate::hdf5::info(path, data);
    listed.unit = text_of(data, "unit").unwrap_or_default();
    if listed.role == Role::Numbers && !conversion(tree, path, data).is_plain() {
        listed.element_type = "float64".to_owned();
    }
    listed.timing = match steady(tree, path) {
        Some((start, rate)) => Some(Timing::Steady { start, rate }),
        None => ends(tree, path).map(|[first, last]| Timing::Listed { first, last }),
    };
    listed
}

/// The first and the last time that a series lists.
fn ends(tree: &Tree, path: &str) -> Option<[f64; 2]> {
    let times = tree.datasets.get(&child(path, "timestamps"))?;
    let rows = *times.shape().first()?;
    let at = |row: u64| {
        let read = values::read(times, path, Some(row..row + 1)).ok()?;
        read.to_float::<f64>().first().copied()
    };
    Some([at(0)?, at(rows.checked_sub(1)?)?])
}

/// A series of text with the time of each row; none if it holds something else.
pub(super) fn texts(tree: &Tree, path: &str) -> Result<Option<(Vec<Arc<str>>, Times)>> {
    let place = place_of(tree.path(), path);
    let data = &tree.datasets[&child(path, "data")];
    if values::kind(data.dtype()) != values::Kind::Text || data.shape().len() != 1 {
        return Ok(None);
    }
    let texts: Vec<Arc<str>> = values::texts(data, &place)?
        .into_iter()
        .map(Arc::from)
        .collect();
    let times = match steady(tree, path) {
        Some((start, rate)) if rate.is_finite() && rate > 0.0 && start.is_finite() => {
            Times::Steady {
                rate,
                pieces: vec![(0, start)],
            }
        }
        _ => {
            let times = tree.datasets.get(&child(path, "timestamps"));
            let times = times.ok_or_else(|| crate::timed::no_times(&place))?;
            let times = values::read(times, &place, None)?.to_float::<f64>();
            let times: Vec<f64> = times.iter().copied().collect();
            crate::timed::require_ascending(&place, &times)?;
            if times.len() != texts.len() {
                let problem = format!("{} texts have {} times", texts.len(), times.len());
                return Err(FileError::damaged(place, problem));
            }
            Times::Listed(times)
        }
    };
    Ok(Some((texts, times)))
}

/// Start and rate of a series without a list of times.
fn steady(tree: &Tree, path: &str) -> Option<(f64, f64)> {
    if tree.datasets.contains_key(&child(path, "timestamps")) {
        return None;
    }
    let start = tree.datasets.get(&child(path, "starting_time"))?;
    let rate = number_of(start, "rate")?;
    let start = values::read(start, path, None).ok()?.to_float::<f64>();
    Some((start.first().copied()?, rate))
}

/// How the numbers of a series become values in its unit.
struct Conversion {
    factor: f64,
    offset: f64,
    /// A factor for each channel.
    channels: Option<Vec<f64>>,
}

impl Conversion {
    fn is_plain(&self) -> bool {
        self.factor == 1.0 && self.offset == 0.0 && self.channels.is_none()
    }
}

fn conversion(tree: &Tree, path: &str, data: &Dataset) -> Conversion {
    let channels = tree.datasets.get(&child(path, "channel_conversion"));
    let channels = channels.and_then(|dataset| values::read(dataset, path, None).ok());
    Conversion {
        factor: number_of(data, "conversion").unwrap_or(1.0),
        offset: number_of(data, "offset").unwrap_or(0.0),
        channels: channels.map(|values| values.to_float::<f64>().iter().copied().collect()),
    }
}

/// A series, or some of its rows.
pub(super) fn read(tree: &Tree, path: &str, rows: Option<Range<usize>>) -> Result<Series> {
    let place = place_of(tree.path(), path);
    let data = &tree.datasets[&child(path, "data")];
    let wanted = rows.clone().map(|rows| rows.start as u64..rows.end as u64);
    let numbers = values::read(data, &place, wanted)?;
    of_numbers(tree, path, rows, numbers)
}

/// A series of more bytes than these, whose values stay in the file; none if it cannot be read by rows.
pub(super) fn leave(tree: &Tree, path: &str, more_than: u64) -> Result<Option<Series>> {
    let data = &tree.datasets[&child(path, "data")];
    let sizes = tree.bytes_to_leave(more_than);
    match left::leave(data, &place_of(tree.path(), path), sizes)? {
        Some(left) => of_numbers(tree, path, None, Values::OnDisk(left)).map(Some),
        None => Ok(None),
    }
}

/// The series of numbers as the file holds them.
fn of_numbers(
    tree: &Tree,
    path: &str,
    rows: Option<Range<usize>>,
    numbers: Values,
) -> Result<Series> {
    let place = place_of(tree.path(), path);
    let data = &tree.datasets[&child(path, "data")];
    let wanted = rows.clone().map(|rows| rows.start as u64..rows.end as u64);
    let conversion = conversion(tree, path, data);
    let values = converted(numbers, &conversion, &place)?;
    let source = Source::new(tree.path(), path);
    let unit = text_of(data, "unit").unwrap_or_default();
    let mut array = with_unit(DataArray::new(source, values), unit.clone());
    let count = array.shape().first().copied().unwrap_or(0);
    let times = match steady(tree, path) {
        Some((start, rate)) => {
            if !(rate.is_finite() && rate > 0.0 && start.is_finite()) {
                return Err(FileError::Value {
                    place,
                    problem: format!(
                        "its starting time ({start} s) or rate ({rate} Hz) is invalid"
                    ),
                    advice: "correct its starting time and rate".to_owned(),
                });
            }
            let first = rows.map_or(0, |rows| rows.start);
            let start = start + first as f64 / rate;
            array.sampling_rate = Some(rate);
            array.clock = Some(Clock::interrupted(rate, count, vec![(0, start)]));
            Times::Steady {
                rate,
                pieces: vec![(0, start)],
            }
        }
        None => {
            let times = tree.datasets.get(&child(path, "timestamps"));
            let times = times.ok_or_else(|| crate::timed::no_times(&place))?;
            let times = values::read(times, &place, wanted)?.to_float::<f64>();
            Times::Listed(times.iter().copied().collect())
        }
    };
    let mut series = Series::new(array, times)?;
    // directions come as angles
    let around = path
        .split('/')
        .any(|part| part.contains("CompassDirection"));
    series.angle = around
        || tree
            .group_text(super::super::tree::parent(path), "neurodata_type")
            .as_deref()
            == Some("CompassDirection");
    if series.angle && unit.starts_with("deg") {
        let radians = series.values.values.to_float::<f64>().mapv(f64::to_radians);
        series.values.values = Values::F64(radians);
        series.values = with_unit(series.values, "radians".to_owned());
    }
    Ok(series)
}

/// Numbers as values in their unit. Matrices keep the type of the file.
fn converted(numbers: Values, conversion: &Conversion, place: &str) -> Result<Values> {
    if conversion.is_plain() {
        return Ok(numbers);
    }
    let channels = match *numbers.shape() {
        [_, channels] => channels,
        [_] => 1,
        _ => return Ok(numbers),
    };
    let factors = match &conversion.channels {
        None => vec![conversion.factor; channels],
        Some(own) if own.len() == channels => own
            .iter()
            .map(|factor| factor * conversion.factor)
            .collect(),
        Some(own) => {
            let problem = format!("{} channels have {} conversions", channels, own.len());
            return Err(FileError::damaged(place, problem));
        }
    };
    let vector = numbers.shape().len() == 1;
    let offset = vec![conversion.offset; channels];
    let scale = Scale::Linear {
        offset,
        gain: factors,
    };
    let values = Recorded::new(numbers.into_rows(), vec![scale]);
    Ok(match vector {
        true => Values::F64(values.to_float()).squeezed(),
        false => Values::Recorded(values),
    })
}
