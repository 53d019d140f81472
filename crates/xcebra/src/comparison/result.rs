//! What comes out of a comparison: files, a report, and an answer in words and as JSON.

use std::path::Path;

use ndarray::Array2;
use serde_json::{Value, json};
use xcebra_files::NpzOutput;

use crate::answer::{Answer, number, numbers};
use crate::diagnostics::words::SAME_BASIS;
use crate::report::{HeatMap, Picture, Report, Table};
use crate::{Problem, Result};

/// How alike embeddings are.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// What each is called.
    pub names: Vec<String>,
    /// The group of each, such as its animal, if there are groups.
    pub groups: Option<Vec<String>>,
    /// The number of bins of the label, if they were compared by one.
    pub bins: Option<usize>,
    /// R² of the linear map from embedding `i` (row) to embedding `j` (column); 1 on the diagonal.
    pub r2: Array2<f64>,
    /// What is left of the distance when they are turned onto each other, from 0 to 1; none if their dimensions
    /// differ.
    pub disparity: Option<Array2<f64>>,
    /// What was assumed, a sentence each.
    pub notes: Vec<String>,
}

impl Compared {
    /// The pairs that are compared: of other groups, if there are groups.
    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let all = self.r2.indexed_iter().map(|(at, _)| at);
        all.filter(|&(i, j)| match &self.groups {
            Some(groups) => groups[i] != groups[j],
            None => i != j,
        })
    }

    /// The mean R² over these pairs.
    pub fn mean(&self) -> f64 {
        let (sum, count) = self.pairs().fold((0.0, 0usize), |(sum, count), at| {
            (sum + self.r2[at], count + 1)
        });
        sum / count as f64
    }

    /// The least R² of these pairs.
    pub fn least(&self) -> f64 {
        self.pairs()
            .fold(f64::INFINITY, |least, at| least.min(self.r2[at]))
    }

    /// The mean R² from each group to each other, in the order in which the pairs first appear; each embedding is a
    /// group if there are none.
    pub fn between_groups(&self) -> Vec<(String, String, f64)> {
        let names = self.groups.as_ref().unwrap_or(&self.names);
        let mut all: Vec<((usize, usize), f64, usize)> = Vec::new();
        let first = |i: usize| match &self.groups {
            Some(groups) => groups
                .iter()
                .position(|group| *group == groups[i])
                .unwrap_or(i),
            None => i,
        };
        for (i, j) in self.pairs() {
            let pair = (first(i), first(j));
            match all.iter_mut().find(|(known, ..)| *known == pair) {
                Some((_, sum, count)) => (*sum, *count) = (*sum + self.r2[[i, j]], *count + 1),
                None => all.push((pair, self.r2[[i, j]], 1)),
            }
        }
        let mean = |((i, j), sum, count): ((usize, usize), f64, usize)| {
            (names[i].clone(), names[j].clone(), sum / count as f64)
        };
        all.into_iter().map(mean).collect()
    }

    /// Writes the arrays to an `.npz` file: `r2`, and `disparity` if there is one.
    ///
    /// # Errors
    /// [`Kind::File`](xcebra_model::Kind::File).
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut output = NpzOutput::create(path)?;
        output.add("r2", &self.r2)?;
        if let Some(disparity) = &self.disparity {
            output.add("disparity", disparity)?;
        }
        Ok(output.commit()?)
    }

    /// The verdict.
    pub fn sentence(&self) -> String {
        let (mean, least) = (self.mean(), self.least());
        let verdict = match least >= SAME_BASIS {
            true => "the same up to a linear map",
            false => "not the same up to a linear map",
        };
        let of = match (&self.groups, self.bins) {
            (Some(_), _) => "Embeddings of different groups",
            (None, Some(_)) => "Embeddings of the same label",
            (None, None) => "Embeddings of the same samples",
        };
        format!("{of} agree at R² = {mean:.3} ({least:.3} at least): {verdict}.")
    }

    /// The answer, for a reader and for a program; `out` is the file that the arrays were written to.
    ///
    /// # Errors
    /// [`Kind::Numeric`](xcebra_model::Kind::Numeric) if a score is not finite.
    pub fn answer(&self, out: Option<&Path>) -> Result<Answer> {
        let mut text = String::from("R² of the linear map from each (row) to each (column)\n");
        let width = self
            .names
            .iter()
            .map(|name| name.chars().count())
            .max()
            .unwrap_or(0);
        for (i, (name, row)) in self.names.iter().zip(self.r2.rows()).enumerate() {
            let cells: Vec<String> = row.iter().map(|r2| format!("{r2:7.3}")).collect();
            text += &format!("{i:3}  {name:width$} {}\n", cells.join(""));
        }
        if let Some(disparity) = &self.disparity {
            text += "Procrustes disparity\n";
            for (i, (name, row)) in self.names.iter().zip(disparity.rows()).enumerate() {
                let cells: Vec<String> = row.iter().map(|d| format!("{d:7.3}")).collect();
                text += &format!("{i:3}  {name:width$} {}\n", cells.join(""));
            }
        }
        text += &self.sentence();
        let mut json = json!({
            "names": self.names,
            "between": if self.bins.is_some() { "labels" } else { "samples" },
            "r2": matrix("r2", &self.r2)?,
            "mean": number("mean", self.mean())?,
            "least": number("least", self.least())?,
            "sentence": self.sentence(),
            "notes": self.notes,
        });
        if let Some(bins) = self.bins {
            json["bins"] = json!(bins);
        }
        if let Some(disparity) = &self.disparity {
            json["disparity"] = matrix("disparity", disparity)?;
        }
        if let Some(groups) = &self.groups {
            let pairs = self.between_groups().into_iter();
            let pairs = pairs.map(|(from, to, r2)| json!({ "from": from, "to": to, "r2": r2 }));
            json["groups"] = json!(groups);
            json["between_groups"] = pairs.collect();
        }
        if let Some(out) = out {
            json["out"] = json!(out.display().to_string());
            text += &format!("\n{}: r2", out.display());
            if self.disparity.is_some() {
                text += ", disparity";
            }
        }
        Ok(Answer { text, json })
    }

    /// All pictures of the report.
    pub fn pictures(&self) -> Vec<Picture> {
        let map = |values: &Array2<f64>, title: &str, value: &str, range: (f64, f64)| {
            HeatMap::new(values.view())
                .title(title)
                .rows("from")
                .columns("to")
                .value(value)
                .row_names(&self.names)
                .column_names(&self.names)
                .range(range.0, range.1)
                .draw()
        };
        let lowest = self.r2.fold(0.0_f64, |low, &r2| low.min(r2));
        let figure = map(&self.r2, "Consistency", "R²", (lowest, 1.0));
        let caption = "R² of the linear map from each embedding (row) to each other (column).";
        let mut all = vec![Picture::new("consistency", figure, caption)];
        if let Some(disparity) = &self.disparity {
            let figure = map(disparity, "Procrustes", "disparity", (0.0, 1.0));
            let caption = "What is left of the squared distance when two embeddings of the same size are turned \
                           onto each other.";
            all.push(Picture::new("procrustes", figure, caption));
        }
        all
    }

    /// The report.
    pub fn report(&self) -> Report {
        let mut table = Table::new(&["from", "to", "R²"]).caption("R² of the linear maps.");
        for (from, to, r2) in self.between_groups() {
            table = table.row([from, to, format!("{r2:.4}")]);
        }
        let how = match self.bins {
            Some(bins) => format!(
                "Each embedding was averaged in {bins} bins of the label that all have, as CEBRA does between data \
                 sets."
            ),
            None => "The embeddings are of the same samples and were compared sample by sample."
                .to_owned(),
        };
        let report = Report::new("Embeddings compared")
            .lead(&self.sentence())
            .paragraph(&how);
        let report = report.figures(self.pictures()).table(table);
        self.notes.iter().fold(report, |report, note| {
            report.paragraph(&format!("Note: {note}."))
        })
    }
}

fn matrix(key: &str, values: &Array2<f64>) -> Result<Value, Problem> {
    let rows = values.rows().into_iter();
    rows.map(|row| numbers(key, &row.to_vec())).collect()
}
