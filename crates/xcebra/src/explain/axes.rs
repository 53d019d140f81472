//! What the axes of coefficients mean, as arrays of numbers with a unit in their names.

use cdig::{AxisLabels, Ticks};
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
            ("wavelet", _) => {
                let tiles = wavelet_tiles(axis, sampling_rate.unwrap_or(1.0));
                let column =
                    |value: fn(&WaveletTile) -> f64| array(tiles.iter().map(value).collect());
                arrays.push(("time_s".to_owned(), column(|t| t.centre)));
                arrays.push(("low_hz".to_owned(), column(|t| t.low)));
                arrays.push(("high_hz".to_owned(), column(|t| t.high)));
                arrays.push(("level".to_owned(), column(|t| t.level as f64)));
            }
            ("quefrency", _) => {
                let quefrencies = quefrencies(axis, sampling_rate.unwrap_or(1.0));
                arrays.push(("quefrency_s".to_owned(), array(quefrencies)));
            }
            _ => {}
        }
    }
    if let Some(limits) = &built.limits {
        arrays.push((
            "low_hz".to_owned(),
            array(limits.iter().map(|band| band.start).collect()),
        ));
        arrays.push((
            "high_hz".to_owned(),
            array(limits.iter().map(|band| band.end).collect()),
        ));
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

/// Names along the axes that have some, such as components, by the name of the axis.
pub fn axis_names(built: &Built) -> Vec<(String, Vec<String>)> {
    let names = |axis: &AxisLabels| match &axis.ticks {
        Ticks::Names(names) => Some((axis.name.clone(), names.clone())),
        Ticks::Numbers(_) => None,
    };
    built.labels.axes.iter().filter_map(names).collect()
}

/// Where a wavelet lies in time and frequency.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WaveletTile {
    pub(crate) level: usize,
    pub(crate) centre: f64,
    /// Time that its level gives to one coefficient, in seconds.
    pub(crate) width: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// The tiles of a wavelet axis: the averages of the coarsest level, then details from coarse to fine.
pub(crate) fn wavelet_tiles(axis: &AxisLabels, rate: f64) -> Vec<WaveletTile> {
    let coarse = axis.groups.len().saturating_sub(1);
    let edge = |level: usize| rate / 2.0 / (1_u64 << level) as f64;
    let mut tiles = Vec::with_capacity(axis.len());
    for (part, group) in axis.groups.iter().enumerate() {
        let level = if part == 0 { coarse } else { coarse + 1 - part };
        let (low, high) = match part {
            0 => (0.0, edge(coarse)),
            _ => (edge(level), edge(level - 1)),
        };
        let samples = (1_u64 << level) as f64;
        tiles.extend((0..group.members.len()).map(|i| WaveletTile {
            level,
            centre: (samples * (i as f64 + 0.5) - 0.5) / rate,
            width: samples / rate,
            low,
            high,
        }));
    }
    tiles
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

    /// The labels of the domain say the same in words.
    #[test]
    fn wavelets_lie_where_their_labels_say() {
        let found = arrays("wavelet:haar:2", &[10], Some(5.0));
        assert_eq!(names(&found), ["time_s", "low_hz", "high_hz", "level"]);
        let data = ArrayD::zeros(vec![1, 10]);
        let mut setting = Setting::new(&[10], data.view());
        setting.sampling_rate = Some(5.0);
        let built = "wavelet:haar:2"
            .parse::<DomainSpec>()
            .unwrap()
            .build(&setting)
            .unwrap();
        let axis = &built.labels.axes[0];
        for i in 0..10 {
            let word = axis.describe(i).unwrap();
            let time = found[0].1[[i]];
            let level = found[3].1[[i]];
            let short = (time * 1e6).round() / 1e6;
            assert!(
                word.ends_with(&format!("{level} at {short} s")),
                "{word} {time} {level}"
            );
        }
        let group = &axis.groups[1];
        assert_eq!(group.name, "d2 (0.625–1.25 Hz)");
        let member = group.members[0];
        assert_eq!((found[1].1[[member]], found[2].1[[member]]), (0.625, 1.25));
    }
}
