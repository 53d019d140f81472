//! The answer of an explanation for programs.

use std::path::Path;

use crate::explain::axis_names;
use cdig::axes::{Axes, Role};
use serde_json::{Map, Value, json};

use super::means::mean_view;
use super::notes::relative_residual;
use super::result::{Explanation, TOLD, tolerance_met};
use super::work::Scored;
use super::{in_domain, summary};
use crate::Result;
use crate::answer::{number, optional};

impl Explanation {
    pub(super) fn json(&self, out: Option<&Path>) -> Result<Value> {
        let mut object = Map::new();
        let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
        if let Some(out) = out {
            set("out", json!(out.display().to_string()));
        }
        set("model", json!(self.model));
        set("output", json!(self.output.to_string()));
        set("rule", json!(self.rule.to_string()));
        set("baseline", json!(self.baseline));
        set("signals", json!(self.found.len()));
        set("signal_shape", json!(self.signal_shape));
        set("time_axis", json!(self.time_axis));
        set("reading", json!(self.signals.reading));
        if let Some(channels) = &self.signals.channels {
            set("channels", json!(channels));
        }
        set(
            "sampling_rate_hz",
            optional("sampling_rate_hz", self.sampling_rate)?,
        );
        set("value", self.numbers(0, "value", |s| s.found.value[0])?);
        set(
            "baseline_value",
            self.numbers(0, "baseline_value", |s| s.found.baseline_value[0])?,
        );
        if let [domain] = self.order[..] {
            for (name, value) in self.domain_json(domain)? {
                set(&name, value);
            }
        } else {
            let ranked = self.order.iter().enumerate().map(|(rank, &domain)| {
                let mut one = self.domain_json(domain)?;
                one.insert("rank".to_owned(), json!(rank + 1));
                Ok(Value::Object(one))
            });
            set("ranked_by", json!("gini"));
            set("domains", ranked.collect::<Result<_>>()?);
        }
        set("seconds", number("seconds", self.seconds)?);
        set("notes", json!(self.notes));
        Ok(Value::Object(object))
    }

    fn domain_json(&self, domain: usize) -> Result<Map<String, Value>> {
        let built = &self.domains[domain];
        let mut object = Map::new();
        let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
        set("domain", json!(built.name));
        set("coefficient_shape", json!(built.domain.coefficient_shape()));
        set(
            "residual",
            self.numbers(domain, "residual", |s| s.found.residual[0])?,
        );
        set(
            "relative_residual",
            self.each(domain, |s| {
                optional("relative_residual", relative_residual(s))
            })?,
        );
        set(
            "evaluations",
            self.each(domain, |s| Ok(json!(s.found.evaluations.gradients)))?,
        );
        set(
            "tolerance_met",
            self.each(domain, |s| Ok(json!(tolerance_met(s))))?,
        );
        set(
            "error_estimate",
            self.each(domain, |s| {
                let found = s.found.convergence.as_ref().map(|c| c.error_estimate[0]);
                optional("error_estimate", found)
            })?,
        );
        set(
            "jumps",
            self.each(domain, |s| {
                let found = s.found.convergence.as_ref().map(|c| c.jumps[0]);
                optional("jumps", found)
            })?,
        );
        set(
            "carriers",
            self.each(domain, |s| Ok(json!(s.concentration.carriers)))?,
        );
        set(
            "gini",
            self.numbers(domain, "gini", |s| s.concentration.gini)?,
        );
        set(
            "first_share",
            self.each(domain, |s| optional("first_share", s.first_share))?,
        );
        set(
            "absolute_attribution",
            self.numbers(domain, "absolute_attribution", |s| s.absolute)?,
        );
        if let Some(share) = summary::over_channels(&self.found, built, domain) {
            set(
                "cancelled_over_channels",
                number("cancelled_over_channels", share)?,
            );
        }
        if let Some(share) = summary::over_signals(&self.found, domain) {
            set(
                "cancelled_over_signals",
                number("cancelled_over_signals", share)?,
            );
        }
        if let Some(curves) = self.mean_curves(domain) {
            // none if no random orders were asked for
            let area = |key: &str, curve: &[f64]| {
                optional(key, (!curve.is_empty()).then(|| curves.area(curve)))
            };
            set(
                "faithfulness",
                json!({
                    "signals": self.curved(domain),
                    "deletion_area": area("deletion_area", &curves.deletion)?,
                    "insertion_area": area("insertion_area", &curves.insertion)?,
                    "random_deletion_area": area("random_deletion_area", &curves.random_deletion)?,
                    "random_insertion_area": area("random_insertion_area", &curves.random_insertion)?,
                }),
            );
        }
        let view = mean_view(self, domain);
        let strongest = view.strongest(TOLD).into_iter().map(|one| {
            let mut entry = json!({
                "coefficient": one.words,
                "index": one.index,
                "attribution": number("strongest.attribution", one.attribution)?,
            });
            if view.signals > 1 {
                entry["mean_absolute_attribution"] =
                    number("strongest.mean_absolute_attribution", one.absolute)?;
                entry["standard_deviation"] = number("strongest.standard_deviation", one.spread)?;
            }
            Ok(entry)
        });
        set("strongest", strongest.collect::<Result<_>>()?);
        if let Some(bands) = summary::bands(self, domain) {
            let bands = bands.into_iter().map(|band| {
                let (low, high) = band
                    .limits
                    .map_or((None, None), |l| (Some(l.start), Some(l.end)));
                Ok(json!({
                    "name": band.name,
                    "low": optional("bands.low", low)?,
                    "high": high.filter(|high| high.is_finite()),
                    "unit": band.unit,
                    "attribution": number("bands.attribution", band.attribution)?,
                    "absolute_attribution": number("bands.absolute_attribution", band.absolute)?,
                }))
            });
            set("bands", bands.collect::<Result<_>>()?);
        }
        let names: Map<String, Value> = short_names(&view.axes());
        if !names.is_empty() {
            set("names", Value::Object(names));
        }
        Ok(object)
    }

    /// One value, or of a batch one a signal.
    fn each(&self, domain: usize, value: impl Fn(&Scored) -> Result<Value>) -> Result<Value> {
        let all = in_domain(&self.found, domain).map(value);
        let mut all: Vec<Value> = all.collect::<Result<_>>()?;
        Ok(match self.signals.single {
            true => all.remove(0),
            false => Value::Array(all),
        })
    }

    /// As [`each`](Self::each), of numbers.
    fn numbers(&self, domain: usize, key: &str, value: impl Fn(&Scored) -> f64) -> Result<Value> {
        self.each(domain, |scored| number(key, value(scored)))
    }
}

/// Names along axes of components, parts and bands.
fn short_names(axes: &Axes) -> Map<String, Value> {
    // those of channels are told once for all domains
    let names = axis_names(axes).into_iter();
    let names = names.filter(|(role, _)| *role != Role::Channel);
    names
        .map(|(role, names)| (role.to_string(), json!(names)))
        .collect()
}
