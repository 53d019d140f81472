//! Frequency bands as signals: a filter bank that adds up to the whole.

use std::f64::consts::PI;
use std::ops::Range;

use num_complex::Complex;

use super::half_spectrum::{HalfSpectrum, Work};
use super::lanewise::{LaneTransform, Lanewise};
use crate::axes::{AxisLabels, Band};
use crate::error::{CdigError, Result};

/// The signal split into frequency bands, each a signal over time.
///
/// `z_b = irfft(H_b · rfft(x))` with weights `H_b(f) ∈ [0, 1]` that add up to 1 at every frequency;
/// the inverse is the sum of the bands, `x = Σ_b z_b`: real and affine. Between two neighbouring
/// bands the weights cross over, brick-wall by default, along half a cosine over the width
/// [`transition`](FilterBank::transition). In the place of time the coefficients have two axes:
/// band, named by its limits in Hz, and time in seconds.
///
/// As filters these have zero phase and act on the signal as periodic. The attribution of band `b`
/// at time `t` is `g_t (z_bt − z'_bt)`: what the band's own samples do.
///
/// Source of the idea (weights that add up to one): Portnoff, "Time-frequency representation of
/// digital signals and systems based on short-time Fourier analysis", IEEE Trans. ASSP 28 (1980).
/// All computations are in double precision, also for `f32` signals.
pub type FilterBank = Lanewise<Filters>;

/// The bands of one lane, as [`FilterBank`] has them.
#[derive(Clone)]
pub struct Filters {
    samples: usize,
    rate: f64,
    edges: Vec<f64>,
    transition: f64,
    names: Option<Vec<String>>,
    /// `H_b(f_k)`, band by band.
    weights: Vec<Vec<f64>>,
    transform: HalfSpectrum<f64>,
}

impl Lanewise<Filters> {
    /// Bands of signals of `shape` at `sampling_rate` in Hz: from 0 Hz to the first of `edges`, from
    /// each to the next, and from the last to the Nyquist frequency, `edges.len() + 1` in all.
    ///
    /// # Errors
    /// [`CdigError::Shape`] if `shape` has no axes or an empty one, [`CdigError::Parameter`] if the
    /// rate is not positive or the edges do not ascend between 0 Hz and half the rate.
    pub fn new(shape: &[usize], sampling_rate: f64, edges: &[f64]) -> Result<Self> {
        Self::on_last_axis(shape, sampling_rate, |n, hz| {
            Filters::new(n, hz, edges.to_vec(), 0.0, None)
        })
    }

    /// Takes `axis` of the signal (counted without the batch axis) as time; the last one by default.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if there is no such axis.
    pub fn along(self, axis: usize) -> Result<Self> {
        self.moved(axis, |own, n, hz| {
            Filters::new(n, hz, own.edges, own.transition, own.names)
        })
    }

    /// Width in Hz of the crossover around every edge, 0 by default.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if it is negative or wider than the narrowest band.
    pub fn transition(self, hz: f64) -> Result<Self> {
        let axis = self.axis.time.axis;
        self.moved(axis, |own, n, rate| {
            Filters::new(n, rate, own.edges, hz, own.names)
        })
    }

    /// Names of the bands, such as `alpha`, from low to high.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if there are not as many as bands.
    pub fn names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Result<Self> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if names.len() != self.transform.weights.len() {
            return Err(CdigError::parameter(
                "the number of band names",
                names.len(),
                format!("{}, one for each band", self.transform.weights.len()),
            ));
        }
        self.transform.names = Some(names);
        Ok(self)
    }

    /// Limits of the bands in Hz.
    pub fn limits(&self) -> Vec<Range<f64>> {
        self.transform.limits()
    }
}

