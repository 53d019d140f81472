//! The tables of the experiment, in Markdown and CSV.

use std::fmt::Write;
use std::path::Path;

use xcebra::files::write_file;

use super::figures;
use super::summary::{CLAIM, EncoderSummary, Measured, ORACLE, Summary};
use crate::error::Result;
use crate::table::{Table, exact, probability, write_json};

/// Writes `table1.md`, `summary.json`, `pairs.csv`, `cells.csv` and the figures into a folder;
/// returns the Markdown.
///
/// # Errors
/// [`Error::File`](crate::Error::File).
pub fn write(folder: &Path, cells: &[Measured], summary: &Summary) -> Result<String> {
    let text = markdown(summary);
    write_file(&folder.join("table1.md"), text.as_bytes())?;
    write_json(&folder.join("summary.json"), summary)?;
    pairs(summary).write_csv(folder, "pairs")?;
    raw(cells, summary).write_csv(folder, "cells")?;
    for picture in figures::all(cells, summary) {
        picture.write(folder)?;
    }
    Ok(text)
}

/// The tables for readers.
pub fn markdown(summary: &Summary) -> String {
    let mut text = format!(
        "Mean auROC over {} data sets [95 % bootstrap interval of the mean].\n\n{}\n",
        summary.data_sets,
        scores(summary).markdown()
    );
    text += "\nThe encoders: R² of the linear map from the embedding to the latents (lowest of the \
             data sets), mean rank of the Jacobians as a share of d, share of outputs at the \
             encoder's limit, mean auROC of the ING for each d, seconds of a training on one \
             thread.\n\n";
    text += &encoders(&summary.encoders).markdown();
    if let Some(claim) = summary.claim() {
        let _ = write!(
            text,
            "\n{} with {}, auROC {}, against the others on the same data sets: mean difference, \
             data sets on which it scored higher (ties), one-sided Wilcoxon signed-rank test, \
             adjusted for {} comparisons (Benjamini and Hochberg).\n\n",
            claim.encoder,
            claim.method,
            claim.auroc.text(),
            summary
                .pairs
                .iter()
                .filter(|p| p.claim_less_this.is_some())
                .count(),
        );
        text += &comparisons(summary).markdown();
    }
    text
}

/// Methods by encoders.
fn scores(summary: &Summary) -> Table {
    let names = summary.encoders.iter().map(|e| e.encoder);
    let mut table = Table::new(["method"].into_iter().chain(names));
    for method in &summary.methods {
        let cells = summary.encoders.iter().map(|e| {
            let pair = summary.pair(e.encoder, method);
            pair.map_or_else(String::new, |pair| pair.auroc.text())
        });
        table.push(std::iter::once(named(method)).chain(cells));
    }
    table
}

fn named(method: &str) -> String {
    if method == ORACLE {
        format!("({method}: told the latents)")
    } else {
        method.to_owned()
    }
}

fn encoders(encoders: &[EncoderSummary]) -> Table {
    let dims: Vec<usize> = encoders.first().map_or_else(Vec::new, |e| {
        e.ing_by_dims.iter().map(|(d, _)| *d).collect()
    });
    let fixed = ["encoder", "R²", "lowest", "rank / d", "at limit"].map(str::to_owned);
    let by_dims = dims.iter().map(|d| format!("ING, d = {d}"));
    let header = fixed.into_iter().chain(by_dims);
    let mut table = Table::new(header.chain(["seconds".to_owned()]));
    for e in encoders {
        let fixed = [
            e.encoder.to_owned(),
            e.r2.text(),
            format!("{:.3}", e.lowest_r2),
            format!("{:.3}", e.rank_share),
            format!("{:.1} %", 100.0 * e.at_limit),
        ];
        let by_dims = e.ing_by_dims.iter().map(|(_, v)| format!("{v:.3}"));
        let cells = fixed.into_iter().chain(by_dims);
        table.push(cells.chain([format!("{:.0}", e.fit_seconds)]));
    }
    table
}

/// The claimed pair against all others, the closest first.
fn comparisons(summary: &Summary) -> Table {
    let mut table = Table::new([
        "encoder",
        "method",
        "auROC",
        "difference",
        "higher on",
        "p",
        "adjusted p",
    ]);
    let mut rows: Vec<_> = summary
        .pairs
        .iter()
        .filter_map(|pair| Some((pair, pair.claim_less_this?)))
        .collect();
    rows.sort_by(|a, b| a.1.difference.mean.total_cmp(&b.1.difference.mean));
    for (pair, c) in rows {
        let of = pair.scores.len();
        table.push([
            pair.encoder.to_owned(),
            pair.method.clone(),
            format!("{:.3}", pair.auroc.mean),
            c.difference.text(),
            match c.ties {
                0 => format!("{} of {of}", c.wins),
                ties => format!("{} of {of} ({ties})", c.wins),
            },
            probability(c.p_value),
            probability(c.adjusted),
        ]);
    }
    table
}

/// The table of scores and comparisons for programs.
fn pairs(summary: &Summary) -> Table {
    let mut table = Table::new([
        "encoder",
        "method",
        "mean",
        "low",
        "high",
        "data_sets",
        "difference",
        "difference_low",
        "difference_high",
        "p",
        "adjusted_p",
    ]);
    for pair in &summary.pairs {
        let mut row = vec![pair.encoder.to_owned(), pair.method.clone()];
        row.extend([pair.auroc.mean, pair.auroc.low, pair.auroc.high].map(exact));
        row.push(pair.scores.len().to_string());
        if let Some(c) = pair.claim_less_this {
            let d = c.difference;
            row.extend([d.mean, d.low, d.high, c.p_value, c.adjusted].map(exact));
        }
        table.push(row);
    }
    table
}

/// Every number of every cell.
fn raw(cells: &[Measured], summary: &Summary) -> Table {
    let fixed = [
        "seed",
        "d",
        "encoder",
        "r2",
        "mean_rank",
        "at_limit",
        "loss",
        "seconds_data",
        "seconds_fit",
        "seconds_maps",
    ];
    let methods = summary.methods.iter().map(String::as_str);
    let mut table = Table::new(fixed.into_iter().chain(methods));
    for (s, o) in cells {
        let mut row = vec![
            s.seed.to_string(),
            s.dims.to_string(),
            s.encoder.name().to_owned(),
        ];
        let t = o.seconds;
        row.extend([o.r2, o.mean_rank, o.at_limit, o.loss, t.data, t.fit, t.maps].map(exact));
        let score = |m: &String| o.auroc.get(m).copied().map(exact).unwrap_or_default();
        row.extend(summary.methods.iter().map(score));
        table.push(row);
    }
    table
}

/// One line on the claim, for the end of a run.
pub fn verdict(summary: &Summary) -> String {
    let Some(claim) = summary.claim() else {
        return "the claimed pair was not measured".to_owned();
    };
    let rivals = summary.pairs.iter();
    let rivals: Vec<_> = rivals.filter(|p| p.claim_less_this.is_some()).collect();
    let better = |p: &&super::summary::Pair| p.auroc.mean > claim.auroc.mean;
    let ahead = rivals.iter().copied().filter(better).count();
    format!(
        "{} with {}: mean auROC {}; {ahead} of {} other pairs score higher",
        CLAIM.0.name(),
        CLAIM.1,
        claim.auroc.text(),
        rivals.len()
    )
}
