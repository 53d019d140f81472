//! Vector registers of both precisions.

use pulp::Simd;

/// A floating-point type with vector registers.
pub(super) trait Real: Copy {
    type Vector<S: Simd>: Copy;
    const ZERO: Self;

    /// All lanes hold `x`.
    fn splat<S: Simd>(simd: S, x: Self) -> Self::Vector<S>;

    /// `a b + c`, rounded once where the processor can.
    fn multiply_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;

    /// Whole registers, and the numbers that are too few for another.
    fn vectors<S: Simd>(numbers: &[Self]) -> (&[Self::Vector<S>], &[Self]);

    /// Whole registers, and the numbers that are too few for another.
    fn vectors_mut<S: Simd>(numbers: &mut [Self]) -> (&mut [Self::Vector<S>], &mut [Self]);

    /// Numbers in a register.
    fn lanes<S: Simd>() -> usize {
        size_of::<Self::Vector<S>>() / size_of::<Self>()
    }
}

impl Real for f32 {
    type Vector<S: Simd> = S::f32s;
    const ZERO: f32 = 0.0;

    #[inline(always)]
    fn splat<S: Simd>(simd: S, x: f32) -> S::f32s {
        simd.splat_f32s(x)
    }

    #[inline(always)]
    fn multiply_add<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
        simd.mul_add_e_f32s(a, b, c)
    }

    #[inline(always)]
    fn vectors<S: Simd>(numbers: &[f32]) -> (&[S::f32s], &[f32]) {
        S::as_simd_f32s(numbers)
    }

    #[inline(always)]
    fn vectors_mut<S: Simd>(numbers: &mut [f32]) -> (&mut [S::f32s], &mut [f32]) {
        S::as_mut_simd_f32s(numbers)
    }
}

impl Real for f64 {
    type Vector<S: Simd> = S::f64s;
    const ZERO: f64 = 0.0;

    #[inline(always)]
    fn splat<S: Simd>(simd: S, x: f64) -> S::f64s {
        simd.splat_f64s(x)
    }

    #[inline(always)]
    fn multiply_add<S: Simd>(simd: S, a: S::f64s, b: S::f64s, c: S::f64s) -> S::f64s {
        simd.mul_add_e_f64s(a, b, c)
    }

    #[inline(always)]
    fn vectors<S: Simd>(numbers: &[f64]) -> (&[S::f64s], &[f64]) {
        S::as_simd_f64s(numbers)
    }

    #[inline(always)]
    fn vectors_mut<S: Simd>(numbers: &mut [f64]) -> (&mut [S::f64s], &mut [f64]) {
        S::as_mut_simd_f64s(numbers)
    }
}
