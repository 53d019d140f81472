//! One domain for every channel.

use std::fmt;
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD, IxDyn};
use num_complex::Complex;
use xcebra_model::Scalar;

use super::time_axis::TimeAxis;
use crate::axes::{Axes, AxisLabels, Role};
use crate::domain::{Domain, batch_len, vjp_len};
use crate::error::{CdigError, Result};

/// A domain of one channel's signals, applied to every channel of a signal.
///
/// Coefficients are `(channels, …)`, the channels first wherever they are in the signal. Most domains of
/// this crate take several channels themselves, by their shape. Use this one for your own domains, and
/// for compositions, that take only one.
#[derive(Clone)]
pub struct PerChannel<A: Scalar> {
    channels: TimeAxis,
    domain: Arc<dyn Domain<A>>,
    shape: Vec<usize>,
}

impl<A: Scalar> PerChannel<A> {
    /// `domain` on every entry along `axis` of signals of `shape`; its signals have that shape
    /// without the axis.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if there is no such axis, [`CdigError::Shape`] if the domain's signals
    /// have another shape.
    pub fn new(shape: &[usize], axis: usize, domain: impl Domain<A> + 'static) -> Result<Self> {
        let channels = TimeAxis::new(shape)?.along(axis)?;
        let one = channels.replaced(&[]);
        if domain.signal_shape() != one {
            return Err(CdigError::Shape {
                what: format!("a signal of the domain '{}'", domain.name()),
                found: domain.signal_shape().to_vec(),
                expected: format!("{one:?}, the shape of one channel"),
                advice: Some("build the domain with that shape"),
            });
        }
        let mut shape = vec![channels.len()];
        shape.extend_from_slice(domain.coefficient_shape());
        Ok(Self {
            channels,
            domain: Arc::new(domain),
            shape,
        })
    }

    /// Signals `(n, …)` of all channels as `(n · channels, …)` of one.
    fn apart(&self, signals: &ArrayViewD<'_, A>) -> ArrayD<A> {
        let mut order: Vec<usize> = (0..signals.ndim()).collect();
        let axis = order.remove(self.channels.in_batch());
        order.insert(1, axis);
        let moved = signals.view().permuted_axes(IxDyn(&order));
        let mut shape = vec![moved.shape()[0] * moved.shape()[1]];
        shape.extend_from_slice(&moved.shape()[2..]);
        moved.to_shape(shape).expect("as many entries").into_owned()
    }

    fn coefficients_apart(&self, coefficients: &ArrayViewD<'_, Complex<A>>) -> ArrayD<Complex<A>> {
        let mut shape = vec![coefficients.shape()[0] * self.channels.len()];
        shape.extend_from_slice(&self.shape[1..]);
        coefficients
            .to_shape(shape)
            .expect("as many entries")
            .into_owned()
    }

    fn coefficients_together(
        &self,
        coefficients: &ArrayD<Complex<A>>,
        n: usize,
    ) -> Result<ArrayD<Complex<A>>> {
        let mut shape = vec![n];
        shape.extend_from_slice(&self.shape);
        match coefficients.to_shape(shape) {
            Ok(together) => Ok(together.into_owned()),
            Err(_) => Err(CdigError::Shape {
                what: format!("what the domain '{}' returns", self.domain.name()),
                found: coefficients.shape().to_vec(),
                expected: format!("(n, …{:?})", &self.shape[1..]),
                advice: Some("correct its implementation"),
            }),
        }
    }
}

impl<A: Scalar> Domain<A> for PerChannel<A> {
    fn name(&self) -> &str {
        self.domain.name()
    }

    fn signal_shape(&self) -> &[usize] {
        &self.channels.shape
    }

    fn coefficient_shape(&self) -> &[usize] {
        &self.shape
    }

    fn forward(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<Complex<A>>> {
        let n = batch_len("the signals", &self.channels.shape, signals.shape())?;
        let coefficients = self.domain.forward(self.apart(&signals).view())?;
        self.coefficients_together(&coefficients, n)
    }

    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>> {
        let n = batch_len("the coefficients", &self.shape, coefficients.shape())?;
        let apart = self.coefficients_apart(&coefficients);
        let signals = self.domain.inverse(apart.view())?;
        let mut shape = vec![n, self.channels.len()];
        shape.extend(self.channels.replaced(&[]));
        let together = signals.to_shape(shape).map_err(|_| CdigError::Shape {
            what: format!("what the domain '{}' returns", self.domain.name()),
            found: signals.shape().to_vec(),
            expected: "a batch of its signals".into(),
            advice: Some("correct its implementation"),
        })?;
        let mut order: Vec<usize> = (0..together.ndim()).collect();
        let axis = order.remove(1);
        order.insert(self.channels.in_batch(), axis);
        let together = together.permuted_axes(IxDyn(&order));
        Ok(together.as_standard_layout().into_owned())
    }

    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
    ) -> Result<ArrayD<Complex<A>>> {
        let (points, signal) = (coefficients.shape(), &self.channels.shape);
        let n = vjp_len(&self.shape, points, signal, cotangent.shape())?;
        let apart = self.coefficients_apart(&coefficients);
        let pulled = self
            .domain
            .inverse_vjp(apart.view(), self.apart(&cotangent).view())?;
        self.coefficients_together(&pulled, n)
    }

    fn is_real(&self) -> bool {
        self.domain.is_real()
    }

    fn has_affine_inverse(&self) -> bool {
        self.domain.has_affine_inverse()
    }

    fn is_exact(&self) -> bool {
        self.domain.is_exact()
    }

    fn kept_axes(&self) -> Vec<(usize, usize)> {
        vec![(0, self.channels.axis)]
    }

    fn axes(&self) -> Axes {
        let mut axes = self.domain.axes().into_vec();
        axes.insert(0, AxisLabels::indices(Role::Channel, self.channels.len()));
        Axes::new(axes)
    }
}

impl<A: Scalar> fmt::Debug for PerChannel<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerChannel")
            .field("domain", &self.domain.name())
            .field("channels", &self.channels)
            .finish_non_exhaustive()
    }
}
