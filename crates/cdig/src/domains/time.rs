//! The time domain: every sample of the signal is a coefficient.

use ndarray::{ArrayD, ArrayViewD};
use num_complex::Complex;
use xcebra_model::Scalar;

use super::time_axis::{TimeAxis, sampling_rate};
use crate::axes::{Axes, AxisLabels};
use crate::domain::{Domain, batch_len, vjp_len};
use crate::error::Result;

/// The identity transform: integrated gradients as in Sundararajan, Taly and Yan (2017).
#[derive(Debug, Clone)]
pub struct Time {
    time: TimeAxis,
    sampling_rate: Option<f64>,
}

impl Time {
    /// The time domain of signals of `shape`, for example `[channels, time]`.
    ///
    /// # Errors
    /// [`CdigError::Shape`](crate::CdigError::Shape) if `shape` has no axes or an empty one.
    pub fn new(shape: &[usize]) -> Result<Self> {
        Ok(Self {
            time: TimeAxis::new(shape)?,
            sampling_rate: None,
        })
    }

    /// Takes `axis` of the signal (counted without the batch axis) as time; the last one by default.
    ///
    /// # Errors
    /// [`CdigError::Parameter`](crate::CdigError::Parameter) if there is no such axis.
    pub fn along(mut self, axis: usize) -> Result<Self> {
        self.time = self.time.along(axis)?;
        Ok(self)
    }

    /// Labels time in seconds, at `hz` samples a second, instead of counting samples.
    ///
    /// # Errors
    /// [`CdigError::Parameter`](crate::CdigError::Parameter) if `hz` is not positive.
    pub fn sampling_rate(mut self, hz: f64) -> Result<Self> {
        self.sampling_rate = Some(sampling_rate(hz)?);
        Ok(self)
    }
}

impl<A: Scalar> Domain<A> for Time {
    fn name(&self) -> &str {
        "time"
    }

    fn signal_shape(&self) -> &[usize] {
        &self.time.shape
    }

    fn coefficient_shape(&self) -> &[usize] {
        &self.time.shape
    }

    fn forward(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<Complex<A>>> {
        batch_len("the signals", &self.time.shape, signals.shape())?;
        Ok(signals.mapv(|x| Complex::new(x, A::zero())))
    }

    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>> {
        batch_len("the coefficients", &self.time.shape, coefficients.shape())?;
        Ok(coefficients.mapv(|z| z.re))
    }

    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
    ) -> Result<ArrayD<Complex<A>>> {
        let shape = &self.time.shape;
        vjp_len(shape, coefficients.shape(), shape, cotangent.shape())?;
        Ok(cotangent.mapv(|g| Complex::new(g, A::zero())))
    }

    fn is_real(&self) -> bool {
        true
    }

    fn has_affine_inverse(&self) -> bool {
        true
    }

    fn kept_axes(&self) -> Vec<(usize, usize)> {
        self.time.kept(1)
    }

    fn axes(&self) -> Axes {
        let samples = (0..self.time.len()).map(|t| t as f64);
        self.time
            .axes(vec![AxisLabels::times(samples, self.sampling_rate)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::laws::Laws;

    #[test]
    fn obeys_the_laws() {
        for shape in [&[7][..], &[2, 8], &[5, 3]] {
            let domain = Time::new(shape).unwrap().along(0).unwrap();
            Laws::<f64>::new().check(&domain).unwrap();
            Laws::<f32>::new().check(&domain).unwrap();
        }
    }

    #[test]
    fn labels_time_in_seconds() {
        let domain = Time::new(&[4, 2]).unwrap().along(0).unwrap();
        let counted = Domain::<f64>::axes(&domain);
        assert_eq!(
            counted.describe(&[3, 1]).as_deref(),
            Some("time 3 samples, channel 1")
        );
        let timed = Domain::<f64>::axes(&domain.sampling_rate(2.0).unwrap());
        assert_eq!(
            timed.describe(&[3, 1]).as_deref(),
            Some("time 1.5 s, channel 1")
        );
    }

    #[test]
    fn refuses_what_it_cannot_do() {
        assert!(Time::new(&[]).is_err());
        assert!(Time::new(&[3, 0]).is_err());
        assert!(Time::new(&[3]).unwrap().along(1).is_err());
        assert!(Time::new(&[3]).unwrap().sampling_rate(0.0).is_err());
    }
}
