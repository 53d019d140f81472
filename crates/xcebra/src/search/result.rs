//! What comes out of a search: a table, a report, and an answer in words and as JSON.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use xcebra_files::{FileError, write_file};

use crate::answer::{Answer, optional};
use crate::report::{BarChart, Picture, Report, Table};
use crate::{Diagnostics, Problem, Result};

/// Runs that the picture shows.
const MOST_BARS: usize = 24;

/// One training of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The folder of its run.
    pub folder: PathBuf,
    /// Its choice, a change of the settings each.
    pub sets: Vec<String>,
    /// How well it fits what was held out: bits over chance of each contrastive objective.
    pub bits: Vec<f64>,
    /// Its loss on what was held out; none if the training failed.
    pub loss: Option<f64>,
    /// Why the training failed, if it did.
    pub failed: Option<String>,
}

impl Trial {
    /// What the folder of a training says.
    pub(crate) fn read(folder: PathBuf, sets: Vec<String>, failed: Option<String>) -> Result<Self> {
        let mut trial = Self {
            folder,
            sets,
            bits: Vec::new(),
            loss: None,
            failed,
        };
        if trial.failed.is_some() {
            return Ok(trial);
        }
        let damaged = |what: &str| {
            Problem::file(
                format!("{} does not say {what}", trial.folder.display()),
                "remove that folder and run the search again",
            )
        };
        let diagnostics = Diagnostics::load(&trial.folder);
        let diagnostics = diagnostics.ok_or_else(|| damaged("how well it fits"))?;
        if diagnostics.bits_held_out {
            trial.bits = diagnostics.bits;
        }
        let loss = diagnostics.loss_held_out;
        trial.loss = Some(loss.ok_or_else(|| damaged("its loss on what was held out"))?);
        Ok(trial)
    }

    /// What runs are ranked by, more is better: the bits of all objectives together, or without contrastive
    /// objectives the loss with its sign turned.
    pub fn fit(&self) -> Option<f64> {
        match (self.loss, self.bits.is_empty()) {
            (None, _) => None,
            (Some(loss), true) => Some(-loss),
            (Some(_), false) => Some(self.bits.iter().sum()),
        }
    }

    fn name(&self) -> String {
        let name = self.folder.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The value of each setting that is chosen.
    fn values(&self) -> impl Iterator<Item = &str> {
        self.sets
            .iter()
            .map(|set| set.split_once('=').map_or("", |(_, value)| value))
    }
}

/// A finished search.
#[derive(Clone, Debug, PartialEq)]
pub struct Searched {
    /// Its folder.
    pub out: PathBuf,
    /// The settings that were chosen.
    pub axes: Vec<String>,
    /// Its trainings in their order.
    pub trials: Vec<Trial>,
    /// What was assumed, a sentence each.
    pub notes: Vec<String>,
}

impl Searched {
    /// The trainings from the best fit to the worst; those that failed come last.
    pub fn ranked(&self) -> Vec<&Trial> {
        let mut all: Vec<&Trial> = self.trials.iter().collect();
        let fit = |trial: &Trial| trial.fit().unwrap_or(f64::NEG_INFINITY);
        // stable: of equal ones the first
        all.sort_by(|a, b| fit(b).total_cmp(&fit(a)));
        all
    }

    /// The training that fits best what was held out; none if all failed.
    pub fn best(&self) -> Option<&Trial> {
        let best = self.ranked().into_iter().next();
        best.filter(|trial| trial.fit().is_some())
    }

    /// Writes `search.csv` and `report.html` into a folder, which is or will be its own.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), FileError> {
        write_file(&folder.join("search.csv"), self.csv().as_bytes())?;
        self.report().write(&folder.join("report.html"))
    }

    fn csv(&self) -> String {
        let quoted = |text: &str| match text.contains([',', '"', '\n']) {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text.to_owned(),
        };
        let mut table = "run".to_owned();
        self.axes
            .iter()
            .for_each(|axis| table += &format!(",{}", quoted(axis)));
        table += ",fit,loss,failed\n";
        for trial in &self.trials {
            table += &trial.name();
            trial
                .values()
                .for_each(|value| table += &format!(",{}", quoted(value)));
            let cell = |value: Option<f64>| value.map(|v| v.to_string()).unwrap_or_default();
            let failed = quoted(trial.failed.as_deref().unwrap_or(""));
            table += &format!(",{},{},{failed}\n", cell(trial.fit()), cell(trial.loss));
        }
        table
    }

