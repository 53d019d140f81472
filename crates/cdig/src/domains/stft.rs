//! The short-time Fourier domain.

use std::fmt;
use std::ops::Range;

use ndarray::{ArrayD, ArrayViewD};
use num_complex::Complex;
use xcebra_model::Scalar;

use super::coefficient_lanes::CoefficientLanes;
use super::half_spectrum::{HalfSpectrum, Work};
use super::sampled_axis::SampledAxis;
use crate::domain::Domain;
use crate::error::{CdigError, Result};
use crate::labels::Labels;
use crate::numeric::ensure_finite;

/// A sample whose squared windows add up to less than this part of the largest sum is lost.
const LEAST_OVERLAP: f64 = 1e-10;

/// The short-time Fourier transform: complex coefficients over frequency and time.
///
/// Frame `m = 0 … M−1` is centred at sample `m · hop` and, beyond the ends of the signal, filled
/// with zeros; `M = ⌈(N−1)/hop⌉ + 1`. With a window `w` of length `L`,
/// `z_{km} = Σ_j w_j x_{m·hop − ⌊L/2⌋ + j} exp(−2πi kj/L)`, `k = 0 … ⌊L/2⌋`. In the place of time
/// the coefficients have two axes: frequency `k/L` of the sampling rate, in Hz, and time `m · hop`, in seconds.
///
/// The inverse adds up the frames' inverse transforms, windowed again, and divides by
/// `D_t = Σ_m w²_{t − m·hop + ⌊L/2⌋}` (least squares; Griffin and Lim, "Signal estimation from
/// modified short-time Fourier transform", IEEE Trans. ASSP 32 (1984), eq. 6). It is exact whenever
/// every `D_t` is positive, which is checked when the domain is built; no further condition on
/// window and hop is needed. Affine; computed in double precision whatever the signal's type.
///
/// There are more coefficients than samples; attributions are those of the model fed with this inverse.
#[derive(Clone)]
pub struct Stft {
    axis: SampledAxis,
    window: Vec<f64>,
    hop: usize,
    /// `1/D_t`.
    weights: Vec<f64>,
    transform: HalfSpectrum<f64>,
    lanes: CoefficientLanes,
}

impl Stft {
    /// The transform of signals of `shape` at `sampling_rate` in Hz, with frames as long as
    /// `window` (such as [`Window::Hann.samples(64)`](crate::Window::samples)) every `hop` samples.
    ///
    /// # Errors
    /// [`CdigError::Shape`] if `shape` has no axes or an empty one; [`CdigError::Parameter`] if the
    /// rate is not positive, the window is empty or hop 0, or if window and hop leave a sample out,
    /// so that no inverse exists; [`CdigError::NonFinite`] for a window with NaN.
    pub fn new(shape: &[usize], sampling_rate: f64, window: &[f64], hop: usize) -> Result<Self> {
        Self::planned(
            SampledAxis::new(shape, sampling_rate)?,
            window.to_vec(),
            hop,
        )
    }

    fn planned(axis: SampledAxis, window: Vec<f64>, hop: usize) -> Result<Self> {
        let (n, length) = (axis.len(), window.len());
        if length == 0 {
            let expected = "at least one value, such as `Window::Hann.samples(64)`";
            return Err(CdigError::parameter("the window's length", 0, expected));
        }
        if hop == 0 {
            let expected = "at least 1 sample between frames";
            return Err(CdigError::parameter("the hop", 0, expected));
        }
        let values = ndarray::ArrayView1::from(&window);
        ensure_finite("the window", "give finite values", &values, f64::is_finite)?;
        let frames = (n - 1).div_ceil(hop) + 1;
        let mut overlap = vec![0.0; n];
        for m in 0..frames {
            for (j, t) in inside(m, hop, length, n) {
                overlap[t] += window[j] * window[j];
            }
        }
        let largest = overlap.iter().fold(0.0_f64, |max, &d| max.max(d));
        let lost = |&d: &f64| d <= LEAST_OVERLAP * largest;
        if let Some(t) = overlap.iter().position(lost) {
            return Err(CdigError::parameter_with(
                "the window overlap",
                format!("{:e} at sample {t}", overlap[t]),
                format!(
                    "squared windows that add up to more than {:e} at every sample, without which no \
                     inverse exists",
                    LEAST_OVERLAP * largest
                ),
                format!("take a hop below {hop}, or a window that is not 0 there"),
            ));
        }
        let transform = HalfSpectrum::new(length);
        Ok(Self {
            lanes: CoefficientLanes::new(axis.time.clone(), &[transform.len(), frames]),
            transform,
            weights: overlap.iter().map(|d| d.recip()).collect(),
            axis,
            window,
            hop,
        })
    }

    /// Takes `axis` of the signal (counted without the batch axis) as time; the last one by default.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if there is no such axis, and as [`new`](Self::new).
    pub fn along(self, axis: usize) -> Result<Self> {
        Self::planned(self.axis.along(axis)?, self.window, self.hop)
    }

