//! The channels of a training, and the scale they were brought to.

use ndarray::{Array2, ArrayView1, Axis};
use serde::{Deserialize, Serialize};
use xcebra_numeric::is_constant;

use crate::files::{FileError, Table};
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
    /// Names, means and standard deviations of a recording; 0 and 1 unless `standardize`.
    ///
    /// # Errors
    /// [`FileError::Value`] for channels that are constant but for rounding, in the precision of the
    /// file or of the training, and for one whose standard deviation is not a positive finite number.
    pub fn of(recording: &Table<f64>, standardize: bool) -> Result<Self, FileError> {
        recording.require_varying_channels()?;
        let values = &recording.values;
        let mean = values.mean_axis(Axis(0)).unwrap_or_default().to_vec();
        let scale = values.std_axis(Axis(0), 0.0).to_vec();
        let names = recording.channels.clone();
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
                place: recording.place.clone(),
                problem: format!(
                    "channel `{}` has mean {:e} and standard deviation {:e}",
                    channels.names[c], mean[c], scale[c]
                ),
                advice: "leave it out, or save it in a unit that gives moderate numbers".to_owned(),
            });
        }
        if !standardize {
            channels.require_single_precision(recording)?;
        }
        Ok(channels)
    }

    /// The same with physical units, one a channel.
    #[must_use]
    pub fn in_units(self, units: Option<Vec<String>>) -> Self {
        Self { units, ..self }
    }

    /// Refuses channels whose changes are lost in the single precision of a training.
    fn require_single_precision(&self, recording: &Table<f64>) -> Result<(), FileError> {
        let single = f64::from(f32::EPSILON);
        let lost = |column: ArrayView1<'_, f64>| is_constant(column.iter().copied(), single);
        let values = &recording.values;
        match (0..values.ncols()).find(|&c| lost(values.column(c))) {
            None => Ok(()),
            Some(c) => Err(FileError::Value {
                place: recording.place.clone(),
                problem: format!(
                    "the changes of channel `{}` around its mean are lost in single precision",
                    self.names[c]
                ),
                advice: "set data.standardize = true, or subtract its mean first".to_owned(),
            }),
        }
    }

    /// The recording on the common scale, in single precision.
    ///
    /// # Errors
    /// [`FileError::Value`] for the first value that single precision cannot hold.
    pub fn apply(&self, recording: &Table<f64>) -> Result<Array2<f32>, FileError> {
        let values = &recording.values;
        let scaled = Array2::from_shape_fn(values.dim(), |(t, c)| {
            ((values[[t, c]] - self.mean[c]) / self.scale[c]) as f32
        });
        let Some(((t, c), _)) = scaled.indexed_iter().find(|(_, v)| !v.is_finite()) else {
            return Ok(scaled);
        };
        Err(FileError::Value {
            place: recording.place.clone(),
            problem: format!(
                "row {t} (counting from 0), column `{}` is {:e}, {:e} on the scale of the training",
                self.names[c],
                values[[t, c]],
                (values[[t, c]] - self.mean[c]) / self.scale[c]
            ),
            advice: "check its unit, or cut out or interpolate such values".to_owned(),
        })
    }

    /// A sentence for channels whose values are far from those of the training, as in another unit.
    pub fn notes(&self, recording: &Table<f64>) -> Vec<String> {
        let [mean, scale] = self.moments();
        let deviation = |c: usize| {
            let column = recording.values.column(c);
            let square = |v: &f64| ((v - mean[c]) / scale[c]).powi(2);
            (column.iter().map(square).sum::<f64>() / column.len() as f64).sqrt()
        };
        let known = self.seen.is_some() || self.scale.iter().any(|&scale| scale != 1.0);
        let deviations: Vec<f64> = match known {
            true => (0..mean.len()).map(deviation).collect(),
            false => Vec::new(),
        };
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
    fn moments(&self) -> [&[f64]; 2] {
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

    fn recording(values: Array2<f64>) -> Table<f64> {
        Table {
            place: "x".to_owned(),
            channels: (0..values.ncols()).map(|c| format!("c{c}")).collect(),
            values,
            sampling_rate: None,
            breaks: Vec::new(),
            notes: Vec::new(),
            epsilon: f64::EPSILON,
        }
    }

    /// Two waves, the second around 40.
    fn waves(rows: usize, gain: f64, offset: f64) -> Table<f64> {
        recording(Array2::from_shape_fn((rows, 2), |(t, c)| {
            gain * ((0.1 * t as f64).sin() + 40.0 * c as f64) + offset
        }))
    }

    #[test]
    fn other_units_are_noted_and_the_same_are_not() {
        for standardize in [true, false] {
            let channels = Channels::of(&waves(500, 1.0, 0.0), standardize).unwrap();
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
        let far = waves(200, 1.0, 1e9);
        let error = Channels::of(&far, false).unwrap_err().to_string();
        assert!(
            error.contains("`c0`") && error.contains("single precision"),
            "{error}"
        );
        // the mean is subtracted in double precision
        assert!(Channels::of(&far, true).is_ok());
        assert!(Channels::of(&waves(200, 1.0, 1e3), false).is_ok());
    }

    #[test]
    fn a_scale_of_rounding_is_not_read() {
        let mut channels = Channels::of(&waves(200, 1.0, 0.0), true).unwrap();
        assert!(channels.is_consistent());
        (channels.mean[0], channels.scale[0]) = (1e5, 1.03e-11);
        assert!(!channels.is_consistent());
    }
}
