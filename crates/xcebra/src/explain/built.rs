//! From the name of a domain to the domain of given signals.

use std::ops::Range;

use cdig::{
    AnalyticSignal, AxisLabels, Basis, CdigError, ComplexCepstrum, Compose, Dct, Domain,
    FilterBank, Fourier, Labels, RealFourier, SeasonalTrend, Stft, Ticks, Time, Wavelet,
    WaveletPackets, Window, WithRemainder,
};
use ndarray::{Array2, ArrayViewD, Dimension};

use crate::explain::{Bands, DomainSpec};

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

    fn time(&self) -> usize {
        self.shape.get(self.time_axis).copied().unwrap_or(0)
    }
}

/// A domain with what is known about it beyond its labels.
pub struct Built {
    /// How it was asked for.
    pub spec: DomainSpec,
    /// The domain.
    pub domain: Box<dyn Domain<f64>>,
    /// What the axes of the coefficients mean.
    pub labels: Labels,
    /// Which axis of the coefficients is time, if one is.
    pub time_axis: Option<usize>,
    /// What the components are made of, `(channels, components)`.
    pub mixing: Option<Array2<f64>>,
    /// Which coefficients are in which of the setting's bands, if it has some.
    pub bands: Option<Bands>,
    /// Why the setting's bands are of no use in this domain, in words.
    pub bands_misfit: Option<String>,
    /// Names of the channels; none if they are counted.
    pub channels: Option<Vec<String>>,
}

impl DomainSpec {
    /// The domain of signals as `setting` describes them.
    ///
    /// # Errors
    /// [`CdigError`] if the signals have no such domain: too short, too few channels, no sampling rate.
    pub fn build(&self, setting: &Setting<'_>) -> Result<Built, CdigError> {
        if self.needs_sampling_rate() && setting.sampling_rate.is_none() {
            return Err(CdigError::Parameter {
                name: "the sampling rate",
                found: format!("not known, and the domain {self} has frequencies"),
                expected:
                    "a number of samples a second, or 1 if time is to be counted in samples and \
                           frequencies in cycles a sample"
                        .to_owned(),
                advice: None,
            });
        }
        let shape = &setting.shape;
        if setting.time_axis >= shape.len() {
            return Err(parameter(
                "the time axis",
                setting.time_axis,
                &format!("an axis of the signals {shape:?}, counted from 0"),
            ));
        }
        let (axis, hz) = (setting.time_axis, setting.sampling_rate.unwrap_or(1.0));
        let mut mixing = None;
        let mut represented = None;
        let mut time_axis = None;
        let domain: Box<dyn Domain<f64>> = match self {
            Self::Time => {
                time_axis = Some(axis);
                let time = Time::new(shape)?.along(axis)?;
                match setting.sampling_rate {
                    Some(hz) => Box::new(time.sampling_rate(hz)?),
                    None => Box::new(time),
                }
            }
            Self::Fourier => Box::new(Fourier::new(shape, hz)?.along(axis)?),
            Self::RealFourier => Box::new(RealFourier::new(shape, hz)?.along(axis)?),
            Self::Dct => Box::new(Dct::new(shape, hz)?.along(axis)?),
            Self::Stft { window, hop } => {
                time_axis = Some(axis + 1);
                let window = window.unwrap_or_else(|| usual_window(setting.time()));
                let hop = hop.unwrap_or((window / 4).max(1));
                let samples = Window::Hann.samples(window);
                Box::new(Stft::new(shape, hz, &samples, hop)?.along(axis)?)
            }
            Self::Wavelet(family, level) => {
                let level = level.unwrap_or_else(|| usual_level(setting.time()));
                Box::new(Wavelet::on_axis(shape, axis, hz, *family, level)?)
            }
            Self::Packets(family, level) => {
                time_axis = Some(axis + 1);
                let deepest = setting.time().trailing_zeros() as usize;
                let level =
                    level.unwrap_or_else(|| usual_level(setting.time()).min(deepest).max(1));
                Box::new(WaveletPackets::on_axis(shape, axis, hz, *family, level)?)
            }
            Self::FilterBank(edges) => {
                time_axis = Some(axis + 1);
                Box::new(FilterBank::new(shape, hz, edges)?.along(axis)?)
            }
            Self::SeasonalTrend(period) => {
                time_axis = Some(axis + 1);
                Box::new(SeasonalTrend::on_axis(shape, axis, hz, *period)?)
            }
            Self::Analytic => {
                time_axis = Some(axis + 1);
                Box::new(AnalyticSignal::new(shape, hz)?.along(axis)?)
            }
            Self::Cepstrum => Box::new(ComplexCepstrum::new(shape, hz)?.along(axis)?),
            Self::Pca(components) | Self::Ica(components) => {
                let channels = channel_axis(self, setting)?;
                let all = shape[channels];
                let count = components.unwrap_or(all);
                let data = setting.data.view();
                let basis = match self {
                    Self::Pca(_) => Basis::pca(data, channels, count)?,
                    _ => Basis::ica(data, channels, count, setting.seed)?,
                };
                mixing = Some(basis.mixing().to_owned());
                if count == all {
                    time_axis = Some(axis);
                    Box::new(basis)
                } else {
                    represented = Some(labels(&basis, Some(axis), setting));
                    Box::new(WithRemainder::new(basis))
                }
            }
            Self::Then(first, second) => {
                let first = first.build(setting)?;
                let inner = Setting {
                    shape: first.domain.coefficient_shape().to_vec(),
                    time_axis: first.time_axis.ok_or_else(|| {
                        parameter(
                            "the first of two domains",
                            &first.spec,
                            "one that keeps time, such as ica or filter-bank with all components",
                        )
                    })?,
                    ..setting.clone()
                };
                let second = second.build(&inner)?;
                mixing = first.mixing;
                time_axis = second.time_axis;
                Box::new(Compose::new(first.domain, second.domain)?)
            }
        };
        let mut labels = labels(&*domain, time_axis, setting);
        if let Some(inner) = represented {
            name_represented(&mut labels, &inner);
        }
        let bands = match setting.bands.is_empty() {
            true => Err(String::new()),
            false => Bands::of(&labels, &setting.bands),
        };
        Ok(Built {
            spec: self.clone(),
            bands: bands.as_ref().ok().cloned(),
            bands_misfit: bands.err().filter(|why| !why.is_empty()),
            labels,
            domain,
            time_axis,
            mixing,
            channels: setting.channels.clone(),
        })
    }
}

