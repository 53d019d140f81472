//! What an explanation found, in words.

use std::path::Path;

use super::found::Scored;
use super::in_domain;
use super::means::{Place, mean_over, mean_view};
use super::result::{Explanation, TOLD, count, residual, short, tolerance_met};
use super::summary;
use crate::explain::{OrderCurves, percent};

/// Outputs of which the strongest coefficients are told in words, and of which there is a line.
const OUTPUTS_TOLD: [usize; 2] = [5, 20];
/// Groups that are told in words, and their coefficients.
const GROUPS_TOLD: [usize; 2] = [10, 3];
/// The share of the change from which on one coefficient dominates.
const DOMINATES: f64 = 0.5;
/// How many times the change the absolute attribution is from which on it is worth a word.
const OPPOSED: f64 = 2.0;

impl Explanation {
    pub(super) fn text(&self, out: Option<&Path>) -> String {
        let n = self.signals.len();
        let signals = if n == 1 {
            "1 signal".to_owned()
        } else {
            format!("{n} signals")
        };
        let out = out
            .map(|out| format!("{}: ", out.display()))
            .unwrap_or_default();
        let mut text = format!("{out}{signals} explained in {:.1} s", self.seconds);
        match &self.rows[..] {
            [only] => self.values(&only.output, &mut text),
            rows => text.push_str(&format!("\n{} outputs, each for itself", rows.len())),
        }
        text.push_str(&format!("\n{}", self.signals.reading));
        if self.order.len() > 1 {
            text.push_str(
                "\ndomains by decreasing Gini coefficient of absolute attribution, which does not depend on the \
                 number of coefficients",
            );
        }
        for &domain in &self.order {
            match self.rows.len() {
                1 => self.one_output(Place { row: 0, domain }, &mut text),
                _ => self.several_outputs(domain, &mut text),
            }
        }
        text
    }

    /// The output of each signal, at it and at its baseline.
    fn values(&self, output: &str, text: &mut String) {
        let n = self.signals.len();
        for (i, scored) in in_domain(&self.rows[0].found, 0).enumerate().take(TOLD) {
            let name = if n == 1 {
                "output".to_owned()
            } else {
                format!("signal {i}: output")
            };
            let output = match &self.predicted {
                Some(each) => format!("{} (predicted)", each[i]),
                None => output.to_owned(),
            };
            text.push_str(&format!(
                "\n{name} {output} is {}, at the baseline {}",
                short(scored.value()),
                short(scored.baseline_value())
            ));
        }
        if n > TOLD {
            text.push_str(&format!("\n… and {} more", n - TOLD));
        }
    }

    fn one_output(&self, place: Place, text: &mut String) {
        let built = &self.domains[place.domain];
        text.push_str(&format!("\n{}: {}", built.name, self.summary(place)));
        for line in summary::lines(self, &mean_view(self, place), TOLD) {
            text.push_str(&format!("\n{line}"));
        }
        self.group_lines(place, text);
    }

    fn several_outputs(&self, domain: usize, text: &mut String) {
        let name = &self.domains[domain].name;
        let [whole, lines] = OUTPUTS_TOLD;
        for (row, of) in self.rows.iter().enumerate().take(lines) {
            let place = Place { row, domain };
            let view = mean_view(self, place);
            let mean = |value: fn(&Scored) -> f64| -> String {
                let all = in_domain(&of.found, domain).map(value);
                short(all.sum::<f64>() / of.found.len().max(1) as f64)
            };
            text.push_str(&format!(
                "\n{name}, output {}: {}, at the baseline {}",
                of.output,
                mean(Scored::value),
                mean(Scored::baseline_value)
            ));
            if self.rows.len() <= whole {
                text.push_str(&format!("; {}", self.summary(place)));
                for line in summary::lines(self, &view, TOLD) {
                    text.push_str(&format!("\n{line}"));
                }
                self.group_lines(place, text);
            } else if let Some(one) = view.strongest(1).pop() {
                text.push_str(&format!("; most from {}, {}", one.words, short(one.mean())));
            }
        }
        if self.rows.len() > lines {
            text.push_str(&format!("\n… and {} more outputs", self.rows.len() - lines));
        }
    }

