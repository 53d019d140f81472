//! The channels of a training, and the scale they were brought to.

use ndarray::ArrayView1;
use serde::{Deserialize, Serialize};
use xcebra_core::{Moments, Scaling, Session};

use crate::files::{FileError, Table, constant_channels, require_varying_channels};
use crate::run_error::RunError;
use crate::stored;
use crate::suspicion::names_in_words;

/// From this deviation on, in standard deviations of the training (root mean square; about 1 is usual),
/// a channel is noted as foreign to the training, and below its inverse.
const FOREIGN: f64 = 5.0;
/// A short recording may hardly vary.
const FEWEST_TO_VARY: usize = 100;

/// Names of the channels, and how each is brought to a common scale: `(x − mean) / scale`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channels {
    /// Names.
    pub names: Vec<String>,
    /// Means, in the recording's units; 0 if it was not standardised.
    pub mean: Vec<f64>,
    /// Standard deviations, in the recording's units; 1 if it was not standardised.
    pub scale: Vec<f64>,
    /// Physical units, if the recording's file names them; other recordings are brought to these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<Vec<String>>,
    /// Means and standard deviations of a training that was not standardised, to tell other units by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<[Vec<f64>; 2]>,
}

impl Channels {
    /// `count` channels, called by their numbers from 0, that are taken as they are.
    pub fn unscaled(count: usize) -> Self {
        Self {
            names: (0..count).map(|channel| channel.to_string()).collect(),
            mean: vec![0.0; count],
            scale: vec![1.0; count],
            units: None,
            seen: None,
        }
    }

    /// Names, means and standard deviations of the sessions of a recording, which have the same channels; 0
    /// and 1 unless `standardize`.
    ///
    /// # Errors
    /// [`FileError::Value`] for channels that are constant but for rounding, in the precision of the
    /// file or of the training, and for one whose standard deviation is not a positive finite number.
    pub fn of(sessions: &[Table], standardize: bool) -> Result<Self, FileError> {
        require_varying_channels(sessions)?;
        let names = sessions.first().map(|s| s.channels.clone());
        let names = names.unwrap_or_default();
        let mut moments = Moments::new(names.len());
        for session in sessions {
            session.each_block(|_, rows| moments.add(rows));
        }
        let scale = moments.deviations();
        let mean = match sessions {
            // their columns were always summed one by one; models know their recording by its means
            [one] if one.came_by_columns() => {
                let sum = |c| ArrayView1::from(&one.column(c)).sum();
                let samples = one.samples() as f64;
                (0..names.len()).map(|c| sum(c) / samples).collect()
            }
            _ => moments.means(),
        };
        let channels = match standardize {
            true => Self {
                names,
                mean,
                scale,
                units: None,
                seen: None,
            },
            false => Self {
                mean: vec![0.0; names.len()],
                scale: vec![1.0; names.len()],
                names,
                units: None,
                seen: Some([mean, scale]),
            },
        };
        let unusable = (0..channels.names.len()).find(|&c| {
            let [mean, scale] = channels.moments();
            !is_usable(mean[c], scale[c])
        });
        if let Some(c) = unusable {
            let [mean, scale] = channels.moments();
            return Err(FileError::Value {
                place: places(sessions),
                problem: format!(
                    "channel `{}` has mean {:e} and standard deviation {:e}",
                    channels.names[c], mean[c], scale[c]
                ),
                advice: "leave it out, or save it in a unit that gives moderate numbers".to_owned(),
            });
        }
        if !standardize {
            channels.require_single_precision(sessions)?;
        }
        Ok(channels)
    }

    /// The same with physical units, one a channel.
    #[must_use]
    pub fn in_units(self, units: Option<Vec<String>>) -> Self {
        Self { units, ..self }
    }

    /// Refuses channels whose changes are lost in the single precision of a training.
    fn require_single_precision(&self, sessions: &[Table]) -> Result<(), FileError> {
        match constant_channels(sessions, f64::from(f32::EPSILON)).first() {
            None => Ok(()),
            Some(name) => Err(FileError::Value {
                place: places(sessions),
                problem: format!(
                    "the changes of channel `{name}` around its mean are lost in single precision"
                ),
                advice: "set data.standardize = true, or subtract its mean first".to_owned(),
            }),
        }
    }

    /// Refuses a recording that has other channels than the training, or has them in another order. Channels
    /// without names are known by their number.
    ///
    /// # Errors
    /// [`RunError::Order`], [`RunError::Names`], [`RunError::Transposed`] or [`RunError::Mismatch`].
    pub fn require_same(&self, recording: &Table) -> Result<(), RunError> {
        let (found, expected) = (&recording.channels, &self.names);
        let place = recording.place.clone();
        if found != expected && sorted(found) == sorted(expected) {
            let expected = expected.clone();
            return Err(RunError::Order { place, expected });
        }
        if found != expected && is_named(found) && is_named(expected) {
            let (found, expected) = (found.clone(), expected.clone());
            return Err(RunError::Names {
                place,
                found,
                expected,
            });
        }
        let (found, expected) = (found.len(), expected.len());
        if found != expected && recording.samples() == expected {
            return Err(RunError::Transposed {
                place,
                rows: recording.samples(),
                columns: found,
            });
        }
        if found != expected {
            return Err(RunError::Mismatch {
                place,
                found,
                expected,
            });
        }
        Ok(())
    }

