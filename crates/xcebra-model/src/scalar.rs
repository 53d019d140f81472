//! The floating-point types a model can compute in.

use std::iter::Sum;

use ndarray::NdFloat;
use num_traits::{FromPrimitive, Signed};
use xcebra_numeric::Entry;

/// A real floating-point type: `f32` or `f64`.
///
/// A collection of bounds, so that generic code needs one name. Every `Scalar` also satisfies
/// the bounds of `rustfft::FftNum`.
pub trait Scalar: NdFloat + FromPrimitive + Signed + Sum + Default + Entry {
    /// Converts from `f64`, rounding to the nearest representable value.
    fn of(value: f64) -> Self;

    /// Converts to `f64` without loss.
    fn as_f64(self) -> f64;
}

impl Scalar for f32 {
    fn of(value: f64) -> Self {
        value as f32
    }

    fn as_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Scalar for f64 {
    fn of(value: f64) -> Self {
        value
    }

    fn as_f64(self) -> f64 {
        self
    }
}
