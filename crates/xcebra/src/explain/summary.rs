//! What is said of many attributions: the strongest, and how much of them cancels in sums and means.

use cdig::axes::{AxisLabels, Role};
use ndarray::{ArrayD, Axis};

use crate::explain::View;

/// A coefficient of much attribution.
#[derive(Debug, Clone, PartialEq)]
pub struct Strongest {
    /// What it is, in words, with frequencies in the unit of the view.
    pub words: String,
    /// Its place among the coefficients.
    pub index: Vec<usize>,
    /// Its attribution; of several signals the mean.
    pub attribution: f64,
    /// Its absolute attribution; of several signals the mean, by which coefficients are ranked: signs that differ
    /// between signals do not cancel in it.
    pub absolute: f64,
    /// Standard deviation of its attribution over signals, 0 for one signal.
    pub spread: f64,
}

impl Strongest {
    /// The attribution for a reader: 0 if it is what rounding leaves of values that cancel.
    pub fn mean(&self) -> f64 {
        match self.attribution.abs() < 1e-12 * self.absolute {
            true => 0.0,
            false => self.attribution,
        }
    }
}

impl View<'_> {
    /// The coefficients of most absolute attribution; none below a thousandth of the first.
    pub fn strongest(&self, count: usize) -> Vec<Strongest> {
        let axes = self.axes();
        let mut all: Vec<(usize, f64)> = self.absolute.iter().copied().enumerate().collect();
        // equal ones stay in their order
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        all.truncate(count);
        let least = all.first().map_or(0.0, |(_, a)| 1e-3 * a);
        all.retain(|(_, a)| *a > least);
        let strongest = all.into_iter().map(|(flat, absolute)| {
            let index = unravelled(flat, self.absolute.shape());
            Strongest {
                words: axes.describe(&index).unwrap_or_default(),
                attribution: self.attribution[&index[..]],
                absolute,
                spread: self
                    .spread
                    .as_ref()
                    .map_or(0.0, |spread| spread[&index[..]]),
                index,
            }
        });
        strongest.collect()
    }

    /// What a picture of the coefficients along the axes `kept` averages and adds up, and how much of the
    /// absolute attribution cancels in `shown`, in a sentence; empty if it does neither.
    pub(super) fn sums(&self, kept: &[usize], shown: &ArrayD<f64>) -> String {
        let axes = &self.built.axes;
        let others: Vec<String> = (0..axes.len())
            .filter(|i| !kept.contains(i) && axes[*i].len() > 1)
            .map(|i| counted(&axes[i]))
            .collect();
        let share = cancelled(shown.iter().copied(), self.absolute.sum());
        self.sums_over(&others, share)
    }

    /// As [`sums`](Self::sums), over axes in these words.
    pub(super) fn sums_over(&self, axes: &[String], share: f64) -> String {
        let over = listed(axes);
        let what = match (self.signals, over.is_empty()) {
            (1, true) => return String::new(),
            (1, false) => format!("Attribution is summed over {over}"),
            (n, true) => format!("Attribution is averaged over {n} signals"),
            (n, false) => {
                format!("Attribution is averaged over {n} signals and summed over {over}")
            }
        };
        format!(" {what}; {}.", cancelled_words(share))
    }
}

/// The place of an entry that is counted along the last axis first.
fn unravelled(mut flat: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (place, &n) in index.iter_mut().zip(shape).rev() {
        *place = flat % n;
        flat /= n;
    }
    index
}

/// The share of an absolute attribution that is lost in sums of it.
pub fn cancelled(sums: impl IntoIterator<Item = f64>, absolute: f64) -> f64 {
    let left: f64 = sums.into_iter().map(f64::abs).sum();
    match absolute > 0.0 {
        true => (1.0 - left / absolute).clamp(0.0, 1.0),
        false => 0.0,
    }
}

/// The share that cancels, in words.
pub fn cancelled_words(share: f64) -> String {
    match share {
        // rounding of sums
        share if share < 1e-9 => "nothing cancels in this".to_owned(),
        share if share < 0.005 => {
            "less than 1 % of the absolute attribution cancels in this".to_owned()
        }
        share => format!(
            "{} of the absolute attribution cancels in this",
            percent(share)
        ),
    }
}

/// A share in percent for a reader: 100 % and 0 % only if they are exact to a hundredth of a percent.
pub fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent.abs() {
        size if size > 99.0 && size < 101.0 || size < 1.0 => format!("{percent:.2} %"),
        size if size < 10.0 => format!("{percent:.1} %"),
        _ => format!("{percent:.0} %"),
    }
}

/// The share of the absolute attributions that cancels if each of them is added up over its channels; none if there
/// are no channels to add up.
pub fn cancelled_over_channels<'a>(
    channels: Option<usize>,
    attributions: impl IntoIterator<Item = ndarray::ArrayViewD<'a, f64>>,
) -> Option<f64> {
    let axis = Axis(channels?);
    let (mut sums, mut absolute): (Vec<f64>, f64) = (Vec::new(), 0.0);
    for attribution in attributions {
        sums.push(attribution.sum_axis(axis).iter().map(|a| a.abs()).sum());
        absolute += attribution.iter().map(|a| a.abs()).sum::<f64>();
    }
    Some(cancelled(sums, absolute))
}

/// An axis as something to add up over, for example `3 channels`.
pub(super) fn counted(axis: &AxisLabels) -> String {
    let (n, role) = (axis.len(), &axis.role);
    match role {
        Role::Channel | Role::Band | Role::Part | Role::Component => format!("{n} {role}s"),
        Role::Frequency => format!("{n} frequencies"),
        role => role.to_string(),
    }
}

fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_said_as_they_are() {
        assert_eq!(cancelled([3.0, -1.0], 8.0), 0.5);
        assert_eq!(cancelled([], 0.0), 0.0);
        for (share, text) in [
            (0.0, "nothing cancels"),
            (0.004, "less than 1 %"),
            (0.374, "37 % of"),
            (0.9996, "99.96 % of"),
        ] {
            assert!(cancelled_words(share).starts_with(text), "{share}");
        }
        let words = ["14 channels".to_owned(), "time".to_owned()];
        assert_eq!(listed(&words), "14 channels and time");
    }

    /// Two channels of opposite sign, and one signal where they agree: |0| + |4| of 2 · 3 + 4.
    #[test]
    fn channels_of_opposite_sign_cancel() {
        let opposite = ndarray::array![[3.0], [-3.0]].into_dyn();
        let equal = ndarray::array![[2.0], [2.0]].into_dyn();
        let share = cancelled_over_channels(Some(0), [opposite.view(), equal.view()]).unwrap();
        assert!((share - 0.6).abs() < 1e-15);
        assert_eq!(cancelled_over_channels(None, [opposite.view()]), None);
    }
}
