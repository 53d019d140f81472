//! What an explanation found, as arrays, in words, and as pictures.

use std::path::Path;

use cdig::Rule;
use xcebra_numeric::decimals;

use super::found::{Row, Scored};
use super::groups::Groups;
use super::output::FrequencyUnit;
use super::page;
use crate::Result;
use crate::answer::Answer;
use crate::explain::{Built, Signals};
use crate::report::{Picture, Report};

/// What carries the output of a model, for one signal or several, in one domain or several.
pub struct Explanation {
    /// The model, for messages.
    pub(super) model: String,
    /// Where the signals came from.
    pub(super) input: String,
    /// The baseline in words.
    pub(super) baseline: String,
    /// Shape of one signal.
    pub(super) signal_shape: Vec<usize>,
    /// The signals.
    pub(super) signals: Signals,
    /// The domains in the order in which they were asked for.
    pub(super) domains: Vec<Built>,
    /// One entry for each explained output.
    pub(super) rows: Vec<Row>,
    /// Domains from the first in rank on.
    pub(super) order: Vec<usize>,
    /// The outputs, if several were asked for.
    pub(super) outputs: Option<Vec<usize>>,
    /// The output of each signal, if the one that is largest for it was asked for.
    pub(super) predicted: Option<Vec<usize>>,
    /// How signals are put into groups, if they are.
    pub(super) groups: Option<Groups>,
    /// How many baselines attributions are means over.
    pub(super) baselines: usize,
    pub(super) rule: Rule,
    /// Where gradients came from, in words.
    pub(super) gradient: String,
    /// Whether the model computed in single precision.
    pub(super) single: bool,
    pub(super) unit: FrequencyUnit,
    pub(super) time_axis: usize,
    /// Samples a second, if they are known.
    pub(super) sampling_rate: Option<f64>,
    pub(super) seconds: f64,
    /// What was assumed, chosen, left out or missed, a sentence each.
    pub(super) notes: Vec<String>,
}

/// Coefficients that are told in words.
pub const TOLD: usize = 5;

impl Explanation {
    /// The names of the domains, from the first in rank on.
    pub fn domains(&self) -> impl Iterator<Item = String> {
        self.order
            .iter()
            .map(|&domain| self.domains[domain].name.clone())
    }

    /// What was assumed, chosen, left out or missed, a sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What was found for each signal in the domain of a rank: 0 is the first. Several outputs are along the
    /// first axis of each attribution.
    pub fn attributions(&self, rank: usize) -> impl Iterator<Item = &cdig::Attribution<f64>> {
        let domain = self.order.get(rank).copied();
        let all = self.rows.iter().take(1).flat_map(|row| &row.found);
        all.filter_map(move |one| Some(&one.scored.get(domain?)?.all.attribution))
    }

    /// The groups of the signals, if they were asked for: a name, and the signals in it.
    pub fn groups(&self) -> impl Iterator<Item = (&str, Vec<usize>)> {
        let groups = self.groups.iter();
        groups.flat_map(|groups| {
            let names = groups.names.iter().enumerate();
            names.map(|(g, name)| (name.as_str(), groups.members(g)))
        })
    }

    /// The pictures by the headings that they stand under.
    pub fn pictures(&self) -> Vec<(String, Vec<Picture>)> {
        page::pictures(self)
    }

    /// The report.
    pub fn report(&self) -> Report {
        page::page(self, self.pictures())
    }

    /// The answer, for a reader and for a program; `out` is the file that the arrays were written to.
    ///
    /// # Errors
    /// [`Kind::Numeric`](xcebra_model::Kind::Numeric) if a number of it is not finite.
    pub fn answer(&self, out: Option<&Path>) -> Result<Answer> {
        Ok(Answer {
            text: self.text(out),
            json: self.json(out)?,
        })
    }
}

/// Whether the adaptive rule met its tolerance; none for rules that have none.
pub fn tolerance_met(scored: &Scored) -> Option<bool> {
    let convergence = scored.all.attribution.convergence.as_ref();
    convergence.map(|convergence| convergence.tolerance_met)
}

/// A name that can be a field in most languages.
pub fn identifier(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_alphanumeric() { c } else { '_' })
        .collect()
}

/// A number for a reader.
pub fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if (1e-3..1e6).contains(&size) => {
            // not trimmed, so that the numbers of a column are aligned
            let digits = decimals(size, 4).min(6);
            format!("{value:.digits$}")
        }
        _ => format!("{value:.3e}"),
    }
}

/// A residual: its size says it all.
pub fn residual(value: f64) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else {
        format!("{value:.1e}")
    }
}

/// A number of things, perhaps a mean.
pub fn count(value: f64) -> String {
    if value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}
