//! `xcebra eval`: how well a map agrees with the truth.

use clap::Args;
use ndarray::Array2;
use serde_json::json;
use xcebra::files::{Source, read};
use xcebra_eval::{auroc_map, average_precision_map};

use super::outcome::number;
use super::{Outcome, Result, Session};

/// Score an attribution map against the true one
///
/// The area under the ROC curve is the chance that a true connection scores higher than an absent
/// one: 0.5 is guessing, 1 is perfect. Average precision is the mean precision over all thresholds.
/// For guessing, it is the share of true connections.
///
/// Both arrays are inputs × latents. A map that is latents × inputs is transposed, with a note. For
/// signed maps, the absolute values are scored.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Eval {
    /// The map to score, such as map.npz:ing
    #[arg(long, value_name = "FILE:ARRAY")]
    map: Source,

    /// The true map, with truth values or 0 and 1, such as data.npz:map
    #[arg(long, value_name = "FILE:ARRAY")]
    truth: Source,
}

const EXAMPLES: &str = "\
Examples:
  xcebra eval --map map.npz:ing --truth data.npz:map
  xcebra --json eval --map map.npy --truth truth.csv";

impl Eval {
    pub fn run(&self, session: &Session) -> Result<Outcome> {
        let truth = read(&self.truth)?.mask()?;
        let read = read(&self.map)?;
        let mut notes = Vec::new();
        let map = oriented(read.finite_matrix()?, truth.dim(), &mut notes);
        if map.iter().any(|&value| value < 0.0) {
            notes.push("the map has negative values; their absolute values are scored".to_owned());
        }
        let map = map.mapv(f64::abs);
        if map.iter().all(|value| Some(value) == map.first()) {
            notes.push("all values of the map are equal, so it does not rank anything".to_owned());
        }
        let auroc = auroc_map(&truth, &map)?;
        let average_precision = average_precision_map(&truth, &map)?;
        let (inputs, latents) = truth.dim();
        let connections = truth.iter().filter(|&&connected| connected).count();
        let chance = connections as f64 / truth.len() as f64;
        for note in &notes {
            session.note(note);
        }
        let text = format!(
            "auROC              {auroc:.4}  (guessing: 0.5)\n\
             average precision  {average_precision:.4}  (guessing: {chance:.4})\n\
             {inputs} inputs × {latents} latents, {connections} connections"
        );
        let json = json!({
            "auroc": number("auroc", auroc)?,
            "average_precision": number("average_precision", average_precision)?,
            "inputs": inputs,
            "latents": latents,
            "connections": connections,
            "notes": notes,
        });
        Ok(Outcome { text, json })
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
