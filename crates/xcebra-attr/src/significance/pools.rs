//! Which null entries an entry is compared with.

use super::tail::{Tail, f_survival};

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
    tail: Tail,
    values: Vec<Vec<f64>>,
    columns: usize,
    /// Degrees of freedom of squared null entries, and their mean in each pool, if they are fitted.
    freedom: f64,
    powers: Vec<f64>,
}

impl Pools {
    pub(super) fn new(pool: Pool, tail: Tail, (rows, columns): (usize, usize)) -> Self {
        let count = match pool {
            Pool::Entry => rows * columns,
            Pool::Row => rows,
            Pool::Column => columns,
            Pool::Map => 1,
        };
        Self {
            pool,
            tail,
            values: vec![Vec::new(); count],
            columns,
            freedom: f64::INFINITY,
            powers: Vec::new(),
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

    /// To be called once, when all entries are there.
    pub(super) fn finish(&mut self) {
        for values in &mut self.values {
            values.sort_unstable_by(f64::total_cmp);
        }
        if self.tail == Tail::Ranks {
            return;
        }
        let mut spread = 0.0;
        for values in &self.values {
            let n = values.len() as f64;
            let mean = values.iter().map(|v| v * v).sum::<f64>() / n;
            let off = values.iter().map(|v| (v * v - mean).powi(2)).sum::<f64>();
            self.powers.push(mean);
            if mean > 0.0 {
                spread += off / (n - 1.0) / (mean * mean);
            }
        }
        // a multiple of χ²_ν has mean m and variance 2 m² / ν
        self.freedom = (2.0 * self.values.len() as f64 / spread).min(MOST_FREEDOM);
    }

    pub(super) fn p_value(&self, at: (usize, usize), value: f64) -> f64 {
        let pool = self.of(at);
        let nulls = &self.values[pool];
        if self.tail == Tail::Fitted {
            let power = self.powers[pool];
            if power == 0.0 {
                return if value > 0.0 { 0.0 } else { 1.0 };
            }
            let count = nulls.len() as f64;
            return f_survival(value * value / power, self.freedom, count * self.freedom);
        }
        let below = nulls.partition_point(|&null| null < value);
        (1 + nulls.len() - below) as f64 / (1 + nulls.len()) as f64
    }

    /// The lowest p-value there can be.
    pub(super) fn resolution(&self) -> f64 {
        match self.tail {
            Tail::Ranks => 1.0 / (1 + self.values[0].len()) as f64,
            Tail::Fitted => 0.0,
        }
    }
}

/// Null entries that are all alike would have infinitely many.
const MOST_FREEDOM: f64 = 1e4;
