//! The analytic signal: amplitude and phase over time.

use std::fmt;

use ndarray::{ArrayD, ArrayView, ArrayViewD, Axis, Dimension, Zip};
use num_complex::Complex;
use xcebra_model::Scalar;

use super::coefficient_lanes::CoefficientLanes;
use super::half_spectrum::HalfSpectrum;
use super::sampled_axis::SampledAxis;
use crate::axes::{Axes, AxisLabels, Role};
use crate::domain::{Domain, batch_len};
use crate::error::Result;
use crate::numeric::ensure_finite;

/// Instantaneous amplitude and phase: `x_t = a_t cos φ_t`.
///
/// `a_t exp(iφ_t) = x_t + i H[x]_t` with the Hilbert transform `H` (multiplication of the spectrum by
/// `−i`, 0 Hz and Nyquist left out), `a ≥ 0` and `φ` in `(−π, π]`. In the place of time the coefficients
/// have two axes: part (`amplitude`, in the unit of the signal; `phase`, in radians) and time in
/// seconds. Real, but *not* affine: `∂x/∂a = cos φ`, `∂x/∂φ = −a sin φ`.
///
/// Why polar: the complex analytic signal itself, with the inverse `Re z`, gives each sample what
/// plain integrated gradients give it, and 0 to the imaginary part. Only amplitude *and* phase ask
/// something new: is it how strong the oscillation is, or when it peaks?
///
/// Phases are not unwrapped: on the straight path every sample turns by less than a full turn. Silence has
/// no phase; it is taken as 0, so that from a zero baseline phases turn on the way, unless
/// [`phase_of_silence`](AnalyticSignal::phase_of_silence) says otherwise.
///
/// Source: Gabor, "Theory of communication", J. IEE 93 (1946). Computed in double precision
/// whatever the signal's type.
#[derive(Clone)]
pub struct AnalyticSignal {
    axis: SampledAxis,
    transform: HalfSpectrum<f64>,
    lanes: CoefficientLanes,
    /// Phase where the amplitude is 0, one a sample.
    silence: Option<ArrayD<f64>>,
}

impl AnalyticSignal {
    /// Amplitude and phase of signals of `shape`, for example `[channels, time]`, at `sampling_rate` in Hz.
    ///
    /// # Errors
    /// [`CdigError::Shape`](crate::CdigError::Shape) if `shape` has no axes or an empty one, [`CdigError::Parameter`](crate::CdigError::Parameter) if the
    /// rate is not positive.
    pub fn new(shape: &[usize], sampling_rate: f64) -> Result<Self> {
        Ok(Self::planned(SampledAxis::new(shape, sampling_rate)?))
    }

    fn planned(axis: SampledAxis) -> Self {
        Self {
            transform: HalfSpectrum::new(axis.len()),
            lanes: CoefficientLanes::new(axis.time.clone(), &[2, axis.len()]),
            axis,
            silence: None,
        }
    }

    /// Takes `axis` of the signal (counted without the batch axis) as time; the last one by
    /// default. Forgets the phase of silence.
    ///
    /// # Errors
    /// [`CdigError::Parameter`](crate::CdigError::Parameter) if there is no such axis.
    pub fn along(self, axis: usize) -> Result<Self> {
        Ok(Self::planned(self.axis.along(axis)?))
    }

    /// Gives silence (samples of amplitude 0) the phases of this signal. With the signal to be
    /// explained, and a zero baseline, amplitudes grow at fixed phases and take all attribution.
    ///
    /// # Errors
    /// [`CdigError::Shape`](crate::CdigError::Shape) or [`CdigError::NonFinite`](crate::CdigError::NonFinite) if it is not a finite signal of the domain's shape.
    pub fn phase_of_silence<A: Scalar, D: Dimension>(
        mut self,
        signal: ArrayView<'_, A, D>,
    ) -> Result<Self> {
        let advice = "fill or cut the gaps first";
        ensure_finite(
            "the signal that gives phases",
            advice,
            &signal,
            A::is_finite,
        )?;
        self.silence = None;
        let one = signal.into_dyn().insert_axis(Axis(0));
        let polar = Domain::<A>::forward(&self, one)?;
        let phases = polar.index_axis(Axis(0), 0);
        let phases = phases.index_axis(Axis(self.axis.time.axis), 1);
        self.silence = Some(phases.mapv(|z| z.re.as_f64()));
        Ok(self)
    }
}

