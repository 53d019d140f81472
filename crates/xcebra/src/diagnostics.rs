//! Can a trained encoder be trusted? Goodness of fit, ranks, dimensions and seeds, in plain words.
//!
//! `xcebra fit` keeps them in `diagnostics.json` of the model's folder. Words come from numbers by the
//! thresholds of [`words`], and nowhere else.

pub(crate) mod basis;
mod bits;
mod finite;
mod readout;
mod sentences;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ndarray::Axis;
use serde::{Deserialize, Serialize};
use xcebra_attr::diagnostics::diagnose;
use xcebra_attr::{AttrError, Options};
use xcebra_core::ops::Head;
use xcebra_core::{Config, Encoder, History, Labels, Recording};

use crate::files::{FileError, write_file};
use readout::Parts;
pub use readout::{LabelAccuracy, LabelR2};

use crate::retraining::{Probe, RetrainError, SeedAgreement};
use crate::sessions::file_of;

/// Name of their file.
pub const DIAGNOSTICS: &str = "diagnostics.json";

/// Samples they are measured over.
const SAMPLES: usize = 4000;

/// From which numbers on which words are used.
pub mod words {
    pub use xcebra_attr::words::{FEW_DIRECTIONS, ILL_CONDITIONED, OFTEN_SHORT};

    /// Below this many bits over chance an objective has learned next to nothing.
    pub const HARDLY_LEARNED: f64 = 0.1;
    /// From this correlation of the least alike maps on, maps of several seeds are stable.
    pub const STABLE: f64 = 0.9;
    /// Below this correlation they are unstable.
    pub const UNSTABLE: f64 = 0.5;
    /// From this R² of the least alike embeddings on, embeddings of several seeds are the same.
    pub const SAME_EMBEDDING: f64 = 0.9;
    /// From this R² on, with which a linear map of one subject reads a label from another, subjects have one basis.
    pub const SAME_BASIS: f64 = 0.9;
}

/// What a trained encoder is like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diagnostics {
    /// Goodness of fit of each contrastive objective, bits over chance.
    pub bits: Vec<f64>,
    /// Whether they were measured on samples that the training has not seen; otherwise at its end.
    pub bits_held_out: bool,
    /// The loss on samples that the training has not seen, of the parameters that it ended with; none if there
    /// were no such samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_held_out: Option<f64>,
    /// The most bits that this many samples can give; none in files of earlier versions.
    #[serde(default)]
    pub possible_bits: Option<f64>,
    /// For each label of real numbers, how well a linear map reads it from the embedding.
    pub label_r2: BTreeMap<String, LabelR2>,
    /// For each label of classes, how well a linear readout of the embedding names them.
    #[serde(default)]
    pub label_accuracy: BTreeMap<String, LabelAccuracy>,
    /// Embedding dimensions.
    pub outputs: usize,
    /// Participation ratio of the embedding: in about how many directions it varies.
    pub effective_dimension: f64,
    /// Number of Jacobians of rank 0, 1, ….
    pub ranks: Vec<usize>,
    /// The largest rank that the outputs allow: one less than there are if they are normalised.
    #[serde(default)]
    pub possible_rank: Option<usize>,
    /// Condition number of the Jacobians, geometric mean and largest; `None` if all are zero.
    pub condition: Option<[f64; 2]>,
    /// How alike trainings from several seeds are, if there were any.
    pub seeds: Option<SeedAgreement>,
    /// For each label of real numbers, how well the linear map that reads it from this embedding reads it from
    /// those of the other subjects: R², mean and least. Empty if there is one subject.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_subjects: BTreeMap<String, [f64; 2]>,
}

