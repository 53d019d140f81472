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
    /// Whether the function rises as both end tangents do: a line, as far as its ends tell.
    pub(super) fn is_line(&self) -> bool {
        let first = (self.rise - self.width * self.first).abs();
        let last = (self.rise - self.width * self.last).abs();
        first.max(last) <= self.rounding
    }

    /// Where the end tangents meet, from 0 to 1: with one kink between two straight parts it lies
    /// there, and the slopes weighted by the lengths of their parts give the rise exactly. `None` if
    /// they do not meet on the interval, or rounding decides where.
    pub(super) fn meet(&self) -> Option<f64> {
        let turn = self.width * (self.last - self.first);
        if turn.abs() <= self.rounding {
            return None;
        }
        let at = (self.width * self.last - self.rise) / turn;
        let slack = self.rounding / turn.abs();
        (-slack..=1.0 + slack)
            .contains(&at)
            .then(|| at.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;

    /// Slope 1 up to the kink, then 3, on an interval of width 2; 1e-14 is rounding.
    #[test]
    fn the_tangents_meet_at_the_kink() {
        for kink in [0.0, 0.1, 1.0, 1.7, 2.0] {
            let tangents = TwoTangents {
                width: 2.0,
                rise: kink + 3.0 * (2.0 - kink),
                first: 1.0,
                last: 3.0,
                rounding: 1e-14,
            };
            let share = tangents.meet().unwrap();
            assert_abs_diff_eq!(2.0 * share, kink, epsilon = 1e-14);
            let rise = 2.0 * (share * 1.0 + (1.0 - share) * 3.0);
            assert_abs_diff_eq!(rise, tangents.rise, epsilon = 1e-14);
            assert!(!tangents.is_line());
        }
    }

    #[test]
    fn lines_and_steps_have_no_meeting_point() {
        let line = TwoTangents {
            width: 0.5,
            rise: 1.0,
            first: 2.0,
            last: 2.0,
            rounding: 1e-15,
        };
        assert!(line.is_line() && line.meet().is_none());
        let step = TwoTangents { rise: 5.0, ..line };
        assert!(!step.is_line() && step.meet().is_none());
        let outside = TwoTangents { last: 3.0, ..step };
        assert!(!outside.is_line() && outside.meet().is_none());
    }
}
