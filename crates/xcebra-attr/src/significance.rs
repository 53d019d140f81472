//! Is an entry of a map real?
//!
//! Means of absolute attributions are never zero, so zero cannot be the reference. This module answers two
//! questions instead. How much would the entry move with other stretches of the same recording? A bootstrap
//! over blocks of time tells ([`Blocks`], [`Intervals`]). How large are entries where there is nothing to
//! find? Null maps tell ([`Significance`]). They are maps of models trained again on surrogates, such as
//! recordings whose labels are shifted in time against the channels by more than their memory, or
//! the differences between models trained alike on resampled recordings ([`Deviations`]).

mod blocks;
mod deviations;
mod pools;
mod strays;
mod tail;
mod verdict;

use ndarray::{Array2, ArrayRef2};
use xcebra_numeric::{adjust, ensure_finite};

use crate::error::{AttrError, Result};

pub use blocks::{Blocks, Intervals};
pub use deviations::Deviations;
pub use pools::Pool;
pub use tail::Tail;
pub use verdict::{Connection, Verdicts};
pub use xcebra_numeric::{Bootstrap, Control};

use pools::Pools;
use strays::strays;

/// A test of each entry of a map against null maps, with control of false discoveries.
///
/// One-sided: large entries are evidence. p-values are `(1 + #{null ≥ entry}) / (1 + #null)`
/// (Phipson, Smyth 2010), never zero, and conservative; or, with few null maps, the tail of a fitted
/// distribution ([`Tail`]).
///
/// What is assumed:
/// * If an entry is not connected, it and the null entries it is compared with are exchangeable. Null
///   maps must come from the whole procedure (training included, if seeds matter) and be on the same
///   scale as the map. Divide maps by their norms first if trainings differ in scale.
/// * With a pool larger than the entry, entries of the pool have one null distribution. Those of one
///   null map depend on each other: p-values are then right on average over null maps, but vary with
///   the choice of a few. Prefer many null maps.
/// * The control of false discoveries is [`Control`]'s.
///
/// ```
/// use ndarray::array;
/// use xcebra_attr::significance::Significance;
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
    tail: Tail,
    without_strays: bool,
}

impl Significance {
    /// The defaults: false discovery rate 0.05 by Benjamini and Hochberg, each entry on its own.
    pub fn new() -> Self {
        Self {
            level: 0.05,
            control: Control::BenjaminiHochberg,
            pool: Pool::Entry,
            tail: Tail::Ranks,
            without_strays: false,
        }
    }

    /// Sets the rate of false discoveries, strictly between 0 and 1.
    #[must_use]
    pub fn level(mut self, level: f64) -> Self {
        self.level = level;
        self
    }

    /// Sets how false discoveries are controlled.
    #[must_use]
    pub fn control(mut self, control: Control) -> Self {
        self.control = control;
        self
    }

    /// Sets which null entries an entry is compared with.
    #[must_use]
    pub fn pool(mut self, pool: Pool) -> Self {
        self.pool = pool;
        self
    }

    /// Sets how p-values are computed from null entries.
    #[must_use]
    pub fn tail(mut self, tail: Tail) -> Self {
        self.tail = tail;
        self
    }

    /// Leaves out null maps, before a tail is [fitted](Tail::Fitted), that are far larger than the others: by a factor of 2 and by four robust standard deviations
    /// at least, in some column. If more than a quarter of the null maps are, all are kept.
    ///
    /// This is for null maps that are differences from one model ([`Deviations`]), in which a training that went wrong
    /// is as far from the model as it is from the truth, and hides all that the others show. Each difference contains
    /// the model's own error, too: if the model is the one that went wrong, all null maps are large, and none is left out.
    #[must_use]
    pub fn without_strays(mut self) -> Self {
        self.without_strays = true;
        self
    }

    /// Looks whether the settings are valid, without a map; tests do so first.
    ///
    /// # Errors
    /// [`AttrError::Parameter`] for a level that is not strictly between 0 and 1.
    pub fn check(&self) -> Result<()> {
        if self.level > 0.0 && self.level < 1.0 {
            return Ok(());
        }
        let expected = "a number strictly between 0 and 1";
        Err(AttrError::parameter(
            "the level",
            self.level.to_string(),
            expected,
        ))
    }

