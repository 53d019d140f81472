//! Labels in bins: numbers, angles, classes, intervals and annotations.

use std::collections::BTreeSet;
use std::sync::Arc;

use ndarray::{Array1, Array2};

use super::Text;
use super::bins::{Bins, Span, ends};
use super::sample;
use super::settings::Alignment;
use crate::clock::Clock;
use crate::error::{FileError, Result};
use crate::open::DataFile;
use crate::source::Source;
use crate::timed::{Intervals, Series, Times};

/// More whole numbers than these are measured or counted, not classes.
const MOST_CLASSES: usize = 20;
/// Rows of a class, on average, from which on whole numbers pass for classes.
const FEWEST_A_CLASS: usize = 5;

/// A label and the array that holds it: one of the recording's file, or of another, `beh.csv:x@t`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelSource {
    /// Its name.
    pub name: String,
    /// The array.
    pub array: String,
}

/// A label in bins.
#[derive(Debug, Clone, PartialEq)]
pub enum AlignedLabel {
    /// Numbers with one value a bin.
    Vector(Array1<f64>),
    /// Numbers with a row a bin.
    Matrix(Array2<f64>),
    /// Whole numbers that stand for classes.
    Classes(Array1<i64>),
    /// Classes as text.
    Text(Vec<Arc<str>>),
}

/// What a label holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelForm {
    /// Numbers.
    Numbers,
    /// Angles in radians, so that 2π is next to 0.
    Angles,
    /// Classes: text, truth values or few whole numbers, or what the settings say is one.
    Classes,
}

/// A label as its file holds it.
pub(super) struct Read {
    pub(super) name: String,
    place: String,
    held: Held,
}

enum Held {
    Numbers(Series, bool),
    Classes(Series),
    Texts(Vec<Text>, Times),
    Spans(Intervals, Vec<Text>),
    /// Annotations of this file, under this name.
    Annotations(Source, String),
}

/// A label in bins, with what is missing.
pub(super) enum Sampled {
    Numbers(Array2<f64>),
    Texts(Vec<Option<Text>>),
}

/// What labels of a recording hold.
///
/// # Errors
/// As [`align`](super::align).
pub fn label_forms(
    source: &Source,
    labels: &[LabelSource],
    settings: &Alignment,
) -> Result<Vec<LabelForm>> {
    let mut file = DataFile::of(source)?;
    let forms = labels.iter().map(|label| {
        let read = read(&mut file, label, settings)?;
        Ok(read.form())
    });
    forms.collect()
}

/// Reads a label of the recording's file or of another.
pub(super) fn read(file: &mut DataFile, label: &LabelSource, settings: &Alignment) -> Result<Read> {
    let (place, held) = match Source::of_other_file(&label.array) {
        Some(source) => {
            let mut file = DataFile::of(&source)?;
            (
                source.to_string(),
                held(&mut file, source.array.as_deref(), label, settings)?,
            )
        }
        None => {
            let source = Source::new(file.path(), &label.array);
            (
                source.to_string(),
                held(file, Some(&label.array), label, settings)?,
            )
        }
    };
    Ok(Read {
        name: label.name.clone(),
        place,
        held,
    })
}

fn held(
    file: &mut DataFile,
    array: Option<&str>,
    label: &LabelSource,
    settings: &Alignment,
) -> Result<Held> {
    let Some(array) = array else {
        return numbers(file.series(None)?, label, settings);
    };
    if array == "annotations" || array.starts_with("annotations:") {
        let source = Source::file(file.path());
        return Ok(Held::Annotations(source, array.to_owned()));
    }
    // text with times of its own: `state@t`
    if let Some((values, times)) = array.rsplit_once('@')
        && let Some(text) = file.read_text(values, None)?
    {
        let times = file.read(times)?.vector::<f64>()?.to_vec();
        crate::timed::require_ascending(&label.array, &times)?;
        if times.len() != text.texts.len() {
            return Err(FileError::Value {
                place: label.array.clone(),
                problem: format!("{} texts have {} times", text.texts.len(), times.len()),
                advice: "name times with one for each text".to_owned(),
            });
        }
        return texts(text.texts, Times::Listed(times), label);
    }
    let found = match file.series(Some(array)) {
        Ok(found) => return numbers(found, label, settings),
        Err(error) => error,
    };
    if let Some((found, times)) = file.timed_texts(array)? {
        return texts(found, times, label);
    }
    // a column of a table with a clock
    if let Ok(Some(text)) = file.read_text(array, None)
        && let Some(times) = file.times()?
    {
        return texts(text.texts, times, label);
    }
    // a property of intervals: `trials.side`
    if let Some((table, column)) = array.rsplit_once(['.', '/'])
        && let Ok(intervals) = file.intervals(table)
        && let Some(texts) = intervals.properties.get(column)
    {
        let texts = texts.iter().map(|text| Arc::from(text.as_str())).collect();
        return Ok(Held::Spans(intervals, texts));
    }
    Err(found)
}

