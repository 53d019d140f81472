//! The number types an encoder is trained in.

use dfdx::dtypes::{Dtype, NotMixedPrecision};
use pulp::Arch;
use xcebra_model::Scalar;

use crate::ops::kernels::{gelu, pairs, pairs_single};

/// A floating-point type with kernels for training: `f32` (vectorised) or `f64` (exact to
/// rounding, for checks and for small problems).
pub trait Element: Scalar + Dtype + NotMixedPrecision {
    /// Name of the type in a model file: `"F32"` or `"F64"`.
    const NAME: &'static str;

    /// `out = GELU(x)`, the exact error-function form.
    #[doc(hidden)]
    fn gelu(x: &[Self], out: &mut [Self]);

    /// First derivative of GELU.
    #[doc(hidden)]
    fn gelu_first(x: &[Self], first: &mut [Self]);

    /// Value and first derivative of GELU.
    #[doc(hidden)]
    fn gelu_value_first(x: &[Self], value: &mut [Self], first: &mut [Self]);

    /// Value, first and second derivative of GELU.
    #[doc(hidden)]
    fn gelu_all(x: &[Self], value: &mut [Self], first: &mut [Self], second: &mut [Self]);

    /// One block of rows of an InfoNCE term.
    #[doc(hidden)]
    fn pairs_block(block: &mut pairs::Block<'_, Self>) -> f64;
}

impl Element for f32 {
    const NAME: &'static str = "F32";

    fn gelu(x: &[f32], out: &mut [f32]) {
        gelu::fast::value(Arch::new(), x, out);
    }

    fn gelu_first(x: &[f32], first: &mut [f32]) {
        gelu::fast::first(Arch::new(), x, first);
    }

    fn gelu_value_first(x: &[f32], value: &mut [f32], first: &mut [f32]) {
        gelu::fast::value_first(Arch::new(), x, value, first);
    }

    fn gelu_all(x: &[f32], value: &mut [f32], first: &mut [f32], second: &mut [f32]) {
        gelu::fast::all(Arch::new(), x, value, first, second);
    }

    fn pairs_block(block: &mut pairs::Block<'_, f32>) -> f64 {
        pairs_single::block(Arch::new(), block)
    }
}

impl Element for f64 {
    const NAME: &'static str = "F64";

    fn gelu(x: &[f64], out: &mut [f64]) {
        gelu::exact::value(x, out);
    }

    fn gelu_first(x: &[f64], first: &mut [f64]) {
        gelu::exact::first(x, first);
    }

    fn gelu_value_first(x: &[f64], value: &mut [f64], first: &mut [f64]) {
        gelu::exact::value_first(x, value, first);
    }

    fn gelu_all(x: &[f64], value: &mut [f64], first: &mut [f64], second: &mut [f64]) {
        gelu::exact::all(x, value, first, second);
    }

    fn pairs_block(block: &mut pairs::Block<'_, f64>) -> f64 {
        pairs::block(block)
    }
}
