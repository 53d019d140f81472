//! One domain after another.

use std::fmt;
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD};
use num_complex::Complex;
use xcebra_model::Scalar;

use crate::axes::Axes;
use crate::domain::{Domain, batch_len, vjp_len};
use crate::error::{CdigError, Result};

/// A second domain on the coefficients of a first, real one: `T = T₂ ∘ T₁`, such as the spectra of
/// independent components.
///
/// The inverse is `T₁⁻¹ ∘ T₂⁻¹`, affine if both are. Labels are those of the second domain; along the
/// axes it keeps as they are ([`Domain::kept_axes`]), those of the first.
#[derive(Clone)]
pub struct Compose<A: Scalar> {
    first: Arc<dyn Domain<A>>,
    second: Arc<dyn Domain<A>>,
    name: String,
}

impl<A: Scalar> Compose<A> {
    /// `second` on the coefficients of `first`.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if the coefficients of `first` are not real, [`CdigError::Shape`] if they
    /// do not have the shape of the signals of `second`.
    pub fn new(first: impl Domain<A> + 'static, second: impl Domain<A> + 'static) -> Result<Self> {
        if !first.is_real() {
            return Err(CdigError::parameter(
                "the first domain",
                format!("'{}', which is complex", first.name()),
                "a domain with real coefficients, because the second transforms real signals",
            ));
        }
        if first.coefficient_shape() != second.signal_shape() {
            return Err(CdigError::Shape {
                what: format!("a signal of the domain '{}'", second.name()),
                found: second.signal_shape().to_vec(),
                expected: format!(
                    "{:?}, the coefficient shape of '{}'",
                    first.coefficient_shape(),
                    first.name()
                ),
                advice: Some("build the second domain with that shape"),
            });
        }
        Ok(Self {
            name: format!("{}, then {}", first.name(), second.name()),
            first: Arc::new(first),
            second: Arc::new(second),
        })
    }

    /// Coefficients of the first domain at those of the second.
    fn between(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<Complex<A>>> {
        let values = self.second.inverse(coefficients)?;
        Ok(values.mapv(|x| Complex::new(x, A::zero())))
    }
}

impl<A: Scalar> Domain<A> for Compose<A> {
    fn name(&self) -> &str {
        &self.name
    }

    fn signal_shape(&self) -> &[usize] {
        self.first.signal_shape()
    }

    fn coefficient_shape(&self) -> &[usize] {
        self.second.coefficient_shape()
    }

    fn forward(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<Complex<A>>> {
        batch_len("the signals", self.signal_shape(), signals.shape())?;
        let first = self.first.forward(signals)?;
        self.second.forward(first.mapv(|z| z.re).view())
    }

    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>> {
        let shape = self.coefficient_shape();
        batch_len("the coefficients", shape, coefficients.shape())?;
        self.first.inverse(self.between(coefficients)?.view())
    }

    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
    ) -> Result<ArrayD<Complex<A>>> {
        let (points, signal) = (coefficients.shape(), self.signal_shape());
        vjp_len(self.coefficient_shape(), points, signal, cotangent.shape())?;
        let between = self.between(coefficients.view())?;
        let pulled = self.first.inverse_vjp(between.view(), cotangent)?;
        let pulled = pulled.mapv(|z| z.re);
        self.second.inverse_vjp(coefficients, pulled.view())
    }

    fn is_real(&self) -> bool {
        self.second.is_real()
    }

    fn has_affine_inverse(&self) -> bool {
        self.first.has_affine_inverse() && self.second.has_affine_inverse()
    }

    fn is_exact(&self) -> bool {
        self.first.is_exact() && self.second.is_exact()
    }

    fn kept_axes(&self) -> Vec<(usize, usize)> {
        let first = self.first.kept_axes();
        self.second
            .kept_axes()
            .into_iter()
            .filter_map(|(own, between)| {
                let (_, signal) = first.iter().find(|(axis, _)| *axis == between)?;
                Some((own, *signal))
            })
            .collect()
    }

    fn axes(&self) -> Axes {
        let first = self.first.axes();
        let mut axes = self.second.axes().into_vec();
        for (own, between) in self.second.kept_axes() {
            if let (Some(to), Some(from)) = (axes.get_mut(own), first.get(between)) {
                to.clone_from(from);
            }
        }
        Axes::new(axes)
    }
}

impl<A: Scalar> fmt::Debug for Compose<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Compose").field(&self.name).finish()
    }
}
