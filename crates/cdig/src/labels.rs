//! What the axes of a coefficient array mean.

use crate::error::{CdigError, Result};
use crate::ticks::{Band, Ticks, Tile};

/// Labels of a coefficient array, one entry an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// The axes, in the order of the coefficient shape.
    pub axes: Vec<AxisLabels>,
}

/// Labels along one axis of a coefficient array.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisLabels {
    /// Name of the axis, for example `frequency`.
    pub name: String,
    /// Unit of the values, for example `Hz`; empty for plain numbers and names.
    pub unit: String,
    /// Value or name of every entry along the axis.
    pub ticks: Ticks,
    /// Named sets of entries (bands, levels, components) that are read together; empty if there are none.
    pub groups: Vec<Group>,
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
    /// An axis of numbers with a unit.
    pub fn numbers(name: impl Into<String>, unit: impl Into<String>, values: Vec<f64>) -> Self {
        Self {
            name: name.into(),
            unit: unit.into(),
            ticks: Ticks::Numbers(values),
            groups: Vec::new(),
        }
    }

    /// An axis of names, such as `trend`, `season`, `remainder`.
    pub fn names<S: Into<String>>(
        name: impl Into<String>,
        names: impl IntoIterator<Item = S>,
    ) -> Self {
        Self {
            name: name.into(),
            unit: String::new(),
            ticks: Ticks::Names(names.into_iter().map(Into::into).collect()),
            groups: Vec::new(),
        }
    }

    /// An axis of bands, with limits in `unit`.
    pub fn bands(name: impl Into<String>, unit: impl Into<String>, bands: Vec<Band>) -> Self {
        Self {
            name: name.into(),
            unit: unit.into(),
            ticks: Ticks::Bands(bands),
            groups: Vec::new(),
        }
    }

    /// An axis of tiles in time and frequency, with frequencies in `unit`; each level is a group.
    pub fn tiles(name: impl Into<String>, unit: impl Into<String>, tiles: Vec<Tile>) -> Self {
        let unit = unit.into();
        let levels = tiles.iter().map(|tile| tile.level_text(&unit)).collect();
        let groups = grouped(levels);
        Self {
            name: name.into(),
            unit,
            ticks: Ticks::Tiles(tiles),
            groups,
        }
    }

    /// An axis counted from 0, such as channels.
    pub fn indices(name: impl Into<String>, len: usize) -> Self {
        Self::numbers(name, "", (0..len).map(|i| i as f64).collect())
    }

    /// The same axis with groups.
    #[must_use]
    pub fn with_groups(mut self, groups: Vec<Group>) -> Self {
        self.groups = groups;
        self
    }

    /// The same axis of names or bands with a group for each different one.
    #[must_use]
    pub fn grouped_by_name(mut self) -> Self {
        self.groups = match &self.ticks {
            Ticks::Names(names) => grouped(names.clone()),
            Ticks::Bands(bands) => {
                grouped(bands.iter().map(|b| b.group_name(&self.unit)).collect())
            }
            _ => Vec::new(),
        };
        self
    }

    /// The same axis in another unit, if it is in the unit `from`: numbers are multiplied by `factor`, and
    /// groups that are called after bands or levels are called after them again.
    #[must_use]
    pub fn converted(mut self, from: &str, to: &str, factor: f64) -> Self {
        if self.unit != from {
            return self;
        }
        let before = std::mem::replace(&mut self.unit, to.to_owned());
        let called = |ticks: &Ticks, group: &Group, unit: &str| match (ticks, &group.members[..]) {
            (Ticks::Bands(bands), [first, ..]) => Some(bands[*first].group_name(unit)),
            (Ticks::Tiles(tiles), [first, ..]) => Some(tiles[*first].level_text(unit)),
            _ => None,
        };
        let ticks = self.ticks.clone().scaled(factor);
        for group in &mut self.groups {
            if called(&self.ticks, group, &before).as_ref() == Some(&group.name)
                && let Some(name) = called(&ticks, group, to)
            {
                group.name = name;
            }
        }
        self.ticks = ticks;
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

    /// Entry `index` in words without the name of the axis, for example `2.5 Hz`; `None` beyond the end.
    ///
    /// Numbers are rounded to a thousandth of the distance to their neighbours.
    pub fn text(&self, index: usize) -> Option<String> {
        self.ticks.text(index, &self.unit)
    }

    /// Entry `index` in words, for example `frequency 2.5 Hz`; `None` beyond the end.
    pub fn describe(&self, index: usize) -> Option<String> {
        Some(format!("{} {}", self.name, self.text(index)?))
    }
}

