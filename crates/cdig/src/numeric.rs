//! Small questions about arrays.

use std::fmt::Display;

use ndarray::{ArrayRef, Dimension, IntoDimension, IxDyn};
use num_complex::Complex;
use xcebra_model::Scalar;

use crate::error::{CdigError, Result};

/// Largest of some absolute values, 0 if there are none; infinite if one is NaN, which a plain
/// maximum would hide.
pub(crate) fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |max, value| {
        if value.is_nan() {
            f64::INFINITY
        } else {
            max.max(value)
        }
    })
}

/// Euclidean length, also where squares overflow or vanish.
pub(crate) fn length(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let plain = values.clone().map(|v| v * v).sum::<f64>().sqrt();
    if plain.is_normal() {
        return plain;
    }
    let scale = largest(values.clone().map(f64::abs));
    if scale == 0.0 || scale.is_infinite() {
        return scale;
    }
    scale * values.map(|v| (v / scale).powi(2)).sum::<f64>().sqrt()
}

/// Largest absolute value of real numbers.
pub(crate) fn max_abs<A: Scalar>(array: &ArrayRef<A, IxDyn>) -> f64 {
    largest(array.iter().map(|x| x.as_f64().abs()))
}

/// Largest absolute value of coefficients.
pub(crate) fn max_norm<A: Scalar>(array: &ArrayRef<Complex<A>, IxDyn>) -> f64 {
    largest(array.iter().map(|z| norm(*z)))
}

/// Largest distance between corresponding coefficients of two arrays of one shape.
pub(crate) fn max_distance<A: Scalar>(
    a: &ArrayRef<Complex<A>, IxDyn>,
    b: &ArrayRef<Complex<A>, IxDyn>,
) -> f64 {
    largest(a.iter().zip(b).map(|(a, b)| norm(a - b)))
}

fn norm<A: Scalar>(z: Complex<A>) -> f64 {
    z.re.as_f64().hypot(z.im.as_f64())
}

/// Whether both parts of a coefficient are finite.
pub(crate) fn is_finite<A: Scalar>(z: Complex<A>) -> bool {
    z.re.is_finite() && z.im.is_finite()
}

/// `Re(conj(a) b)`, the real inner product of two coefficients, in double precision.
pub(crate) fn inner<A: Scalar>(a: Complex<A>, b: Complex<A>) -> f64 {
    a.re.as_f64() * b.re.as_f64() + a.im.as_f64() * b.im.as_f64()
}

/// Refuses arrays with entries that `is_finite` denies.
pub(crate) fn ensure_finite<T: Copy + Display, D: Dimension>(
    what: &str,
    advice: &'static str,
    array: &ArrayRef<T, D>,
    is_finite: impl Fn(T) -> bool,
) -> Result<()> {
    let found = array.indexed_iter().find(|(_, value)| !is_finite(**value));
    match found {
        None => Ok(()),
        Some((index, value)) => Err(CdigError::NonFinite {
            what: what.to_owned(),
            index: index.into_dimension().slice().to_vec(),
            value: value.to_string(),
            advice,
        }),
    }
}
