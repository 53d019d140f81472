//! The answer of an explanation for programs.

use std::path::Path;

use crate::explain::axis_names;
use cdig::axes::{Axes, Role};
use serde_json::{Map, Value, json};

use super::found::{Row, Scored};
use super::means::{Place, mean_over, mean_view};
use super::notes::relative_residual;
use super::result::{Explanation, TOLD, tolerance_met};
use super::{in_domain, summary};
use crate::Result;
use crate::answer::{number, optional};
use crate::explain::View;

impl Explanation {
    pub(super) fn json(&self, out: Option<&Path>) -> Result<Value> {
        let mut object = Map::new();
        let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
        if let Some(out) = out {
            set("out", json!(out.display().to_string()));
        }
        set("model", json!(self.model));
        let names: Vec<&str> = self.rows.iter().map(|row| row.output.as_str()).collect();
        set("output", json!(names.join(",")));
        if let Some(predicted) = &self.predicted {
            set("predicted", json!(predicted));
        }
        set(
            "precision",
            json!(if self.single { "single" } else { "double" }),
        );
        set("gradient", json!(self.gradient));
        set("rule", json!(self.rule.to_string()));
        set("baseline", json!(self.baseline));
        if self.baselines > 1 {
            set("baselines", json!(self.baselines));
        }
        set("signals", json!(self.signals.len()));
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
        if let Some(groups) = &self.groups {
            let counts: Vec<usize> = self.groups().map(|(_, members)| members.len()).collect();
            set(
                "groups",
                json!({ "by": groups.what, "names": groups.names, "signals": counts, "of": groups.of }),
            );
        }
        if self.order.len() > 1 {
            set("ranked_by", json!("gini"));
        }
        if let [_] = self.rows[..] {
            for (name, value) in self.row_json(0)? {
                set(&name, value);
            }
        } else {
            let rows = (0..self.rows.len()).map(|row| Ok(Value::Object(self.row_json(row)?)));
            set("outputs", rows.collect::<Result<_>>()?);
        }
        set("seconds", number("seconds", self.seconds)?);
        set("notes", json!(self.notes));
        Ok(Value::Object(object))
    }

    /// What was found for an output.
    fn row_json(&self, row: usize) -> Result<Map<String, Value>> {
        let of = &self.rows[row];
        let mut object = Map::new();
        let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
        if self.rows.len() > 1 {
            set("output", json!(of.output));
        }
        set("value", self.numbers(of, 0, "value", Scored::value)?);
        set(
            "baseline_value",
            self.numbers(of, 0, "baseline_value", Scored::baseline_value)?,
        );
        if let [domain] = self.order[..] {
            for (name, value) in self.domain_json(Place { row, domain })? {
                set(&name, value);
            }
        } else {
            let ranked = self.order.iter().enumerate().map(|(rank, &domain)| {
                let mut one = self.domain_json(Place { row, domain })?;
                one.insert("rank".to_owned(), json!(rank + 1));
                Ok(Value::Object(one))
            });
            set("domains", ranked.collect::<Result<_>>()?);
        }
        Ok(object)
    }

    fn domain_json(&self, place: Place) -> Result<Map<String, Value>> {
        let domain = place.domain;
        let of = &self.rows[place.row];
        let built = &self.domains[domain];
        let mut object = Map::new();
        let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
        set("domain", json!(built.name));
        set("coefficient_shape", json!(built.domain.coefficient_shape()));
        set(
            "residual",
            self.numbers(of, domain, "residual", Scored::residual)?,
        );
        set(
            "relative_residual",
            self.each(of, domain, |s| {
                optional("relative_residual", relative_residual(s))
            })?,
        );
        set(
            "evaluations",
            self.each(of, domain, |s| Ok(json!(s.evaluations().gradients)))?,
        );
        set(
            "tolerance_met",
            self.each(of, domain, |s| Ok(json!(tolerance_met(s))))?,
        );
        set(
            "error_estimate",
            self.each(of, domain, |s| {
                optional("error_estimate", s.error_and_jumps().map(|found| found[0]))
            })?,
        );
        set(
            "jumps",
            self.each(of, domain, |s| {
                optional("jumps", s.error_and_jumps().map(|found| found[1]))
            })?,
        );
        set(
            "carriers",
            self.each(of, domain, |s| Ok(json!(s.concentration.carriers)))?,
        );
        set(
            "gini",
            self.numbers(of, domain, "gini", |s| s.concentration.gini)?,
        );
        set(
            "first_share",
            self.each(of, domain, |s| optional("first_share", s.first_share))?,
        );
        set(
            "absolute_attribution",
            self.numbers(of, domain, "absolute_attribution", |s| s.absolute)?,
        );
        if let Some(share) = summary::over_channels(&of.found, built, domain) {
            set(
                "cancelled_over_channels",
                number("cancelled_over_channels", share)?,
            );
        }
        if let Some(share) = summary::over_signals(&of.found, domain) {
            set(
                "cancelled_over_signals",
                number("cancelled_over_signals", share)?,
            );
        }
        if let Some(curves) = self.mean_curves(domain).filter(|_| place.row == 0) {
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
        let view = mean_view(self, place);
        for (name, value) in self.view_json(&view)? {
            set(&name, value);
        }
        if let Some(groups) = &self.groups {
            let each = groups.names.iter().enumerate().map(|(g, name)| {
                let members = groups.members(g);
                let mut one = self.view_json(&mean_over(self, place, &members))?;
                one.insert("name".to_owned(), json!(name));
                one.insert("signals".to_owned(), json!(members.len()));
                Ok(Value::Object(one))
            });
            set("groups_found", each.collect::<Result<_>>()?);
        }
        let names: Map<String, Value> = short_names(&view.axes());
        if !names.is_empty() {
            set("names", Value::Object(names));
        }
        Ok(object)
    }

    /// The strongest coefficients and the bands of a view.
    fn view_json(&self, view: &View<'_>) -> Result<Map<String, Value>> {
        let mut object = Map::new();
        let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
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
        if let Some(bands) = summary::bands(self, view) {
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
        Ok(object)
    }

    /// One value, or of a batch one a signal.
    fn each(
        &self,
        row: &Row,
        domain: usize,
        value: impl Fn(&Scored) -> Result<Value>,
    ) -> Result<Value> {
        let all = in_domain(&row.found, domain).map(value);
        let mut all: Vec<Value> = all.collect::<Result<_>>()?;
        Ok(match self.signals.single {
            true => all.remove(0),
            false => Value::Array(all),
        })
    }

    /// As [`each`](Self::each), of numbers.
    fn numbers(
        &self,
        row: &Row,
        domain: usize,
        key: &str,
        value: impl Fn(&Scored) -> f64,
    ) -> Result<Value> {
        self.each(row, domain, |scored| number(key, value(scored)))
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
