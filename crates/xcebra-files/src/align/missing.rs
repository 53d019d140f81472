//! Bins without a value: cut out, interpolated or refused.

use ndarray::Array2;

use super::bins::Bins;
use super::labels::{LabelForm, Sampled};
use super::sample::turned;
use super::settings::Missing;
use crate::error::{FileError, Result};

/// Which bins lack something, and what.
pub(super) struct Gaps {
    missing: Vec<bool>,
    /// What is missing, with the number of bins.
    told: Vec<(String, usize)>,
}

impl Gaps {
    pub(super) fn new(bins: usize) -> Self {
        Self {
            missing: vec![false; bins],
            told: Vec::new(),
        }
    }

    /// Adds the bins in which `name` has no value.
    pub(super) fn add(&mut self, name: &str, missing: impl Iterator<Item = bool>) {
        let mut count = 0;
        for (all, missing) in self.missing.iter_mut().zip(missing) {
            *all |= missing;
            count += usize::from(missing);
        }
        if count > 0 {
            self.told.push((name.to_owned(), count));
        }
    }

    /// As [`add`](Self::add), where a row holds something that is not finite.
    pub(super) fn add_rows(&mut self, name: &str, values: &Array2<f64>) {
        let rows = values.rows().into_iter();
        self.add(
            name,
            rows.map(|row| row.iter().any(|value| !value.is_finite())),
        );
    }

    fn in_words(&self) -> String {
        let told = self
            .told
            .iter()
            .map(|(name, count)| format!("{name} in {count}"));
        told.collect::<Vec<_>>().join(", ")
    }
}

/// A label with its name and what it is written as.
type Label = (String, LabelForm, Sampled);

/// Takes out the bins that lack something, or fills them.
pub(super) fn settle(
    bins: &mut Bins,
    gaps: &Gaps,
    x: &mut Array2<f64>,
    labels: &mut [Label],
    how: Missing,
    notes: &mut Vec<String>,
) -> Result<()> {
    if gaps.told.is_empty() {
        return Ok(());
    }
    let (all, words) = (bins.len(), gaps.in_words());
    let mut missing = gaps.missing.clone();
    let longest = match how {
        Missing::Cut => 0,
        Missing::Interpolate(seconds) => (seconds / bins.bin * (1.0 + 1e-9)).floor() as usize,
        Missing::Refuse => {
            let first = missing.iter().position(|&missing| missing).unwrap_or(0);
            return Err(FileError::Value {
                place: "the recording in bins".to_owned(),
                problem: format!(
                    "values are missing in some of the {all} bins ({words}), first at {} s",
                    bins.centre(first)
                ),
                advice: "let --missing cut take these bins out, or interpolate short stretches"
                    .to_owned(),
            });
        }
    };
    let mut filled = 0;
    for stretch in stretches(&missing, bins) {
        if stretch.len() <= longest && fill(&stretch, bins, &missing, x, labels) {
            filled += stretch.len();
            missing[stretch].fill(false);
        }
    }
    if filled > 0 {
        notes.push(format!("{filled} bins without a value were interpolated"));
    }
    let kept: Vec<bool> = missing.iter().map(|missing| !missing).collect();
    let left: Vec<usize> = (0..all).filter(|&bin| kept[bin]).collect();
    if left.len() == all {
        return Ok(());
    }
    if left.is_empty() {
        return Err(FileError::Value {
            place: "the recording in bins".to_owned(),
            problem: format!("something is missing in each of the {all} bins: {words}"),
            advice: "leave out channels or labels without values, or choose other epochs"
                .to_owned(),
        });
    }
    bins.keep(&kept);
    *x = x.select(ndarray::Axis(0), &left);
    for (_, _, label) in labels.iter_mut() {
        match label {
            Sampled::Numbers(values) => *values = values.select(ndarray::Axis(0), &left),
            Sampled::Texts(texts) => *texts = left.iter().map(|&bin| texts[bin].clone()).collect(),
        }
    }
    notes.push(format!(
        "{} of {all} bins lack a value ({words}) and were cut out",
        all - left.len()
    ));
    Ok(())
}

/// Bins that lack something and follow each other, within a segment.
fn stretches(missing: &[bool], bins: &Bins) -> Vec<std::ops::Range<usize>> {
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    for segment in bins.segments() {
        let mut open = false;
        for bin in segment {
            match (missing[bin], open, found.last_mut()) {
                (true, true, Some(last)) => last.end = bin + 1,
                (true, _, _) => found.push(bin..bin + 1),
                (false, _, _) => {}
            }
            open = missing[bin];
        }
    }
    found
}

/// Fills a stretch from the bins beside it; false if it is at the edge of a segment.
fn fill(
    stretch: &std::ops::Range<usize>,
    bins: &Bins,
    missing: &[bool],
    x: &mut Array2<f64>,
    labels: &mut [Label],
) -> bool {
    let inside = bins
        .segments()
        .into_iter()
        .find(|segment| segment.contains(&stretch.start));
    let Some(segment) = inside.filter(|s| s.start < stretch.start && stretch.end < s.end) else {
        return false;
    };
    let (before, after) = (stretch.start - 1, stretch.end);
    debug_assert!(segment.contains(&after) && !missing[before] && !missing[after]);
    let length = (after - before) as f64;
    let line = |values: &mut Array2<f64>, form: LabelForm| {
        for bin in stretch.clone() {
            let part = (bin - before) as f64 / length;
            for column in 0..values.ncols() {
                let (a, b) = (values[[before, column]], values[[after, column]]);
                // what is known stays
                if !values[[bin, column]].is_finite() {
                    values[[bin, column]] = match form {
                        LabelForm::Classes if part < 0.5 => a,
                        LabelForm::Classes => b,
                        LabelForm::Angles => turned(a, b, part),
                        LabelForm::Numbers => a + (b - a) * part,
                    };
                }
            }
        }
    };
    line(x, LabelForm::Numbers);
    for (_, form, label) in labels {
        match label {
            Sampled::Numbers(values) => line(values, *form),
            Sampled::Texts(texts) => {
                for bin in stretch.clone() {
                    if texts[bin].is_none() {
                        let from = if 2 * (bin - before) < after - before {
                            before
                        } else {
                            after
                        };
                        texts[bin] = texts[from].clone();
                    }
                }
            }
        }
    }
    true
}
