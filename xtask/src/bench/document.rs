//! The page `docs/reports/benchmarks.md`, written from the records.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::groups::{ALL, Group};

/// Above this part of the processors, other programs were in the way.
const QUIET: f64 = 0.03;

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or("–".to_owned(), |v| format!("{v:.digits$}"))
}

/// A text or a number as it stands in a table.
fn cell(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn rows(record: &Value) -> &[Value] {
    record["steps"].as_array().map_or(&[], Vec::as_slice)
}

/// Times below ten milliseconds are told to two digits behind the point.
fn milliseconds(value: Option<f64>) -> String {
    let digits = if value.is_some_and(|v| v < 10.0) {
        2
    } else {
        1
    };
    number(value, digits)
}

pub fn tables(group: &Group, record: &Value) -> String {
    let heads = |more: &str| format!("| {} | threads | {more} |\n", group.columns.join(" | "));
    let rule = |right: usize| {
        let columns = group.columns.len() + 1;
        format!(
            "|{}---|{}\n",
            "---:|".repeat(columns),
            "---:|".repeat(right)
        )
    };
    let fields = |row: &Value| {
        let names = group.columns.iter().copied().chain(["threads"]);
        names.map(|c| cell(&row[c])).collect::<Vec<_>>().join(" | ")
    };
    let unit = group.unit[1];
    let mut text = heads(&format!(
        "side | {unit} | min | median | max | CPU | peak MiB"
    )) + &rule(6);
    for row in rows(record) {
        let time = |what: &str| milliseconds(row["milliseconds"][what].as_f64());
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            fields(row),
            cell(&row["side"]),
            row["steps"],
            time("min"),
            time("median"),
            time("max"),
            milliseconds(row["cpu_milliseconds"].as_f64()),
            number(row["peak_mebibytes"].as_f64(), 0),
        );
    }
    text += "\n";
    text += &heads("compared with | ratio of medians | smallest | largest | of CPU time");
    text += &rule(4);
    for (ours, other) in pairs(group, record) {
        let ratio = |theirs: &str, our: &str| {
            let (theirs, our) = (&other["milliseconds"][theirs], &ours["milliseconds"][our]);
            number(theirs.as_f64().zip(our.as_f64()).map(|(t, o)| t / o), 1)
        };
        let cpu = other["cpu_milliseconds"]
            .as_f64()
            .zip(ours["cpu_milliseconds"].as_f64());
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            fields(ours),
            cell(&other["side"]),
            ratio("median", "median"),
            ratio("min", "max"),
            ratio("max", "min"),
            number(cpu.map(|(t, o)| t / o), 1),
        );
    }
    text
}

/// Our row and another side's, for each case.
fn pairs<'a>(group: &'a Group, record: &'a Value) -> impl Iterator<Item = (&'a Value, &'a Value)> {
    let us = group.sides[0].0;
    rows(record).iter().filter_map(move |other| {
        let same = |row: &&Value| {
            let mut columns = group.columns.iter().copied().chain(["threads"]);
            row["side"] == us && columns.all(|c| row[c] == other[c])
        };
        (other["side"] != us).then_some((rows(record).iter().find(same)?, other))
    })
}

pub fn markdown(all: &Map<String, Value>) -> String {
    let mut text = String::from(
        "# Benchmarks\n\n\
         How much faster this project is than the Python originals, and than the same work written for speed. \
         All sides of a part were measured on one machine in one run.\n\nSummary (ratios of median times over the cases of a part, from the \
         smallest to the largest):\n\n",
    );
    for group in &ALL {
        if let Some(record) = all.get(group.name) {
            let _ = writeln!(text, "- **{}**: {}.", group.title, summary(group, record));
        }
    }
    text += "\n`cargo xtask bench --peers` writes this page. Run it to measure on your machine; with the name of a part (in \
             small letters), it measures only that part. [benchmarks.json](benchmarks.json) holds the same numbers.\n";
    for group in &ALL {
        if let Some(record) = all.get(group.name) {
            let _ = write!(text, "\n{}", section(group, record));
        }
    }
    text
}

