//! The two points a path joins.

use ndarray::{ArrayD, Axis, stack};
use num_complex::Complex;
use xcebra_model::Scalar;

use crate::domain::Domain;
use crate::error::{CdigError, Result};
use crate::numeric::{ensure_finite, is_finite, largest, max_abs};
use crate::probe::ensure_shape;

/// The coefficients at both ends of a path.
pub(crate) struct Ends<A: Scalar> {
    pub(crate) start: ArrayD<Complex<A>>,
    pub(crate) end: ArrayD<Complex<A>>,
}

impl<A: Scalar> Ends<A> {
    /// Transforms baseline and signal, and checks that the domain gives both back.
    pub(crate) fn new(
        domain: &dyn Domain<A>,
        baseline: &ArrayD<A>,
        signal: &ArrayD<A>,
        tolerance: f64,
    ) -> Result<Self> {
        let both = stack(Axis(0), &[baseline.view(), signal.view()]).expect("one shape");
        let coefficients = domain.forward(both.view())?;
        let mut shape = vec![2];
        shape.extend_from_slice(domain.coefficient_shape());
        ensure_shape("the domain's forward", coefficients.shape(), &shape)?;
        ensure_finite(
            &format!(
                "the domain '{}' at baseline (first index 0) or signal (1)",
                domain.name()
            ),
            "choose a baseline that the domain can represent",
            &coefficients,
            is_finite,
        )?;
        let back = domain.inverse(coefficients.view())?;
        ensure_shape("the domain's inverse", back.shape(), both.shape())?;
        let scale = max_abs(&both).max(f64::MIN_POSITIVE);
        for (row, which) in ["baseline", "signal"].into_iter().enumerate() {
            let off = back
                .index_axis(Axis(0), row)
                .into_iter()
                .zip(both.index_axis(Axis(0), row))
                .map(|(a, b)| (a.as_f64() - b.as_f64()).abs());
            let error = largest(off) / scale;
            if error > tolerance {
                return Err(CdigError::RoundTrip {
                    domain: domain.name().to_owned(),
                    which,
                    error,
                    tolerance,
                });
            }
        }
        Ok(Self {
            start: coefficients.index_axis(Axis(0), 0).to_owned(),
            end: coefficients.index_axis(Axis(0), 1).to_owned(),
        })
    }
}
