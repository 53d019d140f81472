//! A series in bins: averaged, interpolated, or the nearest value.

use std::f64::consts::{PI, TAU};

use ndarray::Array2;

use super::bins::{Bins, step};
use crate::timed::{Series, Times};

/// Usual steps between two times from which on there is a gap, across which nothing is interpolated. A
/// camera may lose some frames.
const GAP: f64 = 5.0;

/// The values of a series in bins, (bins, columns); NaN where there are none.
pub(super) fn numbers(series: Series, bins: &Bins, angle: bool) -> Array2<f64> {
    let count = series.rows();
    let values = series.values.values.into_rows();
    let table = Rows {
        columns: values.shape()[1],
        values,
        times: &series.times,
        count,
    };
    // a step that is shorter than the bins by more than rounding
    match step(&series.times) < bins.bin * (1.0 - 1e-9) {
        true => table.averaged(bins, angle),
        false => table.interpolated(bins, angle),
    }
}

/// The row whose time is nearest to the centre of each bin; the later one of two.
pub(super) fn nearest(times: &Times, rows: usize, bins: &Bins) -> Vec<Option<usize>> {
    let far = gap(times);
    let mut row = 0;
    let of = |bin| {
        let centre = bins.centre(bin);
        // the bins of all segments ascend
        while row + 1 < rows && (times.at(row + 1) - centre).abs() <= (times.at(row) - centre).abs()
        {
            row += 1;
        }
        ((times.at(row) - centre).abs() <= far).then_some(row)
    };
    (0..bins.len()).map(of).collect()
}

/// The step from which on there is a gap.
fn gap(times: &Times) -> f64 {
    let usual = match times {
        // in pieces: anything beyond a step
        Times::Steady { rate, .. } => 1.5 / rate,
        Times::Listed(_) => GAP * step(times),
    };
    // one row, or all at one time
    if usual.is_finite() && usual > 0.0 {
        usual
    } else {
        f64::INFINITY
    }
}

struct Rows<'a> {
    values: crate::Values,
    columns: usize,
    times: &'a Times,
    count: usize,
}

impl Rows<'_> {
    /// The mean of the values within each bin; NaN if one of them is, or if there are none.
    fn averaged(&self, bins: &Bins, angle: bool) -> Array2<f64> {
        let mut means = Array2::from_elem((bins.len(), self.columns), f64::NAN);
        let mut sums = vec![[0.0; 2]; self.columns];
        let signed = angle && self.has_negative();
        let (mut row, mut block, mut held) = (0, Vec::new(), 0..0);
        for bin in 0..bins.len() {
            let from = bins.begin(bin);
            while row < self.count && self.times.at(row) < from {
                row += 1;
            }
            let mut count = 0.0;
            sums.fill([0.0; 2]);
            while row < self.count && bins.holds(bin, self.times.at(row)) {
                if !held.contains(&row) {
                    held = row..self.count.min(row + (1 << 14) / self.columns.max(1) + 1);
                    self.values.widen(held.clone(), &mut block);
                }
                let at = (row - held.start) * self.columns;
                for (sum, &value) in sums.iter_mut().zip(&block[at..at + self.columns]) {
                    match angle {
                        true => {
                            sum[0] += value.cos();
                            sum[1] += value.sin();
                        }
                        false => sum[0] += value,
                    }
                }
                count += 1.0;
                row += 1;
            }
            if count > 0.0 {
                for (mean, [a, b]) in means.row_mut(bin).iter_mut().zip(&sums) {
                    *mean = match angle {
                        true => on_circle(b.atan2(*a), signed),
                        false => a / count,
                    };
                }
            }
        }
        means
    }

    /// The values at the centres of the bins, on the line between the two rows around each; NaN if one of them
    /// is, or if a gap is between them.
    fn interpolated(&self, bins: &Bins, angle: bool) -> Array2<f64> {
        let mut found = Array2::from_elem((bins.len(), self.columns), f64::NAN);
        let far = gap(self.times);
        let signed = angle && self.has_negative();
        let mut row = 0;
        let (mut low, mut high) = (Vec::new(), Vec::new());
        for bin in 0..bins.len() {
            let centre = bins.centre(bin);
            while row + 1 < self.count && self.times.at(row + 1) <= centre {
                row += 1;
            }
            let start = self.times.at(row);
            if start > centre {
                continue;
            }
            self.values.widen(row..row + 1, &mut low);
            let on_row = start == centre;
            if !on_row {
                let Some(end) = (row + 1 < self.count).then(|| self.times.at(row + 1)) else {
                    continue;
                };
                if end - start > far {
                    continue;
                }
                self.values.widen(row + 1..row + 2, &mut high);
                for (a, b) in low.iter_mut().zip(&high) {
                    let change = match angle {
                        true => shortest(*b - *a),
                        false => *b - *a,
                    };
                    // in the order of numpy's interp
                    *a += change / (end - start) * (centre - start);
                }
            }
            for (out, &value) in found.row_mut(bin).iter_mut().zip(&low) {
                *out = match angle {
                    true => on_circle(value, signed),
                    false => value,
                };
            }
        }
        found
    }

    /// Whether angles go from −π to π, not from 0 to 2π.
    fn has_negative(&self) -> bool {
        (0..self.count).any(|row| (0..self.columns).any(|column| self.values.at(row, column) < 0.0))
    }
}

