//! Can a trained encoder be trusted? Goodness of fit, ranks, dimensions and seeds, in plain words.
//!
//! `xcebra fit` keeps them in `diagnostics.json` of the model's folder. Words come from numbers by the
//! thresholds of [`words`], and nowhere else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use xcebra_attr::{Options, diagnose};
use xcebra_core::{Config, Encoder, History, Labels, LossConfig, Recording};
use xcebra_eval::{goodness_of_fit, linear_r2};

use crate::files::{FileError, write_file};
use crate::retraining::{Probe, RetrainError, SeedAgreement};

/// Name of their file.
pub const DIAGNOSTICS: &str = "diagnostics.json";

/// Samples they are measured over.
const SAMPLES: usize = 4000;

/// From which numbers on which words are used.
pub mod words {
    /// Below so many bits over chance an objective has learned next to nothing.
    pub const HARDLY_LEARNED: f64 = 0.1;
    /// From this mean condition number of the Jacobians on, small errors of the gradient grow too much
    /// in its inverse.
    pub const ILL_CONDITIONED: f64 = 100.0;
    /// Below this share of outputs that are used, fewer might do.
    pub const FEW_DIRECTIONS: f64 = 0.5;
    /// Above this share of Jacobians that lack a rank, it is mentioned as a weakness of the map.
    pub const OFTEN_SHORT: f64 = 0.5;
    /// From this correlation of the least alike maps on, maps of several seeds are stable.
    pub const STABLE: f64 = 0.9;
    /// Below this correlation they are unstable.
    pub const UNSTABLE: f64 = 0.5;
    /// From this R² of the least alike embeddings on, embeddings of several seeds are the same.
    pub const SAME_EMBEDDING: f64 = 0.9;
}

/// What a trained encoder is like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diagnostics {
    /// Goodness of fit of each contrastive objective, bits over chance.
    pub bits: Vec<f64>,
    /// Whether they were measured on samples that the training has not seen; otherwise at its end.
    pub bits_held_out: bool,
    /// For each label of real numbers, R² of a linear map from the embedding to it, on the samples of the
    /// training.
    pub label_r2: BTreeMap<String, f64>,
    /// Embedding dimensions.
    pub outputs: usize,
    /// Participation ratio of the embedding: in about how many directions it varies.
    pub effective_dimension: f64,
    /// Number of Jacobians of rank 0, 1, ….
    pub ranks: Vec<usize>,
    /// Condition number of the Jacobians, geometric mean and largest; `None` if all are zero.
    pub condition: Option<[f64; 2]>,
    /// How alike trainings from several seeds are, if there were any.
    pub seeds: Option<SeedAgreement>,
}

impl Diagnostics {
    /// Looks at an encoder that was trained with `config` on `recording`.
    ///
    /// # Errors
    /// [`RetrainError::Attribution`] if its Jacobians are not finite; [`RetrainError::Unfit`] for a
    /// recording without a window.
    pub fn of(
        encoder: &Encoder<f32>,
        config: &Config,
        recording: &Recording<f32>,
        history: &History,
    ) -> Result<Self, RetrainError> {
        let probe = Probe::new(recording, config, SAMPLES)?;
        let found = diagnose(encoder, probe.windows(), &Options::new())?;
        let embedding = probe.embed(encoder)?;
        let mut label_r2 = BTreeMap::new();
        for (name, labels) in recording.labels() {
            if let Labels::Continuous(values) = labels {
                // a label may be constant at these few moments
                let values = values.select(ndarray::Axis(0), probe.centers());
                if let Ok(r2) = linear_r2(&embedding, &values) {
                    label_r2.insert(name.to_owned(), r2);
                }
            }
        }
        let held_out = history.taken(config.validation.patience);
        let condition = found.jacobians.condition();
        Ok(Self {
            bits: held_out.map_or_else(|| last_bits(config, history), |v| v.bits.clone()),
            bits_held_out: held_out.is_some(),
            label_r2,
            outputs: encoder.architecture().outputs(),
            effective_dimension: found.embedding.participation_ratio,
            ranks: found.jacobians.rank_counts().to_vec(),
            condition: condition.map(|c| [c.geometric_mean, c.max]),
            seeds: None,
        })
    }

