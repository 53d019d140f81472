//! What an explanation of several inputs says, as arrays, in words, and as pictures.

use std::path::Path;

use serde_json::{Value, json};
use xcebra_files::NpzOutput;

use super::inputs::InputsExplanation;
use super::means::{Place, mean_view};
use super::result::{Explanation, identifier, short};
use super::{page, summary, tables};
use crate::Result;
use crate::answer::{Answer, number};
use crate::explain::percent;
use crate::report::{Picture, Report, Table};

/// Outputs with tables of their own in a report.
const OUTPUTS_SHOWN: usize = 3;
/// Outputs of which a share is told in words.
const SHARES_TOLD: usize = 20;

impl InputsExplanation {
    /// What was assumed, chosen, left out or missed, a sentence each.
    pub fn notes(&self) -> &[String] {
        self.inputs.first().map_or(&[], |(_, first)| first.notes())
    }

    /// Writes the arrays beside an `.npz` file, which appears when they are committed. The names of those of an
    /// input begin with its name.
    ///
    /// # Errors
    /// [`Kind::File`](xcebra_model::Kind::File).
    pub fn arrays(&self, path: &Path) -> Result<NpzOutput> {
        let mut output = NpzOutput::create(path)?;
        for (name, explained) in &self.inputs {
            explained.add_domains(&mut output, &format!("{}_", identifier(name)))?;
        }
        if let Some((_, first)) = self.inputs.first() {
            first.add_common(&mut output)?;
        }
        Ok(output)
    }

    /// The answer, for a reader and for a program; `out` is the file that the arrays were written to.
    ///
    /// # Errors
    /// [`Kind::Numeric`](xcebra_model::Kind::Numeric) if a number of it is not finite.
    pub fn answer(&self, out: Option<&Path>) -> Result<Answer> {
        let Some((_, first)) = self.inputs.first() else {
            return Ok(Answer {
                text: String::new(),
                json: json!({}),
            });
        };
        let mut text = String::new();
        let mut inputs = Vec::new();
        for (i, (name, explained)) in self.inputs.iter().enumerate() {
            let words = explained.text(out.filter(|_| i == 0));
            let (head, body) = words
                .split_once(&explained.signals.reading)
                .unwrap_or(("", words.as_str()));
            if i == 0 {
                text.push_str(head.trim_end());
            }
            text.push_str(&format!(
                "\ninput {name}{}: {}{body}",
                explained.share_words(),
                explained.signals.reading
            ));
            let mut json = explained.json(None)?;
            json["name"] = json!(name);
            let sums = explained.rows.iter().map(|row| {
                let sums = row.sums();
                let sums = sums.iter().map(|sum| number("attribution_sum", *sum));
                Ok(Value::Array(sums.collect::<Result<_>>()?))
            });
            let sums: Vec<Value> = sums.collect::<Result<_>>()?;
            json["attribution_sum"] = match &sums[..] {
                [only] => only.clone(),
                _ => Value::Array(sums),
            };
            inputs.push(json);
        }
        let json = json!({
            "out": out.map(|out| out.display().to_string()),
            "model": first.model,
            "inputs": inputs,
            "seconds": number("seconds", first.seconds)?,
            "notes": first.notes,
        });
        Ok(Answer { text, json })
    }

    /// The pictures by the headings that they stand under.
    pub fn pictures(&self) -> Vec<(String, Vec<Picture>)> {
        let each = self.inputs.iter().flat_map(|(name, explained)| {
            let file = format!("{}-", identifier(name));
            let sections = page::pictures_named(explained, &file).into_iter();
            sections.map(move |(heading, pictures)| (format!("{heading}, input {name}"), pictures))
        });
        each.collect()
    }

    /// The report.
    pub fn report(&self) -> Report {
        let mut report = Report::new("What carries the output");
        let Some((_, first)) = self.inputs.first() else {
            return report;
        };
        let outputs = match &first.rows[..] {
            [only] => format!("output {}", only.output),
            several => format!("each of {} outputs", several.len()),
        };
        report = report.lead(&format!(
            "What brings {outputs} of {} from the baselines to its values for {} signals, in each of {} inputs.",
            first.model,
            first.signals.len(),
            self.inputs.len()
        ));
        for note in &first.notes {
            report = report.paragraph(note);
        }
        for row in first.rows.iter().take(OUTPUTS_SHOWN) {
            if first.rows.len() > 1 {
                report = report.heading(&format!("Output {}", row.output));
            }
            report = report.table(tables::signals(first, row));
        }
        let mut table = Table::new(&[
            "input",
            "domain",
            "output",
            "sum of its attributions",
            "of absolute ones",
        ]);
        for (name, explained) in &self.inputs {
            let domain = &explained.domains[0].name;
            for (row, of) in explained.rows.iter().enumerate() {
                let [sum, absolute] = explained.mean_sums(row).map(short);
                let output = of.output.clone();
                table = table.row([name.clone(), domain.clone(), output, sum, absolute]);
            }
        }
        report = report.heading("Which input?").table(table.caption(
            "Means over signals. The sums of all inputs add up to the change of the output.",
        ));
        for (heading, pictures) in self.pictures() {
            report = report.heading(&heading).figures(pictures);
        }
        for (name, explained) in &self.inputs {
            for (row, of) in explained.rows.iter().enumerate().take(OUTPUTS_SHOWN) {
                let place = Place { row, domain: 0 };
                let view = mean_view(explained, place);
                let of_output = match explained.rows.len() {
                    1 => String::new(),
                    _ => format!(", output {}", of.output),
                };
                report = report
                    .heading(&format!("The strongest coefficients of {name}{of_output}"))
                    .table(tables::strongest(&view));
                if let Some(bands) = summary::bands(explained, &view) {
                    report = report.table(tables::bands(&bands));
                }
                if let Some(table) = tables::groups(explained, place) {
                    report = report.table(table);
                }
            }
        }
        report
            .heading("How it was computed")
            .code(&first.settings_words())
    }
}

impl Explanation {
    /// Means over signals of the sum of attributions and of absolute attributions of an output.
    fn mean_sums(&self, row: usize) -> [f64; 2] {
        let found = &self.rows[row].found;
        let n = found.len().max(1) as f64;
        let absolute: f64 = found.iter().map(|one| one.scored[0].absolute).sum();
        [self.rows[row].sums().sum() / n, absolute / n]
    }

    /// How much of the change of each output all coefficients carry together.
    fn share_words(&self) -> String {
        let several = self.rows.len() > 1;
        let shares = self.rows.iter().filter_map(|row| {
            let change: f64 = row.found.iter().map(|one| one.scored[0].change()).sum();
            let share = row.sums().sum() / change;
            share.is_finite().then(|| match several {
                true => format!("{} of the change of output {}", percent(share), row.output),
                false => format!("{} of the change", percent(share)),
            })
        });
        let shares: Vec<String> = shares.take(SHARES_TOLD).collect();
        match shares.is_empty() {
            true => String::new(),
            false => format!(" carries {}", shares.join(", ")),
        }
    }
}