    /// The strongest coefficients of each group of signals.
    fn group_lines(&self, place: Place, text: &mut String) {
        let Some(groups) = &self.groups else { return };
        let [most, coefficients] = GROUPS_TOLD;
        text.push_str(&format!("\ngroups by {}:", groups.what));
        for (g, name) in groups.names.iter().enumerate().take(most) {
            let members = groups.members(g);
            let signals = match members.len() {
                1 => "1 signal".to_owned(),
                n => format!("{n} signals"),
            };
            text.push_str(&format!("\n{name} ({signals})"));
            for line in summary::lines(self, &mean_over(self, place, &members), coefficients) {
                text.push_str(&format!("\n  {line}"));
            }
        }
        if groups.names.len() > most {
            text.push_str(&format!(
                "\n… and {} more groups",
                groups.names.len() - most
            ));
        }
    }

    /// How well it went in a domain, in words.
    pub(super) fn summary(&self, Place { row, domain }: Place) -> String {
        let built = &self.domains[domain];
        let found = &self.rows[row].found;
        let shape = built.domain.coefficient_shape();
        let largest = in_domain(found, domain)
            .map(|s| s.residual().abs())
            .fold(0.0, f64::max);
        let evaluations: usize = in_domain(found, domain)
            .map(|s| s.evaluations().gradients)
            .sum();
        let met = in_domain(found, domain)
            .filter(|s| tolerance_met(s) == Some(true))
            .count();
        let tolerance = match in_domain(found, domain).next().and_then(tolerance_met) {
            None => String::new(),
            Some(_) if met == found.len() => ", tolerance met".to_owned(),
            Some(_) if met == 0 => ", tolerance not met".to_owned(),
            Some(_) => format!(", tolerance met for {met} of {}", found.len()),
        };
        let carriers: usize = in_domain(found, domain)
            .map(|s| s.concentration.carriers)
            .sum();
        let carriers = carriers as f64 / found.len().max(1) as f64;
        let total =
            |value: fn(&Scored) -> f64| -> f64 { in_domain(found, domain).map(value).sum() };
        let n = found.len();
        let gini = total(|s| s.concentration.gini) / n.max(1) as f64;
        let all = shape.iter().product::<usize>();
        let verb = if carriers == 1.0 { "carries" } else { "carry" };
        let mut text = format!(
            "attribution {shape:?}, residual {}{tolerance}, {evaluations} gradients; ",
            residual(largest)
        );
        text += &match carriers {
            0.0 => "all attributions are 0".to_owned(),
            _ => format!(
                "{} of {all} coefficients {verb} 90 % of the absolute attribution, Gini {gini:.3}",
                count(carriers)
            ),
        };
        // of sums, in which signals that hardly change weigh little
        let change = total(|s| s.change().abs());
        if change > 0.0 {
            let first = total(Scored::first_towards_change) / change;
            if first >= DOMINATES {
                let (whose, mean) = match n {
                    1 => ("alone", ""),
                    _ => ("of each signal alone", " on average"),
                };
                let share = percent(first);
                text.push_str(&format!(
                    "; the first {whose} carries {share} of the change{mean}"
                ));
            }
            let opposed = total(|s| s.absolute) / change;
            if opposed >= OPPOSED {
                text.push_str(&format!(
                    "; positive and negative attributions are {} times the change together",
                    short(opposed)
                ));
            }
        }
        text
    }

    /// What was found in a domain for the first output, of which alone there are curves.
    fn in_domain(&self, domain: usize) -> impl Iterator<Item = &Scored> {
        let first = self.rows.iter().take(1);
        first.flat_map(move |row| in_domain(&row.found, domain))
    }

    /// How many signals have curves: those whose output changes.
    pub fn curved(&self, domain: usize) -> usize {
        self.in_domain(domain)
            .filter(|s| s.curves.is_some())
            .count()
    }

    /// The mean of the curves of all signals that have some.
    pub fn mean_curves(&self, domain: usize) -> Option<OrderCurves> {
        let all: Vec<OrderCurves> = self
            .in_domain(domain)
            .filter_map(|s| s.curves.clone())
            .collect();
        OrderCurves::mean(&all)
    }
}
