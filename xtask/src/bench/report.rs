//! The measurements as `benchmarks.json` and `benchmarks.md` in `docs/reports/`.
//!
//! The first file holds one record for each group. A group that is measured again replaces its record. The
//! second file is written from all records.

use std::fs;
use std::process::Command;

use serde_json::{Map, Value, json};

use super::document::{markdown, tables};
use super::groups::Group;
use super::machine;
use super::peers::Measured;
use super::statistics::spread;
use crate::shell::{self, Failure, Result, file_failure};
use crate::workspace::Workspace;

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
