//! Scoring an attribution map against the true one.

use ndarray::Array2;
use serde_json::{Value, json};
use xcebra_eval::{
    auroc as auroc_of, auroc_map, average_precision as average_precision_of, average_precision_map,
};
use xcebra_files::{Source, read};
use xcebra_model::Watch;

use crate::answer::{number, optional};
use crate::{Answer, Result};

/// How well a map agrees with the truth.
#[derive(Clone, Debug, PartialEq)]
pub struct MapScore {
    /// Area under the ROC curve: the chance that a true connection scores higher than an absent one.
    pub auroc: f64,
    /// Mean precision over all thresholds.
    pub average_precision: f64,
    /// The same of each latent's column alone; `None` if all or none of its inputs are connected.
    pub by_latent: Vec<Option<LatentScore>>,
    /// Inputs and latents.
    pub shape: (usize, usize),
    /// True connections.
    pub connections: usize,
    /// What was assumed, a sentence each.
    pub notes: Vec<String>,
}

/// How well one column of a map ranks its inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatentScore {
    /// Area under the ROC curve.
    pub auroc: f64,
    /// Mean precision over all thresholds.
    pub average_precision: f64,
}

/// A mean over latents that differs by more than this from the score of all entries is said in words.
const DIFFERENCE: f64 = 0.02;

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
    let columns = truth.columns().into_iter().zip(map.columns());
    let by_latent = columns.map(|(truth, map)| {
        let connected = truth.iter().filter(|&&connected| connected).count();
        if connected == 0 || connected == truth.len() {
            return Ok(None);
        }
        let (truth, map) = (truth.to_vec(), map.to_vec());
        Ok(Some(LatentScore {
            auroc: auroc_of(&truth, &map)?,
            average_precision: average_precision_of(&truth, &map)?,
        }))
    });
    Ok(MapScore {
        auroc,
        average_precision,
        by_latent: by_latent.collect::<Result<_>>()?,
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
    /// Mean of the latents' areas under the ROC curve; `None` if no latent has one.
    pub fn mean_over_latents(&self) -> Option<f64> {
        let scores = self.by_latent.iter().flatten().map(|score| score.auroc);
        let count = scores.clone().count();
        (count > 0).then(|| scores.sum::<f64>() / count as f64)
    }

    /// What a difference between all entries together and latent by latent means, in a sentence; `None` if there is
    /// hardly one.
    pub fn difference(&self) -> Option<String> {
        let mean = self.mean_over_latents()?;
        let pooled = self.auroc;
        if (mean - pooled).abs() <= DIFFERENCE {
            return None;
        }
        Some(match mean > pooled {
            true => format!(
                "Each latent ranks its own inputs better (mean auROC {mean:.3}) than all entries are ranked together \
                 ({pooled:.3}): columns differ in scale or background. Compare entries within a column, or score \
                 ing_comparable."
            ),
            false => format!(
                "All entries together are ranked better ({pooled:.3}) than each latent ranks its own inputs (mean auROC \
                 {mean:.3}): part of the score comes from which latents are connected at all."
            ),
        })
    }

    /// The answer, for a reader and for a program.
    ///
    /// # Errors
    /// [`Kind::Numeric`](xcebra_model::Kind::Numeric) if a score is not finite.
    pub fn answer(&self) -> Result<Answer> {
        let (inputs, latents) = self.shape;
        let (auroc, average_precision) = (self.auroc, self.average_precision);
        let score = |score: &Option<LatentScore>| match score {
            Some(score) => format!("{:.4}", score.auroc),
            // one class has nothing to rank
            None => "–".to_owned(),
        };
        let by_latent: Vec<String> = self.by_latent.iter().map(score).collect();
        let by_latent = match self.mean_over_latents() {
            Some(mean) => format!("{mean:.4}  ({})", by_latent.join(" ")),
            None => "–  (every latent is connected to all inputs or to none)".to_owned(),
        };
        let sentence = self.difference();
        let difference = sentence.as_ref().map(|words| format!("\n{words}"));
        let difference = difference.unwrap_or_default();
        let latents_json = self.by_latent.iter().map(|score| match score {
            Some(score) => Ok(json!({
                "auroc": number("auroc", score.auroc)?,
                "average_precision": number("average_precision", score.average_precision)?,
            })),
            None => Ok(Value::Null),
        });
        let latents_json = latents_json.collect::<Result<Vec<_>>>()?;
        let chance = self.connections as f64 / (inputs * latents) as f64;
        let text = format!(
            "auROC              {auroc:.4}  (guessing: 0.5)\n\
             average precision  {average_precision:.4}  (guessing: {chance:.4})\n\
             latent by latent   {by_latent}\n\
             {inputs} inputs × {latents} latents, {} connections{difference}",
            self.connections
        );
        let json = json!({
            "auroc": number("auroc", auroc)?,
            "average_precision": number("average_precision", average_precision)?,
            "by_latent": latents_json,
            "auroc_mean_over_latents": optional("auroc_mean_over_latents", self.mean_over_latents())?,
            "difference": sentence,
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

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn score(map: Array2<f64>, truth: &Array2<bool>) -> MapScore {
        score_map(map, truth, &Watch::new()).unwrap()
    }

    /// The second column ranks its inputs as well as the first, at ten times the scale: of 4 connected and 4 other entries,
    /// the unconnected ones of the second column are above the connected ones of the first.
    #[test]
    fn columns_of_different_scales_are_told_in_words() {
        let truth = array![[true, false], [true, true], [false, true], [false, false]];
        let map = array![[2.0, 10.0], [3.0, 20.0], [1.0, 30.0], [0.5, 11.0]];
        let found = score(map.clone(), &truth);
        assert_eq!(found.auroc, 12.0 / 16.0);
        let latents = found.by_latent.iter().flatten();
        assert!(
            latents
                .clone()
                .all(|latent| latent.auroc == 1.0 && latent.average_precision == 1.0)
        );
        assert_eq!((latents.count(), found.mean_over_latents()), (2, Some(1.0)));
        let words = found.difference().unwrap();
        assert!(
            words.contains("mean auROC 1.000") && words.contains("(0.750)"),
            "{words}"
        );
        let answer = found.answer().unwrap();
        assert!(
            answer
                .text
                .contains("latent by latent   1.0000  (1.0000 1.0000)")
        );
        assert!(answer.text.ends_with(&words));
        assert_eq!(answer.json["difference"], words.as_str());
        assert_eq!(answer.json["by_latent"][1]["auroc"], 1.0);
        // in one scale there is no difference
        let same = score(map * &array![[10.0, 1.0]], &truth);
        assert_eq!((same.auroc, same.difference()), (1.0, None));
    }

    #[test]
    fn a_score_may_come_from_which_latents_are_connected() {
        let truth = array![[true, false], [true, false], [false, true], [true, false]];
        // backwards within each latent
        let map = array![[5.0, 2.0], [5.0, 2.0], [6.0, 1.0], [5.0, 2.0]];
        let found = score(map, &truth);
        assert_eq!(found.mean_over_latents(), Some(0.0));
        assert!(
            found
                .difference()
                .unwrap()
                .contains("which latents are connected at all")
        );
        // a column of one class has no score
        let truth = array![[true, false], [true, true]];
        let found = score(array![[1.0, 2.0], [3.0, 4.0]], &truth);
        assert!(found.by_latent[0].is_none() && found.by_latent[1].is_some());
        let truth = array![[true, false], [true, false]];
        let found = score(array![[1.0, 2.0], [3.0, 0.5]], &truth);
        assert_eq!(
            (found.mean_over_latents(), found.difference()),
            (None, None)
        );
        assert!(found.answer().unwrap().json["by_latent"][0].is_null());
    }
}
