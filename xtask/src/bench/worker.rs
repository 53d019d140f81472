//! A process that does timed work on request: one JSON object a line, in and out.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Map, Value};

use super::machine;
use crate::shell::{self, Failure, Result};

pub struct Worker {
    pub name: &'static str,
    /// What it said of itself when it was ready: versions, threads.
    pub about: Value,
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

/// Some steps of one case.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    /// Milliseconds of each.
    pub milliseconds: Vec<f64>,
    /// Milliseconds of processor time of all together, over all threads.
    pub cpu: Option<f64>,
    /// Largest memory of the process so far, in bytes.
    pub memory: Option<f64>,
    /// What it said besides the times.
    pub said: Map<String, Value>,
}

impl Worker {
    pub fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        println!("$ {}", shell::shown(command));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| shell::not_started(command, &e))?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::new(format!("{name} has no pipes")));
        };
        let mut worker = Self {
            name,
            about: Value::Null,
            child,
            stdin,
            stdout: BufReader::new(stdout),
        };
        worker.about = worker.hear()?;
        Ok(worker)
    }

    /// Makes `count` steps of a case, each timed.
    pub fn steps(&mut self, fields: &[(&'static str, Value)], count: usize) -> Result<Steps> {
        let mut request = Map::new();
        let named = fields.iter().map(|(k, v)| ((*k).to_owned(), v.clone()));
        request.extend(named.chain([("steps".to_owned(), count.into())]));
        let request = Value::Object(request);
        let before = self.cpu_seconds();
        writeln!(self.stdin, "{request}").map_err(|e| self.gone(&e.to_string()))?;
        let answer = self.hear()?;
        let after = self.cpu_seconds();
        let Value::Object(mut said) = answer else {
            return Err(self.gone(&format!("it answered {answer}")));
        };
        let times = said.remove("milliseconds");
        let times = times.as_ref().and_then(Value::as_array);
        let times = times.ok_or_else(|| self.gone("it gave no milliseconds"))?;
        Ok(Steps {
            milliseconds: times.iter().filter_map(Value::as_f64).collect(),
            cpu: before.zip(after).map(|(b, a)| 1000.0 * (a - b)),
            memory: machine::peak_memory(self.child.id()),
            said,
        })
    }

    /// Seconds of processor time that it has used.
    pub fn cpu_seconds(&self) -> Option<f64> {
        machine::cpu_time(self.child.id())
    }

    fn hear(&mut self) -> Result<Value> {
        let mut line = String::new();
        let read = self.stdout.read_line(&mut line);
        read.map_err(|e| self.gone(&e.to_string()))?;
        serde_json::from_str(&line).map_err(|e| self.gone(&format!("{e} in `{}`", line.trim())))
    }

    fn gone(&self, why: &str) -> Failure {
        Failure::new(format!(
            "the worker `{}` stopped answering: {why}",
            self.name
        ))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // a worker that has failed may be gone already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
