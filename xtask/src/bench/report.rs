//! The measurements as `benchmarks.json` and `benchmarks.md` in `docs/reports/`.
//!
//! The first holds one record a group; a group that was measured anew replaces its own, and the
//! second is written from all of them.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use serde_json::{Map, Value, json};

use super::groups::{ALL, Group};
use super::machine;
use super::peers::Measured;
use super::statistics::spread;
use crate::shell::{self, Failure, Result, file_failure};
use crate::workspace::Workspace;

/// Above this part of the processors, other programs were in the way.
const QUIET: f64 = 0.03;

const RECORDS: &str = "docs/reports/benchmarks.json";
const DOCUMENT: &str = "docs/reports/benchmarks.md";

/// Everything but the times.
pub struct Context {
    /// Part of the processors that other programs had during the run, from 0 to 1.
    pub others: Option<f64>,
    pub rustc: String,
    /// What each side said of itself.
    pub about: Vec<Value>,
}

pub fn write(
    workspace: &Workspace,
    group: &Group,
    context: &Context,
    measured: &[Measured],
) -> Result<()> {
    let path = workspace.root.join(RECORDS);
    let mut all = records(workspace)?;
    let record = record(group, context, measured)?;
    println!("\n{}", tables(group, &record));
    all.insert(group.name.to_owned(), record);
    let text = serde_json::to_string_pretty(&all)
        .map_err(|e| Failure::new(format!("cannot write JSON: {e}")))?;
    fs::write(&path, text + "\n").map_err(file_failure(&path, "write"))?;
    println!("wrote {RECORDS}");
    document(workspace)
}

/// Writes the document from the records.
pub fn document(workspace: &Workspace) -> Result<()> {
    let path = workspace.root.join(DOCUMENT);
    fs::write(&path, markdown(&records(workspace)?)).map_err(file_failure(&path, "write"))?;
    println!("wrote {DOCUMENT}");
    Ok(())
}

/// The records of all groups that were measured.
fn records(workspace: &Workspace) -> Result<Map<String, Value>> {
    let path = workspace.root.join(RECORDS);
    match fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text)
            .map_err(|e| Failure::new(format!("{} is not ours: {e}", path.display()))),
        Err(_) => Ok(Map::new()),
    }
}

fn record(group: &Group, context: &Context, measured: &[Measured]) -> Result<Value> {
    let date = shell::read(Command::new("date").args(["-u", "+%F"]))?;
    let rows = measured.iter().map(row).collect::<Option<Vec<Value>>>();
    let rows = rows.ok_or_else(|| Failure::new("a worker made no steps"))?;
    let sides = group.sides.iter().zip(&context.about);
    let sides: Map<String, Value> = sides
        .map(|((side, _), about)| ((*side).to_owned(), about.clone()))
        .collect();
    Ok(json!({
        "date": date.trim(),
        "machine": {
            "processor": machine::processor(),
            "cores": machine::cores(),
            "used_by_other_programs": context.others,
        },
        "rustc": context.rustc,
        "sides": sides,
        "steps": rows,
    }))
}

fn row(measured: &Measured) -> Option<Value> {
    let turns = || measured.turns.iter();
    let times: Vec<f64> = turns()
        .flat_map(|t| t.milliseconds.iter().copied())
        .collect();
    let cpu: Option<f64> = turns().map(|t| t.cpu).sum();
    let times_of_all = spread(&times)?;
    let last = measured.turns.last()?;
    let mut row = last.said.clone();
    row.extend(
        measured
            .fields
            .iter()
            .map(|(k, v)| ((*k).to_owned(), v.clone())),
    );
    let times_of_all =
        json!({"min": times_of_all.min, "median": times_of_all.median, "max": times_of_all.max});
    row.extend([
        ("threads".to_owned(), measured.threads.into()),
        ("side".to_owned(), measured.side.into()),
        ("steps".to_owned(), times.len().into()),
        ("milliseconds".to_owned(), times_of_all),
        (
            "cpu_milliseconds".to_owned(),
            cpu.map(|all| all / times.len() as f64).into(),
        ),
        (
            "peak_mebibytes".to_owned(),
            last.memory.map(|m| m / f64::from(1 << 20)).into(),
        ),
    ]);
    Some(Value::Object(row))
}

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

fn tables(group: &Group, record: &Value) -> String {
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

fn markdown(all: &Map<String, Value>) -> String {
    let mut text = String::from(
        "# Benchmarks\n\n\
         Written by `cargo xtask bench --peers`; run it to renew the numbers on your machine, with the name of a \
         part (in small letters) to renew that alone. The same in numbers: [benchmarks.json](benchmarks.json).\n",
    );
    for group in &ALL {
        if let Some(record) = all.get(group.name) {
            let _ = write!(text, "\n{}", section(group, record));
        }
    }
    text
}

fn section(group: &Group, record: &Value) -> String {
    let quiet = match record["machine"]["used_by_other_programs"].as_f64() {
        Some(part) if part > QUIET => format!(
            "The machine was shared: other programs used {:.0} % of its processors during the run. \
             Times are longer and spread more than on a quiet machine; the ratios of CPU times \
             suffer least.",
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
         Milliseconds for one {unit}; CPU is the mean processor time over all threads, preparation and {units} \
         that were not\ncounted included. {}\nEach side has its turn at a case, then the next, in one run; every {unit} \
         is timed by itself.\nThe smallest and the largest ratio are between the extremes of both sides. \
         Peak MiB is the largest memory of\nthe process so far, data and libraries included.\n\n{}",
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
