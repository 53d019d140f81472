//! What is said of explanations that are not complete, and of those that fail.

use cdig::{CdigError, Rule};
use xcebra_model::ModelError;

use super::found::{One, Row, Scored};
use super::program::NoGradient;
use super::result::tolerance_met;
use super::{GradientSource, Subject, in_domain};

/// What to do about an error, in terms of the command line.
pub fn advice(error: &CdigError) -> Option<String> {
    let CdigError::NonFinitePath { position, .. } = error else {
        return None;
    };
    Some(match position {
        1.0 => "the model is singular at the signal itself, and no baseline helps; leave the signal out with \
                --signals, or export the model with a small constant added to what it divides by"
            .to_owned(),
        _ => "pass another signal as baseline, one that varies, with --baseline FILE:ARRAY; a model that divides \
              by the standard deviation of its input is singular at every constant one, zero and mean"
            .to_owned(),
    })
}

/// Whether the model was asked for a gradient that it does not have.
pub fn has_no_gradient(error: &CdigError) -> bool {
    let CdigError::Model(ModelError::Evaluation(cause)) = error else {
        return false;
    };
    cause.is::<NoGradient>()
}

/// Nodes that are named in a note, at most.
const NAMED: usize = 3;

/// Says so if the model's own gradient is asked for, and is 0 wherever it exists.
pub fn note_steps(subject: &Subject, gradient: GradientSource, notes: &mut Vec<String>) {
    let steps = &subject.steps;
    if steps.is_empty() || gradient != GradientSource::Model {
        return;
    }
    let named = steps[..steps.len().min(NAMED)].join(", ");
    let more = match steps.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    notes.push(format!(
        "the model has no gradient, because its output moves in steps after {named}{more}: take gradients from values \
         alone with --gradient differences or --gradient smoothing"
    ));
}

/// Residuals above this share of the change of the output are worth a note.
const NOTABLE: f64 = 0.01;

/// What is to be said of the sums; of several outputs, of the one of which there is most to say.
pub fn note_sums(rows: &[Row], rule: Rule, notes: &mut Vec<String>) {
    let mut all = Vec::new();
    for row in rows {
        let mut found = Vec::new();
        note_tolerance(&row.found, rule, &mut found);
        note_unchanged(&row.found, &mut found);
        if !found.is_empty() {
            all.push((&row.output, found));
        }
    }
    let concerned = all.len();
    // the first of equals
    let most = all.into_iter().rev().max_by_key(|(_, found)| found.len());
    let Some((output, found)) = most else { return };
    if rows.len() == 1 {
        return notes.extend(found);
    }
    let others = match concerned {
        1 => String::new(),
        2 => ", and 1 other".to_owned(),
        n => format!(", and {} others", n - 1),
    };
    notes.extend(
        found
            .into_iter()
            .map(|note| format!("output {output}{others}: {note}")),
    );
}

/// Says so if the adaptive rule did not reach its tolerance, if the model jumps, and if attributions do not add
/// up to the change of the output, whatever the rule.
fn note_tolerance(found: &[One], rule: Rule, notes: &mut Vec<String>) {
    let domains = found.first().map_or(0, |one| one.scored.len());
    let n = found.len();
    // of several domains, the one for which most signals are concerned
    let most = |concerned: &dyn Fn(&Scored) -> bool| -> Vec<&Scored> {
        let of = |domain| {
            let all = in_domain(found, domain);
            all.filter(|scored| concerned(scored)).collect::<Vec<_>>()
        };
        let all = (0..domains).map(of);
        all.max_by_key(Vec::len).unwrap_or_default()
    };
    let signals = |concerned: &[_]| match (concerned.len(), n) {
        (_, 1) => String::new(),
        (count, n) => format!(" for {count} of {n} signals"),
    };

    let jumps = |found: &Scored| found.jump_share() > 0.0;
    let jumping = most(&jumps);
    if !jumping.is_empty() {
        let share = largest(jumping.iter().map(|found| found.jump_share()));
        notes.push(format!(
            "the model jumps between baseline and signal{}: jumps amount to {} of the change of the output, and no \
             gradient sees them, so their share is in no attribution; explain an output before its threshold or \
             rounding, such as a score in place of a decision",
            signals(&jumping),
            percent(share, n)
        ));
    }
    let incomplete = most(&|found| found.relative_residual() > NOTABLE);
    if !incomplete.is_empty() {
        let share = largest(incomplete.iter().map(|found| found.relative_residual()));
        let mut note = format!(
            "the attributions{} do not add up to the change of the output: they miss it by {}",
            signals(&incomplete),
            percent(share, n)
        );
        if !matches!(rule, Rule::Adaptive { .. }) {
            note.push_str(
                "; --rule adaptive looks where the output changes, and says what it cannot find",
            );
        }
        notes.push(note);
    }
    let Rule::Adaptive { tolerance, budget } = rule else {
        return;
    };
    let missed = most(&|found| tolerance_met(found) == Some(false) && !jumps(found));
    if missed.is_empty() {
        return;
    }
    let spent = |found: &&Scored| {
        let convergence = found.all.attribution.convergence.as_ref();
        let points = convergence.map_or(0, |c| c.points);
        points >= budget
    };
    let advice = match missed.iter().any(spent) {
        true => format!(
            "allow more points, such as --rule adaptive:{tolerance:e}:{}",
            budget.saturating_mul(4)
        ),
        false => "more points would not help: the rest is rounding of the model's own arithmetic"
            .to_owned(),
    };
    notes.push(format!(
        "the tolerance was not met for {} of {n} signals; {advice}",
        missed.len()
    ));
}

/// Says why shares of the change of the output are missing, if some are.
fn note_unchanged(found: &[One], notes: &mut Vec<String>) {
    let missing = |s: &Scored| s.first_share.is_none() || relative_residual(s).is_none();
    let unchanged = found.iter().filter(|one| one.scored.iter().any(missing));
    let whose = match (unchanged.count(), found.len()) {
        (0, _) => return,
        (_, 1) => "the output is".to_owned(),
        (count, n) => format!("for {count} of {n} signals the output is"),
    };
    notes.push(format!(
        "{whose} the same at the signal and at the baseline: there is no change to explain, and shares of it that \
         cannot be computed (first_share, relative_residual) are null in the JSON"
    ));
}

/// The size of the residual relative to the change of the output; none if there is a residual and no change.
pub fn relative_residual(scored: &Scored) -> Option<f64> {
    let share = scored.relative_residual();
    (share != f64::INFINITY).then_some(share)
}

fn largest(shares: impl Iterator<Item = f64>) -> f64 {
    shares.fold(0.0, f64::max)
}

/// A share in words, the largest of `n`, of a change that may be 0.
fn percent(share: f64, n: usize) -> String {
    let most = if n == 1 { "" } else { "up to " };
    match 100.0 * share {
        percent if !percent.is_finite() => "more than all (there is no net change)".to_owned(),
        percent if percent < 10.0 => format!("{most}{percent:.1} %"),
        percent => format!("{most}{percent:.0} %"),
    }
}
