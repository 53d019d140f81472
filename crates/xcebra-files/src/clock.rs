//! When each row of a recording was measured.

use crate::timed::Times;

/// The times of the rows of a recording that may have been interrupted.
///
/// Within a piece the rows follow each other at the sampling rate; between pieces there are gaps.
#[derive(Debug, Clone, PartialEq)]
pub struct Clock {
    rate: f64,
    rows: usize,
    /// First row of each piece and its time in seconds, both ascending.
    pieces: Vec<(usize, f64)>,
    /// Local time of second 0 as seconds since 1970, if the file says so.
    start: Option<f64>,
}

/// Part of a sample by which rounded times may miss a row and still mean it. Times are written to
/// microseconds or better, so that the rounding is below this for rates up to a kilohertz.
const SLACK: f64 = 1e-3;

impl Clock {
    /// `rows` rows at `rate` samples per second, in one piece that begins at second 0.
    pub fn steady(rate: f64, rows: usize) -> Self {
        Self {
            rate,
            rows,
            pieces: vec![(0, 0.0)],
            start: None,
        }
    }

    /// Rows in pieces: the first row of each and its time in seconds, both ascending from 0.
    pub(crate) fn interrupted(rate: f64, rows: usize, pieces: Vec<(usize, f64)>) -> Self {
        Self {
            rate,
            rows,
            pieces,
            start: None,
        }
    }

    /// The same with the local time at which it began, in seconds since 1970.
    pub(crate) fn starting(self, start: Option<f64>) -> Self {
        Self { start, ..self }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Rows per second within a piece.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Time of the first row in seconds.
    pub fn first(&self) -> f64 {
        self.pieces.first().map_or(0.0, |piece| piece.1)
    }

    /// The time of each row in seconds.
    pub fn seconds(&self) -> Vec<f64> {
        let times = self.times();
        (0..self.rows).map(|row| times.at(row)).collect()
    }

    /// The time of each row.
    pub(crate) fn times(&self) -> Times {
        Times::Steady {
            rate: self.rate,
            pieces: self.pieces.clone(),
        }
    }

    /// Local time of the first row in seconds since 1970, if the file says so.
    pub fn start(&self) -> Option<f64> {
        self.start
    }

    /// The first row that was measured at `seconds` or later; the number of rows if there is none.
    pub fn first_row(&self, seconds: f64) -> usize {
        let slack = SLACK / self.rate;
        let after = self
            .pieces
            .partition_point(|&(_, at)| at <= seconds + slack);
        let Some(&(first, at)) = after.checked_sub(1).and_then(|p| self.pieces.get(p)) else {
            return 0;
        };
        let end = self.pieces.get(after).map_or(self.rows, |&(row, _)| row);
        // a float that is too large becomes the largest integer
        let ahead = ((seconds - at) * self.rate - SLACK).ceil().max(0.0) as usize;
        first.saturating_add(ahead).min(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_steady_clock() {
        let clock = Clock::steady(192.0, 640);
        for (seconds, row) in [
            (-1.0, 0),
            (0.0, 0),
            (0.001, 1),
            (0.333_333, 64),
            // rounded up to microseconds
            (0.666_667, 128),
            (0.67, 129),
            (3.3, 634),
            (4.0, 640),
            (f64::INFINITY, 640),
        ] {
            assert_eq!(clock.first_row(seconds), row, "{seconds}");
        }
    }

    #[test]
    fn rows_around_a_gap() {
        let clock = Clock::interrupted(10.0, 30, vec![(0, 0.0), (10, 5.0), (20, 6.5)]);
        for (seconds, row) in [
            (0.95, 10),
            (1.0, 10),
            (4.0, 10),
            (5.0, 10),
            (5.1, 11),
            (6.2, 20),
            (7.4, 29),
            (7.5, 30),
        ] {
            assert_eq!(clock.first_row(seconds), row, "{seconds}");
        }
    }
}
