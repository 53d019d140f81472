//! Scoring an attribution map against the true one.

use ndarray::Array2;
use serde_json::json;
use xcebra_eval::{auroc_map, average_precision_map};
use xcebra_files::{Source, read};
use xcebra_model::Watch;

use crate::answer::number;
use crate::{Answer, Result};

/// How well a map agrees with the truth.
#[derive(Clone, Debug, PartialEq)]
pub struct MapScore {
    /// Area under the ROC curve: the chance that a true connection scores higher than an absent one.
    pub auroc: f64,
    /// Mean precision over all thresholds.
    pub average_precision: f64,
    /// Inputs and latents.
    pub shape: (usize, usize),
    /// True connections.
    pub connections: usize,
    /// What was assumed, a sentence each.
    pub notes: Vec<String>,
}

/// Scores a map (inputs × latents) by its absolute values. A map that is latents × inputs is transposed, with
/// a note.
///
/// # Errors
/// [`Problem`](crate::Problem) if the shapes differ or the truth has one class alone.
pub fn score_map(map: Array2<f64>, truth: &Array2<bool>, watch: &Watch<'_>) -> Result<MapScore> {
    let mut notes = Vec::new();
    let map = oriented(map, truth.dim(), &mut notes);
    if map.iter().any(|&value| value < 0.0) {
        notes.push("the map has negative values; their absolute values are scored".to_owned());
    }
    let map = map.mapv(f64::abs);
    if map.iter().all(|value| Some(value) == map.first()) {
        notes.push("all values of the map are equal, so it does not rank anything".to_owned());
    }
    let auroc = auroc_map(truth, &map)?;
    let average_precision = average_precision_map(truth, &map)?;
    for note in &notes {
        watch.note(note);
    }
    Ok(MapScore {
        auroc,
        average_precision,
        shape: truth.dim(),
        connections: truth.iter().filter(|&&connected| connected).count(),
        notes,
    })
}

/// As [`score_map`], of arrays in files.
///
/// # Errors
/// As [`score_map`], and if a file cannot be read.
pub fn score_map_files(map: &Source, truth: &Source, watch: &Watch<'_>) -> Result<MapScore> {
    let truth = read(truth)?.mask()?;
    score_map(read(map)?.finite_matrix()?, &truth, watch)
}

impl MapScore {
    /// The answer, for a reader and for a program.
    ///
    /// # Errors
    /// [`Kind::Numeric`](xcebra_model::Kind::Numeric) if a score is not finite.
    pub fn answer(&self) -> Result<Answer> {
        let (inputs, latents) = self.shape;
        let (auroc, average_precision) = (self.auroc, self.average_precision);
        let chance = self.connections as f64 / (inputs * latents) as f64;
        let text = format!(
            "auROC              {auroc:.4}  (guessing: 0.5)\n\
             average precision  {average_precision:.4}  (guessing: {chance:.4})\n\
             {inputs} inputs × {latents} latents, {} connections",
            self.connections
        );
        let json = json!({
            "auroc": number("auroc", auroc)?,
            "average_precision": number("average_precision", average_precision)?,
            "inputs": inputs,
            "latents": latents,
            "connections": self.connections,
            "notes": self.notes,
        });
        Ok(Answer { text, json })
    }
}

/// The map, transposed if only so it has the shape of the truth.
fn oriented(map: Array2<f64>, truth: (usize, usize), notes: &mut Vec<String>) -> Array2<f64> {
    let (rows, columns) = map.dim();
    if (rows, columns) != truth && (columns, rows) == truth {
        notes.push(format!(
            "the map is ({rows}, {columns}) and the truth ({columns}, {rows}); the map is transposed"
        ));
        return map.reversed_axes();
    }
    map
}
