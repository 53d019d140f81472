//! What the axes of coefficients mean, as arrays of numbers with a unit in their names.

use cdig::{AxisLabels, Band, Labels, Ticks, Tile};
use ndarray::ArrayD;

use crate::explain::Built;

/// Arrays that say what the coefficients of a domain are, by name: `frequency_hz`, `time_s` (or
/// `time_samples` without a sampling rate), `quefrency_s`, `low_hz` and `high_hz` of bands and wavelets, `level` of
/// wavelets, `mixing` (channels × components).
///
/// One entry an entry of the axis; of wavelets, one a coefficient along its axis.
pub fn axis_arrays(built: &Built, sampling_rate: Option<f64>) -> Vec<(String, ArrayD<f64>)> {
    let mut arrays = Vec::new();
    let array = |values: Vec<f64>| ndarray::Array1::from(values).into_dyn();
    for axis in &built.labels.axes {
        match (axis.name.as_str(), &axis.ticks) {
            ("frequency", Ticks::Numbers(hz)) => {
                arrays.push(("frequency_hz".to_owned(), array(hz.clone())));
            }
            ("time", Ticks::Numbers(times)) => {
                let unit = if sampling_rate.is_some() {
                    "s"
                } else {
                    "samples"
                };
                arrays.push((format!("time_{unit}"), array(times.clone())));
            }
            (_, Ticks::Tiles(tiles)) => {
                let column = |value: fn(&Tile) -> f64| array(tiles.iter().map(value).collect());
                arrays.push(("time_s".to_owned(), column(|t| t.centre)));
                arrays.push(("low_hz".to_owned(), column(|t| t.limits.start)));
                arrays.push(("high_hz".to_owned(), column(|t| t.limits.end)));
                arrays.push(("level".to_owned(), column(|t| t.level as f64)));
            }
            ("quefrency", _) => {
                let quefrencies = quefrencies(axis, sampling_rate.unwrap_or(1.0));
                arrays.push(("quefrency_s".to_owned(), array(quefrencies)));
            }
            _ => {}
        }
    }
    if let Some(bands) = own_bands(&built.labels) {
        let column = |value: fn(&Band) -> f64| array(bands.iter().map(value).collect());
        arrays.push(("low_hz".to_owned(), column(|band| band.limits.start)));
        arrays.push(("high_hz".to_owned(), column(|band| band.limits.end)));
    }
    if let Some(mixing) = &built.mixing {
        arrays.push(("mixing".to_owned(), mixing.clone().into_dyn()));
    }
    arrays
}

/// Quefrencies in seconds, those of the second half negative; delay and polarity, the last two entries of the
/// axis, have none.
pub(crate) fn quefrencies(axis: &AxisLabels, rate: f64) -> Vec<f64> {
    let n = axis.len().saturating_sub(2);
    let signed = |k: usize| match 2 * k < n {
        true => k as f64,
        false => k as f64 - n as f64,
    };
    (0..n).map(|k| signed(k) / rate).collect()
}

/// The bands along an axis of them, such as those of a filter bank; the last of several.
pub(crate) fn own_bands(labels: &Labels) -> Option<&[Band]> {
    labels.axes.iter().rev().find_map(|axis| match &axis.ticks {
        Ticks::Bands(bands) => Some(&bands[..]),
        _ => None,
    })
}

/// Names along the axes that have some, such as components, by the name of the axis.
pub fn axis_names(labels: &Labels) -> Vec<(String, Vec<String>)> {
    let names = |axis: &AxisLabels| match &axis.ticks {
        Ticks::Names(_) | Ticks::Bands(_) => {
            let names = (0..axis.len()).filter_map(|i| axis.text(i)).collect();
            Some((axis.name.clone(), names))
        }
        _ => None,
    };
    labels.axes.iter().filter_map(names).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::{DomainSpec, Setting};

    fn arrays(spec: &str, shape: &[usize], rate: Option<f64>) -> Vec<(String, ArrayD<f64>)> {
        let size = shape.iter().product::<usize>() as f64;
        let mut t: f64 = 0.0;
        let data = ArrayD::from_shape_simple_fn([&[3], shape].concat(), || {
            t += 1.0;
            (t * t * 0.7).sin() + t / size
        });
        let mut setting = Setting::new(shape, data.view());
        setting.sampling_rate = rate;
        let built = spec.parse::<DomainSpec>().unwrap().build(&setting).unwrap();
        axis_arrays(&built, rate)
    }

    fn names(arrays: &[(String, ArrayD<f64>)]) -> Vec<&str> {
        arrays.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn axes_are_in_physical_units() {
        let found = arrays("fourier", &[2, 8], Some(4.0));
        assert_eq!(names(&found), ["frequency_hz"]);
        assert_eq!(
            found[0].1.iter().copied().collect::<Vec<_>>(),
            [0.0, 0.5, 1.0, 1.5, -2.0, -1.5, -1.0, -0.5]
        );
        assert_eq!(names(&arrays("time", &[8], None)), ["time_samples"]);
        let found = arrays("stft:4:2", &[8], Some(4.0));
        assert_eq!(names(&found), ["frequency_hz", "time_s"]);
        assert_eq!(
            found[1].1.iter().copied().collect::<Vec<_>>(),
            [0.0, 0.5, 1.0, 1.5, 2.0]
        );
        let found = arrays("ica", &[2, 64], None);
        assert_eq!(names(&found), ["time_samples", "mixing"]);
        let found = arrays("filter-bank:1", &[8], Some(4.0));
        assert_eq!(names(&found), ["time_s", "low_hz", "high_hz"]);
        assert_eq!(found[2].1.iter().copied().collect::<Vec<_>>(), [1.0, 2.0]);
    }

    /// Tiles of a Haar transform: level 1 covers pairs of samples, level 2 fours; bands are octaves.
    #[test]
    fn wavelets_lie_where_they_must() {
        let found = arrays("wavelet:haar:2", &[8], Some(8.0));
        assert_eq!(names(&found), ["time_s", "low_hz", "high_hz", "level"]);
        let column = |i: usize| found[i].1.iter().copied().collect::<Vec<f64>>();
        // the middle of samples 0–3 is 1.5, of 0–1 it is 0.5, at 8 Hz
        let fours = [1.5, 5.5].map(|t| t / 8.0);
        let pairs = [0.5, 2.5, 4.5, 6.5].map(|t| t / 8.0);
        assert_eq!(column(0), [&fours[..], &fours, &pairs].concat());
        assert_eq!(column(1), [0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0]);
        assert_eq!(column(2), [1.0, 1.0, 2.0, 2.0, 4.0, 4.0, 4.0, 4.0]);
        assert_eq!(column(3), [2.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0]);
    }
}
