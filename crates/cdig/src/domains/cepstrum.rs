//! The complex cepstrum.

use std::f64::consts::{PI, TAU};
use std::fmt;

use ndarray::{ArrayD, ArrayViewD};
use num_complex::Complex;
use xcebra_model::Scalar;

use super::coefficient_lanes::CoefficientLanes;
use super::half_spectrum::{HalfSpectrum, Work};
use super::sampled_axis::SampledAxis;
use crate::axes::{Axes, AxisLabels, Group, Role, Ticks};
use crate::domain::{Domain, batch_len};
use crate::error::{CdigError, Result};

/// Entries of the spectrum below this part of its largest are zeros as far as the logarithm goes.
const LEAST_MAGNITUDE: f64 = 1e-12;

/// The complex cepstrum: the inverse transform of the logarithm of the spectrum. What a filter
/// multiplies into a spectrum it *adds* to the cepstrum.
///
/// With the spectrum `X_k = |X_k| exp(iψ_k)` and its phase unwrapped from 0 Hz upwards,
/// `ψ_k = θ − 2πkr/N + χ_k`: the polarity `θ` is 0 or π (the sign of the sum of the signal), the
/// delay `r` a whole number of samples, chosen so that `χ` ends near 0. Coefficients, in this order,
/// all real: `c_n`, `n = 0 … N−1`, the inverse transform of `ln|X_k| + iχ_k`, at quefrency `n/rate`
/// (from `N/2` on `(n − N)/rate`: the part that is not minimum-phase) in seconds; the delay in
/// samples; the polarity in radians.
///
/// The inverse `x = irfft(exp(rfft(c)_k + i(θ − 2πkr/N)))` is defined and smooth for all
/// coefficients, and *not* affine. A signal whose spectrum vanishes somewhere has no cepstrum and is refused
/// ([`CdigError::SpectralZero`]); the zero baseline among them. The natural baseline is a unit
/// impulse at time 0: all its coefficients are 0.
///
/// Source: Oppenheim, Schafer, "Discrete-time signal processing", chapter "Cepstrum analysis and
/// homomorphic deconvolution". All computations are in double precision, also for `f32` signals.
#[derive(Clone)]
pub struct ComplexCepstrum {
    axis: SampledAxis,
    transform: HalfSpectrum<f64>,
    lanes: CoefficientLanes,
    split: Option<f64>,
}

impl ComplexCepstrum {
    /// The cepstrum of signals of `shape`, for example `[channels, time]`, at `sampling_rate` in Hz.
    ///
    /// # Errors
    /// [`CdigError::Shape`] if `shape` has no axes or an empty one, [`CdigError::Parameter`] if the
    /// rate is not positive.
    pub fn new(shape: &[usize], sampling_rate: f64) -> Result<Self> {
        Ok(Self::planned(SampledAxis::new(shape, sampling_rate)?, None))
    }

    fn planned(axis: SampledAxis, split: Option<f64>) -> Self {
        Self {
            transform: HalfSpectrum::new(axis.len()),
            lanes: CoefficientLanes::new(axis.time.clone(), &[axis.len() + 2]),
            axis,
            split,
        }
    }

    /// Takes `axis` of the signal (counted without the batch axis) as time; the last one by default.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if there is no such axis.
    pub fn along(self, axis: usize) -> Result<Self> {
        Ok(Self::planned(self.axis.along(axis)?, self.split))
    }

    /// Groups the cepstrum into `envelope` (quefrencies closer to 0 than `seconds`: the smooth shape
    /// of the spectrum) and `fine structure` (the rest: echoes, pitch).
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if it is not positive.
    pub fn split_at(mut self, seconds: f64) -> Result<Self> {
        if seconds.is_nan() || seconds <= 0.0 {
            let expected = "a positive time in seconds";
            return Err(CdigError::parameter(
                "the quefrency to split at",
                seconds,
                expected,
            ));
        }
        self.split = Some(seconds);
        Ok(self)
    }

    /// Quefrency in seconds of the `N` entries of the cepstrum proper.
    pub fn quefrencies(&self) -> Vec<f64> {
        let n = self.axis.len();
        let signed = |k: usize| {
            if 2 * k < n {
                k as f64
            } else {
                k as f64 - n as f64
            }
        };
        (0..n).map(|k| signed(k) / self.axis.rate).collect()
    }

    fn work(&self) -> (Vec<Complex<f64>>, Work<f64>) {
        let zeros = vec![Complex::default(); self.transform.len()];
        (zeros, self.transform.work())
    }

    /// The logarithm of `spectrum` without delay and polarity, in its place; returns these two.
    fn take_logarithm(&self, spectrum: &mut [Complex<f64>]) -> (f64, f64) {
        let polarity = if spectrum[0].re < 0.0 { PI } else { 0.0 };
        let (mut last, mut unwrapped) = (polarity, polarity);
        for z in spectrum.iter_mut() {
            let turn = (z.arg() - last) / TAU;
            last = z.arg();
            unwrapped += TAU * (turn - turn.round());
            *z = Complex::new(z.norm().ln(), unwrapped - polarity);
        }
        let bin = TAU / self.axis.len() as f64;
        let top = spectrum.len() - 1;
        let delay = if top == 0 {
            0.0
        } else {
            -(spectrum[top].im / (top as f64 * bin)).round()
        };
        for (k, z) in spectrum.iter_mut().enumerate() {
            z.im += k as f64 * bin * delay;
        }
        (delay, polarity)
    }

