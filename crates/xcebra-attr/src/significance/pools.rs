//! Which null entries an entry is compared with.

/// Which entries of the null maps an entry is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pool {
    /// The same entry of each null map. Assumes nothing about other entries; with `B` null maps no
    /// p-value is below `1 / (1 + B)`.
    #[default]
    Entry,
    /// All entries of the same input (row): for few null maps, if outputs are exchangeable.
    Row,
    /// All entries of the same output (column): for few null maps, if inputs are exchangeable, such
    /// as standardised channels of one kind.
    Column,
    /// All entries.
    Map,
}

/// Null entries, sorted, by pool.
#[derive(Clone, Debug)]
pub(super) struct Pools {
    pool: Pool,
    values: Vec<Vec<f64>>,
    columns: usize,
}

impl Pools {
    pub(super) fn new(pool: Pool, (rows, columns): (usize, usize)) -> Self {
        let count = match pool {
            Pool::Entry => rows * columns,
            Pool::Row => rows,
            Pool::Column => columns,
            Pool::Map => 1,
        };
        Self {
            pool,
            values: vec![Vec::new(); count],
            columns,
        }
    }

    fn of(&self, (row, column): (usize, usize)) -> usize {
        match self.pool {
            Pool::Entry => row * self.columns + column,
            Pool::Row => row,
            Pool::Column => column,
            Pool::Map => 0,
        }
    }

    pub(super) fn add(&mut self, at: (usize, usize), value: f64) {
        let pool = self.of(at);
        self.values[pool].push(value);
    }

    pub(super) fn sort(&mut self) {
        self.values
            .iter_mut()
            .for_each(|v| v.sort_unstable_by(f64::total_cmp));
    }

    pub(super) fn p_value(&self, at: (usize, usize), value: f64) -> f64 {
        let nulls = &self.values[self.of(at)];
        let below = nulls.partition_point(|&null| null < value);
        (1 + nulls.len() - below) as f64 / (1 + nulls.len()) as f64
    }

    /// The lowest p-value there can be.
    pub(super) fn resolution(&self) -> f64 {
        1.0 / (1 + self.values[0].len()) as f64
    }
}
