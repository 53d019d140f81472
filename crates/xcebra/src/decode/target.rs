//! What is decoded: numbers, angles or classes.

use std::collections::BTreeSet;

use ndarray::{Array1, Array2, Axis};
use xcebra_core::Labels;
use xcebra_numeric::ensure_finite;

use super::stacked;
use crate::fit::{Label, LabelArray};
use crate::{LabelKind, Problem, Result};

/// Radians beyond which an angle is more likely in degrees.
const DEGREES: f64 = 7.0;

/// What the values of a label are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TargetKind {
    /// Classes if the values are text, truth values or few whole numbers; else numbers.
    #[default]
    Auto,
    /// Real numbers.
    Numbers,
    /// Angles in radians.
    Angle,
    /// Classes.
    Classes,
}

/// The values of a label that is decoded, one row a sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// Numbers (samples, columns).
    Numbers(Array2<f64>),
    /// Angles in radians (samples), decoded as points on the circle.
    Angle(Array1<f64>),
    /// Classes.
    Classes {
        /// The class of each sample, a number in `names`.
        ids: Vec<usize>,
        /// What the classes are called.
        names: Vec<String>,
    },
}

impl Target {
    /// A label that was read from a file or passed as an array, and what was assumed, a sentence each.
    ///
    /// # Errors
    /// [`Problem`] if it does not have one row for each of the samples, or its values do not fit the kind.
    pub fn new(
        name: &str,
        array: LabelArray,
        samples: usize,
        kind: TargetKind,
    ) -> Result<(Self, Vec<String>)> {
        let mut notes = match &array {
            LabelArray::Numbers(array) => array.notes.clone(),
            LabelArray::Text(_) => Vec::new(),
        };
        let used = match kind {
            TargetKind::Auto => None,
            TargetKind::Numbers | TargetKind::Angle => Some(LabelKind::Numbers),
            TargetKind::Classes => Some(LabelKind::Classes),
        };
        let label = Label::of(name, array, samples, used)?;
        notes.extend(label.suspicions());
        let target = match (&*label.values, kind) {
            (Labels::Continuous(values), TargetKind::Angle) => angle(name, values, &mut notes)?,
            (Labels::Continuous(values), _) => Self::Numbers(values.clone()),
            (Labels::Discrete(ids), _) => classes(ids, label.classes.as_deref()),
        };
        Ok((target, notes))
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.nrows(),
            Self::Angle(angles) => angles.len(),
            Self::Classes { ids, .. } => ids.len(),
        }
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn require_finite(&self) -> Result<()> {
        let what = "the label";
        match self {
            Self::Numbers(values) => Ok(ensure_finite(what, values)?),
            Self::Angle(angles) => Ok(ensure_finite(what, angles)?),
            Self::Classes { ids, names } => match ids.iter().all(|&id| id < names.len()) {
                true => Ok(()),
                false => Err(Problem::data(
                    format!(
                        "the label has classes from {} on, which have no name",
                        names.len()
                    ),
                    "give every class a name",
                )),
            },
        }
    }

    /// Some samples, in that order.
    pub(crate) fn rows(&self, rows: &[usize]) -> Self {
        match self {
            Self::Numbers(values) => Self::Numbers(values.select(Axis(0), rows)),
            Self::Angle(angles) => Self::Angle(angles.select(Axis(0), rows)),
            Self::Classes { ids, names } => Self::Classes {
                ids: rows.iter().map(|&row| ids[row]).collect(),
                names: names.clone(),
            },
        }
    }

    /// Parts of one kind one after another.
    pub(super) fn joined(parts: Vec<Self>) -> Result<Self> {
        let (mut numbers, mut angles, mut classes) = (Vec::new(), Vec::new(), Vec::new());
        let mut known = Vec::new();
        for part in parts {
            match part {
                Self::Numbers(values) => numbers.push(values),
                Self::Angle(part) => angles.extend(part),
                Self::Classes { ids, names } => {
                    classes.extend(ids);
                    known = names;
                }
            }
        }
        Ok(match (numbers.is_empty(), angles.is_empty()) {
            (false, _) => Self::Numbers(stacked(&numbers)?),
            (true, false) => Self::Angle(angles.into()),
            (true, true) => Self::Classes {
                ids: classes,
                names: known,
            },
        })
    }

    /// The points of angles on the circle (samples, 2): cosine and sine.
    pub(super) fn on_circle(angles: &Array1<f64>) -> Array2<f64> {
        Array2::from_shape_fn((angles.len(), 2), |(row, k)| match k {
            0 => angles[row].cos(),
            _ => angles[row].sin(),
        })
    }
}

fn angle(name: &str, values: &Array2<f64>, notes: &mut Vec<String>) -> Result<Target> {
    if values.ncols() != 1 {
        return Err(Problem::data(
            format!(
                "the label `{name}` has {} columns, and an angle has one",
                values.ncols()
            ),
            "decode one column at a time",
        ));
    }
    let angles = values.column(0).to_owned();
    if angles.iter().any(|a| a.abs() > DEGREES) {
        notes.push(format!(
            "the label `{name}` goes beyond a full turn: angles are in radians, not in degrees"
        ));
    }
    Ok(Target::Angle(angles))
}

/// Classes by their place among the classes there are.
fn classes(ids: &[i64], names: Option<&[String]>) -> Target {
    let distinct: BTreeSet<i64> = ids.iter().copied().collect();
    let distinct: Vec<i64> = distinct.into_iter().collect();
    let name = |id: &i64| {
        let name = names.and_then(|names| names.get(usize::try_from(*id).ok()?));
        name.cloned().unwrap_or_else(|| id.to_string())
    };
    Target::Classes {
        // `distinct` is sorted and holds every class
        ids: ids
            .iter()
            .map(|id| distinct.partition_point(|one| one < id))
            .collect(),
        names: distinct.iter().map(name).collect(),
    }
}
