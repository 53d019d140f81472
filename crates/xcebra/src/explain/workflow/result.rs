//! What an explanation found, as arrays, in words, and as pictures.

use std::ops::Range;
use std::path::Path;

use cdig::Rule;
use ndarray::{Array1, ArrayD, Axis, stack};
use xcebra_files::NpzOutput;
use xcebra_numeric::decimals;

use super::output::{FrequencyUnit, OutputSpec};
use super::work::{One, Scored};
use super::{in_domain, page, summary};
use crate::Result;
use crate::answer::Answer;
use crate::explain::{Bands, Built, OrderCurves, Signals, axis_arrays, percent};
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
    /// One entry for each signal.
    pub(super) found: Vec<One>,
    /// Domains from the first in rank on.
    pub(super) order: Vec<usize>,
    pub(super) output: OutputSpec,
    pub(super) rule: Rule,
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
/// The share of the change from which on one coefficient dominates.
const DOMINATES: f64 = 0.5;
/// How many times the change the absolute attribution is from which on it is worth a word.
const OPPOSED: f64 = 2.0;

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

    /// What was found for each signal in the domain of a rank: 0 is the first.
    pub fn attributions(&self, rank: usize) -> impl Iterator<Item = &cdig::Attribution<f64>> {
        let domain = self.order.get(rank).copied();
        let all = self.found.iter();
        all.filter_map(move |one| Some(&one.scored.get(domain?)?.found))
    }

    /// Writes the arrays to an `.npz` file.
    ///
    /// # Errors
    /// [`Kind::File`](xcebra_model::Kind::File).
    pub fn write(&self, path: &Path) -> Result<()> {
        Ok(self.arrays(path)?.commit()?)
    }

    /// Writes the arrays beside an `.npz` file, which appears when they are committed.
    ///
    /// # Errors
    /// [`Kind::File`](xcebra_model::Kind::File).
    pub fn arrays(&self, path: &Path) -> Result<NpzOutput> {
        let mut output = NpzOutput::create(path)?;
        self.add_arrays(&mut output)?;
        Ok(output)
    }

    fn add_arrays(&self, output: &mut NpzOutput) -> Result<()> {
        for (i, built) in self.domains.iter().enumerate() {
            let prefix = match self.domains.len() {
                1 => String::new(),
                _ => format!("{}_", identifier(&built.name)),
            };
            output.add(&format!("{prefix}attribution"), &self.attribution(i))?;
            let mut add =
                |name: &str, array: ArrayD<f64>| output.add(&format!("{prefix}{name}"), &array);
            let (unit, factor) = self.unit.factor();
            let mut add_hz = |name: &str, array: ArrayD<f64>| -> Result<()> {
                // in Hz whatever the unit of words, so that programs need not ask
                if let (Some(stem), true) = (name.strip_suffix("_hz"), unit != "Hz") {
                    add(&format!("{stem}_{unit}"), &array * factor)?;
                }
                Ok(add(name, array)?)
            };
            for (name, array) in axis_arrays(&built.axes) {
                add_hz(&name, array)?;
            }
            if let Some(bands) = built.bands.as_ref().and_then(named) {
                let edge = |edge: fn(&Range<f64>) -> f64| {
                    let limits = bands.bands.iter().filter_map(|band| band.limits.as_ref());
                    Array1::from_iter(limits.map(edge)).into_dyn()
                };
                // no spectrum reaches further
                let most = self.sampling_rate.unwrap_or(1.0) / 2.0;
                add_hz("band_low_hz", edge(|limits| limits.start))?;
                add_hz(
                    "band_high_hz",
                    edge(|limits| limits.end).mapv(|f| f.min(most.max(0.0))),
                )?;
                let leading = usize::from(!self.signals.single);
                let sums = bands.sums(&self.attribution(i), leading);
                output.add(&format!("{prefix}band_attribution"), &sums)?;
            }
            let residuals: Array1<f64> = in_domain(&self.found, i)
                .map(|s| s.found.residual[0])
                .collect();
            output.add(&format!("{prefix}residual"), &residuals)?;
            let coefficients = self.stacked(|one| one.scored[i].found.coefficients.view());
            output.add(&format!("{prefix}coefficients"), &coefficients)?;
        }
        let first = |value: fn(&Scored) -> f64| -> Array1<f64> {
            in_domain(&self.found, 0).map(value).collect()
        };
        output.add("value", &first(|s| s.found.value[0]))?;
        output.add("baseline_value", &first(|s| s.found.baseline_value[0]))?;
        if let Some(starts) = &self.signals.starts {
            output.add(
                "first_sample",
                &starts.iter().map(|&s| s as i64).collect::<Array1<i64>>(),
            )?;
        }
        Ok(())
    }

    /// The pictures by the headings that they stand under.
    pub fn pictures(&self) -> Vec<(String, Vec<Picture>)> {
        page::pictures(self)
    }

    /// The report.
    pub fn report(&self) -> Report {
        page::page(self, self.pictures())
    }

    /// Attribution of a domain, with a leading axis for a batch.
    fn attribution(&self, domain: usize) -> ArrayD<f64> {
        self.stacked(|one| one.scored[domain].found.attribution.index_axis(Axis(0), 0))
    }

    fn stacked<T: Clone>(&self, part: impl Fn(&One) -> ndarray::ArrayViewD<'_, T>) -> ArrayD<T> {
        let all: Vec<_> = self.found.iter().map(part).collect();
        match (all.as_slice(), self.signals.single) {
            ([only], true) => only.to_owned(),
            (all, _) => stack(Axis(0), all).expect("one shape"),
        }
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

    fn text(&self, out: Option<&Path>) -> String {
        let n = self.found.len();
        let signals = if n == 1 {
            "1 signal".to_owned()
        } else {
            format!("{n} signals")
        };
        let out = out
            .map(|out| format!("{}: ", out.display()))
            .unwrap_or_default();
        let mut text = format!("{out}{signals} explained in {:.1} s", self.seconds);
        for (i, scored) in in_domain(&self.found, 0).enumerate().take(TOLD) {
            let name = if n == 1 {
                "output".to_owned()
            } else {
                format!("signal {i}: output")
            };
            text.push_str(&format!(
                "\n{name} {} is {}, at the baseline {}",
                self.output,
                short(scored.found.value[0]),
                short(scored.found.baseline_value[0])
            ));
        }
        if n > TOLD {
            text.push_str(&format!("\n… and {} more", n - TOLD));
        }
        text.push_str(&format!("\n{}", self.signals.reading));
        if self.order.len() > 1 {
            text.push_str(
                "\ndomains by decreasing Gini coefficient of absolute attribution, which does not depend on the \
                 number of coefficients",
            );
        }
        for &domain in &self.order {
            let built = &self.domains[domain];
            text.push_str(&format!("\n{}: {}", built.name, self.summary(domain)));
            for line in summary::lines(self, domain, TOLD) {
                text.push_str(&format!("\n{line}"));
            }
        }
        text
    }

    /// How well it went in a domain, in words.
    pub fn summary(&self, domain: usize) -> String {
        let built = &self.domains[domain];
        let shape = built.domain.coefficient_shape();
        let largest = in_domain(&self.found, domain)
            .map(|s| s.found.residual[0].abs())
            .fold(0.0, f64::max);
        let evaluations: usize = in_domain(&self.found, domain)
            .map(|s| s.found.evaluations.gradients)
            .sum();
        let met = in_domain(&self.found, domain)
            .filter(|s| tolerance_met(s) == Some(true))
            .count();
        let tolerance = match in_domain(&self.found, domain)
            .next()
            .and_then(tolerance_met)
        {
            None => String::new(),
            Some(_) if met == self.found.len() => ", tolerance met".to_owned(),
            Some(_) if met == 0 => ", tolerance not met".to_owned(),
            Some(_) => format!(", tolerance met for {met} of {}", self.found.len()),
        };
        let carriers: usize = in_domain(&self.found, domain)
            .map(|s| s.concentration.carriers)
            .sum();
        let carriers = carriers as f64 / self.found.len().max(1) as f64;
        let total =
            |value: fn(&Scored) -> f64| -> f64 { in_domain(&self.found, domain).map(value).sum() };
        let n = self.found.len();
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
        let change = total(|s| (s.found.value[0] - s.found.baseline_value[0]).abs());
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

    /// How many signals have curves: those whose output changes.
    pub fn curved(&self, domain: usize) -> usize {
        in_domain(&self.found, domain)
            .filter(|s| s.curves.is_some())
            .count()
    }

    /// The mean of the curves of all signals that have some.
    pub fn mean_curves(&self, domain: usize) -> Option<OrderCurves> {
        let all: Vec<OrderCurves> = in_domain(&self.found, domain)
            .filter_map(|s| s.curves.clone())
            .collect();
        OrderCurves::mean(&all)
    }
}

/// Whether the adaptive rule met its tolerance; none for rules that have none.
pub fn tolerance_met(scored: &Scored) -> Option<bool> {
    scored
        .found
        .convergence
        .as_ref()
        .map(|convergence| convergence.tolerance_met)
}

/// The bands without what is in none of them, if there are some.
fn named(bands: &Bands) -> Option<Bands> {
    let mut bands = bands.clone();
    bands.bands.retain(|band| band.limits.is_some());
    (!bands.bands.is_empty()).then_some(bands)
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
