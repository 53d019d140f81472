//! Central differences: how far a variable moves, and what that makes of a slope.

use ndarray::NdFloat;

use crate::error::{NumericError, Result};

/// The step that balances truncation and rounding for functions that vary on a scale of 1: the cube root of the
/// machine precision, 6.1e-6 in `f64`, 4.9e-3 in `f32`.
#[must_use]
pub fn balanced_step<A: NdFloat>() -> A {
    A::epsilon().cbrt()
}

/// How far a variable `x` moves to either side for a central difference.
///
/// A derivative is then off by about `h²|f‴|/6 + ε|f|/h`, with the distance `h` and the machine precision `ε`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step<A> {
    /// `h = step · max(1, |x|)`: for variables whose scale is not known.
    Relative(A),
    /// `h = step`, in the unit of the variable.
    Absolute(A),
}

impl<A: NdFloat> Step<A> {
    /// The step itself.
    ///
    /// # Errors
    /// [`NumericError::Parameter`] unless it is positive and finite.
    pub fn checked(self) -> Result<Self> {
        let (Self::Relative(size) | Self::Absolute(size)) = self;
        if size.is_finite() && size > A::zero() {
            return Ok(self);
        }
        let expected = "a positive finite number";
        Err(NumericError::parameter("step", size, expected))
    }

    /// `x + h` and `x − h`, as they are rounded.
    ///
    /// Divide by the difference of the two, not by `2h`: where `x` is large against `h`, they differ.
    ///
    /// ```
    /// use xcebra_numeric::Step;
    ///
    /// let [up, down] = Step::Relative(1e-5).ends(2.0_f64);
    /// let slope = (up.powi(2) - down.powi(2)) / (up - down);
    /// assert!((slope - 4.0).abs() < 1e-10);
    /// ```
    #[must_use]
    pub fn ends(self, x: A) -> [A; 2] {
        let h = match self {
            Self::Relative(step) => step * x.abs().max(A::one()),
            Self::Absolute(step) => step,
        };
        [x + h, x - h]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `sin x + x³` at its default step: `h²|f‴|/6 + ε|f|/h`, some 1e-10 in `f64` where values are of size 1,
    /// and some 1e-4 in `f32`.
    #[test]
    fn slopes_are_as_accurate_as_documented() {
        for x in [-1.3, 0.0, 0.2, 1.7_f64] {
            let exact = x.cos() + 3.0 * x * x;
            let [up, down] = Step::Relative(balanced_step()).ends(x);
            let f = |x: f64| x.sin() + x.powi(3);
            assert!(((f(up) - f(down)) / (up - down) - exact).abs() < 2e-9);
            let [up, down] = Step::Relative(balanced_step()).ends(x as f32);
            let f = |x: f32| x.sin() + x.powi(3);
            let slope = (f(up) - f(down)) / (up - down);
            assert!((f64::from(slope) - exact).abs() < 1e-3);
        }
    }

    #[test]
    fn distances_by_hand() {
        assert_eq!(Step::Relative(0.5).ends(0.25), [0.75, -0.25]);
        assert_eq!(Step::Relative(0.5).ends(-4.0), [-2.0, -6.0]);
        assert_eq!(Step::Absolute(0.5).ends(-4.0), [-3.5, -4.5]);
    }

    #[test]
    fn steps_that_lead_nowhere_are_refused() {
        for size in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Step::Relative(size).checked().is_err());
            assert!(Step::Absolute(size).checked().is_err());
        }
        let error = Step::Absolute(0.0).checked().unwrap_err();
        assert_eq!(
            error.to_string(),
            "step is 0, expected a positive finite number"
        );
        assert_eq!(Step::Relative(0.1).checked(), Ok(Step::Relative(0.1)));
    }
}
