//! What is inside a data file, and which formats there are.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use xcebra_files::{ArrayInfo, DataFile, FORMATS, FormatInfo, Role, Source, Timing};

use crate::{Answer, Result};

/// Arrays that are named in the last lines; more are counted.
const NAMED: usize = 8;

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The file.
    pub file: String,
    /// Its arrays, in the order of the file.
    pub arrays: Vec<ArrayInfo>,
    /// Number of annotations of a biosignal.
    pub annotations: usize,
}

/// Lists what a data file holds.
///
/// # Errors
/// [`Problem`](crate::Problem) if the file cannot be read.
pub fn show(source: &Source) -> Result<Shown> {
    let mut file = DataFile::of(source)?;
    Ok(Shown {
        file: source.path.display().to_string(),
        arrays: file.arrays()?,
        annotations: file.annotations().len(),
    })
}

impl Shown {
    /// Arrays of numbers over time: one or two axes, at least two rows. A matrix comes before a vector, and
    /// spikes before both.
    pub fn recordings(&self) -> Vec<&ArrayInfo> {
        let usable = |info: &&ArrayInfo| match info.role {
            Role::Spikes => true,
            Role::Numbers => matches!(*info.shape, [rows] | [rows, _] if rows > 1),
            _ => false,
        };
        let mut found: Vec<&ArrayInfo> = self.arrays.iter().filter(usable).collect();
        found.sort_by_key(|info| match (&info.role, info.shape.len()) {
            (Role::Spikes, _) => 0,
            (_, 2) => 1,
            _ => 2,
        });
        found
    }

    /// Arrays that could be a label of a recording: as many rows, or times of their own on both sides.
    pub fn labels_of(&self, recording: &ArrayInfo) -> Vec<&ArrayInfo> {
        let timed = |info: &ArrayInfo| info.timing.is_some() || info.role == Role::Spikes;
        let rows = |info: &ArrayInfo| match info.role {
            Role::Spikes => None,
            _ => info.shape.first().copied(),
        };
        let fits = |info: &&ArrayInfo| {
            let number_or_text = matches!(info.role, Role::Numbers | Role::Text);
            let same_rows = rows(info) == rows(recording) && info.shape.len() <= 2;
            let same_clock = timed(info) && timed(recording) && info.shape.len() <= 2;
            info.name != recording.name && number_or_text && (same_rows || same_clock)
        };
        self.arrays.iter().filter(fits).collect()
    }

    /// The answer of the command: a line for each array, and what they could be used as.
    pub fn answer(&self) -> Answer {
        let rows: Vec<[String; 5]> = self.arrays.iter().map(cells).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
        let widths: Vec<usize> = (0..5).map(|c| width(c).unwrap_or(0)).collect();
        let mut lines = Vec::new();
        for row in &rows {
            let padded = row.iter().zip(&widths).filter(|(_, width)| **width > 0);
            let cells: Vec<String> = padded
                .map(|(cell, &width)| format!("{cell:width$}"))
                .collect();
            lines.push(cells.join("  ").trim_end().to_owned());
        }
        if lines.is_empty() {
            lines.push("no arrays".to_owned());
        }
        if self.annotations > 0 {
            lines.push(format!("annotations  {}", self.annotations));
        }
        lines.extend(self.uses());
        Answer {
            text: lines.join("\n"),
            json: json!({
                "file": self.file,
                "arrays": self.arrays.iter().map(as_json).collect::<Vec<_>>(),
                "annotations": self.annotations,
                "recordings": names(&self.recordings()),
            }),
        }
    }