/// Texts at times; there is at least one.
fn texts(texts: Vec<Text>, times: Times, label: &LabelSource) -> Result<Held> {
    if texts.is_empty() {
        return Err(FileError::Value {
            place: label.array.clone(),
            problem: "it holds no texts".to_owned(),
            advice: "leave the label out, or name another array".to_owned(),
        });
    }
    Ok(Held::Texts(texts, times))
}

fn numbers(found: Vec<Series>, label: &LabelSource, settings: &Alignment) -> Result<Held> {
    let Ok([series]) = <[Series; 1]>::try_from(found) else {
        return Err(FileError::Value {
            place: label.array.clone(),
            problem: "its channels have several sampling rates".to_owned(),
            advice: "use a separate label for each rate".to_owned(),
        });
    };
    let named = |names: &[String]| names.contains(&label.name);
    if named(&settings.classes)
        || (!named(&settings.angles) && !series.angle && looks_like_classes(&series))
    {
        return Ok(Held::Classes(series));
    }
    let angle = series.angle || named(&settings.angles);
    Ok(Held::Numbers(series, angle))
}

/// Whether the values are truth values or few whole numbers.
fn looks_like_classes(series: &Series) -> bool {
    if matches!(series.values.values, crate::Values::Bool(_)) {
        return series.values.shape().len() == 1;
    }
    let Ok(values) = series.values.vector::<f64>() else {
        return false;
    };
    let mut distinct = BTreeSet::new();
    let mut count = 0;
    for value in values.into_iter().filter(|value| !value.is_nan()) {
        if value.fract() != 0.0 || value.abs() > 1e6 {
            return false;
        }
        count += 1;
        distinct.insert(value as i64);
        if distinct.len() > MOST_CLASSES {
            return false;
        }
    }
    count >= FEWEST_A_CLASS * distinct.len().max(1)
}

impl Read {
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// The time in which the label is known, if it is limited.
    pub(super) fn support(&self) -> Option<Span> {
        match &self.held {
            Held::Numbers(series, _) | Held::Classes(series) => Some(ends(series)),
            Held::Texts(texts, times) => Some(Span {
                from: times.at(0),
                to: times.at(texts.len() - 1),
            }),
            Held::Spans(..) | Held::Annotations(..) => None,
        }
    }

    /// What its values are.
    pub(super) fn form(&self) -> LabelForm {
        match &self.held {
            Held::Numbers(_, true) => LabelForm::Angles,
            Held::Numbers(..) => LabelForm::Numbers,
            _ => LabelForm::Classes,
        }
    }

    /// The label in bins.
    pub(super) fn sample(
        self,
        bins: &Bins,
        clock: &Clock,
        notes: &mut Vec<String>,
    ) -> Result<Sampled> {
        Ok(match self.held {
            Held::Numbers(mut series, angle) => {
                notes.append(&mut series.values.notes);
                Sampled::Numbers(sample::numbers(series, bins, angle))
            }
            Held::Classes(series) => {
                let values = series.values.matrix::<f64>()?;
                if values.ncols() != 1 {
                    return Err(series
                        .values
                        .shape_error("(n,)", "name an array with one class a row"));
                }
                let rows = sample::nearest(&series.times, series.rows(), bins);
                let value = |row: Option<usize>| row.map_or(f64::NAN, |row| values[[row, 0]]);
                let found: Vec<f64> = rows.into_iter().map(value).collect();
                Sampled::Numbers(Array1::from_vec(found).insert_axis(ndarray::Axis(1)))
            }
            Held::Texts(texts, times) => {
                let rows = sample::nearest(&times, texts.len(), bins).into_iter();
                let text = |row: Option<usize>| row.map(|row| Arc::clone(&texts[row]));
                Sampled::Texts(
                    rows.map(text)
                        .map(|text| text.filter(|text| !text.is_empty()))
                        .collect(),
                )
            }
            Held::Spans(intervals, texts) => {
                let of = |bin| {
                    let centre = bins.centre(bin);
                    let inside = intervals
                        .spans
                        .iter()
                        .rposition(|&[from, to]| from <= centre && centre <= to);
                    inside.map(|row| Arc::clone(&texts[row]))
                };
                Sampled::Texts((0..bins.len()).map(of).collect())
            }
            Held::Annotations(source, name) => {
                let file = DataFile::of(&source)?;
                let found = file.read_text(&name, Some(clock))?;
                let found = found.ok_or_else(|| FileError::Missing {
                    path: source.path,
                    kind: "annotation",
                    name,
                    available: Vec::new(),
                })?;
                notes.extend(found.notes);
                Sampled::Texts(found.texts.into_iter().map(Some).collect())
            }
        })
    }
}

impl Sampled {
    /// The label without anything missing.
    pub(super) fn finished(self, form: LabelForm) -> AlignedLabel {
        match (self, form) {
            (Self::Texts(texts), _) => AlignedLabel::Text(texts.into_iter().flatten().collect()),
            (Self::Numbers(values), LabelForm::Classes) => {
                AlignedLabel::Classes(values.column(0).mapv(|class| class as i64))
            }
            (Self::Numbers(values), _) if values.ncols() == 1 => {
                AlignedLabel::Vector(values.column(0).to_owned())
            }
            (Self::Numbers(values), _) => AlignedLabel::Matrix(values),
        }
    }
}
