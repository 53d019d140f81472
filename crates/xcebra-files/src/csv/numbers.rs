//! The numbers of a table in memory: once, row after row.

/// Values row after row, of the columns that are still here.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    values: Vec<f64>,
    /// The place of each column in a row; none once its values were taken.
    places: Vec<Option<usize>>,
    rows: usize,
    /// Values in a row.
    width: usize,
}

impl Numbers {
    /// Whole rows of this many columns.
    pub(super) fn new(values: Vec<f64>, columns: usize) -> Self {
        Self {
            rows: values.len() / columns.max(1),
            values,
            places: (0..columns).map(Some).collect(),
            width: columns,
        }
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Leaves out all rows from this one on.
    pub(super) fn truncate(&mut self, rows: usize) {
        self.values.truncate(rows * self.width);
        self.rows = rows;
    }

    /// Whether all of these columns are still here.
    pub(super) fn hold(&self, columns: &[usize]) -> bool {
        columns.iter().all(|&column| self.places[column].is_some())
    }

    /// The values of a column that is still here.
    pub(super) fn column(&self, column: usize) -> Vec<f64> {
        let Some(place) = self.places[column] else {
            return Vec::new();
        };
        let values = self.values.iter().skip(place).step_by(self.width);
        values.copied().collect()
    }

    /// Gives a column other values.
    pub(super) fn replace(&mut self, column: usize, values: &[f64]) {
        let width = self.width;
        if let Some(place) = self.places[column] {
            let old = self.values.iter_mut().skip(place).step_by(width);
            old.zip(values).for_each(|(old, &new)| *old = new);
        }
    }

    /// The values of some columns, each once, row after row, in the order of `columns`.
    ///
    /// If they are most of what is here, they are moved together in place and are not here afterwards, so
    /// that a recording is in memory only once.
    pub(super) fn take(&mut self, columns: &[usize]) -> Vec<f64> {
        let width = self.width;
        let chosen: Vec<usize> = columns.iter().filter_map(|&c| self.places[c]).collect();
        if 2 * chosen.len() <= width {
            let rows = self.values.chunks_exact(width.max(1));
            return rows
                .flat_map(|row| chosen.iter().map(|&place| row[place]))
                .collect();
        }
        // where the others are once these are gone
        let mut moved: Vec<Option<usize>> = vec![Some(0); width];
        chosen.iter().for_each(|&place| moved[place] = None);
        let others: Vec<usize> = (0..width).filter(|&place| moved[place].is_some()).collect();
        for (to, &from) in others.iter().enumerate() {
            moved[from] = Some(to);
        }
        let rows = self.values.chunks_exact(width);
        let left = rows
            .flat_map(|row| others.iter().map(|&place| row[place]))
            .collect();
        let mut row = Vec::with_capacity(width);
        for r in 0..self.rows {
            row.clear();
            row.extend_from_slice(&self.values[r * width..(r + 1) * width]);
            let target = &mut self.values[r * chosen.len()..(r + 1) * chosen.len()];
            for (target, &place) in target.iter_mut().zip(&chosen) {
                *target = row[place];
            }
        }
        self.values.truncate(self.rows * chosen.len());
        self.values.shrink_to_fit();
        for place in &mut self.places {
            *place = place.and_then(|place| moved[place]);
        }
        self.width = others.len();
        std::mem::replace(&mut self.values, left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_taken_in_any_order_and_once() {
        let mut numbers = Numbers::new((0..12).map(f64::from).collect(), 4);
        assert_eq!(
            (numbers.rows(), numbers.column(1)),
            (3, vec![1.0, 5.0, 9.0])
        );
        // few are copied
        assert_eq!(numbers.take(&[3, 0]), [3.0, 0.0, 7.0, 4.0, 11.0, 8.0]);
        assert!(numbers.hold(&[0, 1, 2, 3]));
        let taken = numbers.take(&[3, 0, 1]);
        assert_eq!(taken, [3.0, 0.0, 1.0, 7.0, 4.0, 5.0, 11.0, 8.0, 9.0]);
        assert!(numbers.hold(&[2]) && !numbers.hold(&[2, 3]));
        assert_eq!(
            (numbers.rows(), numbers.column(2)),
            (3, vec![2.0, 6.0, 10.0])
        );
        numbers.replace(2, &[1.0, 2.0, 3.0]);
        numbers.truncate(2);
        assert_eq!(numbers.take(&[2]), [1.0, 2.0]);
        assert!(!numbers.hold(&[2]));
    }
}
