//! What the axes of coefficients mean, as arrays of numbers with a unit in their names.

use cdig::axes::{Axes, AxisLabels, Band, Role, Ticks, Tile};
use ndarray::ArrayD;

/// Arrays that say what the coefficients with these axes are, by name: `frequency_hz`, `time_s` (or `time_samples`
/// without a sampling rate), `quefrency_s`, `low_hz` and `high_hz` of bands and wavelets, `level` of wavelets,
/// `mixing` (channels × components).
///
/// One entry an entry of the axis; of wavelets, one a coefficient along its axis.
pub fn axis_arrays(axes: &Axes) -> Vec<(String, ArrayD<f64>)> {
    let mut arrays = Vec::new();
    let array = |values: Vec<f64>| ndarray::Array1::from(values).into_dyn();
    for axis in axes.iter() {
        match (&axis.role, &axis.ticks) {
            (Role::Frequency | Role::Time | Role::Quefrency, ticks) => {
                let name = format!("{}_{}", axis.role, axis.unit.to_lowercase());
                arrays.push((name, array(ticks.numbers().to_vec())));
            }
            (_, Ticks::Tiles(tiles)) => {
                let column = |value: fn(&Tile) -> f64| array(tiles.iter().map(value).collect());
                arrays.push(("time_s".to_owned(), column(|t| t.centre)));
                arrays.push(("low_hz".to_owned(), column(|t| t.limits.start)));
                arrays.push(("high_hz".to_owned(), column(|t| t.limits.end)));
                arrays.push(("level".to_owned(), column(|t| t.level as f64)));
            }
            _ => {}
        }
    }
    if let Some(bands) = own_bands(axes) {
        let column = |value: fn(&Band) -> f64| array(bands.iter().map(value).collect());
        arrays.push(("low_hz".to_owned(), column(|band| band.limits.start)));
        arrays.push(("high_hz".to_owned(), column(|band| band.limits.end)));
    }
    if let Some(mixing) = axes.mixing() {
        arrays.push(("mixing".to_owned(), mixing.clone().into_dyn()));
    }
    arrays
}

/// The bands along an axis of them, such as those of a filter bank; the last of several.
pub(crate) fn own_bands(axes: &Axes) -> Option<&[Band]> {
    axes.iter().rev().find_map(|axis| match &axis.ticks {
        Ticks::Bands(bands) => Some(&bands[..]),
        _ => None,
    })
}

/// Names along the axes that have some, such as components.
pub fn axis_names(axes: &Axes) -> Vec<(Role, Vec<String>)> {
    let names = |axis: &AxisLabels| match &axis.ticks {
        Ticks::Names(_) | Ticks::Components { .. } | Ticks::Bands(_) => {
            let names = (0..axis.len()).filter_map(|i| axis.text(i)).collect();
            Some((axis.role.clone(), names))
        }
        _ => None,
    };
    axes.iter().filter_map(names).collect()
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
        axis_arrays(&built.axes)
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
