//! Three-valued maps of connections.

use std::fmt;

use ndarray::Array2;
use xcebra_numeric::adjust;

use super::Findings;
use crate::error::{AttrError, Result};

/// What is known of the connection between an input and an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// The entry is larger than null maps explain, after control of false discoveries.
    Connected,
    /// A connection of the smallest size of interest, or a stronger one, would have shown: an equivalence test
    /// rejects it, after control of the rate of false omissions, the share of such connections among entries that
    /// are called not connected. A weaker connection cannot be told from none.
    NotConnected,
    /// Neither: large but not beyond doubt, too variable over time or from training to training, or too
    /// few null maps.
    Undecided,
}

/// A three-valued map, `inputs × outputs`. Made by [`Findings::verdicts`](crate::significance::Findings::verdicts).
///
/// [`Display`](fmt::Display) says in plain words what was found.
#[derive(Clone, Debug)]
pub struct Verdicts {
    map: Array2<Connection>,
    level: f64,
    draws: usize,
    left_out: usize,
    resolution: f64,
}

impl Verdicts {
    /// The map.
    pub fn map(&self) -> &Array2<Connection> {
        &self.map
    }

    /// Number of entries of a kind.
    pub fn count(&self, connection: Connection) -> usize {
        self.map
            .iter()
            .filter(|&&found| found == connection)
            .count()
    }
}

impl Findings {
    /// Connected, not connected, or undecided, for each entry; see [`Connection`]. `smallest` is the smallest entry of
    /// interest in each column, in units of the map.
    ///
    /// An entry is not connected if an equivalence test says that the connection is weaker than that. The error of an
    /// entry `m` is at most the mean absolute error of its samples, by the triangle inequality: a connection of the
    /// size `δ` leaves an entry of `m` only if the error is `δ − m` or more. The p-value is that of a null entry of
    /// this size, 1 where `m ≥ δ`, and the rate of wrong verdicts is controlled as that of false discoveries is, at the
    /// same level.
    ///
    /// # Errors
    /// [`AttrError::Parameter`] unless there is a number that is not negative for each column.
    pub fn verdicts(&self, smallest: &[f64]) -> Result<Verdicts> {
        let valid = |v: &f64| *v >= 0.0 && v.is_finite();
        if smallest.len() != self.map.ncols() || !smallest.iter().all(valid) {
            let expected = format!("{} finite numbers, not negative", self.map.ncols());
            return Err(AttrError::parameter(
                "the smallest entries of interest",
                format!("{smallest:?}"),
                expected,
            ));
        }
        let equivalence =
            Array2::from_shape_fn(self.map.dim(), |at| match smallest[at.1] - self.map[at] {
                room if room > 0.0 => self.pools.p_value(at, room),
                _ => 1.0,
            });
        let flat: Vec<f64> = equivalence.iter().copied().collect();
        let adjusted = adjust(&flat, self.control)?;
        let absent = Array2::from_shape_vec(self.map.dim(), adjusted).expect("one an entry");
        let significant = self.significant();
        let map = Array2::from_shape_fn(self.map.dim(), |at| {
            match (significant[at], absent[at] <= self.level) {
                (true, _) => Connection::Connected,
                (false, true) => Connection::NotConnected,
                (false, false) => Connection::Undecided,
            }
        });
        Ok(Verdicts {
            map,
            level: self.level,
            draws: self.draws,
            left_out: self.left_out.len(),
            resolution: self.resolution(),
        })
    }

    /// For each output, the median of its entries that are connected, or of all that are if it has none; `None` if
    /// nothing is.
    pub fn typical_connections(&self) -> Vec<Option<f64>> {
        let significant = self.significant();
        let median = |columns: std::ops::Range<usize>| {
            let entries = self.map.indexed_iter();
            let entries = entries.filter(|(at, _)| columns.contains(&at.1) && significant[*at]);
            let mut entries: Vec<f64> = entries.map(|(_, &entry)| entry).collect();
            entries.sort_unstable_by(f64::total_cmp);
            entries.get(entries.len() / 2).copied()
        };
        let outputs = self.map.ncols();
        let all = median(0..outputs);
        (0..outputs).map(|k| median(k..k + 1).or(all)).collect()
    }
}

impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Of {} entries, {} are connected (at most {} % of these by mistake, on average), {} are \
             not connected (weaker than the smallest size of interest; again at most that many by mistake), and {} are \
             undecided, by {} null maps.",
            self.map.len(),
            self.count(Connection::Connected),
            100.0 * self.level,
            self.count(Connection::NotConnected),
            self.count(Connection::Undecided),
            self.draws - self.left_out
        )?;
        match self.left_out {
            0 => {}
            1 => write!(
                f,
                " One further null map is far larger than these and is left out."
            )?,
            count => write!(
                f,
                " {count} further null maps are far larger than these and are left out."
            )?,
        }
        let least = self.level / self.map.len() as f64;
        if self.resolution > self.level {
            let p = self.resolution;
            write!(
                f,
                " So few null maps can decide nothing: no p-value is below {p:.3}."
            )?;
        } else if self.resolution > least && self.count(Connection::Connected) == 0 {
            let needed = (1.0 / least).ceil();
            write!(
                f,
                " A single connection among so many entries would need {needed} null entries to \
                 compare with: make more null maps, or pool entries."
            )?;
        }
        Ok(())
    }
}
