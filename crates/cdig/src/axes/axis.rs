//! One axis of a coefficient array.

use std::ops::Range;

use crate::axes::{Band, Role, Ticks, Tile};

/// What one axis of a coefficient array is, and what its entries are: numbers first, words last.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisLabels {
    /// What runs along the axis.
    pub role: Role,
    /// Unit of the values, for example `Hz`; empty for plain numbers and names.
    pub unit: String,
    /// Value or name of every entry along the axis.
    pub ticks: Ticks,
    /// Which entries are read together.
    pub grouping: Grouping,
}

/// Which entries of an axis are read together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Grouping {
    /// None.
    #[default]
    None,
    /// Those with the same name: of a band, of the level of a wavelet, of a component or part.
    ByName,
    /// These sets.
    Given(Vec<Group>),
}

/// A named set of entries along an axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Name, for example `alpha`.
    pub name: String,
    /// Indices along the axis, each at most once and in one group only.
    pub members: Vec<usize>,
}

impl AxisLabels {
    /// An axis of these entries, in this unit.
    pub fn new(role: Role, unit: impl Into<String>, ticks: Ticks) -> Self {
        Self {
            role,
            unit: unit.into(),
            ticks,
            grouping: Grouping::None,
        }
    }

    /// An axis of numbers with a unit.
    pub fn numbers(role: Role, unit: impl Into<String>, values: Vec<f64>) -> Self {
        Self::new(role, unit, Ticks::Numbers(values))
    }

    /// An axis of frequencies in Hz.
    pub fn frequencies(hz: Vec<f64>) -> Self {
        Self::numbers(Role::Frequency, "Hz", hz)
    }

    /// An axis of times: in seconds at a sampling rate in Hz, in samples without one. `positions` are counted
    /// in samples and need not be whole.
    pub fn times(positions: impl IntoIterator<Item = f64>, sampling_rate: Option<f64>) -> Self {
        let positions = positions.into_iter();
        match sampling_rate {
            Some(hz) => Self::numbers(Role::Time, "s", positions.map(|t| t / hz).collect()),
            None => Self::numbers(Role::Time, "samples", positions.collect()),
        }
    }

    /// An axis of names, such as `trend`, `season`, `remainder`.
    pub fn names<S: Into<String>>(role: Role, names: impl IntoIterator<Item = S>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        Self::new(role, "", Ticks::Names(names))
    }

    /// An axis of bands, with limits in Hz.
    pub fn bands(bands: Vec<Band>) -> Self {
        Self::new(Role::Band, "Hz", Ticks::Bands(bands))
    }

    /// An axis of wavelets, with frequencies in Hz; each level is a group.
    pub fn wavelets(tiles: Vec<Tile>) -> Self {
        Self::new(Role::Wavelet, "Hz", Ticks::Tiles(tiles)).grouped_by_name()
    }

    /// An axis counted from 0, such as channels.
    pub fn indices(role: Role, len: usize) -> Self {
        Self::numbers(role, "", (0..len).map(|i| i as f64).collect())
    }

    /// The same axis with groups.
    #[must_use]
    pub fn with_groups(mut self, groups: Vec<Group>) -> Self {
        self.grouping = match groups.is_empty() {
            true => Grouping::None,
            false => Grouping::Given(groups),
        };
        self
    }

    /// The same axis with a group for each different name of its entries. Numbers have none.
    #[must_use]
    pub fn grouped_by_name(mut self) -> Self {
        self.grouping = Grouping::ByName;
        self
    }

    /// The named sets of entries that are read together; empty if there are none. Names that are made of limits
    /// are in the unit of the axis.
    pub fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = match &self.grouping {
            Grouping::Given(groups) => return groups.clone(),
            Grouping::None => return Vec::new(),
            Grouping::ByName => Vec::new(),
        };
        for member in 0..self.len() {
            let Some(name) = self.ticks.group_name(member, &self.unit) else {
                continue;
            };
            match groups.iter_mut().find(|group| group.name == name) {
                Some(group) => group.members.push(member),
                None => groups.push(Group {
                    name,
                    members: vec![member],
                }),
            }
        }
        groups
    }

    /// The same axis in another unit, if it is in the unit `from`: numbers are multiplied by `factor`.
    #[must_use]
    pub fn converted(mut self, from: &str, to: &str, factor: f64) -> Self {
        if let Ticks::Flat(parts) = self.ticks {
            let parts = parts.into_iter();
            self.ticks = Ticks::Flat(parts.map(|p| p.converted(from, to, factor)).collect());
        } else if self.unit == from {
            to.clone_into(&mut self.unit);
            self.ticks = self.ticks.scaled(factor);
        }
        self
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.ticks.len()
    }

    /// Whether the axis has no entries.
    pub fn is_empty(&self) -> bool {
        self.ticks.is_empty()
    }

    /// The range of frequencies of every entry, in the unit of the axis and without sign; a single frequency is
    /// a range of width 0. `None` if entries have no frequencies.
    pub fn frequency_ranges(&self) -> Option<Vec<Range<f64>>> {
        match (&self.role, &self.ticks) {
            (Role::Frequency, Ticks::Numbers(values)) => {
                Some(values.iter().map(|f| f.abs()..f.abs()).collect())
            }
            (_, Ticks::Bands(bands)) => Some(bands.iter().map(|b| b.limits.clone()).collect()),
            (_, Ticks::Tiles(tiles)) => Some(tiles.iter().map(|t| t.limits.clone()).collect()),
            _ => None,
        }
    }

    /// Entry `index` in words without the name of the axis, for example `2.5 Hz`; `None` beyond the end.
    ///
    /// Numbers are rounded to a thousandth of the distance to their neighbours.
    pub fn text(&self, index: usize) -> Option<String> {
        self.ticks.text(index, &self.unit)
    }

    /// Entry `index` in words, for example `frequency 2.5 Hz`; `None` beyond the end.
    pub fn describe(&self, index: usize) -> Option<String> {
        let text = self.text(index)?;
        Some(match self.role {
            // its text says all there is to say
            Role::Coefficient => text,
            _ => format!("{} {text}", self.role),
        })
    }
}
