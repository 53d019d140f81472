//! Is an entry of a map real?
//!
//! Means of absolute attributions are never zero, so zero is no reference. Two questions are asked
//! instead. How much would the entry move with other stretches of the same recording? A bootstrap over
//! blocks of time tells ([`Blocks`], [`Intervals`]). How large are entries where there is nothing to
//! find? Null maps tell ([`Significance`]): maps of models trained again on surrogates, such as
//! recordings whose labels are shifted in time against the channels by more than their memory.

mod blocks;
mod false_discovery;
mod pools;
mod verdict;

use ndarray::{Array2, ArrayRef2};

use crate::error::{AttrError, Result};

pub use blocks::{Blocks, Bootstrap, Intervals};
pub use false_discovery::{Control, adjust};
pub use pools::Pool;
pub use verdict::{Connection, Verdicts};

use pools::Pools;

/// A test of each entry of a map against null maps, with control of false discoveries.
///
/// One-sided: large entries are evidence. p-values are `(1 + #{null ≥ entry}) / (1 + #null)`
/// (Phipson, Smyth 2010), never zero, and conservative.
///
/// What is assumed:
/// * where an entry is not connected, it and the null entries it is compared with are exchangeable:
///   null maps must come of the whole procedure (training included, if seeds matter) and be on the same
///   scale as the map. Divide maps by their norms first where trainings differ in scale.
/// * With a pool larger than the entry, entries of the pool have one null distribution. Those of one
///   null map depend on each other: p-values are then right on average over null maps, and vary with
///   which few were drawn. Prefer many null maps.
/// * The control of false discoveries is [`Control`]'s.
///
/// ```
/// use ndarray::array;
/// use xcebra_attr::Significance;
///
/// let map = array![[5.0, 0.4], [0.6, 0.5]];
/// // 99 null maps, here by a formula
/// let null = |k: usize| Ok(array![[0.1, 0.2], [0.3, 0.4]] + 0.01 * k as f64);
/// let findings = Significance::new().test_with(&map, 99, null)?;
/// assert_eq!(findings.p_values()[[0, 0]], 0.01);
/// assert_eq!(findings.significant(), array![[true, false], [false, false]]);
/// # Ok::<(), xcebra_attr::AttrError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Significance {
    level: f64,
    control: Control,
    pool: Pool,
}

impl Significance {
    /// The defaults: false discovery rate 0.05 by Benjamini and Hochberg, each entry on its own.
    pub fn new() -> Self {
        Self {
            level: 0.05,
            control: Control::BenjaminiHochberg,
            pool: Pool::Entry,
        }
    }

    /// Sets the rate of false discoveries.
    ///
    /// # Errors
    /// [`AttrError::Parameter`] unless it lies strictly between 0 and 1.
    pub fn with_level(mut self, level: f64) -> Result<Self> {
        self.level = probability("the level", level)?;
        Ok(self)
    }

    /// Sets how false discoveries are controlled.
    #[must_use]
    pub fn with_control(mut self, control: Control) -> Self {
        self.control = control;
        self
    }

    /// Sets which null entries an entry is compared with.
    #[must_use]
    pub fn with_pool(mut self, pool: Pool) -> Self {
        self.pool = pool;
        self
    }

    /// Tests each entry of `map` against `nulls`, maps of the same shape.
    ///
    /// # Errors
    /// [`AttrError::Shape`] if maps differ in shape or are empty, [`AttrError::Parameter`] without
    /// null maps or if an entry is not finite.
    pub fn test(&self, map: &ArrayRef2<f64>, nulls: &[Array2<f64>]) -> Result<Findings> {
        self.test_with(map, nulls.len(), |k| Ok(nulls[k].clone()))
    }

