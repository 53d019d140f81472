//! From flags to the settings of an explanation.

use std::fmt::Display;
use std::str::FromStr;

use xcebra::cdig::Rule;
use xcebra::explain::{
    BaselineSource, Domains, ExplainSettings, GradientSource, InputSettings, SignalSource,
};
use xcebra::files::Source;
use xcebra::{Problem, Result};

use super::Explain;
use super::named::{Named, of_input, only, parse_named};

/// Random orders with which insertion and deletion are compared, unless told.
const ORDERS: u16 = 5;

/// `VALUE` or `NAME=VALUE`.
pub fn named<T: FromStr<Err: Display> + Clone>(text: &str) -> Result<Named<T>, String> {
    parse_named(text, |text| {
        text.parse().map_err(|error: T::Err| error.to_string())
    })
}

pub fn named_source(text: &str) -> Result<Named<Source>, String> {
    named(text)
}

pub fn named_baseline(text: &str) -> Result<Named<BaselineSource>, String> {
    named(text)
}

impl Explain {
    /// The settings for a model of one input.
    pub fn settings(&self, shown: bool) -> Result<ExplainSettings> {
        let input = only("--input", &self.input)?;
        let input = input.ok_or_else(|| {
            Problem::setting(
                "--input is missing",
                "name the signals with --input FILE[:ARRAY]",
            )
        })?;
        let shared = self.shared_settings(SignalSource::File(input), shown);
        Ok(ExplainSettings {
            domains: match (&self.domains, only("--domain", &self.domain)?) {
                (Some(list), _) => list.parse()?,
                (None, Some(domain)) => Domains::These(vec![domain]),
                (None, None) => shared.domains,
            },
            sampling_rate: only("--fs", &self.fs)?,
            baseline: only("--baseline", &self.baseline)?.unwrap_or(BaselineSource::Zero),
            time_axis: only("--time-axis", &self.time_axis)?,
            ..shared
        })
    }

    /// What does not belong to one of several inputs.
    pub fn shared_settings(&self, input: SignalSource, shown: bool) -> ExplainSettings {
        let curves = shown || self.domains.is_some();
        let gradient = match (self.gradient, &self.program.command) {
            (Some(gradient), _) => gradient,
            (None, Some(_)) => GradientSource::Differences { step: None },
            (None, None) => GradientSource::Model,
        };
        // the adaptive rule looks for what noise hides
        let rule = self.rule.unwrap_or(match gradient {
            GradientSource::Smoothing { .. } => Rule::Midpoint(50),
            _ => Rule::default(),
        });
        ExplainSettings {
            output: self.output.clone(),
            baseline_count: self.baseline_count,
            rule,
            gradient,
            signals: self.signals.clone().map(|signals| signals.0),
            group_by: self.group_by.clone(),
            hop: self.hop.map(|hop| hop as usize),
            bands: self.bands.clone().unwrap_or_default().0,
            fit_on: self.fit_on.clone().map(SignalSource::File),
            unit: self.frequency_unit.into(),
            curves: curves.then(|| self.random_orders.unwrap_or(ORDERS).into()),
            seed: self.seed,
            ..ExplainSettings::new(input)
        }
    }

    /// The settings of each of several inputs.
    pub fn inputs(&self, names: &[String]) -> Result<Vec<InputSettings>> {
        let single = [
            (self.domains.is_some(), "--domains"),
            (self.fit_on.is_some(), "--fit-on"),
            (self.baseline_count.is_some(), "--baseline-count"),
        ];
        if let Some((_, flag)) = single.iter().find(|(set, _)| *set) {
            return Err(Problem::setting(
                format!("{flag} is for models of one input"),
                "leave it out, or name one input with --model-input",
            ));
        }
        let each = names.iter().map(|name| {
            let input = (name.as_str(), names);
            let source = of_input("--input", &self.input, input)?.ok_or_else(|| {
                Problem::setting(
                    format!("the input {name} of the model has no signals"),
                    format!("pass them with --input {name}=FILE[:ARRAY]"),
                )
            })?;
            let plain = InputSettings::new(name, source);
            Ok(InputSettings {
                domain: of_input("--domain", &self.domain, input)?.unwrap_or(plain.domain.clone()),
                baseline: of_input("--baseline", &self.baseline, input)?
                    .unwrap_or(BaselineSource::Zero),
                sampling_rate: of_input("--fs", &self.fs, input)?,
                time_axis: of_input("--time-axis", &self.time_axis, input)?,
                ..plain
            })
        });
        each.collect()
    }
}
