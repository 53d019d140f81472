//! The annotations of a recording, also as a label: one text for each sample.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::clock::Clock;
use crate::columns;
use crate::error::{FileError, Result};

/// The name under which annotations are a label.
pub(crate) const ANNOTATIONS: &str = "annotations";
/// The text of samples that no annotation covers.
const NONE: &str = "none";

/// A text with its time, such as `Sleep stage W`.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// Seconds after the first sample of the file.
    pub onset: f64,
    /// Seconds it lasts; none if the file does not say.
    pub duration: Option<f64>,
    /// The text.
    pub text: String,
}

/// A label of classes as text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TextLabel {
    /// The class of each sample.
    pub texts: Vec<Arc<str>>,
    /// What the reader left out, assumed or repaired, a sentence each.
    pub notes: Vec<String>,
}

/// The pattern behind `annotations` or `annotations:PATTERN`; none for any other name.
pub(crate) fn pattern(name: &str) -> Option<&str> {
    match name.strip_prefix(ANNOTATIONS)? {
        "" => Some("*"),
        rest => rest.strip_prefix(':'),
    }
}

/// The annotations of the file `path` that fit `pattern`, as a label of the rows of `clock`.
/// `start` is the local time of the annotations' second 0, in seconds since 1970.
///
/// An annotation covers the rows from its onset until its duration is over; without a duration,
/// until the next one begins. Where several cover a row, the one that began last counts; of those
/// that began together, the last in the file.
pub(crate) fn label(
    path: &Path,
    annotations: &[Annotation],
    pattern: &str,
    (clock, start): (&Clock, Option<f64>),
) -> Result<TextLabel> {
    let mut chosen = choose(path, annotations, pattern)?;
    let shift = match (start, clock.start()) {
        (Some(own), Some(other)) => own - other,
        _ => 0.0,
    };
    chosen.sort_by(|a, b| a.onset.total_cmp(&b.onset));
    let row = |seconds: f64| clock.first_row(seconds + shift);
    let mut paint = Paint::new(clock.rows());
    let mut next = f64::INFINITY;
    // the first annotation behind this one that has another text
    let mut different: Option<usize> = None;
    let mut overlap: Option<(&str, &str)> = None;
    let mut lost = 0;
    for (i, annotation) in chosen.iter().enumerate().rev() {
        if let Some(after) = chosen.get(i + 1) {
            if after.onset > annotation.onset {
                next = after.onset;
            }
            if after.text != annotation.text {
                different = Some(i + 1);
            }
        }
        let end = match annotation.duration {
            Some(duration) if duration > 0.0 => annotation.onset + duration,
            _ => next,
        };
        let rows = row(annotation.onset)..row(end);
        if let Some(other) = different.map(|j| chosen[j])
            && row(other.onset) < rows.end
        {
            overlap = Some((&annotation.text, &other.text));
        }
        // those before and after the recording have no row either, and are not lost
        if rows.is_empty() && rows.start > 0 && rows.end < clock.rows() {
            lost += 1;
        }
        paint.cover(rows, i);
    }
    let names: Vec<Arc<str>> = chosen.iter().map(|a| Arc::from(a.text.as_str())).collect();
    let none: Arc<str> = Arc::from(NONE);
    let text = |by: &Option<usize>| by.map_or_else(|| none.clone(), |i| names[i].clone());
    if paint.by.iter().all(Option::is_none) {
        return Err(FileError::Value {
            place: path.display().to_string(),
            problem: "none of its annotations is at a time of the recording".to_owned(),
            advice: "check that both files begin at the same time, and that their dates are right"
                .to_owned(),
        });
    }
    let mut notes = Vec::new();
    if let Some((first, second)) = overlap {
        notes.push(format!(
            "annotations of {} overlap, such as `{first}` and `{second}`; a sample has the text of the one that \
             began last (choose some with {ANNOTATIONS}:PATTERN)",
            path.display()
        ));
    }
    if lost > 0 {
        notes.push(format!(
            "{lost} annotations of {} end before the next sample, and no sample has their text",
            path.display()
        ));
    }
    if shift != 0.0 {
        notes.push(format!(
            "the annotations of {} were moved by {} s, because their file begins {} the recording",
            path.display(),
            shift.abs(),
            if shift > 0.0 { "after" } else { "before" }
        ));
    }
    Ok(TextLabel {
        texts: paint.by.iter().map(text).collect(),
        notes,
    })
}

fn choose<'a>(
    path: &Path,
    annotations: &'a [Annotation],
    pattern: &str,
) -> Result<Vec<&'a Annotation>> {
    let texts: BTreeSet<&str> = annotations.iter().map(|a| a.text.as_str()).collect();
    let texts: Vec<String> = texts.into_iter().map(str::to_owned).collect();
    let chosen: BTreeSet<&str> = match texts.iter().find(|text| *text == pattern) {
        Some(text) => [text.as_str()].into(),
        None => columns::select(path, &texts, pattern)
            .map_err(|_| FileError::Missing {
                path: path.to_path_buf(),
                kind: "annotation",
                name: pattern.to_owned(),
                available: texts.clone(),
            })?
            .into_iter()
            .map(|i| texts[i].as_str())
            .collect(),
    };
    let fits = |a: &&Annotation| chosen.contains(a.text.as_str());
    Ok(annotations.iter().filter(fits).collect())
}

/// Rows that are given away once: the first to ask keeps them.
struct Paint {
    by: Vec<Option<usize>>,
    /// A row at or behind this one, from which on to look for a free one.
    ahead: Vec<usize>,
}

impl Paint {
    fn new(rows: usize) -> Self {
        Self {
            by: vec![None; rows],
            ahead: (0..=rows).collect(),
        }
    }

    /// Gives the free ones of `rows` to `who`.
    fn cover(&mut self, rows: std::ops::Range<usize>, who: usize) {
        let mut at = self.free(rows.start);
        while at < rows.end {
            self.by[at] = Some(who);
            self.ahead[at] = at + 1;
            at = self.free(at + 1);
        }
    }

    /// The first free row from `row` on; paths are halved so that later looks are short.
    fn free(&mut self, mut row: usize) -> usize {
        while self.ahead[row] != row {
            self.ahead[row] = self.ahead[self.ahead[row]];
            row = self.ahead[row];
        }
        row
    }
}
