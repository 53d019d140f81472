//! `cargo xtask ci`: everything that must pass before a change is merged.

mod beside;
mod cargo_steps;
mod cluster;
mod end_to_end;
mod examples;
mod family;
mod layers;
mod links;
mod packages;
mod python;
mod reports;
mod sources;
mod unified;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use self::beside::Beside;
pub use self::reports::screenshots;
use crate::program;
use crate::repro;
use crate::shell::{Failure, Result};
use crate::workspace::Workspace;

type Step = (&'static str, fn(&Workspace) -> Result<()>);

/// In this order, the cheap ones first.
const STEPS: [Step; 13] = [
    ("format", cargo_steps::format),
    ("architecture", architecture),
    ("clippy", cargo_steps::clippy),
    ("features", cargo_steps::features),
    ("tests", cargo_steps::tests),
    ("docs", cargo_steps::docs),
    ("python", python::check),
    ("packages", packages::check),
    ("examples", examples::run),
    ("cluster", cluster::check),
    ("end-to-end", end_to_end::run),
    ("reports", reports::check),
    ("repro", experiments),
];

/// Steps that run only if they are named, because a cold run of all would take too long.
const NAMED_ONLY: [&str; 2] = ["features", "repro"];

/// The step from which others run beside this process: what comes before builds what they use.
const ALONE_UNTIL: &str = "python";

/// Runs the named steps, or all others than [`NAMED_ONLY`]; stops at the first that fails.
pub fn main(names: &[String]) -> Result<()> {
    let mut steps = selected(names)?;
    let workspace = Arc::new(Workspace::load()?);
    if steps.iter().any(|(name, _)| *name == "python") {
        let workspace = Arc::clone(&workspace);
        // a failure is reported by the step, which asks for the environment again
        thread::spawn(move || python::environment(&workspace).is_ok());
    }
    let all = names.is_empty();
    if all {
        steps.retain(|(name, _)| !beside::STEPS.contains(name));
    }
    let mut beside: Option<Beside> = None;
    let begun = Instant::now();
    let mut passed: Vec<(&str, Duration)> = Vec::new();
    for (name, step) in &steps {
        if all && *name == ALONE_UNTIL {
            program::build(&workspace)?;
            beside = Some(Beside::start(&workspace)?);
        }
        println!("\n── {} of {}: {name} ──", passed.len() + 1, steps.len());
        let start = Instant::now();
        let result = step(&workspace);
        let time = start.elapsed();
        if let Err(failure) = result {
            println!("\n{name} FAILED after {:.1} s", time.as_secs_f64());
            summary(&passed, begun.elapsed());
            println!("{} passed, 1 failed", passed.len());
            return Err(failure.or_rerun(format!("cargo xtask ci {name}")));
        }
        println!("{name} passed in {:.1} s", time.as_secs_f64());
        passed.push((name, time));
    }
    let mut count = passed.len();
    let others = beside.as_mut().map(Beside::finish);
    summary(&passed, begun.elapsed());
    if let Some(others) = others {
        others.inspect_err(|_| println!("{count} passed, 1 failed"))?;
        count += beside::STEPS.len();
    }
    println!("{count} passed, 0 failed");
    Ok(())
}

fn selected(names: &[String]) -> Result<Vec<Step>> {
    if names.is_empty() {
        let usual = STEPS.iter().filter(|s| !NAMED_ONLY.contains(&s.0));
        return Ok(usual.copied().collect());
    }
    let known = STEPS.map(|(name, _)| name);
    if let Some(unknown) = names.iter().find(|n| !known.contains(&n.as_str())) {
        return Err(Failure::new(format!(
            "no step `{unknown}`; the steps are {}",
            known.join(", ")
        )));
    }
    let chosen = STEPS.iter().filter(|s| names.iter().any(|n| n == s.0));
    Ok(chosen.copied().collect())
}

fn summary(passed: &[(&str, Duration)], total: Duration) {
    println!();
    for (name, time) in passed {
        println!("{name:14} {:7.1} s", time.as_secs_f64());
    }
    println!("{:14} {:7.1} s", "in all", total.as_secs_f64());
}

/// What no compiler checks: dependencies between crates, the shape of sources and manifests, links of pages.
fn architecture(workspace: &Workspace) -> Result<()> {
    let mut problems = layers::problems(workspace)?;
    problems.extend(sources::problems(workspace)?);
    problems.extend(links::problems(workspace)?);
    problems.extend(unified::problems(workspace)?);
    if problems.is_empty() {
        return Ok(());
    }
    Err(Failure::new(problems.join("\n")))
}

/// Every experiment at its smallest scale: that it runs, not what comes out.
fn experiments(workspace: &Workspace) -> Result<()> {
    program::build(workspace)?;
    [
        "table1",
        "animal",
        "several-animals",
        "recipe",
        "heart-rate",
        "seizure",
        "forecast",
    ]
    .iter()
    .try_for_each(|experiment| repro::smoke(workspace, experiment))
}

#[cfg(test)]
mod tests {
    use super::{NAMED_ONLY, STEPS, beside, selected};

    #[test]
    fn steps_are_chosen_by_name_in_their_own_order() {
        let names = |steps: &[super::Step]| steps.iter().map(|s| s.0).collect::<Vec<_>>();
        let usual = selected(&[]).unwrap();
        assert_eq!(usual.len(), STEPS.len() - NAMED_ONLY.len());
        for name in NAMED_ONLY {
            assert!(!names(&usual).contains(&name), "{name}");
            assert_eq!(names(&selected(&[name.to_owned()]).unwrap()), [name]);
        }
        // they stand last, so that the steps before have built what they use
        let usual = names(&usual);
        assert!(usual.ends_with(&beside::STEPS), "{usual:?}");
        let chosen = selected(&["docs".to_owned(), "format".to_owned()]).unwrap();
        assert_eq!(names(&chosen), ["format", "docs"]);
        assert!(selected(&["dogs".to_owned()]).is_err());
    }
}