/// The same turn in less than half a circle.
fn shortest(turn: f64) -> f64 {
    (turn + PI).rem_euclid(TAU) - PI
}

/// The angle at a part of the short way from one to another, in the range of both.
pub(super) fn turned(from: f64, to: f64, part: f64) -> f64 {
    on_circle(from + shortest(to - from) * part, from < 0.0 || to < 0.0)
}

/// An angle in the range of the file.
fn on_circle(angle: f64, signed: bool) -> f64 {
    match signed {
        true => shortest(angle),
        false => angle.rem_euclid(TAU),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array1;

    use super::super::bins::Span;
    use super::*;
    use crate::array::DataArray;
    use crate::values::Values;

    fn series(times: Times, values: Vec<f64>) -> Series {
        let values = Values::F64(Array1::from_vec(values).into_dyn());
        Series::new(DataArray::in_memory("y", values), times).unwrap()
    }

    fn bins(from: f64, to: f64, bin: f64) -> Bins {
        Bins::new(&[Span { from, to }], bin, false).unwrap()
    }

    #[test]
    fn angles_go_the_short_way_round() {
        let times = Times::Listed(vec![0.0, 1.0, 2.0]);
        let y = series(times, vec![6.2, 0.2, 0.4]);
        let found = numbers(y, &bins(0.0, 2.0, 1.0), true);
        let half = (6.2 + (0.2 + TAU - 6.2) / 2.0) % TAU;
        assert!(
            (found[[0, 0]] - half).abs() < 1e-12 && (found[[1, 0]] - 0.3).abs() < 1e-12,
            "{found}"
        );
        // averaged, too: the mean of ±0.1 is 0, not π
        let y = series(
            Times::Listed(vec![0.0, 0.1, 0.2, 0.3]),
            vec![0.1, TAU - 0.1, 0.1, TAU - 0.1],
        );
        let mean = numbers(y, &bins(0.0, 0.4, 0.4), true)[[0, 0]];
        assert!(mean < 1e-12 || TAU - mean < 1e-12, "{mean}");
    }

    #[test]
    fn nothing_is_interpolated_across_a_gap_or_a_missing_value() {
        let mut times: Vec<f64> = (0..10).map(f64::from).collect();
        times.extend((20..30).map(f64::from));
        let mut values = times.clone();
        values[4] = f64::NAN;
        let found = numbers(
            series(Times::Listed(times), values),
            &bins(0.0, 29.0, 1.0),
            false,
        );
        for (bin, value) in found.iter().enumerate() {
            let missing = matches!(bin, 3 | 4 | 9..=19);
            assert_eq!(value.is_nan(), missing, "{bin}");
            assert!(missing || (value - (bin as f64 + 0.5)).abs() < 1e-12);
        }
    }

    #[test]
    fn faster_values_are_averaged_by_block() {
        let rows = 40_000;
        let times = Times::Steady {
            rate: 1000.0,
            // between the edges of bins, so that no rounding decides
            pieces: vec![(0, 5.0005)],
        };
        let y = series(times, (0..rows).map(f64::from).collect());
        let found = numbers(y, &bins(5.0, 45.0, 0.01), false);
        assert_eq!(found.dim(), (4000, 1));
        for (bin, mean) in found.iter().enumerate() {
            assert_eq!(*mean, 10.0 * bin as f64 + 4.5);
        }
    }

    #[test]
    fn the_later_one_of_two_is_nearest() {
        let times = Times::Listed(vec![0.0, 1.0, 2.0]);
        let found = nearest(&times, 3, &bins(0.0, 2.0, 1.0));
        assert_eq!(found, [Some(1), Some(2)]);
    }
}
