//! The short-time Fourier domain.

use num_complex::Complex;

use super::half_spectrum::{HalfSpectrum, Work};
use super::lanewise::{LaneTransform, Lanewise};
use crate::axes::AxisLabels;
use crate::error::{CdigError, Result};
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
/// window and hop is needed. Affine; computed in double precision, also for `f32` signals.
///
/// There are more coefficients than samples; attributions are those of the model fed with this inverse.
pub type Stft = Lanewise<Frames>;

/// The windowed frames of one lane, as [`Stft`] has them.
#[derive(Clone)]
pub struct Frames {
    samples: usize,
    rate: f64,
    window: Vec<f64>,
    hop: usize,
    /// `1/D_t`.
    weights: Vec<f64>,
    transform: HalfSpectrum<f64>,
}

impl Lanewise<Frames> {
    /// The transform of signals of `shape` at `sampling_rate` in Hz, with frames as long as
    /// `window` (such as [`Window::Hann.samples(64)`](crate::domains::Window::samples)) every `hop` samples.
    ///
    /// # Errors
    /// [`CdigError::Shape`] if `shape` has no axes or an empty one; [`CdigError::Parameter`] if the
    /// rate is not positive, the window is empty or hop 0, or if window and hop leave a sample out,
    /// so that no inverse exists; [`CdigError::NonFinite`] for a window with NaN.
    pub fn new(shape: &[usize], sampling_rate: f64, window: &[f64], hop: usize) -> Result<Self> {
        let plan = |n, hz| Frames::new(n, hz, window.to_vec(), hop);
        Self::on_last_axis(shape, sampling_rate, plan)
    }

    /// Takes `axis` of the signal (counted without the batch axis) as time; the last one by default.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if there is no such axis, and as [`new`](Self::new).
    pub fn along(self, axis: usize) -> Result<Self> {
        self.moved(axis, |frames, n, hz| {
            Frames::new(n, hz, frames.window, frames.hop)
        })
    }
}

impl Frames {
    fn new(samples: usize, rate: f64, window: Vec<f64>, hop: usize) -> Result<Self> {
        let (n, length) = (samples, window.len());
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
        Ok(Self {
            samples,
            rate,
            transform: HalfSpectrum::new(length),
            weights: overlap.iter().map(|d| d.recip()).collect(),
            window,
            hop,
        })
    }

    fn frames(&self) -> usize {
        (self.samples - 1).div_ceil(self.hop) + 1
    }

    /// (position in the window, sample) of the part of frame `m` that is inside the signal.
    fn inside(&self, m: usize) -> impl Iterator<Item = (usize, usize)> {
        inside(m, self.hop, self.window.len(), self.samples)
    }

    /// Cuts `x` into windowed frames and transforms each by `transform`.
    fn analyse(
        &self,
        x: &[f64],
        z: &mut [Complex<f64>],
        frame: &mut Frame,
        transform: impl Fn(&[f64], &mut [Complex<f64>], &mut Work<f64>),
    ) {
        let frames = self.frames();
        for m in 0..frames {
            frame.samples.fill(0.0);
            for (j, t) in self.inside(m) {
                frame.samples[j] = self.window[j] * x[t];
            }
            transform(&frame.samples, &mut frame.spectrum, &mut frame.fft);
            for (k, &entry) in frame.spectrum.iter().enumerate() {
                z[k * frames + m] = entry;
            }
        }
    }
}

/// One frame, as the working memory of one thread.
pub struct Frame {
    samples: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    fft: Work<f64>,
}

fn inside(m: usize, hop: usize, length: usize, n: usize) -> impl Iterator<Item = (usize, usize)> {
    let (centre, half) = (m * hop, length / 2);
    let first = half.saturating_sub(centre);
    let last = (n + half).saturating_sub(centre).min(length);
    (first..last).map(move |j| (j, centre + j - half))
}

impl LaneTransform for Frames {
    type Coefficient = Complex<f64>;
    /// A frame, and the cotangent over `D`.
    type Work = (Frame, Vec<f64>);

    fn name(&self) -> &str {
        "stft"
    }

    fn shape(&self) -> Vec<usize> {
        vec![self.transform.len(), self.frames()]
    }

    fn work(&self) -> (Frame, Vec<f64>) {
        let frame = Frame {
            samples: vec![0.0; self.window.len()],
            spectrum: vec![Complex::default(); self.transform.len()],
            fft: self.transform.work(),
        };
        (frame, vec![0.0; self.samples])
    }

    fn forward(&self, x: &[f64], z: &mut [Complex<f64>], (frame, _): &mut (Frame, Vec<f64>)) {
        self.analyse(x, z, frame, |x, z, fft| self.transform.forward(x, z, fft));
    }

    fn inverse(&self, z: &[Complex<f64>], x: &mut [f64], (frame, _): &mut (Frame, Vec<f64>)) {
        let frames = self.frames();
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
    }

    /// The frames of the cotangent over `D`, each through the adjoint of the inverse transform.
    fn adjoint(&self, g: &[f64], z: &mut [Complex<f64>], work: &mut (Frame, Vec<f64>)) {
        let (frame, scaled) = work;
        for ((scaled, g), weight) in scaled.iter_mut().zip(g).zip(&self.weights) {
            *scaled = g * weight;
        }
        self.analyse(scaled, z, frame, |x, z, fft| {
            self.transform.inverse_adjoint(x, z, fft);
        });
    }

    fn axes(&self) -> Vec<AxisLabels> {
        let bin = self.rate / self.window.len() as f64;
        let bins = (0..self.transform.len()).map(|k| k as f64 * bin).collect();
        let centres = (0..self.frames()).map(|m| (m * self.hop) as f64);
        let times = AxisLabels::times(centres, Some(self.rate));
        vec![AxisLabels::frequencies(bins), times]
    }
}
