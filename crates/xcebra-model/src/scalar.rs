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

    /// Numbers by their precision, for code that computes differently in each.
    #[doc(hidden)]
    fn view(numbers: &[Self]) -> Numbers<'_>;

    /// Numbers to change, by their precision.
    #[doc(hidden)]
    fn view_mut(numbers: &mut [Self]) -> NumbersMut<'_>;
}

impl Scalar for f32 {
    fn of(value: f64) -> Self {
        value as f32
    }

    fn as_f64(self) -> f64 {
        f64::from(self)
    }

    fn view(numbers: &[f32]) -> Numbers<'_> {
        Numbers::Single(numbers)
    }

    fn view_mut(numbers: &mut [f32]) -> NumbersMut<'_> {
        NumbersMut::Single(numbers)
    }
}

impl Scalar for f64 {
    fn of(value: f64) -> Self {
        value
    }

    fn as_f64(self) -> f64 {
        self
    }

    fn view(numbers: &[f64]) -> Numbers<'_> {
        Numbers::Double(numbers)
    }

    fn view_mut(numbers: &mut [f64]) -> NumbersMut<'_> {
        NumbersMut::Double(numbers)
    }
}

/// Numbers by their precision.
#[doc(hidden)]
#[derive(Debug)]
pub enum Numbers<'a> {
    Single(&'a [f32]),
    Double(&'a [f64]),
}

/// Numbers to change, by their precision.
#[doc(hidden)]
#[derive(Debug)]
pub enum NumbersMut<'a> {
    Single(&'a mut [f32]),
    Double(&'a mut [f64]),
}

const OTHER: &str = "all numbers of one operation have one type";

impl<'a> Numbers<'a> {
    /// # Panics
    /// If they are in double precision: a fault of the caller, who mixes types.
    pub fn single(self) -> &'a [f32] {
        match self {
            Self::Single(numbers) => numbers,
            Self::Double(_) => unreachable!("{OTHER}"),
        }
    }

    /// # Panics
    /// If they are in single precision: a fault of the caller, who mixes types.
    pub fn double(self) -> &'a [f64] {
        match self {
            Self::Double(numbers) => numbers,
            Self::Single(_) => unreachable!("{OTHER}"),
        }
    }
}

impl<'a> NumbersMut<'a> {
    /// # Panics
    /// If they are in double precision: a fault of the caller, who mixes types.
    pub fn single(self) -> &'a mut [f32] {
        match self {
            Self::Single(numbers) => numbers,
            Self::Double(_) => unreachable!("{OTHER}"),
        }
    }

    /// # Panics
    /// If they are in single precision: a fault of the caller, who mixes types.
    pub fn double(self) -> &'a mut [f64] {
        match self {
            Self::Double(numbers) => numbers,
            Self::Single(_) => unreachable!("{OTHER}"),
        }
    }
}