impl Filters {
    fn new(
        samples: usize,
        rate: f64,
        edges: Vec<f64>,
        transition: f64,
        names: Option<Vec<String>>,
    ) -> Result<Self> {
        let nyquist = rate / 2.0;
        let limits: Vec<f64> = [&[0.0][..], &edges, &[nyquist]].concat();
        if !limits.windows(2).all(|pair| pair[0] < pair[1]) {
            return Err(CdigError::parameter(
                "the list of band edges",
                format!("{edges:?}"),
                format!("ascending frequencies between 0 and {nyquist} Hz, both excluded"),
            ));
        }
        let inner = limits
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .fold(f64::INFINITY, f64::min);
        if !(0.0..=inner).contains(&transition) {
            return Err(CdigError::parameter(
                "the transition between bands",
                transition,
                format!("0 to {inner} Hz, the width of the narrowest band"),
            ));
        }
        let transform = HalfSpectrum::new(samples);
        let bin = rate / samples as f64;
        let above = |edge: Option<&f64>, f: f64| edge.map_or(0.0, |&e| step(f - e, transition));
        let weights: Vec<Vec<f64>> = (0..=edges.len())
            .map(|b| {
                (0..transform.len())
                    .map(|k| {
                        let f = k as f64 * bin;
                        let below = if b == 0 {
                            1.0
                        } else {
                            above(edges.get(b - 1), f)
                        };
                        below - above(edges.get(b), f)
                    })
                    .collect()
            })
            .collect();
        Ok(Self {
            samples,
            rate,
            edges,
            transition,
            names,
            weights,
            transform,
        })
    }

    fn limits(&self) -> Vec<Range<f64>> {
        let limits: Vec<f64> = [&[0.0][..], &self.edges, &[self.rate / 2.0]].concat();
        limits.windows(2).map(|pair| pair[0]..pair[1]).collect()
    }
}

/// 0 below, 1 above, half a cosine over `width` around 0.
fn step(distance: f64, width: f64) -> f64 {
    if 2.0 * distance >= width {
        1.0
    } else if 2.0 * distance <= -width {
        0.0
    } else {
        0.5 + 0.5 * (PI * distance / width).sin()
    }
}

/// Working memory of one thread.
pub struct Spectra {
    lane: Vec<Complex<f64>>,
    band: Vec<Complex<f64>>,
    fft: Work<f64>,
}

impl LaneTransform for Filters {
    type Coefficient = f64;
    type Work = Spectra;

    fn name(&self) -> &str {
        "filter bank"
    }

    fn shape(&self) -> Vec<usize> {
        vec![self.weights.len(), self.samples]
    }

    fn work(&self) -> Spectra {
        let zeros = vec![Complex::default(); self.transform.len()];
        Spectra {
            lane: zeros.clone(),
            band: zeros,
            fft: self.transform.work(),
        }
    }

    fn forward(&self, x: &[f64], z: &mut [f64], work: &mut Spectra) {
        self.transform.forward(x, &mut work.lane, &mut work.fft);
        for (signal, weights) in z.chunks_mut(x.len()).zip(&self.weights) {
            for ((band, entry), weight) in work.band.iter_mut().zip(&work.lane).zip(weights) {
                *band = entry * weight;
            }
            self.transform.inverse(&work.band, signal, &mut work.fft);
        }
    }

    fn inverse(&self, z: &[f64], x: &mut [f64], _: &mut Spectra) {
        add_parts(z, x);
    }

    /// The cotangent itself for every band.
    fn adjoint(&self, g: &[f64], z: &mut [f64], _: &mut Spectra) {
        repeat_for_parts(g, z);
    }

    fn axes(&self) -> Vec<AxisLabels> {
        let names = self.names.clone().unwrap_or_default();
        let names = names.into_iter().chain(std::iter::repeat(String::new()));
        let bands = self.limits().into_iter().zip(names);
        let bands = bands.map(|(limits, name)| Band { name, limits }).collect();
        let times = (0..self.samples).map(|t| t as f64);
        vec![
            AxisLabels::bands(bands).grouped_by_name(),
            AxisLabels::times(times, Some(self.rate)),
        ]
    }
}

/// `x = Σ_p z_p`, the parts one after the other.
pub(super) fn add_parts(z: &[f64], x: &mut [f64]) {
    x.fill(0.0);
    for part in z.chunks(x.len()) {
        x.iter_mut().zip(part).for_each(|(x, z)| *x += z);
    }
}

/// Adjoint of [`add_parts`].
pub(super) fn repeat_for_parts(g: &[f64], z: &mut [f64]) {
    z.chunks_mut(g.len())
        .for_each(|part| part.copy_from_slice(g));
}
