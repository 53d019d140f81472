//! GELU, its first and its second derivative.
//!
//! `GELU(x) = x Φ(x)`, `GELU′ = Φ + x φ`, `GELU″ = (2 − x²) φ`, with the distribution function Φ
//! and the density φ of the standard normal distribution (Hendrycks and Gimpel 2016, exact form).

use std::f64::consts::FRAC_1_SQRT_2;

use pulp::Arch;
use xcebra_model::Numbers;

use crate::ops::Element;

const FRAC_1_SQRT_TAU: f64 = 0.398_942_280_401_432_7;

/// `out = GELU(x)`.
pub fn value<E: Element>(x: &[E], out: &mut [E]) {
    match E::view(x) {
        Numbers::Single(x) => fast::value(Arch::new(), x, E::view_mut(out).single()),
        Numbers::Double(x) => exact::value(x, E::view_mut(out).double()),
    }
}

/// First derivative.
pub fn first<E: Element>(x: &[E], first: &mut [E]) {
    match E::view(x) {
        Numbers::Single(x) => fast::first(Arch::new(), x, E::view_mut(first).single()),
        Numbers::Double(x) => exact::first(x, E::view_mut(first).double()),
    }
}

/// Value and first derivative.
pub fn value_first<E: Element>(x: &[E], value: &mut [E], first: &mut [E]) {
    let (value, first) = (E::view_mut(value), E::view_mut(first));
    match E::view(x) {
        Numbers::Single(x) => fast::value_first(Arch::new(), x, value.single(), first.single()),
        Numbers::Double(x) => exact::value_first(x, value.double(), first.double()),
    }
}

/// Value, first and second derivative.
pub fn all<E: Element>(x: &[E], value: &mut [E], first: &mut [E], second: &mut [E]) {
    let [value, first, second] = [value, first, second].map(E::view_mut);
    match E::view(x) {
        Numbers::Single(x) => fast::all(
            Arch::new(),
            x,
            value.single(),
            first.single(),
            second.single(),
        ),
        Numbers::Double(x) => exact::all(x, value.double(), first.double(), second.double()),
    }
}

/// Double precision by the error function of `libm`.
pub mod exact {
    use super::{FRAC_1_SQRT_2, FRAC_1_SQRT_TAU};

    fn distribution(x: f64) -> f64 {
        0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
    }

    fn density(x: f64) -> f64 {
        FRAC_1_SQRT_TAU * (-0.5 * x * x).exp()
    }

    pub fn value(x: &[f64], out: &mut [f64]) {
        for (o, &x) in out.iter_mut().zip(x) {
            *o = x * distribution(x);
        }
    }

    pub fn first(x: &[f64], first: &mut [f64]) {
        for (o, &x) in first.iter_mut().zip(x) {
            *o = distribution(x) + x * density(x);
        }
    }

    pub fn value_first(x: &[f64], value: &mut [f64], first: &mut [f64]) {
        for ((v, f), &x) in value.iter_mut().zip(first).zip(x) {
            let cdf = distribution(x);
            *v = x * cdf;
            *f = cdf + x * density(x);
        }
    }

    pub fn all(x: &[f64], value: &mut [f64], first: &mut [f64], second: &mut [f64]) {
        for (((v, f), s), &x) in value.iter_mut().zip(first).zip(second).zip(x) {
            let (cdf, pdf) = (distribution(x), density(x));
            *v = x * cdf;
            *f = cdf + x * pdf;
            *s = (2.0 - x * x) * pdf;
        }
    }
}

/// Single precision, vectorised: Φ from the rational approximation 7.1.26 of Abramowitz and
/// Stegun (absolute error of Φ below 7.5e-8, about the rounding of `f32`), which shares its one
/// exponential with φ. `arch` is the instruction set to use.
pub mod fast {
    use pulp::{Arch, NullaryFnOnce};

    use super::{FRAC_1_SQRT_2, FRAC_1_SQRT_TAU};
    use crate::ops::cpu::kernels::exp::exp_nonpositive;

    /// Φ(x) and φ(x).
    #[inline(always)]
    fn normal(x: f32) -> (f32, f32) {
        let e = exp_nonpositive(-0.5 * x * x);
        let t = 1.0 / (1.0 + (0.327_591_1 * FRAC_1_SQRT_2 as f32) * x.abs());
        let mut p = 1.061_405_4_f32;
        p = p * t - 1.453_152;
        p = p * t + 1.421_413_7;
        p = p * t - 0.284_496_74;
        p = p * t + 0.254_829_6;
        let tail = 0.5 * p * t * e;
        let cdf = if x < 0.0 { tail } else { 1.0 - tail };
        (cdf, FRAC_1_SQRT_TAU as f32 * e)
    }

    struct Value<'a>(&'a [f32], &'a mut [f32]);

