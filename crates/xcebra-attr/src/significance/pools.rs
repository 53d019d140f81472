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
    /// Degrees of freedom of squared null entries in each pool, and their mean there, if they are fitted.
    freedoms: Vec<f64>,
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
            freedoms: Vec::new(),
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
        let mut spreads = Vec::new();
        for values in &self.values {
            let n = values.len() as f64;
            let mean = values.iter().map(|v| v * v).sum::<f64>() / n;
            let off = values.iter().map(|v| (v * v - mean).powi(2)).sum::<f64>();
            self.powers.push(mean);
            spreads.push(match mean > 0.0 {
                true => off / (n - 1.0) / (mean * mean),
                false => 0.0,
            });
        }
        // columns differ in how many errors govern them; the entries of one are too few to tell apart
        let columns = match self.pool {
            Pool::Entry => self.columns,
            Pool::Row | Pool::Column | Pool::Map => 1,
        };
        let freedom = |column: usize| {
            let spreads = spreads.iter().skip(column).step_by(columns);
            let (count, sum) = (spreads.len() as f64, spreads.sum::<f64>());
            // a multiple of χ²_ν has mean m and variance 2 m² / ν
            (2.0 * count / sum).min(MOST_FREEDOM)
        };
        let freedoms: Vec<f64> = (0..columns).map(freedom).collect();
        self.freedoms = (0..spreads.len()).map(|i| freedoms[i % columns]).collect();
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
            let freedom = self.freedoms[pool];
            return f_survival(value * value / power, freedom, count * freedom);
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
