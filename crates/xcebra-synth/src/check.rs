//! Checks and conversions that several files share.

use ndarray::{Array1, ArrayRef1, NdFloat};

use crate::error::{Result, SynthError};

/// The number in the type asked for, rounded if that is `f32`.
pub(crate) fn cast<A: NdFloat>(value: f64) -> A {
    A::from(value).unwrap_or_else(A::nan)
}

/// A point in `f64`, after checking its length and that it is finite.
pub(crate) fn point<A: NdFloat>(z: &ArrayRef1<A>, expected: usize) -> Result<Array1<f64>> {
    if z.len() != expected {
        return Err(SynthError::PointLength {
            found: z.len(),
            expected,
        });
    }
    if let Some(index) = z.iter().position(|v| !v.is_finite()) {
        return Err(SynthError::NotFinite {
            index,
            value: z[index].to_string(),
        });
    }
    Ok(z.mapv(|v| v.to_f64().unwrap_or(f64::NAN)))
}

/// Checks that a parameter satisfies its condition, given in words by `expected`.
pub(crate) fn parameter(
    name: &'static str,
    found: f64,
    valid: bool,
    expected: &'static str,
) -> Result<()> {
    if valid {
        Ok(())
    } else {
        Err(SynthError::Parameter {
            name,
            found,
            expected,
        })
    }
}

/// Checks that a count is not 0.
pub(crate) fn at_least_one(name: &'static str, count: usize) -> Result<()> {
    parameter(name, count as f64, count > 0, "at least 1")
}

/// Checks that a parameter is positive and finite.
pub(crate) fn positive(name: &'static str, value: f64) -> Result<()> {
    let valid = value > 0.0 && value.is_finite();
    parameter(name, value, valid, "a positive, finite number")
}

/// Checks that a parameter is finite and not negative.
pub(crate) fn non_negative(name: &'static str, value: f64) -> Result<()> {
    let valid = value >= 0.0 && value.is_finite();
    parameter(name, value, valid, "0 or a positive, finite number")
}

/// Checks that a parameter is finite.
pub(crate) fn finite(name: &'static str, value: f64) -> Result<()> {
    parameter(name, value, value.is_finite(), "a finite number")
}
