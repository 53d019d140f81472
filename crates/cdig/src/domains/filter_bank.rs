//! Frequency bands as signals: a filter bank that adds up to the whole.

use std::f64::consts::PI;
use std::fmt;
use std::ops::Range;

use ndarray::{ArrayD, ArrayViewD};
use num_complex::Complex;
use xcebra_model::Scalar;

use super::coefficient_lanes::CoefficientLanes;
use super::half_spectrum::HalfSpectrum;
use super::sampled_axis::SampledAxis;
use crate::axes::{Axes, AxisLabels};
use crate::domain::Domain;
use crate::error::{CdigError, Result};
use crate::ticks::Band;

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
/// Computed in double precision whatever the signal's type.
#[derive(Clone)]
pub struct FilterBank {
    axis: SampledAxis,
    edges: Vec<f64>,
    transition: f64,
    names: Option<Vec<String>>,
    /// `H_b(f_k)`, band by band.
    weights: Vec<Vec<f64>>,
    transform: HalfSpectrum<f64>,
    lanes: CoefficientLanes,
}

impl FilterBank {
    /// Bands of signals of `shape` at `sampling_rate` in Hz: from 0 Hz to the first of `edges`, from
    /// each to the next, and from the last to the Nyquist frequency, `edges.len() + 1` in all.
    ///
    /// # Errors
    /// [`CdigError::Shape`] if `shape` has no axes or an empty one, [`CdigError::Parameter`] if the
    /// rate is not positive or the edges do not ascend between 0 Hz and half the rate.
    pub fn new(shape: &[usize], sampling_rate: f64, edges: &[f64]) -> Result<Self> {
        let axis = SampledAxis::new(shape, sampling_rate)?;
        Self::planned(axis, edges.to_vec(), 0.0, None)
    }

    fn planned(
        axis: SampledAxis,
        edges: Vec<f64>,
        transition: f64,
        names: Option<Vec<String>>,
    ) -> Result<Self> {
        let nyquist = axis.rate / 2.0;
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
        let transform = HalfSpectrum::new(axis.len());
        let bin = axis.rate / axis.len() as f64;
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
            lanes: CoefficientLanes::new(axis.time.clone(), &[weights.len(), axis.len()]),
            transform,
            weights,
            axis,
            edges,
            transition,
            names,
        })
    }

    /// Takes `axis` of the signal (counted without the batch axis) as time; the last one by default.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if there is no such axis.
    pub fn along(self, axis: usize) -> Result<Self> {
        Self::planned(
            self.axis.along(axis)?,
            self.edges,
            self.transition,
            self.names,
        )
    }

    /// Width in Hz of the crossover around every edge, 0 by default.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if it is negative or wider than the narrowest band.
    pub fn transition(self, hz: f64) -> Result<Self> {
        Self::planned(self.axis, self.edges, hz, self.names)
    }

    /// Names of the bands, such as `alpha`, from low to high.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if there are not as many as bands.
    pub fn names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Result<Self> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if names.len() != self.weights.len() {
            return Err(CdigError::parameter(
                "the number of band names",
                names.len(),
                format!("{}, one for each band", self.weights.len()),
            ));
        }
        self.names = Some(names);
        Ok(self)
    }

    /// Limits of the bands in Hz.
    pub fn limits(&self) -> Vec<Range<f64>> {
        let limits: Vec<f64> = [&[0.0][..], &self.edges, &[self.axis.rate / 2.0]].concat();
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

impl<A: Scalar> Domain<A> for FilterBank {
    fn name(&self) -> &str {
        "filter bank"
    }

    fn signal_shape(&self) -> &[usize] {
        &self.axis.time.shape
    }

    fn coefficient_shape(&self) -> &[usize] {
        self.lanes.shape()
    }

    fn forward(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<Complex<A>>> {
        let work = || {
            let zeros = vec![Complex::default(); self.transform.len()];
            (zeros.clone(), zeros, self.transform.work())
        };
        self.lanes
            .forward(signals, work, |x, z, (spectrum, part, fft)| {
                self.transform.forward(x, spectrum, fft);
                for (band, weights) in z.chunks_mut(x.len()).zip(&self.weights) {
                    for ((part, &entry), weight) in part.iter_mut().zip(&*spectrum).zip(weights) {
                        *part = entry * weight;
                    }
                    self.transform.inverse(part, band, fft);
                }
            })
    }

    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>> {
        self.lanes.inverse(coefficients, || (), add_parts)
    }

    /// The cotangent itself for every band.
    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
    ) -> Result<ArrayD<Complex<A>>> {
        self.lanes
            .adjoint(coefficients, cotangent, || (), repeat_for_parts)
    }

    fn is_real(&self) -> bool {
        true
    }

    fn has_affine_inverse(&self) -> bool {
        true
    }

    fn kept_axes(&self) -> Vec<(usize, usize)> {
        self.lanes.kept()
    }

    fn axes(&self) -> Axes {
        let limits = self.limits();
        let names = self.names.clone().unwrap_or_default();
        let names = names.into_iter().chain(std::iter::repeat(String::new()));
        let bands = limits.into_iter().zip(names);
        let bands = bands.map(|(limits, name)| Band { name, limits }).collect();
        let times = self.axis.times((0..self.axis.len()).map(|t| t as f64));
        let bands = AxisLabels::bands(bands).grouped_by_name();
        self.axis.time.axes(vec![bands, times])
    }
}

/// `x = Σ_p z_p`, the parts one after the other.
pub(super) fn add_parts(z: &[f64], x: &mut [f64], (): &mut ()) {
    x.fill(0.0);
    for part in z.chunks(x.len()) {
        x.iter_mut().zip(part).for_each(|(x, z)| *x += z);
    }
}

/// Adjoint of [`add_parts`].
pub(super) fn repeat_for_parts(g: &[f64], z: &mut [f64], (): &mut ()) {
    z.chunks_mut(g.len())
        .for_each(|part| part.copy_from_slice(g));
}

impl fmt::Debug for FilterBank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilterBank")
            .field("axis", &self.axis)
            .field("edges", &self.edges)
            .field("transition", &self.transition)
            .finish_non_exhaustive()
    }
}
