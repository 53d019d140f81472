//! A function between two points at which its value and slope are known.

/// The rise of a function over an interval, and its slopes at both ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct TwoTangents {
    pub(super) width: f64,
    pub(super) rise: f64,
    pub(super) first: f64,
    pub(super) last: f64,
    /// What rounding may make of the rise and of `width · slope`.
    pub(super) rounding: f64,
}

impl TwoTangents {
    /// How far the function is off the end tangents at the far ends: 0 for a line.
    pub(super) fn departure(&self) -> f64 {
        let first = (self.rise - self.width * self.first).abs();
        let last = (self.rise - self.width * self.last).abs();
        self.above_rounding(first.max(last))
    }

    /// What completeness lacks on this interval with the trapezoid rule.
    pub(super) fn trapezoid_error(&self) -> f64 {
        let integral = 0.5 * self.width * (self.first + self.last);
        self.above_rounding((self.rise - integral).abs())
    }

    fn above_rounding(&self, size: f64) -> f64 {
        if size <= self.rounding { 0.0 } else { size }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;

    /// Slope 1 up to the kink, then 3, on an interval of width 2; 1e-14 is rounding.
    #[test]
    fn a_kink_departs_from_the_tangents() {
        for kink in [0.1, 1.0, 1.7] {
            let tangents = TwoTangents {
                width: 2.0,
                rise: kink + 3.0 * (2.0 - kink),
                first: 1.0,
                last: 3.0,
                rounding: 1e-14,
            };
            let lacks = (2.0_f64 - 2.0 * kink).abs();
            assert_abs_diff_eq!(tangents.trapezoid_error(), lacks, epsilon = 1e-14);
            let departure = (4.0 - 2.0 * kink).max(2.0 * kink);
            assert_abs_diff_eq!(tangents.departure(), departure, epsilon = 1e-14);
        }
    }

    #[test]
    fn a_line_has_nothing_to_refine() {
        let line = TwoTangents {
            width: 0.5,
            rise: 1.0,
            first: 2.0,
            last: 2.0,
            rounding: 1e-15,
        };
        assert_eq!(line.departure(), 0.0);
        assert_eq!(line.trapezoid_error(), 0.0);
    }
}
