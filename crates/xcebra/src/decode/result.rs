//! What comes out of a decoding: files, a report, and an answer in words and as JSON.

use std::path::Path;

use ndarray::{Array1, Array2, Axis};
use serde_json::{Value, json};
use xcebra_files::NpzOutput;

use super::scores::near;
use super::{DecodeSettings, HeldOut, Scores, ShuffleControl, Target};
use crate::Result;
use crate::answer::{Answer, number};
use crate::report::{BarChart, HeatMap, Picture, Report, Table, TimeSeries};

/// Columns of a label that a picture shows.
const MOST_COLUMNS: usize = 4;

/// A decoded label.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The true label of all samples.
    pub target: Target,
    /// How it was decoded.
    pub settings: DecodeSettings,
    /// The number of samples of the other array that the decoder was fitted to; none if it was fitted to parts of the
    /// same.
    pub fitted_to: Option<usize>,
    /// The sample that each row of `decoded` belongs to.
    pub samples: Vec<usize>,
    /// The decoded label of what was held out.
    pub decoded: Target,
    /// The scores of each part that was held out.
    pub folds: Vec<Scores>,
    /// The scores of all that was held out.
    pub scores: Scores,
    /// The control by shuffling, if it was asked for.
    pub control: Option<ShuffleControl>,
    /// What was assumed, a sentence each.
    pub notes: Vec<String>,
}

impl Decoded {
    /// Writes the arrays to an `.npz` file: `sample`, `true` and `decoded` of what was held out.
    ///
    /// # Errors
    /// [`Kind::File`](xcebra_model::Kind::File).
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut output = NpzOutput::create(path)?;
        let samples: Array1<i64> = self.samples.iter().map(|&sample| sample as i64).collect();
        output.add("sample", &samples)?;
        for (name, target) in [("true", &self.truth()), ("decoded", &self.decoded)] {
            match target {
                Target::Numbers(values) => output.add(name, values)?,
                Target::Angle(angles) => output.add(name, angles)?,
                Target::Classes { ids, .. } => {
                    let ids: Array1<i64> = ids.iter().map(|&id| id as i64).collect();
                    output.add(name, &ids)?;
                }
            }
        }
        Ok(output.commit()?)
    }

    /// The true label of what was held out.
    pub fn truth(&self) -> Target {
        match self.settings.held_out {
            HeldOut::Blocks(_) => self.target.clone(),
            HeldOut::Last(_) => {
                let samples = self.target.len();
                let rows: Vec<usize> = (samples - self.decoded.len()..samples).collect();
                self.target.rows(&rows)
            }
        }
    }

    /// The answer, for a reader and for a program; `out` is the file that the arrays were written to.
    ///
    /// # Errors
    /// [`Kind::Numeric`](xcebra_model::Kind::Numeric) if a score is not finite.
    pub fn answer(&self, out: Option<&Path>) -> Result<Answer> {
        let named = self.scores.named();
        let width = named.iter().map(|(name, _)| name.chars().count()).max();
        let width = width.unwrap_or(0) + 2;
        let mut text = String::new();
        for (name, score) in &named {
            let chance = match (name.as_str(), &self.target) {
                ("balanced accuracy", Target::Classes { names, .. }) => {
                    format!("  (guessing: {:.4})", 1.0 / names.len() as f64)
                }
                _ => String::new(),
            };
            text += &format!("{name:width$}{score:.4}{chance}\n");
        }
        text += &format!("{}\n", self.in_words());
        if let Some(control) = &self.control {
            text += &format!("{}\n", control.sentence);
        }
        let out = out.map(|out| out.display().to_string());
        if let Some(out) = &out {
            text += &format!("{out}: sample, true, decoded\n");
        }
        let folds: Vec<Value> = self.folds.iter().map(Scores::json).collect::<Result<_>>()?;
        let mut json = json!({
            "kind": self.kind(),
            "decoder": self.settings.decoder.name(),
            "decoder_in_words": self.settings.decoder.in_words(),
            "samples": self.target.len(),
            "held_out": self.samples.len(),
            "gap": self.settings.gap,
            "scores": self.scores.json()?,
            "blocks": folds,
            "notes": self.notes,
        });
        if let Some(samples) = self.fitted_to {
            json["fitted_to"] = json!(samples);
        }
        if let Some(out) = out {
            json["out"] = json!(out);
        }
        if let Some(control) = &self.control {
            json["shuffles"] = control.json()?;
        }
        if let Target::Classes { names, .. } = &self.target {
            json["classes"] = json!(names);
            json["chance"] = number("chance", 1.0 / names.len() as f64)?;
        }
        Ok(Answer { text, json })
    }

    fn kind(&self) -> &'static str {
        match self.target {
            Target::Numbers(_) => "numbers",
            Target::Angle(_) => "angle",
            Target::Classes { .. } => "classes",
        }
    }

    fn in_words(&self) -> String {
        if let Some(samples) = self.fitted_to {
            return format!(
                "{} samples by {}, which was fitted to {samples} other samples",
                self.target.len(),
                self.settings.decoder.in_words()
            );
        }
        let held = match self.settings.held_out {
            HeldOut::Blocks(count) => format!("{count} blocks, each held out once"),
            HeldOut::Last(share) => format!("the last {:.0} % of the time", 100.0 * share),
        };
        let gap = match self.settings.gap {
            0 => String::new(),
            gap => format!(", {gap} samples left out beside them"),
        };
        format!(
            "{} samples by {}; scored on {held}{gap}",
            self.target.len(),
            self.settings.decoder.in_words()
        )
    }

    /// All pictures of the report.
    pub fn pictures(&self) -> Vec<Picture> {
        let mut all = Vec::new();
        match (&self.truth(), &self.decoded) {
            (Target::Numbers(truth), Target::Numbers(decoded)) => {
                all.push(over_time(truth, decoded, self.samples.first()));
            }
            (Target::Angle(truth), Target::Angle(decoded)) => {
                let decoded = near(truth, decoded).insert_axis(Axis(1));
                let truth = truth.clone().insert_axis(Axis(1));
                all.push(over_time(&truth, &decoded, self.samples.first()));
            }
            (Target::Classes { ids: truth, names }, Target::Classes { ids: decoded, .. }) => {
                all.push(confusion(truth, decoded, names));
            }
            _ => {}
        }
        if let Some(control) = &self.control {
            let name = self.scores.main_name();
            let mut bars = BarChart::new(name).bar("true order", self.scores.main());
            let mut sorted = control.scores.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            for (k, word) in [(0, "best shuffle"), (sorted.len() / 2, "median shuffle")] {
                bars = bars.bar(word, sorted[k]);
            }
            all.push(Picture::new(
                "shuffles",
                bars.signed().draw(),
                &control.sentence,
            ));
        }
        all
    }

    /// The report.
    pub fn report(&self) -> Report {
        let mut table = match self.fitted_to {
            Some(_) => Table::new(&["score", "all samples"])
                .caption("Scores on samples that are new to the decoder."),
            None => Table::new(&["score", "all held out", "worst block", "best block"])
                .caption("Scores on what was held out."),
        };
        let by_fold: Vec<Vec<(String, f64)>> = self.folds.iter().map(Scores::named).collect();
        for (k, (name, score)) in self.scores.named().into_iter().enumerate() {
            let of = by_fold.iter().map(|fold| fold[k].1);
            let (low, high) = of.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), score| {
                (low.min(score), high.max(score))
            });
            let (worst, best) = match name.contains("error") {
                true => (high, low),
                false => (low, high),
            };
            let cells = [score, worst, best].map(|value| format!("{value:.4}"));
            let count = if self.fitted_to.is_some() { 1 } else { 3 };
            table = table.row([name].into_iter().chain(cells.into_iter().take(count)));
        }
        let mut report = Report::new("A decoded label").lead(&format!("{}.", self.in_words()));
        if let Some(control) = &self.control {
            report = report.paragraph(&control.sentence);
        }
        report = report.table(table).figures(self.pictures());
        self.notes.iter().fold(report, |report, note| {
            report.paragraph(&format!("Note: {note}."))
        })
    }
}

