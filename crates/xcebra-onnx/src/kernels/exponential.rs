//! The exponential and functions made of it, for the compiler to vectorise.
//!
//! Range reduction `x = k ln 2 + r`, `|r| ≤ ½ ln 2`, and the Taylor polynomial of `e^r − 1`, cut where
//! its rest is below the rounding. There is no branch and no fused operation: every instruction set gives the
//! same bits.

use pulp::Arch;
use xcebra_model::{NumbersMut, Scalar};

/// What the two precisions differ in.
trait Precision: Scalar {
    /// Below it the exponential is taken for 0: denormal numbers are slow.
    const LOWEST: Self;
    /// Above it the exponential is infinite.
    const HIGHEST: Self;

    /// `e^r − 1` and `2^(k − 1)`, for `x` within the limits.
    fn reduced(x: Self) -> (Self, Self);
}

impl Precision for f32 {
    const LOWEST: f32 = -87.0;
    const HIGHEST: f32 = 88.722_84;

    #[inline(always)]
    fn reduced(x: f32) -> (f32, f32) {
        // ln 2 in two parts: the product of the first with |k| ≤ 128 is exact
        const LN2_HIGH: f32 = 0.693_359_4;
        const LN2_LOW: f32 = -2.121_944_4e-4;
        // adding 1.5 · 2^23 rounds to an integer, left in the low bits of the mantissa
        const ROUND: f32 = 12_582_912.0;
        let shifted = x * std::f32::consts::LOG2_E + ROUND;
        let k = shifted - ROUND;
        let r = (x - k * LN2_HIGH) - k * LN2_LOW;
        let mut p = 1.0 / 5040.0;
        p = p * r + 1.0 / 720.0;
        p = p * r + 1.0 / 120.0;
        p = p * r + 1.0 / 24.0;
        p = p * r + 1.0 / 6.0;
        p = p * r + 0.5;
        p = p * r * r + r;
        let half = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f00_0000));
        (p, half)
    }
}

impl Precision for f64 {
    const LOWEST: f64 = -708.0;
    const HIGHEST: f64 = 709.782_712_893_384;

    #[inline(always)]
    fn reduced(x: f64) -> (f64, f64) {
        // the product of the first part with |k| ≤ 1024 is exact
        const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
        const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
        const ROUND: f64 = 6_755_399_441_055_744.0;
        const FACTORIALS: [f64; 11] = [
            1.0 / 479_001_600.0,
            1.0 / 39_916_800.0,
            1.0 / 3_628_800.0,
            1.0 / 362_880.0,
            1.0 / 40_320.0,
            1.0 / 5040.0,
            1.0 / 720.0,
            1.0 / 120.0,
            1.0 / 24.0,
            1.0 / 6.0,
            0.5,
        ];
        let shifted = x * std::f64::consts::LOG2_E + ROUND;
        let k = shifted - ROUND;
        let r = (x - k * LN2_HIGH) - k * LN2_LOW;
        let mut p = 1.0 / 6_227_020_800.0;
        for factor in FACTORIALS {
            p = p * r + factor;
        }
        p = p * r * r + r;
        let half = f64::from_bits((shifted.to_bits() << 52).wrapping_add(0x3fe0_0000_0000_0000));
        (p, half)
    }
}

#[inline(always)]
fn exp_of<T: Precision>(x: T) -> T {
    let within = if x > T::LOWEST { x } else { T::LOWEST };
    let within = if within < T::HIGHEST {
        within
    } else {
        T::HIGHEST
    };
    let (p, half) = T::reduced(within);
    let value = (p * half + half) * T::of(2.0);
    let value = if x < T::LOWEST { T::zero() } else { value };
    let value = if x > T::HIGHEST { T::infinity() } else { value };
    if x.is_nan() { x } else { value }
}

/// `e^(−|x|)`.
#[inline(always)]
fn falling<T: Precision>(x: T) -> T {
    let x = -x.abs();
    let within = if x > T::LOWEST { x } else { T::LOWEST };
    let (p, half) = T::reduced(within);
    let value = (p * half + half) * T::of(2.0);
    if x < T::LOWEST { T::zero() } else { value }
}

#[inline(always)]
fn sigmoid_of<T: Precision>(x: T) -> T {
    let e = falling(x);
    let small = (T::one() + e).recip();
    let value = if x < T::zero() { e * small } else { small };
    if x.is_nan() { x } else { value }
}

/// By `e^(−2|x|) − 1`, which keeps small numbers.
#[inline(always)]
fn tanh_of<T: Precision>(x: T) -> T {
    let twice = -(x.abs() + x.abs());
    let within = if twice > T::LOWEST { twice } else { T::LOWEST };
    let (p, half) = T::reduced(within);
    let scale = half + half;
    let less = p * scale + (scale - T::one());
    let value = -less / (T::of(2.0) + less);
    let value = if x < T::zero() { -value } else { value };
    if x.is_nan() { x } else { value }
}

/// The rational approximation 7.1.26 of Abramowitz and Stegun, whose absolute error of 1.5e-7 is about the
/// rounding of `f32`; near zero the Taylor polynomial, which keeps small numbers.
#[inline(always)]
fn erf_of(x: f32) -> f32 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x.abs());
    let mut p = 1.061_405_4_f32;
    p = p * t - 1.453_152;
    p = p * t + 1.421_413_7;
    p = p * t - 0.284_496_74;
    p = p * t + 0.254_829_6;
    let far = 1.0 - p * t * falling(x * x);
    let far = if x < 0.0 { -far } else { far };
    let square = x * x;
    let mut p = -1.0 / 1320.0;
    p = p * square + 1.0 / 216.0;
    p = p * square - 1.0 / 42.0;
    p = p * square + 1.0 / 10.0;
    p = p * square - 1.0 / 3.0;
    p = p * square + 1.0;
    let near = x * std::f32::consts::FRAC_2_SQRT_PI * p;
    let value = if x.abs() < 0.6 { near } else { far };
    if x.is_nan() { x } else { value }
}

