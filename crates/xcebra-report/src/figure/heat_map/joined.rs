//! Maps of very many cells: neighbours as one.

use std::borrow::Cow;

use ndarray::Array2;

use super::{HeatMap, name};
use crate::figure::scale::range;
use crate::figure::words::title;

impl HeatMap {
    /// The map with neighbours joined until few enough cells are left.
    pub(super) fn joined(&self) -> Cow<'_, Self> {
        let (rows, columns) = self.values.dim();
        let (mut high, mut wide) = (1, 1);
        while rows.div_ceil(high) * columns.div_ceil(wide) > self.most_cells.max(1) {
            match rows.div_ceil(high) >= columns.div_ceil(wide) {
                true => high += 1,
                false => wide += 1,
            }
        }
        if (high, wide) == (1, 1) {
            return Cow::Borrowed(self);
        }
        let shape = (rows.div_ceil(high), columns.div_ceil(wide));
        let values = Array2::from_shape_fn(shape, |(i, j)| {
            let below = (i * high..rows.min((i + 1) * high)).map(|i| self.values.row(i));
            let cells = below.flat_map(|row| row.into_iter().skip(j * wide).take(wide).copied());
            let known = cells.filter(|value| value.is_finite());
            let largest = known.max_by(|a, b| a.abs().total_cmp(&b.abs()));
            largest.unwrap_or(f64::NAN)
        });
        let groups = self
            .groups
            .iter()
            .scan((0, 0), |(before, drawn), (name, n)| {
                *before += n;
                let count = before.div_ceil(high) - *drawn;
                *drawn += count;
                Some((name.clone(), count))
            });
        Cow::Owned(Self {
            values,
            row_names: spans(self.row_names.as_deref(), rows, high),
            column_names: spans(self.column_names.as_deref(), columns, wide),
            groups: groups.collect(),
            range: Some(
                self.range
                    .unwrap_or_else(|| range(self.values.iter().copied())),
            ),
            joined: (high, wide),
            ..self.clone()
        })
    }

    /// What the colours are, and of how many cells.
    pub(super) fn value_words(&self) -> String {
        match (self.joined, &self.classes) {
            ((1, 1), _) | (_, Some(_)) => self.value.clone(),
            ((high, wide), None) => {
                format!(
                    "{}, largest of {high} × {wide}",
                    title(&self.value, "value")
                )
            }
        }
    }
}

/// Names of `count` entries, `each` of them as one: without names of their own, they are numbered.
fn spans(names: Option<&[String]>, count: usize, each: usize) -> Option<Vec<String>> {
    if each == 1 {
        return names.map(<[String]>::to_vec);
    }
    let span = |first: usize| match (first + each).min(count) - 1 {
        last if last == first => name(names, first),
        last => format!("{} … {}", name(names, first), name(names, last)),
    };
    Some((0..count).step_by(each).map(span).collect())
}

#[cfg(test)]
mod tests {
    use super::super::MOST_CELLS;
    use super::*;

    #[test]
    fn very_many_cells_are_joined_and_keep_the_largest() {
        let mut values = Array2::zeros((2_001, 6));
        values[[1_500, 5]] = -7.0;
        values[[0, 0]] = f64::NAN;
        let names: Vec<String> = (0..2_001).map(|i| format!("unit {i}")).collect();
        let map = HeatMap::new(values.view()).row_names(&names);
        let map = map.row_groups(&[("a", 999), ("b", 1_002)]).signed();
        let joined = map.joined();
        let (rows, columns) = joined.values.dim();
        assert!(rows * columns <= MOST_CELLS && rows * 3 > 2_000, "{rows}");
        assert_eq!(joined.joined, (3, 1));
        assert_eq!(joined.values[[500, 5]], -7.0);
        assert_eq!(
            joined.values[[0, 0]],
            0.0,
            "what is not known hides nothing"
        );
        let names = joined.row_names.as_ref().unwrap();
        assert_eq!(names[1], "unit 3 … unit 5");
        assert_eq!(names[666], "unit 1998 … unit 2000");
        let groups: usize = joined.groups.iter().map(|group| group.1).sum();
        assert_eq!((joined.groups[0].1, groups), (333, rows));
        // the colours and the words are those of all cells
        assert_eq!(joined.range, Some((-7.0, 7.0)));
        assert!(map.draw().alt().contains("2001 rows by 6 columns"));
        let few = HeatMap::new(Array2::zeros((50, 6)).view());
        assert_eq!(few.joined().values.dim(), (50, 6));
    }
}
