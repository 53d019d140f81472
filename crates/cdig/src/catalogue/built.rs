//! From the name of a domain to the domain of given signals.

use std::ops::Range;
use std::sync::Arc;

use ndarray::ArrayViewD;

use crate::axes::{Axes, Role};
use crate::catalogue::entry::Step;
use crate::catalogue::{Bands, DomainSpec};
use crate::domain::Domain;
use crate::domains::Compose;
use crate::error::{CdigError, Result};

/// The signals for which a domain is built.
#[derive(Debug, Clone)]
pub struct Setting<'a> {
    /// Shape of one signal.
    pub shape: Vec<usize>,
    /// Which of its axes is time; the last one by default.
    pub time_axis: usize,
    /// Samples a second; without, times are counted in samples.
    pub sampling_rate: Option<f64>,
    /// Named bands in Hz, by which spectra are read; none by default.
    pub bands: Vec<(String, Range<f64>)>,
    /// Names of the channels; none if they are counted.
    pub channels: Option<Vec<String>>,
    /// Signals `(n, …shape)` from which principal and independent components are fitted.
    pub data: ArrayViewD<'a, f64>,
    /// Where the search for independent components begins.
    pub seed: u64,
}

impl<'a> Setting<'a> {
    /// Signals of `shape`, with `data` `(n, …shape)` for what is fitted.
    pub fn new(shape: &[usize], data: ArrayViewD<'a, f64>) -> Self {
        Self {
            shape: shape.to_vec(),
            time_axis: shape.len().saturating_sub(1),
            sampling_rate: None,
            bands: Vec::new(),
            channels: None,
            data,
            seed: 0,
        }
    }

    /// Number of samples in time.
    pub fn samples(&self) -> usize {
        self.shape.get(self.time_axis).copied().unwrap_or(0)
    }

    /// Samples a second, or 1 if that is not known.
    pub fn hz(&self) -> f64 {
        self.sampling_rate.unwrap_or(1.0)
    }
}

/// A domain of given signals, with what is known about its coefficients.
pub struct Built {
    /// How it was asked for, for example `stft:64:16`.
    pub name: String,
    /// The domain, which may be a part of others.
    pub domain: Arc<dyn Domain<f64>>,
    /// What the axes of the coefficients are. Channels have their names, and times are in samples if there is no
    /// sampling rate.
    pub axes: Axes,
    /// Which coefficients are in which of the setting's bands, if it has some.
    pub bands: Option<Bands>,
    /// Why the setting's bands are of no use in this domain, in words.
    pub bands_misfit: Option<String>,
    /// Names of the channels; none if they are counted.
    pub channels: Option<Vec<String>>,
}

impl Built {
    /// Any domain of the signals that `setting` describes, such as one that is not in the catalogue.
    pub fn new(
        name: impl Into<String>,
        domain: Box<dyn Domain<f64>>,
        setting: &Setting<'_>,
    ) -> Self {
        let mut axes = domain.axes();
        if setting.sampling_rate.is_none() {
            axes = axes.in_samples();
        }
        if let Some(names) = &setting.channels {
            axes = axes.with_channel_names(names);
        }
        let bands = match setting.bands.is_empty() {
            true => None,
            false => Some(Bands::of(&axes, &setting.bands)),
        };
        let (bands, bands_misfit) = match bands {
            None => (None, None),
            Some(Ok(bands)) => (Some(bands), None),
            Some(Err(why)) => (None, Some(why)),
        };
        Self {
            name: name.into(),
            domain: domain.into(),
            axes,
            bands,
            bands_misfit,
            channels: setting.channels.clone(),
        }
    }
}

impl DomainSpec {
    /// The domain of signals as `setting` describes them.
    ///
    /// # Errors
    /// [`CdigError`] if the signals have no such domain: too short, too few channels, no sampling rate.
    pub fn build(&self, setting: &Setting<'_>) -> Result<Built> {
        if self.needs_sampling_rate() && setting.sampling_rate.is_none() {
            return Err(CdigError::parameter(
                "the sampling rate",
                format!("not known, and the domain {self} has frequencies"),
                "a number of samples per second, or 1 to count time in samples and frequencies in cycles \
                 a sample",
            ));
        }
        if setting.time_axis >= setting.shape.len() {
            return Err(CdigError::parameter(
                "the time axis",
                setting.time_axis,
                format!("an axis of the signals {:?}, counted from 0", setting.shape),
            ));
        }
        let domain = in_turn(self.steps(), setting)?;
        Ok(Built::new(self.to_string(), domain, setting))
    }
}

