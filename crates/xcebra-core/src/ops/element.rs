//! The number types an encoder is trained in.

use dfdx::dtypes::{Dtype, NotMixedPrecision};
use xcebra_model::Scalar;

/// A floating-point type of the tape: `f32` or `f64`.
///
/// What is known of it is its precision. What is computed with it is the matter of an
/// [`Engine`](super::Engine).
pub trait Element: Scalar + Dtype + NotMixedPrecision {}

impl Element for f32 {}

impl Element for f64 {}
