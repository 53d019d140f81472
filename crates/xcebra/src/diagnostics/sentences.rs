//! What diagnostics mean, in plain words.

use xcebra_attr::words;

use super::{Diagnostics, words as threshold};
use crate::retraining::SeedAgreement;

impl Diagnostics {
    /// Plain words, one sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let possible = self.possible_rank.unwrap_or(usize::MAX);
        let ranks = words::ranks(&self.ranks, possible, self.condition);
        let mut all = self.about_the_embedding();
        all.push(format!("{ranks}."));
        all.extend(self.seeds.as_ref().map(of_seeds));
        all
    }

    /// As [`sentences`](Self::sentences), subject by subject if there are several.
    pub fn sentences_of(subjects: &[Self]) -> Vec<String> {
        if let [one] = subjects {
            return one.sentences();
        }
        let of = |(subject, one): (usize, &Self)| {
            format!("Subject {subject}: {}", one.sentences().join(" "))
        };
        subjects.iter().enumerate().map(of).collect()
    }

    /// As [`sentences`](Self::sentences), but for ranks, where those of a map are told.
    pub fn sentences_without_ranks(&self) -> Vec<String> {
        let mut all = self.about_the_embedding();
        all.extend(self.seeds.as_ref().map(of_seeds));
        all
    }

    fn about_the_embedding(&self) -> Vec<String> {
        let mut all: Vec<String> = self.fit().into_iter().collect();
        for (name, found) in &self.label_r2 {
            let on = on_both(
                &format!("R² = {:.2}", found.training),
                found.held_out.map(|r2| format!("{r2:.2}")),
            );
            all.push(format!(
                "The label {name} is a linear function of the embedding with {on}."
            ));
        }
        for (name, [mean, least]) in &self.other_subjects {
            let verdict = match *least >= threshold::SAME_BASIS {
                true => "the subjects have one basis",
                false => {
                    "the subjects do not share a basis, and their dimensions mean different things"
                }
            };
            all.push(format!(
                "The same linear map reads {name} from the embeddings of the other subjects with R² = \
                 {mean:.2} ({least:.2} at least): {verdict}."
            ));
        }
        for (name, found) in &self.label_accuracy {
            let share = |share: f64| format!("{:.0} %", 100.0 * share);
            let of = |share: String| format!("in {share} of");
            let on = match found.held_out {
                Some(held_out) => format!(
                    "{} the samples of the training and {} samples held out",
                    of(share(found.training)),
                    of(share(held_out))
                ),
                None => format!(
                    "{} the samples of the training (none were held out)",
                    of(share(found.training))
                ),
            };
            all.push(format!(
                "A linear readout reads the class of {name} from the embedding {on}; always naming the \
                 most frequent class is right in {}.",
                share(found.chance)
            ));
        }
        all.push(format!(
            "{}.",
            words::directions(self.effective_dimension, self.outputs)
        ));
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
        let most = self.bits.iter().copied().fold(least, f64::max);
        let verdict = match self.possible_bits {
            Some(possible) if most > possible => format!(
                ": more than the {possible:.1} bits that this many samples can give, which means nothing; \
                 take a larger train.batch, or an encoder with a limit"
            ),
            _ if least < threshold::HARDLY_LEARNED => {
                ": an objective has hardly learned anything; its dimensions mean nothing".to_owned()
            }
            _ => String::new(),
        };
        let bits = bits.join(", ");
        Some(format!(
            "Goodness of fit{of}: {bits} bits over chance, {on}{verdict}."
        ))
    }
}

fn of_seeds(found: &SeedAgreement) -> String {
    let count = found.seeds.len();
    let embeddings = match found.embeddings {
        None => "An embedding is constant".to_owned(),
        Some([mean, least]) => {
            let verdict = match least >= threshold::SAME_EMBEDDING {
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
                _ if least >= threshold::STABLE => "stable",
                _ if least >= threshold::UNSTABLE => "trust what they share, by averaging them",
                _ => "unstable; train longer, with fewer outputs, or on more data",
            };
            format!(
                "maps from {count} seeds agree at r = {mean:.2} ({least:.2} at least): {verdict}"
            )
        }
    };
    format!("{embeddings}; {maps}.")
}

/// A number on the samples of the training, and on those held out.
fn on_both(training: &str, held_out: Option<String>) -> String {
    match held_out {
        Some(held_out) => {
            format!("{training} on the samples of the training and {held_out} on samples held out")
        }
        None => format!("{training} on the samples of the training (none were held out)"),
    }
}