/// The labels of a domain, with times on its time axis, in samples if there is no sampling rate, and the
/// names of channels.
fn labels(domain: &dyn Domain<f64>, time_axis: Option<usize>, setting: &Setting<'_>) -> Labels {
    let rate = setting.sampling_rate;
    let mut labels = domain.labels();
    for (i, axis) in labels.axes.iter_mut().enumerate() {
        // a basis along channels does not know what runs along its other axis
        if time_axis == Some(i) && axis.name != "time" {
            let step = rate.map_or(1.0, f64::recip);
            let times = (0..axis.len()).map(|t| t as f64 * step).collect();
            *axis = AxisLabels::numbers("time", "s", times);
        }
        if axis.unit == "s" && rate.is_none() {
            axis.unit = "samples".to_owned();
        }
    }
    // of several axes beside time the one that is longer than 1 is that of channels
    let counted = |axis: &AxisLabels| axis.name == "channel" || axis.name.starts_with("axis ");
    let all: Vec<usize> = (0..labels.axes.len())
        .filter(|&i| counted(&labels.axes[i]))
        .collect();
    let long: Vec<usize> = all
        .iter()
        .copied()
        .filter(|&i| labels.axes[i].len() > 1)
        .collect();
    if let ([channels], _) | ([], [channels]) = (&long[..], &all[..]) {
        let channels = *channels;
        let axis = &mut labels.axes[channels];
        *axis = match &setting.channels {
            Some(names) if names.len() == axis.len() => AxisLabels::names("channel", names.clone()),
            _ => AxisLabels::indices("channel", axis.len()),
        };
    }
    labels
}

/// Names the coefficients of a reduced basis, which run along one axis, as those of the basis.
fn name_represented(labels: &mut Labels, inner: &Labels) {
    let [axis] = &mut labels.axes[..] else { return };
    let Ticks::Names(names) = &mut axis.ticks else {
        return;
    };
    let shape: Vec<usize> = inner.axes.iter().map(AxisLabels::len).collect();
    for (name, index) in names.iter_mut().zip(ndarray::indices(shape)) {
        if let Some(words) = inner.describe(index.slice()) {
            *name = words;
        }
    }
}

/// The axis of channels, which principal and independent components need.
fn channel_axis(spec: &DomainSpec, setting: &Setting<'_>) -> Result<usize, CdigError> {
    match setting.shape.len() {
        2 if setting.shape[1 - setting.time_axis] > 1 => Ok(1 - setting.time_axis),
        _ => Err(parameter(
            "the domain",
            spec,
            &format!(
                "one that needs no channels, because the signals are {:?}; components are found among \
                 at least two channels (channels, time)",
                setting.shape
            ),
        )),
    }
}

/// About a quarter of the signal, as a power of two.
fn usual_window(samples: usize) -> usize {
    (samples / 4).clamp(2, 256).next_power_of_two()
}

/// As deep as leaves about eight averages.
fn usual_level(samples: usize) -> usize {
    (samples.max(2).ilog2() as usize).saturating_sub(3).max(1)
}

fn parameter(name: &'static str, found: impl std::fmt::Display, expected: &str) -> CdigError {
    CdigError::Parameter {
        name,
        found: found.to_string(),
        expected: expected.to_owned(),
        advice: None,
    }
}
