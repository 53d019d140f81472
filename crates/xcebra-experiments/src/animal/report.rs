//! The tables and pictures of the experiment.

use std::path::Path;

use ndarray::Array2;
use xcebra::files::write_file;
use xcebra::report::{BarChart, HeatMap, Picture};

use super::cell::VARIABLES;
use super::summary::{EncoderSummary, Measured, Summary};
use crate::error::Result;
use crate::table::{Table, exact, write_json};

/// Writes `animal.md`, `summary.json`, `cells.csv` and the figures into a folder; returns the
/// Markdown.
///
/// # Errors
/// [`Error::File`](crate::Error::File).
pub fn write(folder: &Path, cells: &[Measured], summary: &Summary) -> Result<String> {
    let text = markdown(summary);
    write_file(&folder.join("animal.md"), text.as_bytes())?;
    write_json(&folder.join("summary.json"), summary)?;
    raw(cells, summary).write_csv(folder, "cells")?;
    pictures(summary).iter().try_for_each(|p| p.write(folder))?;
    Ok(text)
}

/// The tables for readers.
pub fn markdown(summary: &Summary) -> String {
    let mut text = format!(
        "{} animals. Which cells carry position, heading, speed: mean auROC [95 % bootstrap \
         interval of the mean over animals].\n\n",
        summary.animals
    );
    let mut table = Table::new([
        "encoder",
        "method",
        "position",
        "heading",
        "speed",
        "all three",
    ]);
    for e in &summary.encoders {
        for method in &summary.methods {
            let (Some(scores), Some(all)) = (e.auroc.get(*method), e.over_variables.get(*method))
            else {
                continue;
            };
            let [p, h, s] = scores.map(|s| s.text());
            table.push([e.encoder.clone(), (*method).to_owned(), p, h, s, all.text()]);
        }
    }
    text += &table.markdown();
    text += "\nThe encoders: R² of the linear map from a block to its variable, mean rank and \
             condition number (geometric mean) of the Jacobians that were inverted, as embedded (five \
             dimensions) and in own coordinates (four), share of outputs at the limit.\n\n";
    text += &encoders(&summary.encoders).markdown();
    text += "\nBy kind of cell: mean auROC of the cells of a kind, which carry the variable, \
             against those that do not; -top: by the attribution that one sample of twenty exceeds, in place of the \
             mean.\n\n";
    text + &kinds(summary).markdown()
}

fn encoders(encoders: &[EncoderSummary]) -> Table {
    let header = [
        "encoder",
        "R² position",
        "R² heading",
        "R² speed",
        "rank",
        "condition",
        "rank, own",
        "condition, own",
        "at limit",
    ];
    let mut table = Table::new(header);
    for e in encoders {
        let [p, h, s] = e.r2.map(|r2| format!("{:.3}", r2.mean));
        let number = |list: &std::collections::BTreeMap<String, f64>, method: &str| {
            list.get(method)
                .map_or_else(String::new, |v| format!("{v:.1}"))
        };
        table.push([
            e.encoder.clone(),
            p,
            h,
            s,
            number(&e.mean_rank, "ing"),
            number(&e.condition, "ing"),
            number(&e.mean_rank, "ing-own"),
            number(&e.condition, "ing-own"),
            format!("{:.1} %", 100.0 * e.at_limit),
        ]);
    }
    table
}

/// The encoders whose kinds are told apart in the report.
const TOLD: [&str; 2] = ["rates, behaviour + reg", "spikes, behaviour + reg"];
/// The methods whose kinds are told apart in the report.
const TOLD_METHODS: [&str; 3] = ["ing-own", "ing-own-top", "neuron-gradient-own"];

fn kinds(summary: &Summary) -> Table {
    let chosen = summary.encoders.iter();
    let chosen: Vec<_> = chosen
        .filter(|e| TOLD.contains(&e.encoder.as_str()))
        .collect();
    let columns = chosen
        .iter()
        .flat_map(|e| TOLD_METHODS.map(|m| format!("{}: {m}", e.encoder)));
    let first = ["kind", "variable"].map(str::to_owned);
    let mut table = Table::new(first.into_iter().chain(columns));
    let Some(rows) = chosen.first().and_then(|e| e.by_kind.get(TOLD_METHODS[0])) else {
        return table;
    };
    for row in rows {
        let scores = chosen.iter().flat_map(|e| {
            TOLD_METHODS.map(|m| {
                let of = e.by_kind.get(m).into_iter().flatten();
                let mut same = of.filter(|k| k.kind == row.kind && k.variable == row.variable);
                same.next()
                    .map_or_else(String::new, |k| format!("{:.3}", k.auroc))
            })
        });
        let names = [row.kind.clone(), row.variable.to_owned()];
        table.push(names.into_iter().chain(scores));
    }
    table
}

/// Every number of every cell.
fn raw(cells: &[Measured], summary: &Summary) -> Table {
    let fixed = [
        "seed", "encoder", "method", "variable", "auroc", "r2", "at_limit",
    ];
    let mut table = Table::new(fixed);
    for (s, o) in cells {
        for method in &summary.methods {
            let Some(scores) = o.auroc.get(*method) else {
                continue;
            };
            for (v, name) in VARIABLES.iter().enumerate() {
                let mut row = vec![s.seed.to_string(), s.encoder.name()];
                row.extend([(*method).to_owned(), (*name).to_owned()]);
                row.extend([scores[v], o.r2[v], o.at_limit].map(exact));
                table.push(row);
            }
        }
    }
    table
}

fn pictures(summary: &Summary) -> Vec<Picture> {
    let methods: Vec<String> = summary.methods.iter().map(|m| (*m).to_owned()).collect();
    let encoders: Vec<String> = summary.encoders.iter().map(|e| e.encoder.clone()).collect();
    let values = Array2::from_shape_fn((encoders.len(), methods.len()), |(e, m)| {
        let scores = &summary.encoders[e].over_variables;
        scores.get(&methods[m]).map_or(f64::NAN, |s| s.mean)
    });
    let map = HeatMap::new(values.view())
        .title("Which cells carry what: mean auROC over variables")
        .rows("encoder")
        .columns("method")
        .value("auROC")
        .row_names(&encoders)
        .column_names(&methods)
        .range(0.5, 1.0)
        .size(1100.0, 330.0)
        .draw();
    let mut bars = BarChart::new("auROC, mean over animals, 95 % interval")
        .title("Behaviour-contrastive, regularised: the ING in own coordinates")
        .reference(0.5, "chance");
    for e in summary
        .encoders
        .iter()
        .filter(|e| TOLD.contains(&e.encoder.as_str()))
    {
        let Some(scores) = e.auroc.get(TOLD_METHODS[0]) else {
            continue;
        };
        let observation = e.encoder.split(',').next().unwrap_or_default();
        for (name, s) in VARIABLES.iter().zip(scores) {
            let mean = (1000.0 * s.mean).round() / 1000.0;
            bars = bars.interval(&format!("{observation}: {name}"), mean, s.low, s.high);
        }
    }
    vec![
        Picture::new("animal-scores", map, "0.5 is chance."),
        Picture::new(
            "animal-bars",
            bars.draw(),
            "A cell's map entry against the truth.",
        ),
    ]
}
