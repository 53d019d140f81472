//! Labels of all sessions.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use ndarray::{Array2, Axis, concatenate};
use xcebra_core::Labels;
use xcebra_files::{self as files, Clock, DataArray, DataFile, FileError, Source, Values};

use super::fit_file::LabelKind;
use super::unfinished::Inputs;
use crate::labelled::read_label;
use crate::{Problem, Result, suspicion};

/// More whole numbers than these are measured or counted, not classes.
const MOST_CLASSES: usize = 20;
/// Samples of a class, on average, from which on whole numbers pass for classes.
const FEWEST_A_CLASS: usize = 5;

/// A label as a picture shows it.
#[derive(Clone, Debug)]
pub struct Label {
    /// Its name.
    pub name: String,
    /// Its values, which the recording shares.
    pub values: Arc<Labels>,
    /// Names of the classes 0, 1, …, if they are text in the file.
    pub classes: Option<Vec<String>>,
}

/// The file of a session.
pub struct SessionFile {
    pub file: DataFile,
    pub path: PathBuf,
    pub samples: usize,
    /// When the samples were measured, if the file tells.
    pub clock: Option<Clock>,
}

/// One array of a label.
pub struct Part {
    content: Content,
    /// Samples it must have.
    samples: usize,
    /// Whether it is all of the label.
    alone: bool,
}

impl Part {
    /// Samples it must have.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Rows it has.
    pub fn rows(&self) -> usize {
        match &self.content {
            Content::Numbers(array) => array.shape().first().copied().unwrap_or(0),
            Content::Text(_, text) => text.len(),
        }
    }

    /// What the reader of its file noted.
    pub fn notes(&self) -> &[String] {
        match &self.content {
            Content::Numbers(array) => &array.notes,
            Content::Text(..) => &[],
        }
    }
}

/// The values of a label in one session.
#[derive(Clone, Debug)]
pub enum LabelArray {
    /// Numbers or truth values: one value or one row for each sample.
    Numbers(Box<DataArray>),
    /// Classes as text, one for each sample.
    Text(Vec<Arc<str>>),
}

impl From<DataArray> for LabelArray {
    fn from(array: DataArray) -> Self {
        Self::Numbers(Box::new(array))
    }
}

enum Content {
    Numbers(Box<DataArray>),
    /// A place in words, and one text a sample.
    Text(String, Vec<Arc<str>>),
}

/// The arrays of a label: the same-named ones of all sessions, or one of another file. What the
/// reader assumed is added to `notes`.
pub fn parts(
    inputs: &Inputs,
    sessions: &mut [SessionFile],
    (name, array): (&str, &str),
    notes: &mut Vec<String>,
) -> Result<Vec<Part>> {
    if Source::of_other_file(array).is_some() {
        return Ok(vec![Part {
            content: of_other_file(&inputs.source(array)?, sessions, notes)?,
            samples: sessions.iter().map(|s| s.samples).sum(),
            alone: true,
        }]);
    }
    let alone = sessions.len() == 1;
    let mut parts = Vec::new();
    let mut seen: Vec<PathBuf> = Vec::new();
    for session in sessions {
        let path = session.path.display();
        if seen.contains(&session.path) {
            return Err(Problem::data(
                format!(
                    "{path} holds several sessions, but only one array for their label `{name}`"
                ),
                "save each session in a separate file, or the whole label in another file",
            ));
        }
        let clock = session.clock.as_ref();
        let content = match read_label(&mut session.file, Some(array), clock, notes)? {
            LabelArray::Text(texts) => {
                let column = match session.file.annotations().is_empty() {
                    true => "column ",
                    false => "",
                };
                Content::Text(format!("{column}`{array}` of {path}"), texts)
            }
            LabelArray::Numbers(array) => Content::Numbers(array),
        };
        seen.push(session.path.clone());
        parts.push(Part {
            content,
            samples: session.samples,
            alone,
        });
    }
    Ok(parts)
}