    impl NullaryFnOnce for Value<'_> {
        type Output = ();
        #[inline(always)]
        fn call(self) {
            for (o, &x) in self.1.iter_mut().zip(self.0) {
                *o = x * normal(x).0;
            }
        }
    }

    struct First<'a>(&'a [f32], &'a mut [f32]);

    impl NullaryFnOnce for First<'_> {
        type Output = ();
        #[inline(always)]
        fn call(self) {
            for (o, &x) in self.1.iter_mut().zip(self.0) {
                let (cdf, pdf) = normal(x);
                *o = cdf + x * pdf;
            }
        }
    }

    struct ValueFirst<'a>(&'a [f32], &'a mut [f32], &'a mut [f32]);

    impl NullaryFnOnce for ValueFirst<'_> {
        type Output = ();
        #[inline(always)]
        fn call(self) {
            for ((v, f), &x) in self.1.iter_mut().zip(self.2).zip(self.0) {
                let (cdf, pdf) = normal(x);
                *v = x * cdf;
                *f = cdf + x * pdf;
            }
        }
    }

    struct All<'a>(&'a [f32], &'a mut [f32], &'a mut [f32], &'a mut [f32]);

    impl NullaryFnOnce for All<'_> {
        type Output = ();
        #[inline(always)]
        fn call(self) {
            for (((v, f), s), &x) in self.1.iter_mut().zip(self.2).zip(self.3).zip(self.0) {
                let (cdf, pdf) = normal(x);
                *v = x * cdf;
                *f = cdf + x * pdf;
                *s = (2.0 - x * x) * pdf;
            }
        }
    }

    pub fn value(arch: Arch, x: &[f32], out: &mut [f32]) {
        arch.dispatch(Value(x, out));
    }

    pub fn first(arch: Arch, x: &[f32], first: &mut [f32]) {
        arch.dispatch(First(x, first));
    }

    pub fn value_first(arch: Arch, x: &[f32], value: &mut [f32], first: &mut [f32]) {
        arch.dispatch(ValueFirst(x, value, first));
    }

    pub fn all(arch: Arch, x: &[f32], value: &mut [f32], first: &mut [f32], second: &mut [f32]) {
        arch.dispatch(All(x, value, first, second));
    }
}

#[cfg(test)]
mod tests {
    use pulp::Arch;

    use super::{exact, fast};
    use crate::ops::cpu::kernels::instruction_sets;

    #[test]
    fn closed_form_values() {
        // Φ(1) = 0.841344746068543, φ(1) = 0.241970724519143
        let (mut v, mut f, mut s) = ([0.0; 2], [0.0; 2], [0.0; 2]);
        exact::all(&[1.0, -1.0], &mut v, &mut f, &mut s);
        approx::assert_abs_diff_eq!(v[0], 0.841_344_746_068_543, epsilon = 1e-14);
        approx::assert_abs_diff_eq!(v[1], -0.158_655_253_931_457, epsilon = 1e-14);
        approx::assert_abs_diff_eq!(f[0], 1.083_315_470_587_686, epsilon = 1e-14);
        approx::assert_abs_diff_eq!(f[1], -0.083_315_470_587_686, epsilon = 1e-14);
        approx::assert_abs_diff_eq!(s[0], 0.241_970_724_519_143, epsilon = 1e-14);
    }

    #[test]
    fn derivatives_agree_with_differences() {
        let h = 1e-5;
        for i in -60..=60 {
            let x = f64::from(i) * 0.1;
            let (mut v, mut f, mut s) = ([0.0; 3], [0.0; 3], [0.0; 3]);
            exact::all(&[x - h, x, x + h], &mut v, &mut f, &mut s);
            // central differences: truncation h² = 1e-10, rounding 1e-16 / h = 1e-11
            approx::assert_abs_diff_eq!(f[1], (v[2] - v[0]) / (2.0 * h), epsilon = 1e-9);
            approx::assert_abs_diff_eq!(s[1], (f[2] - f[0]) / (2.0 * h), epsilon = 1e-9);
        }
    }

    #[test]
    fn single_precision_agrees_with_double() {
        let x: Vec<f32> = (-20_001..=20_001).map(|i| i as f32 * 6e-4).collect();
        let wide: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
        let n = x.len();
        let mut single = [vec![0.0_f32; n], vec![0.0_f32; n], vec![0.0_f32; n]];
        let mut double = [vec![0.0_f64; n], vec![0.0_f64; n], vec![0.0_f64; n]];
        {
            let [a, b, c] = &mut single;
            fast::all(Arch::new(), &x, a, b, c);
            let [a, b, c] = &mut double;
            exact::all(&wide, a, b, c);
        }
        // 7.5e-8 from the approximation times |x|, and a few roundings of f32
        let bounds = [4e-7, 4e-7, 4e-7];
        for k in 0..3 {
            for i in 0..n {
                let error = (f64::from(single[k][i]) - double[k][i]).abs();
                let scale = 1.0 + wide[i].abs();
                assert!(
                    error < bounds[k] * scale,
                    "derivative {k} at {}: {error:e}",
                    wide[i]
                );
            }
        }
        // the same operations in every instruction set, whatever is asked for
        for (name, arch) in instruction_sets() {
            let [mut a, mut b, mut c] = [(); 3].map(|()| vec![0.0; n]);
            fast::value(arch, &x, &mut a);
            fast::first(arch, &x, &mut b);
            assert_eq!([&a, &b], [&single[0], &single[1]], "{name}");
            let [mut a, mut b] = [(); 2].map(|()| vec![0.0; n]);
            fast::value_first(arch, &x, &mut a, &mut b);
            assert_eq!([&a, &b], [&single[0], &single[1]], "{name}");
            fast::all(arch, &x, &mut a, &mut b, &mut c);
            assert_eq!([a, b, c], single, "{name}");
        }
        let [mut a, mut b] = [(); 2].map(|()| vec![0.0; n]);
        exact::value(&wide, &mut a);
        exact::first(&wide, &mut b);
        assert_eq!([&a, &b], [&double[0], &double[1]]);
        let [mut a, mut b] = [(); 2].map(|()| vec![0.0; n]);
        exact::value_first(&wide, &mut a, &mut b);
        assert_eq!([&a, &b], [&double[0], &double[1]]);
    }
}
