//! What the axes of a coefficient array mean.

mod axis;
mod bands;
mod role;
mod ticks;
mod words;

use std::ops::Deref;

use ndarray::Array2;

use crate::error::{CdigError, Result};

pub use axis::{AxisLabels, Group, Grouping};
pub(crate) use bands::by_bands;
pub use role::Role;
pub use ticks::{Band, Ticks, Tile};
pub(crate) use words::rounded;

/// The axes of a coefficient array, in the order of its shape. It can be used as a slice of [`AxisLabels`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Axes(Vec<AxisLabels>);

impl Axes {
    /// These axes.
    pub fn new(axes: Vec<AxisLabels>) -> Self {
        Self(axes)
    }

    /// The axes one by one.
    pub fn into_vec(self) -> Vec<AxisLabels> {
        self.0
    }

    /// The first axis of this role, as its position.
    pub fn position(&self, role: &Role) -> Option<usize> {
        self.iter().position(|axis| axis.role == *role)
    }

    /// What components are made of, `(channels, components)`, if there is an axis of components that are mixtures
    /// of channels.
    pub fn mixing(&self) -> Option<&Array2<f64>> {
        self.iter().find_map(|axis| match &axis.ticks {
            Ticks::Components { mixing, .. } => mixing.as_ref(),
            Ticks::Flat(parts) => parts.iter().find_map(Self::mixing),
            _ => None,
        })
    }

    /// The same axes with every one in the unit `from` converted to the unit `to`, of which one `from` is
    /// `factor`: frequencies in beats per minute are `axes.converted("Hz", "bpm", 60.0)`.
    #[must_use]
    pub fn converted(self, from: &str, to: &str, factor: f64) -> Self {
        let axes = self.0.into_iter();
        Self(axes.map(|axis| axis.converted(from, to, factor)).collect())
    }

    /// The same axes with times counted in samples, for a domain that was made with a rate of 1 because none
    /// is known.
    #[must_use]
    pub fn in_samples(self) -> Self {
        self.converted("s", "samples", 1.0)
    }

    /// The same axes with names for the channels, if there are as many.
    #[must_use]
    pub fn with_channel_names(mut self, names: &[String]) -> Self {
        for axis in &mut self.0 {
            if axis.role == Role::Channel && axis.len() == names.len() {
                axis.ticks = Ticks::Names(names.to_vec());
            }
        }
        self
    }

    /// The coefficient at `index` in words, for example `channel 0, frequency 2.5 Hz`; `None` if
    /// `index` does not fit. Axes of length 1 of which nothing is known are left out.
    pub fn describe(&self, index: &[usize]) -> Option<String> {
        if index.len() != self.len() {
            return None;
        }
        let says = |axis: &AxisLabels| axis.len() != 1 || !matches!(axis.role, Role::Axis(_));
        let mut words = Vec::new();
        for (axis, &i) in self.iter().zip(index) {
            let text = axis.describe(i)?;
            if says(axis) {
                words.push(text);
            }
        }
        Some(words.join(", "))
    }

    /// The groups of one axis, which must have some.
    pub(crate) fn groups_along(&self, axis: usize) -> Result<Vec<Group>> {
        let groups = self.get(axis).map(AxisLabels::groups).unwrap_or_default();
        match groups.is_empty() {
            false => Ok(groups),
            true => Err(CdigError::parameter_with(
                "the axis to group",
                axis,
                "an axis of the coefficients with groups",
                "name groups when building the domain, for example with `Fourier::bands`",
            )),
        }
    }

    /// Checks that the axes fit coefficients of `shape` and that groups are disjoint and in range.
    ///
    /// # Errors
    /// [`CdigError::Shape`] or [`CdigError::Parameter`].
    pub fn check(&self, shape: &[usize]) -> Result<()> {
        let found: Vec<usize> = self.iter().map(AxisLabels::len).collect();
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
        for axis in self.iter() {
            let mut taken = vec![false; axis.len()];
            for group in &axis.groups() {
                for &member in &group.members {
                    if member >= taken.len() || std::mem::replace(&mut taken[member], true) {
                        return Err(CdigError::parameter(
                            "a label group's member",
                            format!("{member} in group '{}' of axis '{}'", group.name, axis.role),
                            format!("an index below {} that no group holds yet", axis.len()),
                        ));
                    }
                }
            }
        }
        Ok(())
    }
}

impl Deref for Axes {
    type Target = [AxisLabels];

    fn deref(&self) -> &[AxisLabels] {
        &self.0
    }
}

#[cfg(test)]
mod tests;