/// The arrays of a label in memory, one for each session.
pub fn parts_of_arrays(
    name: &str,
    arrays: Vec<LabelArray>,
    sessions: &[files::Table],
) -> Result<Vec<Part>> {
    if arrays.len() != sessions.len() {
        return Err(Problem::data(
            format!(
                "the label `{name}` has {} arrays, and there are {} sessions",
                arrays.len(),
                sessions.len()
            ),
            "pass one array of the label for each session",
        ));
    }
    let alone = sessions.len() == 1;
    let parts = arrays
        .into_iter()
        .zip(sessions)
        .map(|(array, session)| Part {
            content: match array {
                LabelArray::Numbers(array) => Content::Numbers(array),
                LabelArray::Text(text) => Content::Text(format!("the label `{name}`"), text),
            },
            samples: session.samples(),
            alone,
        });
    Ok(parts.collect())
}

/// A label that a file of its own holds for all sessions.
fn of_other_file(
    source: &Source,
    sessions: &[SessionFile],
    notes: &mut Vec<String>,
) -> Result<Content> {
    let array = source.array.as_deref();
    let mut file = DataFile::of(source)?;
    let clock = match sessions {
        [one] => one.clock.as_ref(),
        _ => None,
    };
    if array.is_some() && sessions.len() > 1 && !file.annotations().is_empty() {
        return Err(Problem::data(
            format!("the annotations of {source} belong to one recording, and there are several"),
            "train on one recording, or keep the annotations of each recording in its file",
        ));
    }
    Ok(match read_label(&mut file, array, clock, notes)? {
        LabelArray::Text(texts) => Content::Text(source.to_string(), texts),
        LabelArray::Numbers(array) => Content::Numbers(array),
    })
}

impl Label {
    /// A label of some samples that belong together, outside of a training.
    pub(crate) fn of(
        name: &str,
        array: LabelArray,
        samples: usize,
        used: Option<LabelKind>,
    ) -> Result<Self> {
        let content = match array {
            LabelArray::Numbers(array) => Content::Numbers(array),
            LabelArray::Text(text) => Content::Text(format!("the label `{name}`"), text),
        };
        let part = Part {
            content,
            samples,
            alone: true,
        };
        Self::new(name, vec![part], used)
    }

    /// A label as the objectives use it. One that none uses is for pictures and decoding alone: it holds
    /// classes if its values are text, truth values, or few whole numbers.
    pub fn new(name: &str, parts: Vec<Part>, used: Option<LabelKind>) -> Result<Self> {
        match used {
            Some(LabelKind::Classes) => Self::discrete(name, parts),
            Some(LabelKind::Numbers) => Self::continuous(name, &parts),
            None if look_like_classes(&parts) => Self::discrete(name, parts),
            None => Self::continuous(name, &parts),
        }
    }

    /// What in the values looks like a mistake.
    pub fn suspicions(&self) -> Vec<String> {
        match &*self.values {
            Labels::Continuous(values) => suspicion::of_label(&self.name, values),
            Labels::Discrete(ids) => {
                suspicion::of_classes(&self.name, ids, self.classes.as_deref())
            }
        }
    }

    /// Whether the values are classes.
    pub fn is_discrete(&self) -> bool {
        matches!(*self.values, Labels::Discrete(_))
    }

    /// Values of each sample.
    pub fn columns(&self) -> usize {
        match &*self.values {
            Labels::Continuous(values) => values.ncols(),
            Labels::Discrete(_) => 1,
        }
    }

    /// The first value of every `stride`-th sample.
    pub fn strided(&self, stride: usize) -> Vec<f64> {
        match &*self.values {
            Labels::Continuous(values) => {
                values.column(0).iter().step_by(stride).copied().collect()
            }
            Labels::Discrete(ids) => ids.iter().step_by(stride).map(|&id| id as f64).collect(),
        }
    }