    /// Tests each entry of `map` against `nulls`, maps of the same shape.
    ///
    /// # Errors
    /// [`AttrError::Shape`] if maps differ in shape or are empty, [`AttrError::Parameter`] without
    /// null maps, if an entry is not finite, or for a level that is not strictly between 0 and 1.
    pub fn test(&self, map: &ArrayRef2<f64>, nulls: &[Array2<f64>]) -> Result<Findings> {
        self.test_with(map, nulls.len(), |k| Ok(nulls[k].clone()))
    }

    /// The same against the null maps `null(0)`, …, `null(draws − 1)`, made one after another.
    ///
    /// # Errors
    /// As [`test`](Self::test), and those of `null`.
    pub fn test_with(
        &self,
        map: &ArrayRef2<f64>,
        draws: usize,
        mut null: impl FnMut(usize) -> Result<Array2<f64>>,
    ) -> Result<Findings> {
        self.check()?;
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
        if draws == 1 && self.tail == Tail::Fitted {
            let expected = "at least 2, to fit a distribution";
            return Err(AttrError::parameter(
                "the number of null maps",
                "1",
                expected,
            ));
        }
        self.valid("the map", map)?;
        let mut nulls = Vec::with_capacity(draws);
        for k in 0..draws {
            let null = null(k)?;
            if null.dim() != map.dim() {
                let expected = format!("({rows}, {columns}), that of the map");
                return Err(shape("a null map", &null, &expected));
            }
            self.valid("a null map", &null)?;
            nulls.push(null);
        }
        let left_out = match (self.without_strays, self.tail) {
            (true, Tail::Fitted) => strays(&nulls),
            // ranks assume nothing about how null maps are distributed
            _ => Vec::new(),
        };
        let mut pools = Pools::new(self.pool, self.tail, (rows, columns));
        for (_, null) in nulls
            .iter()
            .enumerate()
            .filter(|(k, _)| !left_out.contains(k))
        {
            null.indexed_iter().for_each(|(at, &v)| pools.add(at, v));
        }
        pools.finish();
        let p_values = Array2::from_shape_fn(map.dim(), |at| pools.p_value(at, map[at]));
        ensure_finite("the p-values", &p_values)?;
        let flat: Vec<f64> = p_values.iter().copied().collect();
        let q_values = Array2::from_shape_vec(map.dim(), adjust(&flat, self.control)?);
        Ok(Findings {
            map: map.to_owned(),
            p_values,
            q_values: q_values.expect("one an entry"),
            level: self.level,
            control: self.control,
            draws,
            left_out,
            pools,
        })
    }

    /// Fails unless all entries are finite and, to fit a distribution, not negative.
    fn valid(&self, what: &'static str, map: &ArrayRef2<f64>) -> Result<()> {
        let (least, expected) = match self.tail {
            Tail::Ranks => (f64::NEG_INFINITY, "finite entries"),
            Tail::Fitted => (0.0, "finite entries that are not negative"),
        };
        match map
            .indexed_iter()
            .find(|(_, v)| !v.is_finite() || **v < least)
        {
            Some(((row, column), v)) => {
                let found = format!("{v} at input {row}, output {column}");
                Err(AttrError::parameter(what, found, expected))
            }
            None => Ok(()),
        }
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
    control: Control,
    draws: usize,
    left_out: Vec<usize>,
    pools: Pools,
}

impl Findings {
    /// The map that was tested, `inputs × outputs`.
    pub fn map(&self) -> &Array2<f64> {
        &self.map
    }

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

    /// Numbers of the null maps that were left out, because they are far larger than the others; see
    /// [`Significance::without_strays`].
    pub fn left_out(&self) -> &[usize] {
        &self.left_out
    }

    /// The lowest p-value that this number of null maps allows.
    pub fn resolution(&self) -> f64 {
        self.pools.resolution()
    }
}

fn shape(what: &'static str, found: &ArrayRef2<f64>, expected: &str) -> AttrError {
    AttrError::Shape {
        what,
        found: found.shape().to_vec(),
        expected: expected.to_owned(),
    }
}
