//! Smooth, strictly increasing non-linearities of a strength from 0 to 1.

/// How sharply the rectifier bends: its slope changes within about `±2 / SHARPNESS` of zero, where
/// its inputs have unit variance.
const SHARPNESS: f64 = 3.0;

/// What a hidden channel of a [`Mixing`](crate::Mixing) does to its value `u`, with strength `c`.
///
/// Every one has a slope of at least `1 − c` everywhere and is the identity at `c = 0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Nonlinearity {
    /// `(1 − c) u + c softplus(3u) / 3`: a smooth leaky rectifier, slope `1 − c` to 1. The default.
    #[default]
    Rectifier,
    /// `(1 − c) u + c tanh u`: saturating, slope `1 − c` to 1, steepest at 0.
    Tanh,
    /// `u + c sin(2u) / 2`: slope `1 − c` to `1 + c`, again and again.
    Sine,
}

impl Nonlinearity {
    /// The value at `u`.
    #[must_use]
    pub fn value(self, u: f64, strength: f64) -> f64 {
        match self {
            Self::Rectifier => {
                let softplus = u.max(0.0) + (-SHARPNESS * u.abs()).exp().ln_1p() / SHARPNESS;
                (1.0 - strength) * u + strength * softplus
            }
            Self::Tanh => (1.0 - strength) * u + strength * u.tanh(),
            Self::Sine => u + 0.5 * strength * (2.0 * u).sin(),
        }
    }

    /// The derivative of [`value`](Self::value) at `u`.
    #[must_use]
    pub fn slope(self, u: f64, strength: f64) -> f64 {
        match self {
            Self::Rectifier => 1.0 - strength + strength / (1.0 + (-SHARPNESS * u).exp()),
            Self::Tanh => 1.0 - strength * u.tanh().powi(2),
            Self::Sine => 1.0 + strength * (2.0 * u).cos(),
        }
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_abs_diff_eq;

    use super::*;

    const ALL: [Nonlinearity; 3] = [
        Nonlinearity::Rectifier,
        Nonlinearity::Tanh,
        Nonlinearity::Sine,
    ];

    #[test]
    fn they_increase_and_the_slope_is_the_derivative() {
        for kind in ALL {
            for strength in [0.0, 0.5, 0.99] {
                for i in -400..=400 {
                    let u = f64::from(i) / 100.0;
                    let h = 1e-5;
                    let above = kind.value(u + h, strength);
                    let difference = (above - kind.value(u - h, strength)) / (2.0 * h);
                    let slope = kind.slope(u, strength);
                    // central difference: h² |s'''| / 6 < 1e-10, rounding ε |s| / h < 1e-10
                    assert_abs_diff_eq!(slope, difference, epsilon = 1e-9);
                    // the bound holds but for one rounding
                    assert!(slope >= 1.0 - strength - f64::EPSILON && slope <= 1.0 + strength);
                }
            }
        }
    }

    #[test]
    fn strength_zero_is_the_identity() {
        for kind in ALL {
            assert_eq!(kind.value(-0.7, 0.0), -0.7);
            assert_eq!(kind.slope(1.3, 0.0), 1.0);
        }
    }

    #[test]
    fn far_out_the_limits_of_the_rectifier_hold() {
        // the exponential over- and underflows there
        let kind = Nonlinearity::Rectifier;
        assert_eq!(kind.value(-1e6, 0.5), -0.5e6);
        assert_eq!(kind.value(1e6, 0.5), 1e6);
        assert_eq!(kind.slope(-1e6, 0.5), 0.5);
        assert_eq!(kind.slope(1e6, 0.5), 1.0);
    }
}