fn over_time(truth: &Array2<f64>, decoded: &Array2<f64>, first: Option<&usize>) -> Picture {
    let start = first.copied().unwrap_or(0) as f64;
    let mut chart = TimeSeries::new("sample", 1.0)
        .start(start)
        .title("Decoded over time");
    for k in 0..truth.ncols().min(MOST_COLUMNS) {
        let name = |word: &str| match truth.ncols() {
            1 => word.to_owned(),
            _ => format!("{word} {k}"),
        };
        chart = chart
            .channel(&name("true"), &truth.column(k).to_vec())
            .channel(&name("decoded"), &decoded.column(k).to_vec());
    }
    let more = truth.ncols().saturating_sub(MOST_COLUMNS);
    let caption = match more {
        0 => "The label and what was decoded of it where it was held out.".to_owned(),
        more => format!(
            "The first columns of the label and what was decoded of them where they were held out; {more} more are \
             in the table."
        ),
    };
    Picture::new("decoded", chart.draw(), caption)
}

fn confusion(truth: &[usize], decoded: &[usize], names: &[String]) -> Picture {
    let mut shares = Array2::zeros((names.len(), names.len()));
    for (&t, &d) in truth.iter().zip(decoded) {
        shares[[t, d]] += 1.0;
    }
    for mut row in shares.rows_mut() {
        let sum: f64 = row.sum();
        if sum > 0.0 {
            row /= sum;
        }
    }
    let map = HeatMap::new(shares.view())
        .title("True and decoded classes")
        .rows("true")
        .columns("decoded")
        .value("share of the true class")
        .row_names(names)
        .column_names(names)
        .range(0.0, 1.0);
    let caption =
        "Of the samples of each class (row), the share that was decoded as each class (column).";
    Picture::new("confusion", map.draw(), caption)
}