    /// The recording on the common scale. Its values stay as they are until they are needed.
    ///
    /// # Errors
    /// [`FileError::Value`] for the first value that single precision cannot hold on that scale, and
    /// [`CoreError`](xcebra_core::CoreError) if the recording has another number of channels.
    pub fn scale(&self, recording: Table) -> Result<Session, RunError> {
        let on_scale = |c: usize, value: f64| (value - self.mean[c]) / self.scale[c];
        let is_lost = |c: usize, value: f64| !(on_scale(c, value) as f32).is_finite();
        // scales keep the order of values
        let ends = extremes(&recording);
        if (0..self.names.len().min(ends.len())).any(|c| ends[c].iter().any(|&v| is_lost(c, v))) {
            let mut first = None;
            recording.each_block(|rows, values| {
                let columns = ends.len();
                let lost = |i: &usize| is_lost(i % columns, values[*i]);
                if first.is_none() {
                    let at = (0..values.len()).find(lost);
                    first = at.map(|i| (rows.start + i / columns, i % columns));
                }
            });
            let (t, c) = first.unwrap_or_default();
            let value = recording.at(t, c);
            return Err(FileError::Value {
                place: recording.place.clone(),
                problem: format!(
                    "row {t} (counting from 0), column `{}` is {value:e}, {:e} on the scale of the training",
                    self.names[c],
                    on_scale(c, value)
                ),
                advice: "check its unit, or cut out or interpolate such values".to_owned(),
            }
            .into());
        }
        let session = stored::session(recording)?;
        let is_own = self.mean.iter().all(|&v| v == 0.0) && self.scale.iter().all(|&v| v == 1.0);
        Ok(match is_own {
            true => session,
            false => session.scaled(Scaling::Standard {
                mean: self.mean.clone(),
                scale: self.scale.clone(),
            })?,
        })
    }

    /// A sentence for channels whose values are far from those of the training, as in another unit.
    pub fn notes(&self, recording: &Table) -> Vec<String> {
        let [mean, scale] = self.moments();
        let known = self.seen.is_some() || self.scale.iter().any(|&scale| scale != 1.0);
        let mut squares = vec![0.0; if known { mean.len() } else { 0 }];
        if known {
            recording.each_block(|_, rows| {
                for row in rows.chunks_exact(mean.len()) {
                    let places = squares.iter_mut().zip(mean).zip(scale);
                    for (((sum, mean), scale), v) in places.zip(row) {
                        *sum += ((v - mean) / scale).powi(2);
                    }
                }
            });
        }
        let samples = recording.samples() as f64;
        let deviations: Vec<f64> = squares.iter().map(|sum| (sum / samples).sqrt()).collect();
        let of = |foreign: &dyn Fn(f64) -> bool, words: &str| {
            let chosen: Vec<usize> = (0..deviations.len())
                .filter(|&c| foreign(deviations[c]))
                .collect();
            let first = *chosen.first()?;
            let names: Vec<&str> = chosen.iter().map(|&c| self.names[c].as_str()).collect();
            Some(format!(
                "{}: {words} those of the training; in `{}` they deviate from its mean by {:.2e} of its \
                 standard deviations, where 1 is usual (check the unit)",
                names_in_words("channel", &names),
                self.names[first],
                deviations[first],
            ))
        };
        let far = of(&|d| d > FOREIGN, "values are far from");
        let still = of(
            &|d| d < 1.0 / FOREIGN && recording.samples() >= FEWEST_TO_VARY,
            "values vary much less than",
        );
        far.into_iter().chain(still).collect()
    }

    /// Means and standard deviations of the training.
    pub(crate) fn moments(&self) -> [&[f64]; 2] {
        match &self.seen {
            Some([mean, scale]) => [mean, scale],
            None => [&self.mean, &self.scale],
        }
    }

    pub(crate) fn is_consistent(&self) -> bool {
        let n = self.names.len();
        let of = |mean: &[f64], scale: &[f64]| {
            mean.len() == n && scale.len() == n && (0..n).all(|c| is_usable(mean[c], scale[c]))
        };
        let [mean, scale] = self.moments();
        let units = self.units.as_ref().is_none_or(|units| units.len() == n);
        of(&self.mean, &self.scale) && of(mean, scale) && units
    }
}

/// The places of sessions, for a message about all of them.
fn places(sessions: &[Table]) -> String {
    let places: Vec<&str> = sessions.iter().map(|s| s.place.as_str()).collect();
    places.join(" with ")
}