/// Replaces every number by `f` of it.
pub(crate) fn each<A: Copy>(numbers: &mut [A], f: impl Fn(A) -> A) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for x in numbers.iter_mut() {
                *x = f(*x);
            }
        },
    );
}

/// `e^x` of every number.
pub(crate) fn exp<A: Scalar>(numbers: &mut [A]) {
    match A::view_mut(numbers) {
        NumbersMut::Single(x) => each(x, exp_of),
        NumbersMut::Double(x) => each(x, exp_of),
    }
}

/// `1 / (1 + e^(−x))` of every number.
pub(crate) fn sigmoid<A: Scalar>(numbers: &mut [A]) {
    match A::view_mut(numbers) {
        NumbersMut::Single(x) => each(x, sigmoid_of),
        NumbersMut::Double(x) => each(x, sigmoid_of),
    }
}

/// The hyperbolic tangent of every number.
pub(crate) fn tanh<A: Scalar>(numbers: &mut [A]) {
    match A::view_mut(numbers) {
        NumbersMut::Single(x) => each(x, tanh_of),
        NumbersMut::Double(x) => each(x, tanh_of),
    }
}

/// The error function of every number.
pub(crate) fn erf<A: Scalar>(numbers: &mut [A]) {
    match A::view_mut(numbers) {
        NumbersMut::Single(x) => each(x, erf_of),
        NumbersMut::Double(x) => x.iter_mut().for_each(|x| *x = libm::erf(*x)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest error of `f` in units of the last place of the exact value, for numbers from −`reach` to
    /// `reach`.
    fn worst<A: Scalar>(reach: f64, f: fn(&mut [A]), exact: fn(f64) -> f64) -> f64 {
        let mut x: Vec<A> = (-100_000..=100_000)
            .map(|i| A::of(f64::from(i) * reach / 1e5))
            .chain((0..300).flat_map(|i| [1.0, -1.0].map(|s| A::of(s * 0.9_f64.powi(i)))))
            .collect();
        let expected: Vec<f64> = x.iter().map(|x| exact(x.as_f64())).collect();
        f(&mut x);
        let error = |(&found, &exact): (&A, &f64)| {
            let unit = A::epsilon().as_f64() * exact.abs().max(f64::MIN_POSITIVE);
            (found.as_f64() - exact).abs() / unit
        };
        x.iter().zip(&expected).map(error).fold(0.0, f64::max)
    }

    fn exact_sigmoid(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    /// Each is a handful of roundings; the standard library's own values are within one of the exact ones.
    #[test]
    fn values_agree_with_the_standard_library_to_a_few_roundings() {
        assert!(worst::<f32>(86.0, exp, f64::exp) < 4.0);
        assert!(worst::<f64>(700.0, exp, f64::exp) < 6.0);
        assert!(worst::<f32>(80.0, sigmoid, exact_sigmoid) < 6.0);
        assert!(worst::<f64>(700.0, sigmoid, exact_sigmoid) < 8.0);
        assert!(worst::<f32>(10.0, tanh, f64::tanh) < 6.0);
        assert!(worst::<f64>(20.0, tanh, f64::tanh) < 8.0);
    }

    #[test]
    fn the_error_function_is_within_the_error_of_its_approximation() {
        let mut x: Vec<f32> = (-60_000..=60_000).map(|i| i as f32 * 1e-4).collect();
        let exact: Vec<f64> = x.iter().map(|&x| libm::erf(f64::from(x))).collect();
        erf(&mut x);
        for (found, exact) in x.iter().zip(exact) {
            // 1.5e-7 of the approximation and two roundings
            assert!((f64::from(*found) - exact).abs() < 3e-7);
        }
    }

    #[test]
    fn limits_and_nan() {
        let ends = [f64::NEG_INFINITY, -1e30, 1e30, f64::INFINITY, f64::NAN, 0.0];
        fn of<A: Scalar>(f: fn(&mut [A]), x: &[f64]) -> Vec<f64> {
            let mut x: Vec<A> = x.iter().map(|&x| A::of(x)).collect();
            f(&mut x);
            x.iter().map(|x| x.as_f64()).collect()
        }
        for [exp, sigmoid, tanh, erf] in [
            [exp::<f32>, sigmoid, tanh, erf].map(|f| of(f, &ends)),
            [exp::<f64>, sigmoid, tanh, erf].map(|f| of(f, &ends)),
        ] {
            assert_eq!(exp[..4], [0.0, 0.0, f64::INFINITY, f64::INFINITY]);
            assert_eq!(sigmoid[..4], [0.0, 0.0, 1.0, 1.0]);
            assert_eq!(tanh[..4], [-1.0, -1.0, 1.0, 1.0]);
            assert_eq!(erf[..4], [-1.0, -1.0, 1.0, 1.0]);
            assert!(
                [exp[4], sigmoid[4], tanh[4], erf[4]]
                    .iter()
                    .all(|v| v.is_nan())
            );
            assert_eq!([exp[5], sigmoid[5], tanh[5]], [1.0, 0.5, 0.0]);
        }
    }
}
