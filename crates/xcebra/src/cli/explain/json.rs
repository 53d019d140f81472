//! The answer of `xcebra explain` for programs.

use serde_json::{Map, Value, json};
use xcebra::cdig::Labels;
use xcebra::explain::axis_names;

use super::means::mean_view;
use super::result::{Explained, TOLD, tolerance_met};
use super::work::Scored;
use super::{in_domain, summary};

impl Explained<'_> {
    pub fn json(&self) -> Value {
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
        set("reading", json!(self.job.signals.reading));
        if let Some(channels) = &self.job.signals.channels {
            set("channels", json!(channels));
        }
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
            set("ranked_by", json!("gini"));
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
        set("first_share", self.each(domain, |s| json!(s.first_share)));
        set(
            "absolute_attribution",
            self.each(domain, |s| json!(s.absolute)),
        );
        if let Some(share) = summary::over_channels(self.found, built, domain) {
            set("cancelled_over_channels", json!(share));
        }
        if let Some(share) = summary::over_signals(self.found, domain) {
            set("cancelled_over_signals", json!(share));
        }
        if let Some(curves) = self.mean_curves(domain) {
            // none if no random orders were asked for
            let area = |curve: &[f64]| json!((!curve.is_empty()).then(|| curves.area(curve)));
            set(
                "faithfulness",
                json!({
                    "signals": self.curved(domain),
                    "deletion_area": area(&curves.deletion),
                    "insertion_area": area(&curves.insertion),
                    "random_deletion_area": area(&curves.random_deletion),
                    "random_insertion_area": area(&curves.random_insertion),
                }),
            );
        }
        let view = mean_view(self, domain);
        let strongest = view.strongest(TOLD).into_iter().map(|one| {
            let mut entry = json!({
                "coefficient": one.words,
                "index": one.index,
                "attribution": one.attribution,
            });
            if view.signals > 1 {
                entry["mean_absolute_attribution"] = json!(one.absolute);
                entry["standard_deviation"] = json!(one.spread);
            }
            entry
        });
        set("strongest", strongest.collect());
        if let Some(bands) = summary::bands(self, domain) {
            let bands = bands.into_iter().map(|band| {
                let (low, high) = band
                    .limits
                    .map_or((None, None), |l| (Some(l.start), Some(l.end)));
                json!({
                    "name": band.name,
                    "low": low,
                    "high": high.filter(|high| high.is_finite()),
                    "unit": band.unit,
                    "attribution": band.attribution,
                    "absolute_attribution": band.absolute,
                })
            });
            set("bands", bands.collect());
        }
        let names: Map<String, Value> = short_names(&view.labels());
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
}

/// Names along axes of components and bands; those of single wavelets would be as many as samples.
fn short_names(labels: &Labels) -> Map<String, Value> {
    let names = axis_names(labels).into_iter().filter(|(axis, _)| {
        !["wavelet", "quefrency", "channel", "coefficient"].contains(&axis.as_str())
    });
    names.map(|(axis, names)| (axis, json!(names))).collect()
}
