//! What each channel contributes along an axis: the same pictures for reports and for files that are looked at later.

use ndarray::{Array2, ArrayView2, Axis};

use crate::report::{Figure, HeatMap, TileMap};

/// Rows of names are so high, in pixels, and columns of names so wide.
const ROW: f64 = 17.0;
const COLUMN: f64 = 92.0;
/// Cells of a map over numbers.
const MOST_CELLS: usize = 4_000;

/// Attribution of channels along one more axis, to be drawn.
pub(crate) struct ChannelMap<'a> {
    /// Names of the channels; without, they are counted.
    pub names: Option<&'a [String]>,
    /// What a row is.
    pub row: &'a str,
    /// Title above the map.
    pub title: &'a str,
    /// The axis, with its unit.
    pub axis: &'a str,
    /// What the values are.
    pub value: &'a str,
}

impl ChannelMap<'_> {
    /// A map of `values` (channels, positions) over positions in any order, and what it shows: of frequencies with
    /// both signs, the two that belong to one oscillation are summed.
    pub fn over_numbers(&self, at: &[f64], values: ArrayView2<'_, f64>) -> (Figure, Array2<f64>) {
        let (at, shown) = folded(at, values);
        let rows: Vec<f64> = (0..shown.nrows()).map(|i| i as f64).collect();
        let (at, drawn) = joined(&at, shown.view());
        let map = TileMap::new(self.axis, &self.channels())
            .title(self.title)
            .row_names(&self.rows(shown.nrows()))
            .value(self.value)
            .grid(&at, &rows, drawn.view());
        (map.draw(), shown)
    }

    /// A map of `values` (channels, names).
    pub fn over_names(&self, names: &[String], values: ArrayView2<'_, f64>) -> Figure {
        let (rows, columns) = values.dim();
        let size = (
            (columns as f64 * COLUMN).clamp(200.0, 640.0) + 180.0,
            (rows as f64 * ROW).clamp(60.0, 460.0) + 104.0,
        );
        HeatMap::new(values)
            .signed()
            .title(self.title)
            .rows(&self.channels())
            .columns(self.axis)
            .row_names(&self.rows(rows))
            .column_names(names)
            .value(self.value)
            .size(size.0, size.1)
            .draw()
    }

    fn channels(&self) -> String {
        match self.names {
            Some(_) => self.row.to_owned(),
            None => format!("{} (from 0)", self.row),
        }
    }

    fn rows(&self, count: usize) -> Vec<String> {
        match self.names {
            Some(names) if names.len() == count => names.to_vec(),
            _ => (0..count).map(|i| i.to_string()).collect(),
        }
    }
}

/// Ascending positions without sign, and the sums of the columns of each.
fn folded(at: &[f64], values: ArrayView2<'_, f64>) -> (Vec<f64>, Array2<f64>) {
    let both_signs = at.iter().any(|f| *f < 0.0);
    let place = |i: usize| if both_signs { at[i].abs() } else { at[i] };
    let mut order: Vec<usize> = (0..at.len()).collect();
    order.sort_by(|&a, &b| place(a).total_cmp(&place(b)));
    let mut positions: Vec<f64> = Vec::new();
    let mut sums = Array2::zeros((values.nrows(), 0));
    for i in order {
        let column = values.column(i);
        let same = |last: &f64| both_signs && (place(i) - last).abs() < 1e-9 * (1.0 + last);
        if positions.last().is_some_and(same) {
            let last = sums.ncols() - 1;
            let mut sum = sums.column_mut(last);
            sum += &column;
        } else {
            positions.push(place(i));
            sums.push_column(column).expect("as many channels");
        }
    }
    (positions, sums)
}

/// Neighbouring positions as one, with the value that is largest in size, if there are so many cells that a page
/// of several maps would be slow to open.
fn joined(at: &[f64], values: ArrayView2<'_, f64>) -> (Vec<f64>, Array2<f64>) {
    let most = (MOST_CELLS / values.nrows().max(1)).max(2);
    let each = at.len().div_ceil(most).max(1);
    let middle = |chunk: &[f64]| f64::midpoint(chunk[0], chunk[chunk.len() - 1]);
    let positions: Vec<f64> = at.chunks(each).map(middle).collect();
    let largest = |i: usize, j: usize| {
        let cells = (j * each..((j + 1) * each).min(at.len())).map(|k| values[[i, k]]);
        cells.fold(
            0.0,
            |largest: f64, v| if v.abs() > largest.abs() { v } else { largest },
        )
    };
    let shape = (values.nrows(), positions.len());
    let drawn = Array2::from_shape_fn(shape, |(i, j)| largest(i, j));
    (positions, drawn)
}

/// The share of what is shown (channels, positions) that cancels if channels are added up.
pub(crate) fn cancelled_in_sum(shown: ArrayView2<'_, f64>) -> f64 {
    let absolute = shown.iter().map(|a| a.abs()).sum();
    super::cancelled(shown.sum_axis(Axis(0)), absolute)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn both_signs_of_a_frequency_are_one_oscillation() {
        let values = array![[1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 0.0, -1.0]];
        let (at, sums) = folded(&[0.0, 1.0, -2.0, -1.0], values.view());
        assert_eq!(at, [0.0, 1.0, 2.0]);
        assert_eq!(sums, array![[1.0, 6.0, 3.0], [0.0, 0.0, 0.0]]);
        let (at, sums) = folded(&[2.0, 1.0, 1.0], values.select(Axis(1), &[0, 1, 2]).view());
        assert_eq!(
            (at.len(), sums.ncols()),
            (3, 3),
            "positions of a time axis stay apart"
        );
    }

    /// |1 − 3| + |2 + 2| of 1 + 3 + 2 + 2.
    #[test]
    fn channels_cancel_where_signs_differ() {
        let share = cancelled_in_sum(array![[1.0, 2.0], [-3.0, 2.0]].view());
        assert!((share - 0.25).abs() < 1e-15);
    }

    #[test]
    fn many_positions_are_joined_and_keep_the_largest() {
        let mut values = Array2::zeros((64, 1_000));
        values[[63, 999]] = -3.0;
        values[[0, 17]] = 2.0;
        let at: Vec<f64> = (0..1_000).map(f64::from).collect();
        let (positions, drawn) = joined(&at, values.view());
        assert!(drawn.len() <= MOST_CELLS && drawn.ncols() == positions.len());
        assert_eq!(drawn.row(63).last(), Some(&-3.0));
        assert_eq!(drawn.row(0)[1], 2.0);
        assert_eq!(positions[0], 8.0);
        assert_eq!(
            joined(
                &at[..9],
                values.select(Axis(1), &[0, 1, 2, 3, 4, 5, 6, 7, 8]).view()
            )
            .0,
            at[..9]
        );
    }

    #[test]
    fn channels_have_their_names() {
        let names = ["Fp1", "Cz"].map(str::to_owned);
        let map = ChannelMap {
            names: Some(&names),
            row: "channel",
            title: "t",
            axis: "frequency (Hz)",
            value: "attribution",
        };
        let values = array![[1.0, -2.0], [0.5, 0.0]];
        let (figure, _) = map.over_numbers(&[0.0, 4.0], values.view());
        let svg = figure.svg();
        assert!(svg.contains(">Fp1<") && svg.contains(">Cz<"), "{svg}");
        let figure = map.over_names(&["slow", "fast"].map(str::to_owned), values.view());
        let svg = figure.svg();
        assert!(svg.contains(">Cz<") && svg.contains(">fast<"), "{svg}");
    }
}
