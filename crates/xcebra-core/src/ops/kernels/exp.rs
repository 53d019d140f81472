//! A vectorisable exponential in single precision.

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

#[cfg(test)]
mod tests {
    use super::exp_nonpositive;

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
