//! The entries along an axis as numbers, and the words made of them last.

use std::ops::Range;

use ndarray::Array2;

use crate::axes::words::{number, range, rounded};
use crate::axes::{Axes, AxisLabels};

/// The entries along an axis.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Ticks {
    /// Numbers in the unit of the axis.
    Numbers(Vec<f64>),
    /// Numbers in the unit of the axis, then names of entries that have none, such as the delay behind the
    /// quefrencies of a cepstrum.
    NumbersThenNames(Vec<f64>, Vec<String>),
    /// Names.
    Names(Vec<String>),
    /// Components of a mixture.
    Components {
        /// Their names.
        names: Vec<String>,
        /// How much of each is in each channel, `(channels, components)`; none if they are not mixtures of
        /// channels.
        mixing: Option<Array2<f64>>,
    },
    /// Ranges in the unit of the axis, such as the bands of a filter bank.
    Bands(Vec<Band>),
    /// Rectangles of time and frequency, such as wavelets; frequencies in the unit of the axis.
    Tiles(Vec<Tile>),
    /// The entries of arrays with these axes, flattened in row-major order, one array after the other.
    Flat(Vec<Axes>),
}

/// A range of frequencies.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Its name; empty if its limits are all there is to say.
    pub name: String,
    /// Lower and upper limit, in the unit of the axis.
    pub limits: Range<f64>,
}

/// The time and the range of frequencies that one coefficient covers.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// Name of its level, for example `d3`.
    pub name: String,
    /// Its level: 1 is the finest.
    pub level: usize,
    /// Its middle, in seconds.
    pub centre: f64,
    /// The time it covers, in seconds.
    pub width: f64,
    /// Lower and upper limit of its frequencies, in the unit of the axis.
    pub limits: Range<f64>,
}

impl Band {
    /// A band that is called by its limits.
    pub fn new(limits: Range<f64>) -> Self {
        Self {
            name: String::new(),
            limits,
        }
    }

    fn text(&self, unit: &str) -> String {
        match self.name.is_empty() {
            true => range(&self.limits, unit),
            false => format!("{} ({})", self.name, range(&self.limits, unit)),
        }
    }

    /// What a group of such bands is called: the name, or the limits.
    fn group_name(&self, unit: &str) -> String {
        match self.name.is_empty() {
            true => range(&self.limits, unit),
            false => self.name.clone(),
        }
    }
}

impl Tile {
    /// Its level with the frequencies of it, for example `d3 (2–4 Hz)`.
    fn level_text(&self, unit: &str) -> String {
        format!("{} ({})", self.name, range(&self.limits, unit))
    }
}