impl Diagnostics {
    /// Looks at an encoder that was trained with `config` on `recording`.
    ///
    /// # Errors
    /// [`RetrainError::Attribution`] if its Jacobians, or what is measured, are not finite; [`RetrainError::Unfit`] for a
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
        let parts = Parts::of(&probe, config, recording)?;
        let (mut label_r2, mut label_accuracy) = (BTreeMap::new(), BTreeMap::new());
        for (name, labels) in recording.labels() {
            match labels {
                Labels::Continuous(values) => {
                    // a label may be constant at these few moments
                    let values = values.select(Axis(0), probe.centers());
                    let found = readout::r2(&embedding, &values, &parts);
                    label_r2.extend(found.map(|found| (name.to_owned(), found)));
                }
                Labels::Discrete(classes) => {
                    let classes: Vec<i64> = probe.centers().iter().map(|&t| classes[t]).collect();
                    let found = readout::accuracy(&embedding, &classes, &parts);
                    label_accuracy.extend(found.map(|found| (name.to_owned(), found)));
                }
            }
        }
        let held_out = history.taken(config.validation.patience);
        let condition = found.jacobians.condition();
        let outputs = encoder.architecture().outputs();
        let normalised = encoder.architecture().head == Head::Normalize;
        let diagnostics = Self {
            bits: held_out.map_or_else(|| bits::last(config, history), |v| v.bits.clone()),
            bits_held_out: held_out.is_some(),
            loss_held_out: held_out.map(|validation| validation.loss),
            possible_bits: Some((parts.samples(held_out.is_some()) as f64).log2()),
            label_r2,
            label_accuracy,
            outputs,
            effective_dimension: found.embedding.participation_ratio,
            ranks: found.jacobians.rank_counts().to_vec(),
            possible_rank: Some(outputs - usize::from(normalised)),
            condition: condition.map(|c| [c.geometric_mean, c.max]),
            seeds: None,
            other_subjects: BTreeMap::new(),
        };
        diagnostics.ensure_finite().map_err(AttrError::from)?;
        Ok(diagnostics)
    }

    /// Reads them from a model's folder; `None` if there are none that can be read.
    pub fn load(folder: &Path) -> Option<Self> {
        Self::load_subject(folder, 0)
    }

    /// As [`load`](Self::load), of the encoder of a subject.
    pub fn load_subject(folder: &Path, subject: usize) -> Option<Self> {
        let text = fs::read_to_string(file_of(folder, DIAGNOSTICS, subject)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Writes them into a model's folder.
    ///
    /// # Errors
    /// [`FileError::NonFinite`]; [`FileError::Write`].
    pub fn save(&self, folder: &Path) -> Result<(), FileError> {
        self.save_subject(folder, 0)
    }

    /// As [`save`](Self::save), of the encoder of a subject.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub fn save_subject(&self, folder: &Path, subject: usize) -> Result<(), FileError> {
        self.ensure_finite()?;
        let text = serde_json::to_string_pretty(self).expect("plain numbers");
        let path = file_of(folder, DIAGNOSTICS, subject);
        write_file(&path, format!("{text}\n").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn example() -> Diagnostics {
        Diagnostics {
            bits: vec![3.214, 1.5],
            bits_held_out: true,
            loss_held_out: Some(2.5),
            possible_bits: Some(9.0),
            label_r2: BTreeMap::from([(
                "z2".to_owned(),
                LabelR2 {
                    training: 0.97,
                    held_out: Some(0.81),
                },
            )]),
            label_accuracy: BTreeMap::from([(
                "state".to_owned(),
                LabelAccuracy {
                    training: 0.95,
                    held_out: None,
                    chance: 0.4,
                },
            )]),
            outputs: 6,
            effective_dimension: 3.6,
            ranks: vec![0, 0, 0, 0, 0, 10, 90],
            possible_rank: Some(6),
            condition: Some([4.8, 59.0]),
            seeds: Some(SeedAgreement {
                seeds: vec![0, 1, 2],
                embeddings: Some([0.98, 0.97]),
                maps: Some([0.97, 0.95]),
            }),
            other_subjects: BTreeMap::new(),
        }
    }

    #[test]
    fn sentences_say_what_numbers_mean() {
        let words = example().sentences().join(" ");
        for part in [
            "3.21, 1.50 bits over chance, on samples held out.",
            "label z2 is a linear function of the embedding with R² = 0.97 on the samples of the training \
             and 0.81 on samples held out.",
            "reads the class of state from the embedding in 95 % of the samples of the training (none were \
             held out); always naming the most frequent class is right in 40 %.",
            "4 of 6 embedding directions are used (effective dimension 3.6).",
            "10 % of the Jacobians have rank below 6 (the lowest is 5); condition number 4.8 on average, at \
             most 59.0.",
            "Embeddings from 3 seeds agree at R² = 0.98",
            "maps from 3 seeds agree at r = 0.97 (0.95 at least): stable.",
        ] {
            assert!(words.contains(part), "no {part:?} in {words}");
        }
    }

    #[test]
    fn a_sphere_is_judged_by_what_it_allows_and_the_rank_stands_apart() {
        let mut sphere = example();
        (sphere.outputs, sphere.possible_rank) = (3, Some(2));
        sphere.ranks = vec![0, 0, 100, 0];
        let words = sphere.sentences().join(" ");
        assert!(
            words.contains("Every Jacobian has rank 2, the most"),
            "{words}"
        );
        let about = sphere.sentences_without_ranks().join(" ");
        assert!(
            !about.contains("Jacobian") && about.contains("directions"),
            "{about}"
        );
        // files of earlier versions do not say
        sphere.possible_rank = None;
        let words = sphere.sentences().join(" ");
        assert!(
            words.contains("100 % of the Jacobians have rank below 3"),
            "{words}"
        );
    }

    #[test]
    fn subjects_share_a_basis_or_do_not() {
        let mut one = example();
        assert!(!one.sentences().join(" ").contains("subjects"));
        for (least, part) in [(0.95, "one basis"), (0.4, "do not share a basis")] {
            one.other_subjects = BTreeMap::from([("z2".to_owned(), [0.97, least])]);
            let words = one.sentences().join(" ");
            assert!(words.contains(part), "no {part:?} in {words}");
        }
    }

    #[test]
    fn more_bits_than_there_are_is_said() {
        let mut wrong = example();
        wrong.bits = vec![3.0, 12.0];
        let words = wrong.sentences().join(" ");
        assert!(
            words.contains("more than the 9.0 bits that this many samples can give"),
            "{words}"
        );
        wrong.possible_bits = None;
        assert!(!wrong.sentences().join(" ").contains("more than"));
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
