//! What is said of explanations that are not complete, and of those that fail.

use cdig::{Attribution, CdigError, Rule};

use super::in_domain;
use super::work::{One, Scored};

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

/// Residuals above this share of the change of the output are worth a note.
const NOTABLE: f64 = 0.01;

/// Says so if the adaptive rule did not reach its tolerance, if the model jumps, and if attributions do not add
/// up to the change of the output, whatever the rule.
pub fn note_tolerance(found: &[One], rule: Rule, notes: &mut Vec<String>) {
    let domains = found.first().map_or(0, |one| one.scored.len());
    let n = found.len();
    // of several domains, the one for which most signals are concerned
    let most = |concerned: &dyn Fn(&Attribution<f64>) -> bool| -> Vec<&Attribution<f64>> {
        let of = |domain| {
            let all = in_domain(found, domain).map(|scored| &scored.found);
            all.filter(|found| concerned(found)).collect::<Vec<_>>()
        };
        let all = (0..domains).map(of);
        all.max_by_key(Vec::len).unwrap_or_default()
    };
    let signals = |concerned: &[_]| match (concerned.len(), n) {
        (_, 1) => String::new(),
        (count, n) => format!(" for {count} of {n} signals"),
    };

    let jumps = |found: &Attribution<f64>| found.jump_share()[0] > 0.0;
    let jumping = most(&jumps);
    if !jumping.is_empty() {
        let share = largest(jumping.iter().map(|found| found.jump_share()[0]));
        notes.push(format!(
            "the model jumps between baseline and signal{}: jumps amount to {} of the change of the output, and no \
             gradient sees them, so their share is in no attribution; explain an output before its threshold or \
             rounding, such as a score in place of a decision",
            signals(&jumping),
            percent(share, n)
        ));
    }
    let incomplete = most(&|found| found.relative_residual()[0] > NOTABLE);
    if !incomplete.is_empty() {
        let share = largest(incomplete.iter().map(|found| found.relative_residual()[0]));
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
    let missed = most(&|found| {
        let met = found.convergence.as_ref().is_none_or(|c| c.tolerance_met);
        !met && !jumps(found)
    });
    if missed.is_empty() {
        return;
    }
    let spent = |found: &&Attribution<f64>| {
        let points = found.convergence.as_ref().map_or(0, |c| c.points);
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
pub fn note_unchanged(found: &[One], notes: &mut Vec<String>) {
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
    let share = scored.found.relative_residual()[0];
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