    /// The same against the null maps `null(0)`, …, `null(draws − 1)`, made one after another. They
    /// are kept as sorted numbers.
    ///
    /// # Errors
    /// As [`test`](Self::test), and those of `null`.
    pub fn test_with(
        &self,
        map: &ArrayRef2<f64>,
        draws: usize,
        mut null: impl FnMut(usize) -> Result<Array2<f64>>,
    ) -> Result<Findings> {
        let (rows, columns) = map.dim();
        if map.is_empty() {
            return Err(shape("the map", map, "at least one input and one output"));
        }
        if draws == 0 {
            return Err(AttrError::parameter(
                "the number of null maps",
                "0",
                "at least 1",
            ));
        }
        finite("the map", map)?;
        let mut pools = Pools::new(self.pool, (rows, columns));
        for k in 0..draws {
            let null = null(k)?;
            if null.dim() != map.dim() {
                let expected = format!("({rows}, {columns}), that of the map");
                return Err(shape("a null map", &null, &expected));
            }
            finite("a null map", &null)?;
            null.indexed_iter().for_each(|(at, &v)| pools.add(at, v));
        }
        pools.sort();
        let p_values = Array2::from_shape_fn(map.dim(), |at| pools.p_value(at, map[at]));
        let flat: Vec<f64> = p_values.iter().copied().collect();
        let q_values = Array2::from_shape_vec(map.dim(), adjust(&flat, self.control)?);
        Ok(Findings {
            map: map.to_owned(),
            p_values,
            q_values: q_values.expect("one an entry"),
            level: self.level,
            draws,
            pools,
        })
    }
}

impl Default for Significance {
    fn default() -> Self {
        Self::new()
    }
}

/// What a test found. Made by [`Significance`].
#[derive(Clone, Debug)]
pub struct Findings {
    map: Array2<f64>,
    p_values: Array2<f64>,
    q_values: Array2<f64>,
    level: f64,
    draws: usize,
    pools: Pools,
}

impl Findings {
    /// p-values, `inputs × outputs`.
    pub fn p_values(&self) -> &Array2<f64> {
        &self.p_values
    }

    /// p-values adjusted for the number of entries: the lowest rate of false discoveries at which an
    /// entry is one.
    pub fn q_values(&self) -> &Array2<f64> {
        &self.q_values
    }

    /// Entries whose q-value does not exceed the level.
    pub fn significant(&self) -> Array2<bool> {
        self.q_values.mapv(|q| q <= self.level)
    }

    /// The lowest p-value that so many null maps allow.
    pub fn resolution(&self) -> f64 {
        self.pools.resolution()
    }

    /// Connected, not connected, or undecided, for each entry; see [`Connection`].
    ///
    /// # Errors
    /// [`AttrError::Shape`] if the intervals are not those of the map.
    pub fn verdicts(&self, intervals: &Intervals) -> Result<Verdicts> {
        if intervals.upper.dim() != self.map.dim() {
            let (rows, columns) = self.map.dim();
            let expected = format!("({rows}, {columns}), that of the map");
            return Err(shape("the intervals", &intervals.upper, &expected));
        }
        let connection = |at: (usize, usize)| {
            if self.q_values[at] <= self.level {
                return Connection::Connected;
            }
            // an interval may be off the entry where it is narrow
            let upper = intervals.upper[at].max(self.map[at]);
            let sharp = self.resolution() <= self.level;
            match sharp && self.pools.p_value(at, upper) > self.level {
                true => Connection::NotConnected,
                false => Connection::Undecided,
            }
        };
        let map = Array2::from_shape_fn(self.map.dim(), connection);
        Ok(Verdicts::new(
            map,
            self.level,
            self.draws,
            self.resolution(),
        ))
    }
}

fn shape(what: &'static str, found: &ArrayRef2<f64>, expected: &str) -> AttrError {
    AttrError::Shape {
        what,
        found: found.shape().to_vec(),
        expected: expected.to_owned(),
    }
}

fn finite(what: &'static str, map: &ArrayRef2<f64>) -> Result<()> {
    match map.indexed_iter().find(|(_, v)| !v.is_finite()) {
        Some(((row, column), v)) => {
            let found = format!("{v} at input {row}, output {column}");
            Err(AttrError::parameter(what, found, "finite entries"))
        }
        None => Ok(()),
    }
}

/// Fails unless a number lies strictly between 0 and 1.
fn probability(name: &'static str, value: f64) -> Result<f64> {
    if value > 0.0 && value < 1.0 {
        return Ok(value);
    }
    let expected = "a number strictly between 0 and 1";
    Err(AttrError::parameter(name, value.to_string(), expected))
}