/// The smallest and the largest value of each channel.
fn extremes(recording: &Table) -> Vec<[f64; 2]> {
    let channels = recording.channels.len();
    let mut ends = vec![[f64::INFINITY, f64::NEG_INFINITY]; channels];
    recording.each_block(|_, rows| {
        for row in rows.chunks_exact(channels) {
            for ([least, most], &v) in ends.iter_mut().zip(row) {
                (*least, *most) = (least.min(v), most.max(v));
            }
        }
    });
    ends
}

/// The names in an order of their own, by which the same names in another order are noticed.
pub(crate) fn sorted(names: &[String]) -> Vec<&String> {
    let mut names: Vec<&String> = names.iter().collect();
    names.sort_unstable();
    names
}

/// Whether channels have names, and not only positions.
pub(crate) fn is_named(names: &[String]) -> bool {
    let is_position = |(at, name): (usize, &String)| *name == at.to_string();
    !names.iter().enumerate().all(is_position)
}

/// Whether a channel can be divided by its standard deviation. One that is rounding of the mean makes
/// noise as large as a signal.
fn is_usable(mean: f64, scale: f64) -> bool {
    mean.is_finite() && scale.is_finite() && scale > f64::EPSILON * mean.abs()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::files::{DataArray, Values};

    fn recording(values: Array2<f64>) -> Table {
        let names = (0..values.ncols()).map(|c| format!("c{c}")).collect();
        let array = DataArray {
            columns: Some(names),
            ..DataArray::in_memory("x", Values::F64(values.into_dyn()))
        };
        array.recording().unwrap()
    }

    /// Two waves, the second around 40.
    fn waves(rows: usize, gain: f64, offset: f64) -> Table {
        recording(Array2::from_shape_fn((rows, 2), |(t, c)| {
            gain * ((0.1 * t as f64).sin() + 40.0 * c as f64) + offset
        }))
    }

    #[test]
    fn other_units_are_noted_and_the_same_are_not() {
        for standardize in [true, false] {
            let channels = Channels::of(&[waves(500, 1.0, 0.0)], standardize).unwrap();
            // Fahrenheit, milli, a sixtieth, a shift; a session that is half or twice as lively is usual
            for (gain, offset) in [
                (1.8, 32.0),
                (1e3, 0.0),
                (1e-3, 0.0),
                (60.0, 0.0),
                (1.0, 9.0),
            ] {
                let notes = channels.notes(&waves(300, gain, offset));
                assert!(!notes.is_empty(), "{standardize} {gain} {offset}");
                assert!(notes.iter().all(|note| note.contains("check the unit")));
            }
            for (rows, offset) in [(500, 0.0), (250, 0.5), (7, 0.0)] {
                let notes = channels.notes(&waves(rows, 1.0, offset));
                assert!(notes.is_empty(), "{notes:?}");
            }
            let shown = channels.notes(&waves(300, 1e3, 0.0)).remove(0);
            assert!(
                shown.starts_with("channels `c0`, `c1`: values are far from"),
                "{shown}"
            );
        }
    }

    #[test]
    fn changes_that_single_precision_loses_are_refused() {
        let far = [waves(200, 1.0, 1e9)];
        let error = Channels::of(&far, false).unwrap_err().to_string();
        assert!(
            error.contains("`c0`") && error.contains("single precision"),
            "{error}"
        );
        // the mean is subtracted in double precision
        assert!(Channels::of(&far, true).is_ok());
        assert!(Channels::of(&[waves(200, 1.0, 1e3)], false).is_ok());
    }

    #[test]
    fn a_scale_of_rounding_is_not_read() {
        let mut channels = Channels::of(&[waves(200, 1.0, 0.0)], true).unwrap();
        assert!(channels.is_consistent());
        (channels.mean[0], channels.scale[0]) = (1e5, 1.03e-11);
        assert!(!channels.is_consistent());
    }

    /// Means of an array in Fortran order keep the bits of sums down its columns.
    #[test]
    fn means_are_those_of_the_array() {
        use ndarray::{Axis, ShapeBuilder};
        let rows = Array2::from_shape_fn((777, 3), |(t, c)| 1e3 + (t * (c + 7) % 101) as f64 / 7.0);
        let mut columns = Array2::zeros((777, 3).f());
        columns.assign(&rows);
        for x in [rows, columns] {
            let mean = x.mean_axis(Axis(0)).unwrap().to_vec();
            let scale = x.std_axis(Axis(0), 0.0).to_vec();
            let found = Channels::of(&[recording(x)], true).unwrap();
            assert_eq!((found.mean, found.scale), (mean, scale));
        }
    }

    #[test]
    fn values_beyond_single_precision_are_refused_in_their_place() {
        let mut x = Array2::from_shape_fn((2000, 2), |(t, c)| (t * (c + 1)) as f64);
        x[[1717, 1]] = 1e300;
        let channels = Channels::of(&[waves(200, 1.0, 0.0)], true).unwrap();
        let error = channels.scale(recording(x)).unwrap_err().to_string();
        assert!(
            error.contains("row 1717") && error.contains("`c1` is 1e300"),
            "{error}"
        );
    }
}
