//! Three-valued maps of connections.

use std::fmt;

use ndarray::Array2;

/// What is known of the connection between an input and an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// The entry is larger than null maps explain, after control of false discoveries.
    Connected,
    /// Even at the upper end of its interval the entry would be an ordinary null entry: its p-value
    /// there exceeds the level, without correction. And a connection of ordinary size would have been
    /// noticed here: the median connected entry of the same output (of the map, if the output has none)
    /// would have a p-value up to the level. A connection weaker than the noise of null maps cannot be
    /// told from none.
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
    resolution: f64,
}

impl Verdicts {
    pub(super) fn new(map: Array2<Connection>, level: f64, draws: usize, resolution: f64) -> Self {
        Self {
            map,
            level,
            draws,
            resolution,
        }
    }

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

impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Of {} entries, {} are connected (at most {} % of these by mistake, on average), {} are \
             not, and {} are undecided, by {} null maps.",
            self.map.len(),
            self.count(Connection::Connected),
            100.0 * self.level,
            self.count(Connection::NotConnected),
            self.count(Connection::Undecided),
            self.draws
        )?;
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
