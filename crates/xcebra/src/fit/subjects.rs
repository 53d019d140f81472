//! Which sessions are of one subject.

use std::collections::BTreeMap;

use xcebra_core::{History, Recording};
use xcebra_files::Table;

use super::data::Data;
use super::figures;
use super::fit_file::SubjectsBy;
use super::labels::Label;
use crate::channels::sorted;
use crate::diagnostics::basis::{self, Spread};
use crate::diagnostics::words::SAME_BASIS;
use crate::report::Picture;
use crate::{Channels, Diagnostics, Problem, Result, Run};

/// What was recorded in sessions with the same channels, such as an animal: it has an encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// Names and scales of its channels, from all its sessions.
    pub channels: Channels,
    /// Its sessions, by their numbers.
    pub sessions: Vec<usize>,
}

/// The subject of each session, counted from 0 in the order in which they first appear.
///
/// # Errors
/// [`Problem`] if two sessions have channels of the same names in another order, which is more likely a
/// mistake than another subject.
pub fn subjects_of(sessions: &[Table], by: SubjectsBy) -> Result<Vec<usize>> {
    if by == SubjectsBy::Sessions {
        return Ok((0..sessions.len()).collect());
    }
    let mut first: Vec<&Table> = Vec::new();
    let mut subjects = Vec::new();
    for session in sessions {
        let known = first
            .iter()
            .position(|one| one.channels == session.channels);
        if known.is_none()
            && let Some(other) = first
                .iter()
                .find(|one| sorted(&one.channels) == sorted(&session.channels))
        {
            return Err(Problem::data(
                format!(
                    "{} has the channels {}, and {} has the same in another order ({})",
                    session.place,
                    session.channels.join(","),
                    other.place,
                    other.channels.join(","),
                ),
                "save the channels in one order, or set data.subjects = \"sessions\" if each session is \
                 of another subject",
            ));
        }
        subjects.push(known.unwrap_or(first.len()));
        if known.is_none() {
            first.push(session);
        }
    }
    Ok(subjects)
}

/// What the encoder of each subject is like, and whether they have one basis.
pub fn diagnose(
    runs: &[Run],
    recording: &Recording<f32>,
    history: &History,
) -> Result<Vec<Diagnostics>> {
    let (mut all, mut spreads) = (Vec::new(), Vec::new());
    for (subject, run) in runs.iter().enumerate() {
        let (config, own) = (run.settings.config(), recording.subject(subject));
        all.push(Diagnostics::of(&run.encoder, &config, &own, history)?);
        if runs.len() > 1 {
            spreads.push(Spread::of(&run.encoder, &own, &config)?);
        }
    }
    for (subject, own) in spreads.iter().enumerate() {
        let others = spreads
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != subject);
        let others: Vec<&Spread> = others.map(|(_, spread)| spread).collect();
        all[subject].other_subjects = basis::reads(own, &others);
    }
    Ok(all)
}

/// How well the linear maps of earlier subjects read each label from the last one: R², mean and least.
pub fn basis(runs: &[Run], recording: &Recording<f32>) -> Result<BTreeMap<String, [f64; 2]>> {
    let spread = |(subject, run): (usize, &Run)| {
        Spread::of(
            &run.encoder,
            &recording.subject(subject),
            &run.settings.config(),
        )
    };
    let spreads: Vec<Spread> = runs
        .iter()
        .enumerate()
        .map(spread)
        .collect::<Result<_, _>>()?;
    let Some((new, earlier)) = spreads.split_last() else {
        return Ok(BTreeMap::new());
    };
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for own in earlier {
        for (label, [r2, _]) in basis::reads(own, &[new]) {
            all.entry(label).or_default().push(r2);
        }
    }
    let summary = |found: Vec<f64>| {
        let least = found.iter().copied().fold(f64::INFINITY, f64::min);
        [found.iter().sum::<f64>() / found.len() as f64, least]
    };
    Ok(all
        .into_iter()
        .map(|(label, found)| (label, summary(found)))
        .collect())
}

/// Whether the basis of earlier subjects held for a new one, in words.
pub fn basis_in_words(basis: &BTreeMap<String, [f64; 2]>) -> Vec<String> {
    if basis.is_empty() {
        return vec![
            "There is no numeric label to compare by, so it is unknown whether the basis held for the new \
             subject."
                .to_owned(),
        ];
    }
    let sentence = |(label, [mean, least]): (&String, &[f64; 2])| {
        let found = format!("R² = {mean:.2} ({least:.2} at least)");
        match *least >= SAME_BASIS {
            true => format!(
                "The basis held: the linear maps of the earlier subjects read {label} from the new one with \
                 {found}."
            ),
            false => format!(
                "The basis did not hold: the linear maps of the earlier subjects read {label} from the new one \
                 with {found}. Train longer, on more data, or with an objective that uses {label}."
            ),
        }
    };
    basis.iter().map(sentence).collect()
}

/// Pictures of the embeddings of all subjects.
pub fn pictures(runs: &[Run], data: &Data) -> Result<Vec<Picture>> {
    if let [run] = runs {
        return figures::embedding(run, &data.recording, &data.labels, None);
    }
    let mut all = Vec::new();
    for (subject, run) in runs.iter().enumerate() {
        let own = data.recording.subject(subject);
        let mut labels = Vec::new();
        for label in &data.labels {
            labels.push(Label {
                values: own.shared_label(&label.name)?,
                ..label.clone()
            });
        }
        all.extend(figures::embedding(run, &own, &labels, Some(subject))?);
    }
    Ok(all)
}

/// Subjects of the given channels in words: `40 channels`, or `40 and 45 channels`.
pub fn channels_in_words(counts: &[usize]) -> String {
    let counts: Vec<String> = counts.iter().map(usize::to_string).collect();
    let all = match counts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    };
    format!("{all} channels")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_on_the_basis_is_that_of_its_least() {
        let say = |least: f64| {
            let basis = BTreeMap::from([("z".to_owned(), [0.95, least])]);
            basis_in_words(&basis).remove(0)
        };
        let (held, lost) = (say(SAME_BASIS), say(SAME_BASIS - 0.01));
        assert!(held.starts_with("The basis held: "), "{held}");
        assert!(lost.starts_with("The basis did not hold: "), "{lost}");
        assert!(lost.contains("R² = 0.95 (0.89 at least)"), "{lost}");
        let unknown = basis_in_words(&BTreeMap::new()).remove(0);
        assert!(unknown.contains("it is unknown whether"), "{unknown}");
    }
}