    /// Names bands `low..high` in Hz, as groups of the frequency axis.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if a band is empty or two overlap.
    pub fn bands<S: Into<String>>(
        mut self,
        bands: impl IntoIterator<Item = (S, Range<f64>)>,
    ) -> Result<Self> {
        self.axis.set_bands(bands)?;
        Ok(self)
    }

    fn frames(&self) -> usize {
        (self.axis.len() - 1).div_ceil(self.hop) + 1
    }

    /// (position in the window, sample) of the part of frame `m` that lies in the signal.
    fn inside(&self, m: usize) -> impl Iterator<Item = (usize, usize)> {
        inside(m, self.hop, self.window.len(), self.axis.len())
    }

    fn work(&self) -> Frame {
        Frame {
            samples: vec![0.0; self.window.len()],
            spectrum: vec![Complex::default(); self.transform.len()],
            scaled: vec![0.0; self.axis.len()],
            fft: self.transform.work(),
        }
    }

    /// Cuts `x` into windowed frames and transforms each by `transform`.
    fn analyse(
        &self,
        x: &[f64],
        z: &mut [Complex<f64>],
        (samples, spectrum, fft): (&mut [f64], &mut [Complex<f64>], &mut Work<f64>),
        transform: impl Fn(&[f64], &mut [Complex<f64>], &mut Work<f64>),
    ) {
        let frames = self.frames();
        for m in 0..frames {
            samples.fill(0.0);
            for (j, t) in self.inside(m) {
                samples[j] = self.window[j] * x[t];
            }
            transform(samples, spectrum, fft);
            for (k, &entry) in spectrum.iter().enumerate() {
                z[k * frames + m] = entry;
            }
        }
    }
}

/// Working memory of one thread.
struct Frame {
    samples: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    scaled: Vec<f64>,
    fft: Work<f64>,
}

fn inside(m: usize, hop: usize, length: usize, n: usize) -> impl Iterator<Item = (usize, usize)> {
    let (centre, half) = (m * hop, length / 2);
    let first = half.saturating_sub(centre);
    let last = (n + half).saturating_sub(centre).min(length);
    (first..last).map(move |j| (j, centre + j - half))
}

impl<A: Scalar> Domain<A> for Stft {
    fn name(&self) -> &str {
        "stft"
    }

    fn signal_shape(&self) -> &[usize] {
        &self.axis.time.shape
    }

    fn coefficient_shape(&self) -> &[usize] {
        self.lanes.shape()
    }

    fn forward(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<Complex<A>>> {
        let work = || self.work();
        self.lanes.forward(signals, work, |x, z, frame| {
            let buffers = (
                &mut frame.samples[..],
                &mut frame.spectrum[..],
                &mut frame.fft,
            );
            self.analyse(x, z, buffers, |x, z, fft| self.transform.forward(x, z, fft));
        })
    }

    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>> {
        let frames = self.frames();
        let work = || self.work();
        self.lanes
            .inverse(coefficients, work, |z, x, frame: &mut Frame| {
                x.fill(0.0);
                for m in 0..frames {
                    for (k, entry) in frame.spectrum.iter_mut().enumerate() {
                        *entry = z[k * frames + m];
                    }
                    let (spectrum, samples) = (&frame.spectrum, &mut frame.samples);
                    self.transform.inverse(spectrum, samples, &mut frame.fft);
                    for (j, t) in self.inside(m) {
                        x[t] += self.window[j] * frame.samples[j];
                    }
                }
                for (x, weight) in x.iter_mut().zip(&self.weights) {
                    *x *= weight;
                }
            })
    }

    /// The frames of the cotangent over `D`, each through the adjoint of the inverse transform.
    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
    ) -> Result<ArrayD<Complex<A>>> {
        let work = || self.work();
        self.lanes
            .adjoint(coefficients, cotangent, work, |g, z, frame| {
                let scaled = frame.scaled.iter_mut().zip(g).zip(&self.weights);
                scaled.for_each(|((s, g), weight)| *s = g * weight);
                let buffers = (
                    &mut frame.samples[..],
                    &mut frame.spectrum[..],
                    &mut frame.fft,
                );
                self.analyse(&frame.scaled, z, buffers, |x, z, fft| {
                    self.transform.inverse_adjoint(x, z, fft);
                });
            })
    }

    fn has_affine_inverse(&self) -> bool {
        true
    }

    fn kept_axes(&self) -> Vec<(usize, usize)> {
        self.lanes.kept()
    }

    fn labels(&self) -> Labels {
        let bin = self.axis.rate / self.window.len() as f64;
        let bins = (0..self.transform.len()).map(|k| k as f64 * bin).collect();
        let centres = (0..self.frames()).map(|m| (m * self.hop) as f64);
        self.axis
            .time
            .labels(vec![self.axis.frequencies(bins), self.axis.times(centres)])
    }
}

impl fmt::Debug for Stft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stft")
            .field("axis", &self.axis)
            .field("window", &self.window)
            .field("hop", &self.hop)
            .finish_non_exhaustive()
    }
}