impl<A: Scalar> Domain<A> for AnalyticSignal {
    fn name(&self) -> &str {
        "analytic signal"
    }

    fn signal_shape(&self) -> &[usize] {
        &self.axis.time.shape
    }

    fn coefficient_shape(&self) -> &[usize] {
        self.lanes.shape()
    }

    fn forward(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<Complex<A>>> {
        batch_len("the signals", &self.axis.time.shape, signals.shape())?;
        let work = || {
            let zeros = vec![Complex::default(); self.transform.len()];
            (zeros, self.transform.work())
        };
        let mut polar = self.lanes.forward(signals, work, |x, z, (spectrum, fft)| {
            self.transform.forward(x, spectrum, fft);
            for (k, entry) in spectrum.iter_mut().enumerate() {
                let turned = Complex::new(entry.im, -entry.re);
                *entry = if self.transform.is_single(k) {
                    Complex::default()
                } else {
                    turned
                };
            }
            let (amplitude, phase) = z.split_at_mut(x.len());
            self.transform.inverse(spectrum, phase, fft);
            for ((a, phase), &x) in amplitude.iter_mut().zip(phase).zip(x) {
                (*a, *phase) = (x.hypot(*phase), phase.atan2(x));
            }
        })?;
        if let Some(silence) = &self.silence {
            let parts = Axis(self.axis.time.axis);
            for signal in polar.outer_iter_mut() {
                let (amplitude, phase) = signal.split_at(parts, 1);
                Zip::from(amplitude.index_axis_move(parts, 0))
                    .and(phase.index_axis_move(parts, 0))
                    .and(silence)
                    .for_each(|a, phase, &silent| {
                        if a.re == A::zero() {
                            phase.re = A::of(silent);
                        }
                    });
            }
        }
        Ok(polar)
    }

    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>> {
        self.lanes.inverse(
            coefficients,
            || (),
            |z: &[f64], x, ()| {
                let (amplitude, phase) = z.split_at(x.len());
                for ((x, a), phase) in x.iter_mut().zip(amplitude).zip(phase) {
                    *x = a * phase.cos();
                }
            },
        )
    }

    /// `cotangent · cos φ` to the amplitude, `−cotangent · a sin φ` to the phase.
    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
    ) -> Result<ArrayD<Complex<A>>> {
        let pull = |z: &[f64], g: &[f64], pulled: &mut [f64], (): &mut ()| {
            let (amplitude, phase) = z.split_at(g.len());
            let (to_amplitude, to_phase) = pulled.split_at_mut(g.len());
            for (t, g) in g.iter().enumerate() {
                to_amplitude[t] = g * phase[t].cos();
                to_phase[t] = -g * amplitude[t] * phase[t].sin();
            }
        };
        self.lanes.vjp(coefficients, cotangent, || (), pull)
    }

    fn is_real(&self) -> bool {
        true
    }

    fn kept_axes(&self) -> Vec<(usize, usize)> {
        self.lanes.kept()
    }

    fn axes(&self) -> Axes {
        let times = self.axis.times((0..self.axis.len()).map(|t| t as f64));
        let parts = AxisLabels::names(Role::Part, ["amplitude", "phase"]).grouped_by_name();
        self.axis.time.axes(vec![parts, times])
    }
}

impl fmt::Debug for AnalyticSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnalyticSignal")
            .field("axis", &self.axis)
            .field("silence", &self.silence)
            .finish_non_exhaustive()
    }
}