    /// Reads them from a model's folder; `None` if there are none that can be read.
    pub fn load(folder: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(folder.join(DIAGNOSTICS)).ok()?).ok()
    }

    /// Writes them into a model's folder.
    ///
    /// # Errors
    /// [`FileError::Write`].
    pub fn save(&self, folder: &Path) -> Result<(), FileError> {
        let text = serde_json::to_string_pretty(self).expect("plain numbers");
        write_file(&folder.join(DIAGNOSTICS), format!("{text}\n").as_bytes())
    }

    /// Plain words, one sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let mut all = Vec::new();
        all.extend(self.fit());
        for (name, r2) in &self.label_r2 {
            all.push(format!(
                "The label {name} is a linear function of the embedding with R² = {r2:.2}."
            ));
        }
        all.push(self.directions());
        all.push(self.jacobians());
        all.extend(self.seeds.as_ref().map(of_seeds));
        all
    }

    fn fit(&self) -> Option<String> {
        let least = self.bits.iter().copied().reduce(f64::min)?;
        let bits: Vec<String> = self.bits.iter().map(|b| format!("{b:.2}")).collect();
        let of = match self.bits.len() {
            1 => "",
            _ => " for the objectives, one after another",
        };
        let on = match self.bits_held_out {
            true => "on samples held out",
            false => "on the samples of the training",
        };
        let verdict = match least < words::HARDLY_LEARNED {
            true => ": an objective has hardly learned anything; its dimensions mean nothing",
            false => "",
        };
        let bits = bits.join(", ");
        Some(format!(
            "Goodness of fit{of}: {bits} bits over chance, {on}{verdict}."
        ))
    }

    fn directions(&self) -> String {
        let (used, outputs) = (self.effective_dimension, self.outputs);
        let verdict = match used < words::FEW_DIRECTIONS * outputs as f64 {
            true => ": fewer outputs might do, or some have collapsed",
            false => "",
        };
        format!(
            "{:.0} of {outputs} embedding directions are used (effective dimension {used:.1}){verdict}.",
            used.round()
        )
    }

    fn jacobians(&self) -> String {
        let all: usize = self.ranks.iter().sum();
        let full = self.ranks.len().saturating_sub(1);
        let short = all - self.ranks.last().copied().unwrap_or(0);
        let share = short as f64 / all.max(1) as f64;
        let ranks = match short {
            0 => format!("Every Jacobian has full rank {full}"),
            _ => format!(
                "{:.0} % of the Jacobians lack a rank of {full}",
                100.0 * share
            ),
        };
        let weak = match share > words::OFTEN_SHORT {
            true => " (outputs are clipped, normalised or redundant there)",
            false => "",
        };
        let condition = match self.condition {
            None => "none of them can be inverted".to_owned(),
            Some([mean, most]) if mean >= words::ILL_CONDITIONED => format!(
                "condition number {mean:.0} on average, at most {most:.0}: ill-conditioned; train with \
                 the Jacobian regulariser, or with fewer outputs"
            ),
            Some([mean, most]) => {
                format!("condition number {mean:.1} on average, at most {most:.0}")
            }
        };
        format!("{ranks}{weak}; {condition}.")
    }
}

fn of_seeds(found: &SeedAgreement) -> String {
    let count = found.seeds.len();
    let embeddings = match found.embeddings {
        None => "An embedding is constant".to_owned(),
        Some([mean, least]) => {
            let verdict = match least >= words::SAME_EMBEDDING {
                true => "the same up to a linear map",
                false => "not the same up to a linear map",
            };
            format!(
                "Embeddings from {count} seeds agree at R² = {mean:.2} ({least:.2} at least): {verdict}"
            )
        }
    };
    let maps = match found.maps {
        None => "a map is constant".to_owned(),
        Some([mean, least]) => {
            let verdict = match least {
                _ if least >= words::STABLE => "stable",
                _ if least >= words::UNSTABLE => "trust what they share, by averaging them",
                _ => "unstable; train longer, with fewer outputs, or on more data",
            };
            format!(
                "maps from {count} seeds agree at r = {mean:.2} ({least:.2} at least): {verdict}"
            )
        }
    };
    format!("{embeddings}; {maps}.")
}

/// Goodness of fit over the last tenth of the curves.
fn last_bits(config: &Config, history: &History) -> Vec<f64> {
    let objectives = config.objectives();
    let contrastive = objectives.iter();
    let contrastive = contrastive.filter(|o| matches!(o.loss, LossConfig::InfoNce { .. }));
    let curves = history.align.iter().zip(&history.uniform);
    let bits = contrastive.zip(curves).map(|(_, (align, uniform))| {
        let last = align.len() - align.len() / 10 * 9;
        let losses = align.iter().zip(uniform).rev().take(last.max(1));
        let loss = losses.map(|(a, u)| a + u).sum::<f64>() / last.max(1) as f64;
        goodness_of_fit(loss, config.train.batch).ok()
    });
    bits.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Diagnostics {
        Diagnostics {
            bits: vec![3.214, 1.5],
            bits_held_out: true,
            label_r2: BTreeMap::from([("z2".to_owned(), 0.97)]),
            outputs: 6,
            effective_dimension: 3.6,
            ranks: vec![0, 0, 0, 0, 0, 10, 90],
            condition: Some([4.8, 59.0]),
            seeds: Some(SeedAgreement {
                seeds: vec![0, 1, 2],
                embeddings: Some([0.98, 0.97]),
                maps: Some([0.97, 0.95]),
            }),
        }
    }

    #[test]
    fn sentences_say_what_numbers_mean() {
        let words = example().sentences().join(" ");
        for part in [
            "3.21, 1.50 bits over chance, on samples held out.",
            "label z2 is a linear function of the embedding with R² = 0.97",
            "4 of 6 embedding directions are used (effective dimension 3.6).",
            "10 % of the Jacobians lack a rank of 6; condition number 4.8 on average, at most 59.",
            "Embeddings from 3 seeds agree at R² = 0.98",
            "maps from 3 seeds agree at r = 0.97 (0.95 at least): stable.",
        ] {
            assert!(words.contains(part), "no {part:?} in {words}");
        }
    }

    #[test]
    fn weaknesses_are_named() {
        let mut weak = example();
        weak.bits = vec![0.05, 2.0];
        weak.effective_dimension = 1.2;
        weak.ranks = vec![0, 0, 0, 0, 0, 80, 20];
        weak.condition = Some([300.0, 1e4]);
        weak.seeds.as_mut().unwrap().maps = Some([0.6, 0.3]);
        weak.seeds.as_mut().unwrap().embeddings = Some([0.8, 0.7]);
        let words = weak.sentences().join(" ");
        for part in [
            "hardly learned",
            "1 of 6 embedding directions are used (effective dimension 1.2): fewer outputs",
            "80 % of the Jacobians",
            "ill-conditioned",
            "not the same up to a linear map",
            "unstable",
        ] {
            assert!(words.contains(part), "no {part:?} in {words}");
        }
    }

    #[test]
    fn they_survive_the_round_trip() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Diagnostics::load(folder.path()), None);
        example().save(folder.path()).unwrap();
        assert_eq!(Diagnostics::load(folder.path()), Some(example()));
    }
}
