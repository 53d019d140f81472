//! By what a training is judged: what of its objectives, on samples that it did not see.

use xcebra_core::{Config, LossConfig, ObjectiveConfig, Validation};

use crate::{Problem, Result, Shuffle};

/// The part of a validation that counts. Of all of them, more is better.
pub enum Judged {
    /// The goodness of fit of some contrastive objectives, by their numbers among the contrastive ones, and the labels
    /// they use.
    Bits {
        objectives: Vec<usize>,
        labels: Vec<String>,
    },
    /// The loss, with the sign changed, and the labels.
    Loss { labels: Vec<String> },
}

impl Judged {
    /// What trainings with the given settings are judged by: the objectives with a label, or all if there is none.
    pub fn of(config: &Config, shuffle: Shuffle) -> Result<Self> {
        let all = config.objectives();
        let labelled = |o: &ObjectiveConfig| !o.loss.labels().is_empty();
        let with_labels = all.iter().any(labelled);
        if shuffle == Shuffle::Labels && !with_labels {
            return Err(Problem::setting(
                "no objective uses a label, so there are no labels to shuffle",
                "shuffle the channels instead, or add an objective with a label",
            ));
        }
        let counts = |o: &ObjectiveConfig| !with_labels || labelled(o);
        let contrastive = |o: &ObjectiveConfig| matches!(o.loss, LossConfig::InfoNce { .. });
        let mut labels = Vec::new();
        for objective in &all {
            for label in objective.loss.labels() {
                if !labels.contains(&label.name.to_owned()) {
                    labels.push(label.name.to_owned());
                }
            }
        }
        if all.iter().any(|o| counts(o) && !contrastive(o)) {
            return Ok(Self::Loss { labels });
        }
        let numbered = all.iter().filter(|o| contrastive(o)).enumerate();
        let objectives = numbered.filter(|(_, o)| counts(o)).map(|(k, _)| k);
        Ok(Self::Bits {
            objectives: objectives.collect(),
            labels,
        })
    }

    /// Whether labels count.
    pub fn has_labels(&self) -> bool {
        let (Self::Bits { labels, .. } | Self::Loss { labels }) = self;
        !labels.is_empty()
    }

    /// The score of a training.
    pub fn score(&self, validation: &Validation) -> Result<f64> {
        Ok(match self {
            Self::Bits { objectives, .. } => objectives.iter().map(|&k| validation.bits[k]).sum(),
            Self::Loss { .. } => -validation.loss,
        })
    }

    /// What the score is measured in.
    pub fn unit(&self) -> &'static str {
        match self {
            Self::Bits { .. } => "bits",
            Self::Loss { .. } => "loss",
        }
    }

    /// What counts.
    pub fn in_words(&self) -> String {
        match self {
            Self::Bits { labels, .. } if labels.is_empty() => {
                "its goodness of fit on what was held out".to_owned()
            }
            Self::Bits { labels, .. } => format!(
                "its goodness of fit to {} on what was held out",
                labels.join(" and ")
            ),
            Self::Loss { .. } => "its loss on what was held out".to_owned(),
        }
    }
}
