//! The measurements as `docs/benchmarks.json` and `docs/benchmarks.md`.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::machine;
use super::peers::{Measured, SIDES};
use super::statistics::{Spread, spread};
use super::worker::Case;
use crate::shell::{self, Failure, Result, file_failure};
use crate::workspace::Workspace;

/// Above this part of the processors, other programs were in the way.
const QUIET: f64 = 0.03;

/// Everything but the times.
pub struct Context {
    /// Part of the processors that other programs had during the run, from 0 to 1.
    pub others: Option<f64>,
    pub rustc: String,
    /// What each side said of itself.
    pub about: Vec<Value>,
}

/// One side at one case.
struct Row {
    case: Case,
    side: &'static str,
    steps: usize,
    times: Spread,
    /// Milliseconds of processor time a step, over all threads.
    cpu: Option<f64>,
    /// Largest memory of the process so far, in MiB.
    memory: Option<f64>,
    loss: f64,
}

pub fn write(workspace: &Workspace, context: &Context, measured: &[Measured]) -> Result<()> {
    let rows = measured.iter().map(row).collect::<Option<Vec<_>>>();
    let rows = rows.ok_or_else(|| Failure::new("a worker made no steps"))?;
    let date = shell::read(Command::new("date").args(["-u", "+%F"]))?;
    let date = date.trim();
    let json = json(context, date, measured, &rows);
    let pretty = serde_json::to_string_pretty(&json)
        .map_err(|e| Failure::new(format!("cannot write JSON: {e}")))?;
    let docs = workspace.root.join("docs");
    for (name, text) in [
        ("benchmarks.json", pretty + "\n"),
        ("benchmarks.md", markdown(context, date, &rows)),
    ] {
        let path = docs.join(name);
        fs::write(&path, text).map_err(file_failure(&path, "write"))?;
        println!("wrote docs/{name}");
    }
    print!("\n{}", tables(&rows));
    Ok(())
}

fn row(measured: &Measured) -> Option<Row> {
    let times: Vec<f64> = measured
        .turns
        .iter()
        .flat_map(|t| t.milliseconds.iter().copied())
        .collect();
    let cpu: Option<f64> = measured.turns.iter().map(|t| t.cpu).sum();
    Some(Row {
        case: measured.case,
        side: measured.side,
        steps: times.len(),
        times: spread(&times)?,
        cpu: cpu.map(|all| all / times.len() as f64),
        memory: measured
            .turns
            .last()?
            .memory
            .map(|m| m / f64::from(1 << 20)),
        loss: measured.turns.last()?.loss,
    })
}

fn json(context: &Context, date: &str, measured: &[Measured], rows: &[Row]) -> Value {
    let steps: Vec<Value> = rows
        .iter()
        .zip(measured)
        .map(|(row, measured)| {
            let parameters = measured.turns.first().map(|t| t.parameters);
            json!({
                "objectives": row.case.objectives,
                "batch": row.case.batch,
                "threads": row.case.threads,
                "side": row.side,
                "parameters": parameters,
                "steps": row.steps,
                "milliseconds": spread_json(row.times),
                "cpu_milliseconds": row.cpu,
                "peak_mebibytes": row.memory,
                "loss": row.loss,
            })
        })
        .collect();
    let ratios: Vec<Value> = ratios(rows)
        .map(|(ours, other)| {
            json!({
                "objectives": ours.case.objectives,
                "batch": ours.case.batch,
                "threads": ours.case.threads,
                "side": other.side,
                "of_medians": other.times.median / ours.times.median,
                "of_minima": other.times.min / ours.times.min,
                "of_cpu": other.cpu.zip(ours.cpu).map(|(o, u)| o / u),
            })
        })
        .collect();
    json!({
        "date": date,
        "machine": {
            "processor": machine::processor(),
            "cores": machine::cores(),
            "used_by_other_programs": context.others,
        },
        "rustc": context.rustc,
        "sides": SIDES.iter().zip(&context.about).map(|(s, a)| (*s, a)).collect::<Vec<_>>(),
        "steps": steps,
        "ratios": ratios,
    })
}

fn spread_json(times: Spread) -> Value {
    json!({"min": times.min, "median": times.median, "max": times.max})
}

/// Our row and another side's, for each case.
fn ratios(rows: &[Row]) -> impl Iterator<Item = (&Row, &Row)> {
    rows.iter().filter_map(|other| {
        let ours = |r: &&Row| r.side == SIDES[0] && r.case == other.case;
        (other.side != SIDES[0]).then_some((rows.iter().find(ours)?, other))
    })
}