    /// `X` of the coefficients `z`.
    fn spectrum(&self, z: &[f64], spectrum: &mut [Complex<f64>], fft: &mut Work<f64>) {
        let n = self.axis.len();
        self.transform.forward(&z[..n], spectrum, fft);
        let (delay, polarity) = (z[n], z[n + 1]);
        let bin = TAU / n as f64;
        for (k, entry) in spectrum.iter_mut().enumerate() {
            let phase = polarity - k as f64 * bin * delay;
            *entry = (*entry + Complex::new(0.0, phase)).exp();
        }
    }

    /// Refuses coefficients that [`forward`](Domain::forward) has marked.
    fn refuse_zeros<A: Scalar>(&self, coefficients: &ArrayD<Complex<A>>) -> Result<()> {
        let marked = |z: &Complex<A>| z.im.is_nan();
        for (signal, coefficients) in coefficients.outer_iter().enumerate() {
            if let Some(mark) = coefficients.iter().find(|z| marked(z)) {
                let bin = mark.re.as_f64();
                return Err(CdigError::SpectralZero {
                    signal,
                    frequency: bin * self.axis.rate / self.axis.len() as f64,
                    least: LEAST_MAGNITUDE,
                });
            }
        }
        Ok(())
    }
}

impl<A: Scalar> Domain<A> for ComplexCepstrum {
    fn name(&self) -> &str {
        "complex cepstrum"
    }

    fn signal_shape(&self) -> &[usize] {
        &self.axis.time.shape
    }

    fn coefficient_shape(&self) -> &[usize] {
        self.lanes.shape()
    }

    fn forward(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<Complex<A>>> {
        batch_len("the signals", &self.axis.time.shape, signals.shape())?;
        let n = self.axis.len();
        let coefficients = self.lanes.forward(
            signals,
            || (self.work(), vec![0.0; n]),
            |x, z: &mut [Complex<f64>], ((spectrum, fft), cepstrum)| {
                self.transform.forward(x, spectrum, fft);
                let largest = spectrum.iter().map(|z| z.norm()).fold(0.0, f64::max);
                let vanishes = |z: &Complex<f64>| z.norm() <= LEAST_MAGNITUDE * largest;
                if let Some(bin) = spectrum.iter().position(vanishes) {
                    z.fill(Complex::new(bin as f64, f64::NAN));
                    return;
                }
                let (delay, polarity) = self.take_logarithm(spectrum);
                self.transform.inverse(spectrum, cepstrum, fft);
                let all = cepstrum.iter().copied().chain([delay, polarity]);
                z.iter_mut().zip(all).for_each(|(z, c)| *z = c.into());
            },
        )?;
        self.refuse_zeros(&coefficients)?;
        Ok(coefficients)
    }

    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>> {
        let work = || self.work();
        self.lanes
            .inverse(coefficients, work, |z: &[f64], x, (spectrum, fft)| {
                self.spectrum(z, spectrum, fft);
                self.transform.inverse(spectrum, x, fft);
            })
    }

    /// With `P` the adjoint of the inverse transform at the cotangent: `Q_k = conj(X_k) P_k` pulls back
    /// the logarithm, its transform the cepstrum, `Σ Im(conj(P_k) X_k) 2πk/N` the delay and
    /// `−Σ Im(conj(P_k) X_k)` the polarity.
    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
    ) -> Result<ArrayD<Complex<A>>> {
        let n = self.axis.len();
        let work = || (self.work(), vec![Complex::default(); self.transform.len()]);
        let pull = |z: &[f64], g: &[f64], to: &mut [f64], work: &mut (_, Vec<Complex<f64>>)| {
            let ((spectrum, fft), pulled): &mut ((Vec<Complex<f64>>, Work<f64>), _) = work;
            self.spectrum(z, spectrum, fft);
            self.transform.inverse_adjoint(g, pulled, fft);
            let (mut delay, mut polarity) = (0.0, 0.0);
            for (k, (p, x)) in pulled.iter_mut().zip(spectrum).enumerate() {
                let turn = (p.conj() * *x).im;
                delay += turn * k as f64 * TAU / n as f64;
                polarity -= turn;
                // the inverse transform counts pairs twice and divides by n
                let share = if self.transform.is_single(k) {
                    1.0
                } else {
                    0.5
                };
                *p = x.conj() * *p * share * n as f64;
            }
            self.transform.inverse(pulled, &mut to[..n], fft);
            (to[n], to[n + 1]) = (delay, polarity);
        };
        self.lanes.vjp(coefficients, cotangent, work, pull)
    }

    fn is_real(&self) -> bool {
        true
    }

    fn kept_axes(&self) -> Vec<(usize, usize)> {
        self.lanes.kept()
    }

    fn axes(&self) -> Axes {
        let quefrencies = self.quefrencies();
        let others = ["delay in samples", "polarity in rad"].map(String::from);
        let n = quefrencies.len();
        let group = |name: &str, members: Vec<usize>| Group {
            name: name.into(),
            members,
        };
        let mut groups = match self.split {
            None => vec![group("cepstrum", (0..n).collect())],
            Some(split) => {
                let (low, high) = (0..n).partition(|&k| quefrencies[k].abs() < split);
                vec![group("envelope", low), group("fine structure", high)]
            }
        };
        groups.extend([group("delay", vec![n]), group("polarity", vec![n + 1])]);
        let ticks = Ticks::NumbersThenNames(quefrencies, others.to_vec());
        let axis = AxisLabels::new(Role::Quefrency, "s", ticks).with_groups(groups);
        self.axis.time.axes(vec![axis])
    }
}

impl fmt::Debug for ComplexCepstrum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ComplexCepstrum")
            .field("axis", &self.axis)
            .field("split", &self.split)
            .finish_non_exhaustive()
    }
}
