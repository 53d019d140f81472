//! Answers to the requests of `cargo xtask bench --peers`: one JSON object a line, in and out.

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use serde_json::{Value, json};

/// What went wrong, for people.
pub type Failure = Box<dyn Error>;

/// Says what this side is, then answers each line of standard input until there are no more.
///
/// # Errors
/// If a line is not JSON, standard output is closed, or `answer` fails.
pub fn serve(mut answer: impl FnMut(&Value) -> Result<Value, Failure>) -> Result<(), Failure> {
    say(&json!({
        "xcebra": env!("CARGO_PKG_VERSION"),
        "threads": rayon::current_num_threads(),
    }))?;
    for line in std::io::stdin().lock().lines() {
        say(&answer(&serde_json::from_str(&line?)?)?)?;
    }
    Ok(())
}

/// Does the work as often as the request's `steps` say: the wall-clock milliseconds of each time, and what
/// the last one returned.
///
/// # Errors
/// Without a positive number of `steps`, or if the work fails.
pub fn timed<T>(
    request: &Value,
    mut work: impl FnMut() -> Result<T, Failure>,
) -> Result<(Vec<f64>, T), Failure> {
    let steps = number(request, "steps")?;
    let mut milliseconds = Vec::with_capacity(steps);
    let mut last = None;
    for _ in 0..steps {
        let start = Instant::now();
        last = Some(work()?);
        milliseconds.push(1000.0 * start.elapsed().as_secs_f64());
    }
    Ok((milliseconds, last.ok_or("`steps` is zero")?))
}

/// A whole number of the request.
///
/// # Errors
/// If it is not there.
pub fn number(request: &Value, field: &str) -> Result<usize, Failure> {
    let value = request[field].as_u64();
    Ok(value.ok_or_else(|| format!("the request has no number `{field}`"))? as usize)
}

/// A text of the request.
///
/// # Errors
/// If it is not there.
pub fn text<'a>(request: &'a Value, field: &str) -> Result<&'a str, Failure> {
    let value = request[field].as_str();
    Ok(value.ok_or_else(|| format!("the request has no text `{field}`"))?)
}

fn say(value: &Value) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}")?;
    out.flush()
}