/// How many times as long as we the others took, each from its least to its largest ratio.
fn summary(group: &Group, record: &Value) -> String {
    let others = group.sides[1..].iter().filter_map(|(side, _)| {
        let ratios = pairs(group, record)
            .filter(|(_, other)| other["side"] == *side)
            .filter_map(|(ours, other)| {
                let median = |row: &Value| row["milliseconds"]["median"].as_f64();
                Some(median(other)? / median(ours)?)
            });
        let (low, high) = ratios.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), ratio| {
            (low.min(ratio), high.max(ratio))
        });
        (high > 0.0).then(|| format!("{low:.1} to {high:.1} times as fast as {side}"))
    });
    others.collect::<Vec<_>>().join(", ")
}

fn section(group: &Group, record: &Value) -> String {
    let quiet = match record["machine"]["used_by_other_programs"].as_f64() {
        Some(part) if part > QUIET => format!(
            "The machine was shared: other programs used {:.0} % of its processors during the run. \
             Times are longer and vary more than on a quiet machine. The ratios of CPU times \
             are affected least.",
            100.0 * part
        ),
        Some(_) => "The machine was otherwise idle.".to_owned(),
        None => "How busy the machine was is unknown.".to_owned(),
    };
    let sides = record["sides"].as_object();
    let mut versions: Vec<String> = sides
        .into_iter()
        .flat_map(Map::values)
        .filter_map(Value::as_object)
        .flatten()
        .filter_map(|(name, version)| Some(format!("{name} {}", version.as_str()?)))
        .collect();
    versions.sort();
    versions.dedup();
    let [unit, units] = group.unit;
    format!(
        "## {}\n\n{}, {} cores; {}; {}; {}.\n\n{quiet}\n\n{}\n\
         Times are milliseconds for one {unit}. CPU is the mean processor time over all threads, including preparation \
         and {units}\nthat were not counted. {}\nThe sides take turns at each case, in one run, and every {unit} \
         is timed separately.\nThe smallest and the largest ratio are between the extremes of both sides. \
         Peak MiB is the largest memory of\nthe process so far, including data and libraries.\n\n{}",
        group.title,
        cell(&record["machine"]["processor"]),
        record["machine"]["cores"],
        cell(&record["rustc"]),
        versions.join(", "),
        cell(&record["date"]),
        tables(group, record),
        group.warm_up,
        group.contents,
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_document_is_written_from_the_records() {
        let row = |side: &str, median: f64| {
            json!({"model": "filters", "points": 300, "threads": 1, "side": side, "steps": 2,
                "milliseconds": {"min": median / 2.0, "median": median, "max": median * 2.0},
                "cpu_milliseconds": median, "peak_mebibytes": 10.0})
        };
        let record = json!({
            "date": "2026-01-01",
            "machine": {"processor": "a", "cores": 2, "used_by_other_programs": 0.5},
            "rustc": "rustc 1",
            "sides": {"cdig": {"xcebra": "1"}, "torch": {"torch": "2"}},
            "steps": [row("cdig", 2.0), row("torch", 30.0)],
        });
        let all = Map::from_iter([("explaining".to_owned(), record)]);
        let text = markdown(&all);
        assert!(text.contains("used 50 %") && text.contains("torch 2, xcebra 1"));
        assert!(text.contains("| filters | 300 | 1 | cdig | 2 | 1.00 | 2.00 | 4.00 | 2.00 | 10 |"));
        assert!(text.contains("| filters | 300 | 1 | torch | 15.0 | 3.8 | 60.0 | 15.0 |"));
        assert!(text.contains("- **Explaining**: 15.0 to 15.0 times as fast as torch.\n"));
        assert!(!text.contains("## Training"));
    }

    #[test]
    fn the_committed_document_is_that_of_the_committed_records() {
        let text = include_str!("../../../docs/reports/benchmarks.md");
        let records = include_str!("../../../docs/reports/benchmarks.json");
        let records: Map<String, Value> = serde_json::from_str(records).unwrap();
        assert!(ALL.iter().all(|group| records.contains_key(group.name)));
        assert!(
            markdown(&records) == text,
            "docs/reports/benchmarks.md was edited by hand, or the text of a group has changed: \
             `cargo xtask bench --document` writes it again"
        );
    }
}