/// A group for each different name.
fn grouped(names: Vec<String>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (member, name) in names.into_iter().enumerate() {
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

impl Labels {
    /// Labels from the axes.
    pub fn new(axes: Vec<AxisLabels>) -> Self {
        Self { axes }
    }

    /// The same labels with every axis in the unit `from` converted to the unit `to`, of which one `from` is
    /// `factor`: frequencies in beats per minute are `labels.converted("Hz", "bpm", 60.0)`.
    #[must_use]
    pub fn converted(mut self, from: &str, to: &str, factor: f64) -> Self {
        let axes = self.axes.into_iter();
        self.axes = axes.map(|axis| axis.converted(from, to, factor)).collect();
        self
    }

    /// The coefficient at `index` in words, for example `channel 0, frequency 2.5 Hz`; `None` if
    /// `index` does not fit.
    pub fn describe(&self, index: &[usize]) -> Option<String> {
        if index.len() != self.axes.len() {
            return None;
        }
        let words: Option<Vec<String>> = self
            .axes
            .iter()
            .zip(index)
            .map(|(axis, &i)| axis.describe(i))
            .collect();
        Some(words?.join(", "))
    }

    /// The groups of one axis, which must have some.
    pub(crate) fn groups_along(&self, axis: usize) -> Result<&[Group]> {
        match self.axes.get(axis) {
            Some(labels) if !labels.groups.is_empty() => Ok(&labels.groups),
            _ => Err(CdigError::parameter_with(
                "the axis to group",
                axis,
                "an axis of the coefficients with groups",
                "name groups when building the domain, for example with `Fourier::bands`",
            )),
        }
    }

    /// Checks that the labels fit coefficients of `shape` and that groups are disjoint and in range.
    ///
    /// # Errors
    /// [`CdigError::Shape`] or [`CdigError::Parameter`].
    pub fn check(&self, shape: &[usize]) -> Result<()> {
        let found: Vec<usize> = self.axes.iter().map(AxisLabels::len).collect();
        if found != shape {
            return Err(CdigError::Shape {
                what: "the domain's labels".into(),
                found,
                expected: format!(
                    "{shape:?}, one axis of labels for each axis of the coefficients"
                ),
                advice: None,
            });
        }
        for axis in &self.axes {
            let mut taken = vec![false; axis.len()];
            for group in &axis.groups {
                for &member in &group.members {
                    if member >= taken.len() || std::mem::replace(&mut taken[member], true) {
                        return Err(CdigError::parameter(
                            "a label group's member",
                            format!("{member} in group '{}' of axis '{}'", group.name, axis.name),
                            format!("an index below {} that no group holds yet", axis.len()),
                        ));
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Labels {
        Labels::new(vec![
            AxisLabels::names("part", ["trend", "season"]),
            AxisLabels::numbers("frequency", "Hz", vec![0.0, 2.5, 5.0]),
        ])
    }

    #[test]
    fn describes_coefficients_in_words() {
        let labels = labels();
        assert_eq!(
            labels.describe(&[1, 1]).as_deref(),
            Some("part season, frequency 2.5 Hz")
        );
        assert_eq!(labels.describe(&[1, 3]), None);
        assert_eq!(labels.describe(&[1]), None);
        assert_eq!(
            AxisLabels::indices("channel", 2).describe(1).as_deref(),
            Some("channel 1")
        );
    }

    #[test]
    fn refuses_labels_that_do_not_fit() {
        let mut labels = labels();
        assert!(labels.check(&[2, 3]).is_ok());
        assert!(labels.check(&[3, 2]).is_err());
        let group = |name: &str, members: Vec<usize>| Group {
            name: name.into(),
            members,
        };
        labels.axes[1].groups = vec![group("low", vec![0, 1]), group("high", vec![2])];
        assert!(labels.check(&[2, 3]).is_ok());
        labels.axes[1].groups = vec![group("low", vec![0, 1]), group("high", vec![1])];
        assert!(labels.check(&[2, 3]).is_err(), "overlap");
        labels.axes[1].groups = vec![group("low", vec![3])];
        assert!(labels.check(&[2, 3]).is_err(), "out of range");
    }
}
