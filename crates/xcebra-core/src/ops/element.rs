//! The number types an encoder is trained in.

use dfdx::dtypes::{Dtype, NotMixedPrecision};
use xcebra_model::Scalar;

/// A floating-point type of the tape: `f32` or `f64`.
///
/// What is known of it is its precision. What is computed with it is the matter of an
/// [`Engine`](super::Engine).
pub trait Element: Scalar + Dtype + NotMixedPrecision {
    /// Numbers by their precision.
    #[doc(hidden)]
    fn view(numbers: &[Self]) -> Numbers<'_>;

    /// Numbers to change, by their precision.
    #[doc(hidden)]
    fn view_mut(numbers: &mut [Self]) -> NumbersMut<'_>;
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
    pub(super) fn single(self) -> &'a [f32] {
        match self {
            Self::Single(numbers) => numbers,
            Self::Double(_) => unreachable!("{OTHER}"),
        }
    }

    pub(super) fn double(self) -> &'a [f64] {
        match self {
            Self::Double(numbers) => numbers,
            Self::Single(_) => unreachable!("{OTHER}"),
        }
    }
}

impl<'a> NumbersMut<'a> {
    pub(super) fn single(self) -> &'a mut [f32] {
        match self {
            Self::Single(numbers) => numbers,
            Self::Double(_) => unreachable!("{OTHER}"),
        }
    }

    pub(super) fn double(self) -> &'a mut [f64] {
        match self {
            Self::Double(numbers) => numbers,
            Self::Single(_) => unreachable!("{OTHER}"),
        }
    }
}

impl Element for f32 {
    fn view(numbers: &[f32]) -> Numbers<'_> {
        Numbers::Single(numbers)
    }

    fn view_mut(numbers: &mut [f32]) -> NumbersMut<'_> {
        NumbersMut::Single(numbers)
    }
}

impl Element for f64 {
    fn view(numbers: &[f64]) -> Numbers<'_> {
        Numbers::Double(numbers)
    }

    fn view_mut(numbers: &mut [f64]) -> NumbersMut<'_> {
        NumbersMut::Double(numbers)
    }
}