impl Ticks {
    /// Number of entries.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::NumbersThenNames(values, names) => values.len() + names.len(),
            Self::Names(names) | Self::Components { names, .. } => names.len(),
            Self::Bands(bands) => bands.len(),
            Self::Tiles(tiles) => tiles.len(),
            Self::Flat(arrays) => arrays.iter().map(entries).sum(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of the axis, in its unit; empty if its entries are none.
    pub fn numbers(&self) -> &[f64] {
        match self {
            Self::Numbers(values) | Self::NumbersThenNames(values, _) => values,
            _ => &[],
        }
    }

    /// Entry `index` in words, for example `2.5 Hz`; `None` beyond the end.
    pub(crate) fn text(&self, index: usize, unit: &str) -> Option<String> {
        Some(match self {
            Self::Names(names) | Self::Components { names, .. } => names.get(index)?.clone(),
            Self::Numbers(values) => number(values, index, unit)?,
            Self::NumbersThenNames(values, names) => match index.checked_sub(values.len()) {
                None => number(values, index, unit)?,
                Some(beyond) => names.get(beyond)?.clone(),
            },
            Self::Bands(bands) => bands.get(index)?.text(unit),
            Self::Tiles(tiles) => {
                let tile = tiles.get(index)?;
                format!("{} at {} s", tile.name, rounded(tile.centre, tile.width))
            }
            Self::Flat(arrays) => {
                let mut rest = index;
                for axes in arrays {
                    let len = entries(axes);
                    if rest < len {
                        return axes.describe(&unravelled(rest, axes));
                    }
                    rest -= len;
                }
                return None;
            }
        })
    }

    /// What entry `index` is called among those it is read with; `None` if it has no name.
    pub(crate) fn group_name(&self, index: usize, unit: &str) -> Option<String> {
        match self {
            Self::Names(names) | Self::Components { names, .. } => names.get(index).cloned(),
            Self::NumbersThenNames(values, names) => {
                names.get(index.checked_sub(values.len())?).cloned()
            }
            Self::Bands(bands) => Some(bands.get(index)?.group_name(unit)),
            Self::Tiles(tiles) => Some(tiles.get(index)?.level_text(unit)),
            Self::Numbers(_) | Self::Flat(_) => None,
        }
    }

    /// The same with all numbers in the unit of the axis multiplied by `factor`.
    pub(crate) fn scaled(mut self, factor: f64) -> Self {
        let scale = |limits: &mut Range<f64>| *limits = limits.start * factor..limits.end * factor;
        match &mut self {
            Self::Numbers(values) | Self::NumbersThenNames(values, _) => {
                values.iter_mut().for_each(|value| *value *= factor);
            }
            // without numbers, or with axes that have their own units
            Self::Names(_) | Self::Components { .. } | Self::Flat(_) => {}
            Self::Bands(bands) => bands.iter_mut().for_each(|band| scale(&mut band.limits)),
            Self::Tiles(tiles) => tiles.iter_mut().for_each(|tile| scale(&mut tile.limits)),
        }
        self
    }
}

/// Number of entries of an array with these axes.
fn entries(axes: &Axes) -> usize {
    axes.iter().map(AxisLabels::len).product()
}

/// The place of an entry of an array with these axes, which is counted along the last axis first.
fn unravelled(mut flat: usize, axes: &Axes) -> Vec<usize> {
    let mut index = vec![0; axes.len()];
    for (place, axis) in index.iter_mut().zip(axes.iter()).rev() {
        *place = flat % axis.len();
        flat /= axis.len();
    }
    index
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::axes::Role;

    /// Words are made of numbers, so that a unit is one everywhere.
    #[test]
    fn frequencies_are_converted_before_they_are_words() {
        let tile = |level: usize, name: &str, limits| Tile {
            name: name.to_owned(),
            level,
            centre: 0.5,
            width: 1.0,
            limits,
        };
        let axes = Axes::new(vec![
            AxisLabels::bands(vec![Band::new(0.0..0.1), Band::new(0.1..2.0)]).grouped_by_name(),
            AxisLabels::wavelets(vec![tile(1, "a1", 0.0..1.0), tile(1, "d1", 1.0..2.0)]),
            AxisLabels::frequencies(vec![0.1, 0.2]),
            AxisLabels::times([0.0, 1.0], Some(1.0)),
        ]);
        let bpm = axes.clone().converted("Hz", "bpm", 60.0);
        assert_eq!(
            bpm.describe(&[0, 1, 0, 1]).as_deref(),
            Some("band 0–6 bpm, wavelet d1 at 0.5 s, frequency 6 bpm, time 1 s")
        );
        assert_eq!(bpm[0].groups()[1].name, "6–120 bpm");
        assert_eq!(bpm[1].groups()[1].name, "d1 (60–120 bpm)");
        assert_eq!(axes[1].groups()[1].name, "d1 (1–2 Hz)");
        assert_eq!(
            bpm.converted("bpm", "Hz", 1.0 / 60.0)[0].text(1),
            axes[0].text(1)
        );
    }

    /// What has no number is told by its name, whatever the unit.
    #[test]
    fn names_follow_numbers() {
        let names = ["delay in samples".to_owned(), "polarity in rad".to_owned()];
        let ticks = Ticks::NumbersThenNames(vec![0.0, 0.5], names.to_vec());
        let axis = AxisLabels::new(Role::Quefrency, "s", ticks).converted("s", "ms", 1e3);
        let words: Vec<String> = (0..4).filter_map(|i| axis.describe(i)).collect();
        let expected = ["0 ms", "500 ms", "delay in samples", "polarity in rad"];
        assert_eq!(words, expected.map(|text| format!("quefrency {text}")));
        assert_eq!(axis.text(4), None);
    }

    proptest! {
        /// Read back, a number is right to a thousandth of the distance to its neighbours, so no two
        /// entries have the same text.
        #[test]
        fn texts_tell_neighbours_apart(rate in 1e-3..1e6_f64, n in 2..300_usize, at in 0..300_usize) {
            let at = at % n;
            let ticks = Ticks::Numbers((0..n).map(|t| t as f64 / rate).collect());
            let text = ticks.text(at, "s").unwrap();
            let read: f64 = text.strip_suffix(" s").unwrap().parse().unwrap();
            prop_assert!((read - at as f64 / rate).abs() <= 1e-3 / rate);
            let next = ticks.text((at + 1) % n, "s").unwrap();
            prop_assert_ne!(text, next);
        }
    }
}
