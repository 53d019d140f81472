//! What `xcebra explain` writes and prints.

use ndarray::{Array1, ArrayD, Axis, stack};
use serde_json::{Map, Value, json};
use xcebra::explain::{Built, OrderCurves, axis_arrays, axis_names};
use xcebra::files::NpzOutput;
use xcebra::report::Picture;

use super::super::{Outcome, Result};
use super::work::{Job, One, Scored};
use super::{Explain, in_domain, page};

/// The results of a command.
pub struct Explained<'a> {
    pub command: &'a Explain,
    pub job: &'a Job<'a>,
    pub found: &'a [One],
    /// Domains from the first in rank on.
    pub order: &'a [usize],
    pub sampling_rate: Option<f64>,
    pub seconds: f64,
    pub notes: &'a [String],
}

/// Coefficients that are told in words.
const TOLD: usize = 5;

impl Explained<'_> {
    /// Writes all files: pictures, report, and last the arrays.
    pub fn write(&self) -> Result<()> {
        let mut output = NpzOutput::create(&self.command.out)?;
        for (i, built) in self.job.domains.iter().enumerate() {
            let prefix = match self.job.domains.len() {
                1 => String::new(),
                _ => format!("{}_", identifier(&built.spec.to_string())),
            };
            let mut add =
                |name: &str, array: ArrayD<f64>| output.add(&format!("{prefix}{name}"), &array);
            add("attribution", self.attribution(i))?;
            for (name, array) in axis_arrays(built, self.sampling_rate) {
                if name == "frequency_hz" && self.command.frequency_unit.factor().0 == "bpm" {
                    add("frequency_bpm", &array * 60.0)?;
                }
                add(&name, array)?;
            }
            let of_each = |found: &dyn Fn(&Scored) -> f64| -> ArrayD<f64> {
                Array1::from_iter(in_domain(self.found, i).map(found)).into_dyn()
            };
            add("residual", of_each(&|s| s.found.residual[0]))?;
            let coefficients = self.stacked(|one| one.scored[i].found.coefficients.view());
            output.add(&format!("{prefix}coefficients"), &coefficients)?;
        }
        let first = |value: fn(&Scored) -> f64| -> Array1<f64> {
            in_domain(self.found, 0).map(value).collect()
        };
        output.add("value", &first(|s| s.found.value[0]))?;
        output.add("baseline_value", &first(|s| s.found.baseline_value[0]))?;
        if let Some(starts) = &self.job.signals.starts {
            output.add(
                "first_sample",
                &starts.iter().map(|&s| s as i64).collect::<Array1<i64>>(),
            )?;
        }
        if self.command.report.is_some() || self.command.figures.is_some() {
            let pictures = page::pictures(self);
            if let Some(folder) = self.command.figures_folder()? {
                pictures
                    .iter()
                    .flat_map(|(_, pictures)| pictures)
                    .try_for_each(|p: &Picture| p.write(folder))?;
            }
            if let Some(path) = &self.command.report {
                page::page(self, pictures).write(path)?;
            }
        }
        Ok(output.commit()?)
    }

    /// Attribution of a domain, with a leading axis for a batch.
    fn attribution(&self, domain: usize) -> ArrayD<f64> {
        self.stacked(|one| one.scored[domain].found.attribution.index_axis(Axis(0), 0))
    }

    fn stacked<T: Clone>(&self, part: impl Fn(&One) -> ndarray::ArrayViewD<'_, T>) -> ArrayD<T> {
        let all: Vec<_> = self.found.iter().map(part).collect();
        match (all.as_slice(), self.job.signals.single) {
            ([only], true) => only.to_owned(),
            (all, _) => stack(Axis(0), all).expect("one shape"),
        }
    }

    pub fn outcome(&self) -> Outcome {
        Outcome {
            text: self.text(),
            json: self.json(),
        }
    }

    fn text(&self) -> String {
        let out = self.command.out.display();
        let n = self.found.len();
        let signals = if n == 1 {
            "1 signal".to_owned()
        } else {
            format!("{n} signals")
        };
        let mut text = format!("{out}: {signals} explained in {:.1} s", self.seconds);
        for (i, scored) in in_domain(self.found, 0).enumerate().take(TOLD) {
            let name = if n == 1 {
                "output".to_owned()
            } else {
                format!("signal {i}: output")
            };
            text.push_str(&format!(
                "\n{name} {} is {}, at the baseline {}",
                self.job.output,
                short(scored.found.value[0]),
                short(scored.found.baseline_value[0])
            ));
        }
        if n > TOLD {
            text.push_str(&format!("\n… and {} more", n - TOLD));
        }
        for &domain in self.order {
            let built = &self.job.domains[domain];
            text.push_str(&format!("\n{}: {}", built.spec, self.summary(domain)));
            let strongest = page::mean_view(self, domain).strongest(TOLD);
            for (word, value) in &strongest {
                text.push_str(&format!(
                    "\n  {:>12}  {}",
                    short(*value),
                    self.in_unit(word)
                ));
            }
        }
        text
    }

    /// How well it went in a domain, in words.
    pub fn summary(&self, domain: usize) -> String {
        let built = &self.job.domains[domain];
        let shape = built.domain.coefficient_shape();
        let largest = in_domain(self.found, domain)
            .map(|s| s.found.residual[0].abs())
            .fold(0.0, f64::max);
        let evaluations: usize = in_domain(self.found, domain)
            .map(|s| s.found.evaluations.gradients)
            .sum();
        let met = in_domain(self.found, domain)
            .filter(|s| tolerance_met(s) == Some(true))
            .count();
        let tolerance = match in_domain(self.found, domain).next().and_then(tolerance_met) {
            None => String::new(),
            Some(_) if met == self.found.len() => ", tolerance met".to_owned(),
            Some(_) if met == 0 => ", tolerance not met".to_owned(),
            Some(_) => format!(", tolerance met for {met} of {}", self.found.len()),
        };
        let carriers: usize = in_domain(self.found, domain)
            .map(|s| s.concentration.carriers)
            .sum();
        let carriers = carriers as f64 / self.found.len().max(1) as f64;
        format!(
            "attribution {shape:?}, residual {}{tolerance}, {evaluations} gradients; {} of {} coefficients carry 90 %",
            residual(largest),
            count(carriers),
            shape.iter().product::<usize>()
        )
    }

    /// A label in the unit that was asked for.
    pub fn in_unit(&self, word: &str) -> String {
        let (unit, factor) = self.command.frequency_unit.factor();
        let prefix = "frequency ";
        let Some(at) = word.find(prefix).filter(|_| unit != "Hz") else {
            return word.to_owned();
        };
        let rest = &word[at + prefix.len()..];
        let end = rest.find(" Hz").unwrap_or(0);
        match rest[..end].parse::<f64>() {
            Ok(hz) => format!(
                "{}{prefix}{} {unit}{}",
                &word[..at],
                short(hz * factor),
                &rest[end + 3..]
            ),
            Err(_) => word.to_owned(),
        }
    }

    fn json(&self) -> Value {
        let command = self.command;
        let mut object = Map::new();
        let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
        set("out", json!(command.out.display().to_string()));
        set("model", json!(command.model.display().to_string()));
        set("output", json!(self.job.output.to_string()));
        set("rule", json!(self.job.rule.to_string()));
        set("baseline", json!(command.baseline.to_string()));
        set("signals", json!(self.found.len()));
        set("signal_shape", json!(self.job.subject.shape()));
        set("time_axis", json!(self.job.time_axis));
        set("sampling_rate_hz", json!(self.sampling_rate));
        set("value", self.each(0, |s| json!(s.found.value[0])));
        set(
            "baseline_value",
            self.each(0, |s| json!(s.found.baseline_value[0])),
        );
        if let [domain] = self.order {
            for (name, value) in self.domain_json(*domain) {
                set(&name, value);
            }
        } else {
            let ranked = self.order.iter().enumerate().map(|(rank, &domain)| {
                let mut one = self.domain_json(domain);
                one.insert("rank".to_owned(), json!(rank + 1));
                Value::Object(one)
            });
            set("domains", ranked.collect());
        }
        set("seconds", json!(self.seconds));
        set("notes", json!(self.notes));
        Value::Object(object)
    }

    fn domain_json(&self, domain: usize) -> Map<String, Value> {
        let built = &self.job.domains[domain];
        let mut object = Map::new();
        let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
        set("domain", json!(built.spec.to_string()));
        set("coefficient_shape", json!(built.domain.coefficient_shape()));
        set(
            "residual",
            self.each(domain, |s| json!(s.found.residual[0])),
        );
        set(
            "relative_residual",
            self.each(domain, |s| json!(s.found.relative_residual()[0])),
        );
        set(
            "evaluations",
            self.each(domain, |s| json!(s.found.evaluations.gradients)),
        );
        set(
            "tolerance_met",
            self.each(domain, |s| json!(tolerance_met(s))),
        );
        set(
            "error_estimate",
            self.each(domain, |s| {
                json!(s.found.convergence.as_ref().map(|c| c.error_estimate[0]))
            }),
        );
        set(
            "jumps",
            self.each(domain, |s| {
                json!(s.found.convergence.as_ref().map(|c| c.jumps[0]))
            }),
        );
        set(
            "carriers",
            self.each(domain, |s| json!(s.concentration.carriers)),
        );
        set("gini", self.each(domain, |s| json!(s.concentration.gini)));
        if self.job.domains.len() > 1 {
            set(
                "deletion_area",
                self.each(domain, |s| json!(s.deletion_area)),
            );
        }
        if let Some(curves) = self.mean_curves(domain) {
            let area = |curve: &[f64]| json!(curves.area(curve));
            set(
                "faithfulness",
                json!({
                    "deletion_area": area(&curves.deletion),
                    "insertion_area": area(&curves.insertion),
                    "random_deletion_area": area(&curves.random_deletion),
                    "random_insertion_area": area(&curves.random_insertion),
                }),
            );
        }
        let strongest = page::mean_view(self, domain).strongest(TOLD);
        let strongest = strongest
            .iter()
            .map(|(word, value)| json!({ "coefficient": word, "attribution": value }));
        set("strongest", strongest.collect());
        let names: Map<String, Value> = short_names(built);
        if !names.is_empty() {
            set("names", Value::Object(names));
        }
        object
    }

    /// One value, or of a batch one a signal.
    fn each(&self, domain: usize, value: impl Fn(&Scored) -> Value) -> Value {
        let mut all: Vec<Value> = in_domain(self.found, domain).map(value).collect();
        match self.job.signals.single {
            true => all.remove(0),
            false => Value::Array(all),
        }
    }

    /// The mean of the curves of all signals that have some.
    pub fn mean_curves(&self, domain: usize) -> Option<OrderCurves> {
        let all: Vec<OrderCurves> = in_domain(self.found, domain)
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

/// Names along axes of components and bands; those of single wavelets would be as many as samples.
fn short_names(built: &Built) -> Map<String, Value> {
    let names = axis_names(built)
        .into_iter()
        .filter(|(axis, _)| axis != "wavelet" && axis != "quefrency");
    names.map(|(axis, names)| (axis, json!(names))).collect()
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
            let digits = (3 - size.log10().floor() as i32).clamp(0, 6) as usize;
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
