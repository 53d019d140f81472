//! A vectorisable exponential in single precision.

use pulp::Simd;

/// `e^x` for `x ≤ 0`, relative error below 3e-7; exactly 0 below −87, where the true value
/// approaches the denormal numbers, which are slow.
///
/// Range reduction `x = k ln 2 + r`, `|r| ≤ ½ ln 2`, and the Taylor polynomial of degree 7 of
/// `e^r` (truncation below 6e-9).
#[inline(always)]
pub fn exp_nonpositive(x: f32) -> f32 {
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    // ln 2 in two parts: the product of the first with |k| ≤ 126 is exact
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    // adding 1.5 · 2^23 rounds to an integer, left in the low bits of the mantissa
    const ROUND: f32 = 12_582_912.0;
    const LOWEST: f32 = -87.0;

    let clamped = if x > LOWEST { x } else { LOWEST };
    let shifted = clamped * LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = (clamped - k * LN2_HIGH) - k * LN2_LOW;
    let mut p = 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    if x > LOWEST { p * scale } else { 0.0 }
}

/// [`exp_nonpositive`] of a register.
#[inline(always)]
pub fn exp_nonpositive_register<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let c = |value: f32| simd.splat_f32s(value);
    let round = c(12_582_912.0);
    let lowest = c(-87.0);
    let clamped = simd.max_f32s(x, lowest);
    let shifted = simd.mul_add_e_f32s(clamped, c(std::f32::consts::LOG2_E), round);
    let k = simd.sub_f32s(shifted, round);
    let r = simd.mul_add_e_f32s(k, c(-0.693_359_4), clamped);
    let r = simd.mul_add_e_f32s(k, c(2.121_944_4e-4), r);
    let mut p = c(1.0 / 5040.0);
    for coefficient in [
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        p = simd.mul_add_e_f32s(p, r, c(coefficient));
    }
    let bits = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
    let scale = simd.transmute_f32s_u32s(simd.add_u32s(bits, simd.splat_u32s(0x3f80_0000)));
    let value = simd.mul_f32s(p, scale);
    simd.select_f32s(simd.greater_than_f32s(x, lowest), value, c(0.0))
}

#[cfg(test)]
mod tests {
    use pulp::{Simd, WithSimd};

    use super::{exp_nonpositive, exp_nonpositive_register};
    use crate::ops::cpu::kernels::instruction_sets;

    struct Registers<'a>(&'a mut [f32]);

    impl WithSimd for Registers<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let (registers, rest) = S::as_mut_simd_f32s(self.0);
            assert!(rest.is_empty());
            for x in registers {
                *x = exp_nonpositive_register(simd, *x);
            }
        }
    }

    #[test]
    fn registers_agree_with_the_standard_library() {
        let mut x: Vec<f32> = (0..870_000).map(|i| -1e-4 * i as f32).collect();
        x.extend([-87.5, -1e30, f32::NEG_INFINITY]);
        x.resize(x.len().next_multiple_of(64), 0.0);
        for (name, arch) in instruction_sets() {
            let mut found = x.clone();
            arch.dispatch(Registers(&mut found));
            for (&x, &found) in x.iter().zip(&found) {
                if x < -87.0 {
                    assert_eq!(found, 0.0, "{name}: {x}");
                    continue;
                }
                let exact = f64::from(x).exp();
                let error = (f64::from(found) - exact).abs() / exact;
                assert!(error < 3e-7, "{name}: relative error {error:e} at {x}");
            }
        }
    }

    #[test]
    fn agrees_with_the_standard_library() {
        let worst = (0..870_000)
            .map(|i| -1e-4 * i as f32)
            .map(|x| {
                let exact = f64::from(x).exp();
                (f64::from(exp_nonpositive(x)) - exact).abs() / exact
            })
            .fold(0.0, f64::max);
        assert!(worst < 3e-7, "relative error {worst:e}");
    }

    #[test]
    fn edges() {
        assert_eq!(exp_nonpositive(0.0), 1.0);
        assert_eq!(exp_nonpositive(-0.0), 1.0);
        assert_eq!(exp_nonpositive(-87.5), 0.0);
        assert_eq!(exp_nonpositive(-1e30), 0.0);
        assert_eq!(exp_nonpositive(f32::NEG_INFINITY), 0.0);
    }
}
