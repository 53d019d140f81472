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
    /// The part of the rise that no slope between those of the two ends explains, with its sign; 0 if it
    /// is rounding.
    pub(super) fn excess(&self) -> f64 {
        let ends = [self.first, self.last].map(|slope| self.width * slope);
        let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
        let excess = self.rise - self.rise.clamp(low, high);
        if excess.abs() <= self.rounding {
            0.0
        } else {
            excess
        }
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
            assert_eq!(tangents.excess(), 0.0);
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
        assert!(line.excess() == 0.0 && line.meet().is_none());
        let step = TwoTangents { rise: 5.0, ..line };
        assert!(step.excess() == 4.0 && step.meet().is_none());
        let outside = TwoTangents { last: 3.0, ..step };
        assert!(outside.excess() == 3.5 && outside.meet().is_none());
        let below = TwoTangents {
            rise: -1.0,
            ..outside
        };
        assert!(below.excess() == -2.0 && below.meet().is_none());
    }
}