    /// What the fit is measured in.
    fn unit(&self) -> &'static str {
        match self.trials.iter().all(|trial| trial.bits.is_empty()) {
            true => "minus the loss",
            false => "bits over chance",
        }
    }

    /// The verdict.
    pub fn sentence(&self) -> String {
        let count = self.trials.len();
        match self.best() {
            Some(best) => format!(
                "Of {count} runs, {} fits best what was held out: {:.3} {}, with {}. The best of several scores \
                 is biased upwards: confirm it on data that no run has seen.",
                best.folder.display(),
                best.fit().unwrap_or(f64::NAN),
                self.unit(),
                best.sets.join(", "),
            ),
            None => format!("None of the {count} runs finished."),
        }
    }

    /// The answer, for a reader and for a program.
    ///
    /// # Errors
    /// [`Kind::Numeric`](xcebra_model::Kind::Numeric) if a fit is not finite.
    pub fn answer(&self) -> Result<Answer> {
        let mut text = String::new();
        for trial in self.ranked() {
            let fit = match (trial.fit(), &trial.failed) {
                (Some(fit), _) => format!("{fit:8.3}"),
                (None, reason) => format!("  failed: {}", reason.as_deref().unwrap_or("unknown")),
            };
            text += &format!("{}  {fit}  {}\n", trial.name(), trial.sets.join("  "));
        }
        text += &self.sentence();
        let run = |trial: &Trial| -> Result<Value> {
            let mut run = json!({
                "folder": trial.folder.display().to_string(),
                "set": trial.sets,
                "bits": trial.bits,
            });
            match &trial.failed {
                Some(reason) => run["failed"] = json!(reason),
                None => {
                    run["fit"] = optional("fit", trial.fit())?;
                    run["loss"] = optional("loss", trial.loss)?;
                }
            }
            Ok(run)
        };
        let runs: Vec<Value> = self.trials.iter().map(run).collect::<Result<_>>()?;
        let mut json = json!({
            "out": self.out.display().to_string(),
            "unit": self.unit(),
            "runs": runs,
            "sentence": self.sentence(),
            "notes": self.notes,
        });
        if let Some(best) = self.best() {
            json["best"] = json!(best.folder.display().to_string());
        }
        Ok(Answer { text, json })
    }

    /// The picture of the report.
    fn picture(&self) -> Picture {
        let ranked = self.ranked();
        let mut bars = BarChart::new(self.unit());
        for trial in ranked.iter().take(MOST_BARS) {
            if let Some(fit) = trial.fit() {
                bars = bars.bar(&trial.name(), fit);
            }
        }
        Picture::new(
            "fits",
            bars.signed().draw(),
            "Goodness of fit on what was held out, best first.",
        )
    }

    /// The report.
    pub fn report(&self) -> Report {
        let mut header = vec!["run"];
        header.extend(self.axes.iter().map(String::as_str));
        header.extend([self.unit(), "loss"]);
        let mut table = Table::new(&header).caption("All runs, best first.");
        for trial in self.ranked() {
            let cell = |value: Option<f64>| match value {
                Some(value) => format!("{value:.4}"),
                None => "failed".to_owned(),
            };
            let mut cells = vec![trial.name()];
            cells.extend(trial.values().map(str::to_owned));
            cells.extend([cell(trial.fit()), cell(trial.loss)]);
            table = table.row(cells);
        }
        let report = Report::new("A search over settings").lead(&self.sentence());
        let report = report.figures([self.picture()]).table(table);
        let report = self.notes.iter().fold(report, |report, note| {
            report.paragraph(&format!("Note: {note}."))
        });
        let failed = self
            .trials
            .iter()
            .filter_map(|trial| Some((trial, trial.failed.as_ref()?)));
        failed.fold(report, |report, (trial, reason)| {
            report.paragraph(&format!("Run {} failed: {reason}.", trial.name()))
        })
    }
}