/// Each domain on the coefficients of those before it.
fn in_turn(steps: &[Step], setting: &Setting<'_>) -> Result<Box<dyn Domain<f64>>> {
    let [step, rest @ ..] = steps else {
        return Err(CdigError::parameter(
            "the list of domains",
            "empty",
            "at least one",
        ));
    };
    let first = (step.entry.make)(step, setting)?;
    if rest.is_empty() {
        return Ok(first);
    }
    let time_axis = first.axes().position(&Role::Time).ok_or_else(|| {
        CdigError::parameter(
            "the first of two domains",
            step,
            "one that keeps time, such as ica or filter-bank with all components",
        )
    })?;
    let inner = Setting {
        shape: first.coefficient_shape().to_vec(),
        time_axis,
        ..setting.clone()
    };
    let second = in_turn(rest, &inner)?;
    Ok(Box::new(Compose::new(first, second)?))
}

#[cfg(test)]
mod tests {
    use ndarray::ArrayD;

    use super::*;

    fn data(shape: &[usize]) -> ArrayD<f64> {
        let mut k: f64 = 0.0;
        ArrayD::from_shape_simple_fn([&[3], shape].concat(), || {
            k += 1.0;
            (k * k * 0.3).sin()
        })
    }

    fn words(spec: &str, rate: Option<f64>, index: &[usize]) -> String {
        let data = data(&[2, 32]);
        let mut setting = Setting::new(&[2, 32], data.view());
        setting.sampling_rate = rate;
        setting.channels = Some(vec!["C3".to_owned(), "C4".to_owned()]);
        let spec: DomainSpec = spec.parse().unwrap();
        let built = spec.build(&setting).unwrap();
        built.axes.describe(index).unwrap()
    }

    /// What a coefficient is follows from the domain's axes, one domain on another and parts of a basis too.
    #[test]
    fn coefficients_are_told_by_what_they_are() {
        for (spec, rate, index, expected) in [
            ("time", None, &[1, 3][..], "channel C4, time 3 samples"),
            (
                "analytic",
                None,
                &[0, 1, 3],
                "channel C3, part phase, time 3 samples",
            ),
            ("rfft", Some(8.0), &[1, 2], "channel C4, frequency 0.5 Hz"),
            ("pca", Some(8.0), &[1, 4], "component 1, time 0.5 s"),
            ("pca", None, &[1, 4], "component 1, time 4 samples"),
            ("pca:1", Some(8.0), &[4], "component 0, time 0.5 s"),
            ("pca:1", Some(8.0), &[32 + 7], "remainder 7"),
            (
                "pca+rfft",
                Some(8.0),
                &[1, 4],
                "component 1, frequency 1 Hz",
            ),
        ] {
            assert_eq!(words(spec, rate, index), expected, "{spec}");
        }
    }

    #[test]
    fn components_say_what_they_are_made_of() {
        let data = data(&[2, 32]);
        let setting = Setting::new(&[2, 32], data.view());
        for spec in ["pca", "pca:1", "pca+time"] {
            let built = spec.parse::<DomainSpec>().unwrap().build(&setting).unwrap();
            let mixing = built.axes.mixing().unwrap();
            // columns of principal components have length 1
            for column in mixing.columns() {
                assert!((column.dot(&column) - 1.0).abs() < 1e-12, "{spec}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let data = data(&[2, 32]);
        let mut setting = Setting::new(&[2, 32], data.view());
        let message = |spec: &str, setting: &Setting<'_>| {
            let spec: DomainSpec = spec.parse().unwrap();
            match spec.build(setting) {
                Ok(_) => panic!("{spec} was built"),
                Err(error) => error.to_string(),
            }
        };
        assert!(message("rfft", &setting).contains("the sampling rate is not known"));
        setting.sampling_rate = Some(8.0);
        assert!(message("rfft+time", &setting).contains("keeps time"));
        setting.time_axis = 2;
        assert!(message("rfft", &setting).contains("an axis of the signals"));
        let one = Setting::new(&[32], data.view());
        assert!(message("pca", &one).contains("needs no channels"));
    }
}