    /// Real numbers; in one session of several they may be constant.
    fn continuous(name: &str, parts: &[Part]) -> Result<Self> {
        let mut values: Vec<Array2<f64>> = Vec::new();
        let mut first: Option<(String, usize)> = None;
        for part in parts {
            let array = match &part.content {
                Content::Numbers(array) => array,
                Content::Text(place, _) => {
                    return Err(Problem::data(
                        format!("{place} holds text, and the label `{name}` needs numbers"),
                        "use it as a discrete label, or save numbers",
                    ));
                }
            };
            let found = match part.alone {
                true => array.label(part.samples)?,
                false => array.label_of_session(part.samples)?,
            };
            let (place, columns) = first.get_or_insert((array.place(), found.ncols()));
            if found.ncols() != *columns {
                return Err(Problem::data(
                    format!(
                        "{} has {} columns, and {place} has {columns}",
                        array.place(),
                        found.ncols()
                    ),
                    "give the label the same columns in every session",
                ));
            }
            values.push(found);
        }
        Ok(Self {
            name: name.to_owned(),
            values: Arc::new(Labels::Continuous(rows(values)?)),
            classes: None,
        })
    }

    /// Classes, as whole numbers or as text; one session of several may have but one.
    fn discrete(name: &str, parts: Vec<Part>) -> Result<Self> {
        let is_text = |part: &Part| matches!(part.content, Content::Text(..));
        let (ids, classes) = match parts.iter().any(is_text) {
            true => {
                let (ids, classes) = of_text(name, parts)?;
                (ids, Some(classes))
            }
            false => (of_numbers(&parts)?, None),
        };
        Ok(Self {
            name: name.to_owned(),
            values: Arc::new(Labels::Discrete(ids)),
            classes,
        })
    }
}

/// The rows of all parts one after another; one part is not copied.
fn rows(mut parts: Vec<Array2<f64>>) -> Result<Array2<f64>> {
    if parts.len() == 1 {
        return Ok(parts.remove(0));
    }
    let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
    // parts that differ in their columns were refused before
    concatenate(Axis(0), &views).map_err(|error| {
        Problem::data(
            format!("the sessions do not fit together: {error}"),
            "give every session the same columns",
        )
    })
}

/// Whether a label that no objective uses holds classes.
fn look_like_classes(parts: &[Part]) -> bool {
    let mut distinct = BTreeSet::new();
    let mut count = 0;
    for part in parts {
        let array = match &part.content {
            Content::Text(..) => return true,
            Content::Numbers(array) => array,
        };
        if matches!(array.values, Values::Bool(_)) {
            return true;
        }
        let Ok(values) = array.vector::<f64>() else {
            return false;
        };
        count += values.len();
        for value in values {
            if value.fract() != 0.0 || value.abs() > 1e6 {
                return false;
            }
            distinct.insert(value as i64);
            if distinct.len() > MOST_CLASSES {
                return false;
            }
        }
    }
    // a class has several samples, otherwise the numbers count something
    count >= FEWEST_A_CLASS * distinct.len()
}

fn of_numbers(parts: &[Part]) -> Result<Vec<i64>, FileError> {
    let mut ids = Vec::new();
    for part in parts {
        if let Content::Numbers(array) = &part.content {
            ids.extend(match part.alone {
                true => array.classes(part.samples)?,
                false => array.classes_of_session(part.samples)?,
            });
        }
    }
    Ok(ids)
}

/// Classes in the order of their names, and the names.
fn of_text(name: &str, parts: Vec<Part>) -> Result<(Vec<i64>, Vec<String>)> {
    let mut all: Vec<Arc<str>> = Vec::new();
    for part in parts {
        match part.content {
            Content::Numbers(array) => {
                return Err(Problem::data(
                    format!(
                        "{} holds numbers, and in another session the label `{name}` is text",
                        array.place()
                    ),
                    "give the label the same classes in every session",
                ));
            }
            Content::Text(place, text) => {
                if let Some(row) = text.iter().position(|text| text.is_empty()) {
                    return Err(Problem::data(
                        format!("{place}: row {row} (counting from 0) is empty"),
                        "give every sample a class, such as `none`",
                    ));
                }
                if text.len() != part.samples {
                    return Err(Problem::data(
                        format!(
                            "{place} has {} rows, and the recording has {}",
                            text.len(),
                            part.samples
                        ),
                        "give every sample one row of the label",
                    ));
                }
                all.extend(text);
            }
        }
    }
    let names: BTreeSet<&str> = all.iter().map(|text| &**text).collect();
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    // names are sorted and hold every text
    let id = |text: &Arc<str>| names.partition_point(|name| **name < **text) as i64;
    Ok((all.iter().map(id).collect(), names))
}