fn tables(rows: &[Row]) -> String {
    let mut text = String::from(
        "| objectives | batch | threads | side | steps | min | median | max | CPU | peak MiB |\n\
         |---|---:|---:|---|---:|---:|---:|---:|---:|---:|\n",
    );
    let number = |value: Option<f64>, digits: usize| {
        value.map_or("–".to_owned(), |v| format!("{v:.digits$}"))
    };
    for row in rows {
        let Spread { min, median, max } = row.times;
        let Case {
            objectives,
            batch,
            threads,
        } = row.case;
        let _ = writeln!(
            text,
            "| {objectives} | {batch} | {threads} | {} | {} | {min:.1} | {median:.1} | {max:.1} | \
             {} | {} |",
            row.side,
            row.steps,
            number(row.cpu, 1),
            number(row.memory, 0),
        );
    }
    text += "\n| objectives | batch | threads | compared with | ratio of medians | smallest | \
             largest | of CPU time |\n|---|---:|---:|---|---:|---:|---:|---:|\n";
    for (ours, other) in ratios(rows) {
        let cpu = other.cpu.zip(ours.cpu).map(|(o, u)| o / u);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {:.1} | {:.1} | {:.1} | {} |",
            ours.case.objectives,
            ours.case.batch,
            ours.case.threads,
            other.side,
            other.times.median / ours.times.median,
            other.times.min / ours.times.max,
            other.times.max / ours.times.min,
            number(cpu, 1),
        );
    }
    text
}

fn markdown(context: &Context, date: &str, rows: &[Row]) -> String {
    let said = |side: usize, what: &str| {
        let value = context.about.get(side).map(|a| &a[what]);
        value.and_then(Value::as_str).unwrap_or("?").to_owned()
    };
    let quiet = match context.others {
        Some(part) if part > QUIET => format!(
            "The machine was shared: other programs used {:.0} % of its processors during the run. \
             Times are longer and spread more than on a quiet machine; the ratios of CPU times \
             suffer least.",
            100.0 * part
        ),
        Some(_) => "The machine was otherwise idle.".to_owned(),
        None => "How busy the machine was is unknown.".to_owned(),
    };
    let machine = format!(
        "{}, {} cores; {}; xcebra {}; CEBRA {}, PyTorch {}, SciPy {}, \
         NumPy {}, Python {}; {date}.",
        machine::processor(),
        machine::cores(),
        context.rustc,
        said(0, "xcebra"),
        said(1, "cebra"),
        said(1, "torch"),
        said(1, "scipy"),
        said(1, "numpy"),
        said(1, "python"),
    );
    format!(
        "# Benchmarks\n\n\
         Written by `cargo xtask bench --peers`; run it to renew the numbers on your machine. \
         The same in numbers: [benchmarks.json](benchmarks.json).\n\n\
         {machine}\n\n{quiet}\n\n{}\n{CONTENTS}",
        tables(rows)
    )
}

const CONTENTS: &str = "\
Milliseconds a step; CPU is the mean processor time over all threads, with what the preparation and three
uncounted steps took. Each side has its turn at a case, then the next, in one run; every step is timed by
itself, after those three. The smallest
and the largest ratio are between the extremes of both sides. Peak MiB is the largest memory of the
process so far, recording and libraries included; batches come in rising order.

## What a step is

The recording: 100,000 samples × 50 channels and a three-dimensional label, from
`xcebra_synth::DatasetConfig::paper_protocol(6)`, the same file for all. The encoder:
`offset1-mse-clip`, widths 50 → 180 → 180 → 60 → 6 with exact GELU, outputs limited to ±5, `f32`,
52,986 parameters. Squared-Euclidean InfoNCE at temperature 1, Adam at 3e-4, from random weights.

- `hybrid`: dimensions 0 to 6 with positives one sample later, dimensions 3 to 6 with positives by
  the label (the reference's label plus a random label difference over one sample, then the sample
  with the nearest label); Jacobian regulariser at weight 0.1 with one random projection.
- `time`: the first of these objectives, no regulariser.

On every side a step draws the indices of n references, n negatives and n positives an objective,
label search included; gathers their samples; embeds them; computes the losses, the regulariser and
their gradients; makes one step of Adam; and reports the losses.

- **xcebra**: `xcebra_core::Trainer::step`, as `xcebra fit` runs it. References, negatives and
  positives go through the encoder as one batch; the label search is a k-d tree in `f64`; one
  projection of the Jacobian of the whole embedding.
- **cebra**: CEBRA as published, with its xCEBRA components: `ContrastiveMultiObjectiveLoader`,
  `TimeContrastive` and `TimedeltaDistribution`, `offset1-model-mse-clip-5-5`,
  `FixedEuclideanInfoNCE`, `JacobianReg(n=1)`, `ContrastiveMultiobjectiveSolverxCEBRA`: what the
  solver's `fit` does for one batch. Its label search compares each query with every sample. Its
  solver applies the regulariser once an objective, so twice in a hybrid step.
- **cebra-kdtree**: the fair rival. The same with two changes in the benchmark's own code: label
  search by SciPy's `cKDTree` with all threads, and the regulariser applied once, to the whole
  embedding. Without a label there is nothing to change.

The peer's hybrid step is not run at batch 20,000 or more: its label search would make several
matrices of 20,000 × 100,000 numbers, 8 GB each.

Sources: `benches/src/bin/step.rs`, `benches/peers/cebra_step.py`.
";