    /// What could be used as recording and as label.
    fn uses(&self) -> Vec<String> {
        let recordings = self.recordings();
        let Some(first) = recordings.first() else {
            return vec!["it holds nothing that could be a recording".to_owned()];
        };
        let mut lines = vec![format!(
            "could be a recording: {}",
            some(&names(&recordings))
        )];
        let mut labels = names(&self.labels_of(first));
        if self.annotations > 0 {
            labels.push("annotations".to_owned());
        }
        if !labels.is_empty() {
            lines.push(format!(
                "could be a label of {}: {}",
                first.name,
                some(&labels)
            ));
        }
        let intervals = self
            .arrays
            .iter()
            .filter(|info| info.role == Role::Intervals);
        let intervals: Vec<String> = intervals.map(|info| info.name.clone()).collect();
        if !intervals.is_empty() {
            lines.push(format!("could be epochs: {}", some(&intervals)));
        }
        lines
    }
}

fn names(arrays: &[&ArrayInfo]) -> Vec<String> {
    arrays.iter().map(|info| info.name.clone()).collect()
}

/// The first of many names.
fn some(names: &[String]) -> String {
    let mut shown: Vec<String> = names.iter().take(NAMED).cloned().collect();
    if names.len() > NAMED {
        shown.push(format!("and {} more", names.len() - NAMED));
    }
    shown.join(", ")
}

/// Name, shape, type, unit and times of an array.
fn cells(info: &ArrayInfo) -> [String; 5] {
    let axes: Vec<String> = info.shape.iter().map(ToString::to_string).collect();
    let shape = match info.role {
        Role::Unusable(_) if axes.is_empty() => String::new(),
        _ => format!("({})", axes.join(", ")),
    };
    let last = match (&info.role, info.timing) {
        (Role::Unusable(reason), _) => format!("not readable: {reason}"),
        (_, Some(Timing::Steady { start: 0.0, rate })) => format!("{rate} Hz"),
        (_, Some(Timing::Steady { start, rate })) => format!("{rate} Hz from {start} s"),
        (_, Some(Timing::Listed { first, last })) => format!("at times from {first} to {last} s"),
        _ => String::new(),
    };
    let element = match info.role {
        Role::Spikes => format!("{} (spikes)", info.element_type),
        Role::Intervals => format!("{} (intervals)", info.element_type),
        _ => info.element_type.clone(),
    };
    [info.name.clone(), shape, element, info.unit.clone(), last]
}

fn as_json(info: &ArrayInfo) -> Value {
    let mut object = json!({
        "name": info.name,
        "shape": info.shape,
        "type": info.element_type,
        "use": match info.role {
            Role::Numbers => "numbers",
            Role::Text => "text",
            Role::Spikes => "spikes",
            Role::Intervals => "intervals",
            _ => "none",
        },
    });
    let mut set = |key: &str, value: Value| object[key] = value;
    if !info.unit.is_empty() {
        set("unit", json!(info.unit));
    }
    if let Role::Unusable(reason) = &info.role {
        set("reason", json!(reason));
    }
    match info.timing {
        Some(Timing::Steady { start, rate }) => {
            set("start_s", json!(start));
            set("rate_hz", json!(rate));
        }
        Some(Timing::Listed { first, last }) => {
            set("first_s", json!(first));
            set("last_s", json!(last));
        }
        None => {}
    }
    object
}

/// The formats of data files: name, extensions and what is read from them.
pub fn formats() -> Answer {
    let width = |of: fn(&FormatInfo) -> usize| FORMATS.iter().map(of).max().unwrap_or(0);
    let names = width(|row| row.name.chars().count());
    let extensions = width(|row| row.extensions.join(" ").len());
    let mut lines = Vec::new();
    let mut objects: Vec<BTreeMap<&str, Value>> = Vec::new();
    for row in FORMATS {
        let missing = row.lacks.map_or(String::new(), |feature| {
            format!(" (not in this build: feature `{feature}`)")
        });
        lines.push(format!(
            "{:names$}  {:extensions$}  {}{missing}",
            row.name,
            row.extensions.join(" "),
            row.content
        ));
        objects.push(BTreeMap::from([
            ("name", json!(row.name)),
            ("extensions", json!(row.extensions)),
            ("content", json!(row.content)),
            ("available", json!(row.lacks.is_none())),
        ]));
    }
    Answer {
        text: lines.join("\n"),
        json: json!({ "formats": objects }),
    }
}
