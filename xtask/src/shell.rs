//! Running other programs.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why a command stopped, and how to see it again.
#[derive(Clone, Debug)]
pub struct Failure {
    what: String,
    rerun: Option<String>,
}

pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            rerun: None,
        }
    }

    /// Sets the command that shows this failure, unless a more precise one is known.
    pub fn or_rerun(mut self, command: impl Into<String>) -> Self {
        self.rerun.get_or_insert(command.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.rerun {
            Some(command) => write!(f, "\nrerun: {command}"),
            None => Ok(()),
        }
    }
}

/// A failure that names the file.
pub fn file_failure<'a>(path: &'a Path, doing: &'a str) -> impl Fn(std::io::Error) -> Failure + 'a {
    move |e| Failure::new(format!("cannot {doing} {}: {e}", path.display()))
}

/// The cargo that runs this program.
pub fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// Where a program is that `PATH` leads to.
pub fn place(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let places = std::env::split_paths(&folders).map(|folder| folder.join(program));
    places.into_iter().find(|place| place.is_file())
}

/// Runs a command to its end, its output shown.
pub fn run(command: &mut Command) -> Result<()> {
    println!("$ {}", shown(command));
    let status = command.status().map_err(|e| not_started(command, &e))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("{} ended with {status}", name(command))).or_rerun(shown(command)))
}

/// Runs a command and returns what it wrote to standard output.
pub fn read(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| not_started(command, &e))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let what = format!("{} ended with {}\n{text}", name(command), output.status);
    Err(Failure::new(what).or_rerun(shown(command)))
}

pub fn not_started(command: &Command, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot start {}: {error}", shown(command)))
}

fn name(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_stem().unwrap_or(program.as_os_str());
    name.to_string_lossy().into_owned()
}

/// The command as one would type it.
pub fn shown(command: &Command) -> String {
    let variables = command
        .get_envs()
        .filter_map(|(key, value)| Some((key.to_string_lossy(), value?.to_string_lossy())))
        .map(|(key, value)| format!("{key}={}", quoted(&value)));
    let is_cargo = name(command) == "cargo";
    let program = if is_cargo {
        "cargo".to_owned()
    } else {
        quoted(&command.get_program().to_string_lossy())
    };
    let arguments = command.get_args().map(|a| quoted(&a.to_string_lossy()));
    let words: Vec<String> = variables.chain([program]).chain(arguments).collect();
    words.join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{word}'")
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::{cargo, run, shown};

    #[test]
    fn shows_what_to_type() {
        let mut command = cargo(["doc", "--config", "profile.dev.debug=\"none\""]);
        command.env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(
            shown(&command),
            "RUSTDOCFLAGS='-D warnings' cargo doc --config 'profile.dev.debug=\"none\"'"
        );
    }

    #[test]
    fn a_failure_says_how_to_see_it_again() {
        let mut command = cargo(["no-such-command"]);
        let failure = run(command.stderr(Stdio::null())).unwrap_err().to_string();
        assert!(
            failure.ends_with("rerun: cargo no-such-command"),
            "{failure}"
        );
    }
}
