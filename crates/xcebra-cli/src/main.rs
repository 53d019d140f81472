//! The program `xcebra`: one file for each command, and what they share.
//!
//! A command is a struct of arguments with a function `run(&self, &Session) -> Result<Answer>`, and
//! one line each in [`Command`] and in [`Command::run`]. It returns what is to be printed on
//! standard output, as words and as JSON, and prints nothing there itself.

#![forbid(unsafe_code)]

mod attribute;
mod chance;
mod clock;
mod compare;
mod convert;
mod decode;
mod demo;
mod embed;
mod eval;
mod explain;
mod figures;
mod files;
mod fit;
mod import;
mod interrupt;
mod model_flags;
mod outcome;
mod places;
mod problem;
mod progress;
mod scheduler;
mod search;
mod session;
mod show;
mod study;
mod synth;
mod view;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xcebra::files::Format;

use session::{Global, Session};
use xcebra::model::Kind;
use xcebra::{Answer, Problem, Result};

const EXAMPLES: &str = "\
Examples:
  See everything at once, in a minute:
    xcebra demo --out demo
  Step by step, with data whose answer is known (the first tutorial of the book shows fit.toml):
    xcebra synth --dims 4 --samples 4000 --seed 1 --out data.npz
    xcebra fit --data data.npz --config fit.toml --out run
    xcebra embed --model run --data data.npz --out embedding.npz
    xcebra attribute --model run --data data.npz --method ing,neuron-gradient --out map.npz
    xcebra eval --map map.npz:ing --truth data.npz:map
  Find out which frequencies of a signal carry a model's output:
    xcebra explain --model hr.onnx --input pulse.npz:x --domain rfft --fs 32 --out explained.npz

Files:
  Arrays are named FILE:ARRAY, such as data.npz:x. `xcebra files` lists the formats, and `xcebra show
  FILE` what is inside a file.
  A recording is time × channels. In a .csv file the first row may name the columns. The
  array is a column, a list with commas, or a pattern: walk.csv:\"ankle_*,!ankle_z\".

Exit code: 0 for success, 2 for any error, 130 after Ctrl-C, 143 after SIGTERM.";

/// Explain time series: contrastive encoders with inverted-gradient attribution maps, and the
/// frequencies or other components of a signal that carry the output of any model.
#[derive(Debug, Parser)]
#[command(name = "xcebra", version, after_long_help = EXAMPLES, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Synth(synth::Synth),
    Fit(fit::Fit),
    Embed(embed::Embed),
    Attribute(attribute::Attribute),
    Explain(Box<explain::Explain>),
    Eval(eval::Eval),
    Decode(decode::Decode),
    Chance(chance::Chance),
    Compare(compare::Compare),
    Search(search::Search),
    Plan(Box<study::Plan>),
    Run(study::RunPieces),
    Status(study::Status),
    Gather(study::Gather),
    Convert(convert::Convert),
    Import(import::Import),
    Show(show::Show),
    Files(files::Files),
    View(view::View),
}

impl Command {
    fn run(&self, session: &Session) -> Result<Answer> {
        match self {
            Self::Demo(command) => command.run(session),
            Self::Synth(command) => command.run(session),
            Self::Fit(command) => command.run(session),
            Self::Embed(command) => command.run(session),
            Self::Attribute(command) => command.run(session),
            Self::Explain(command) => command.run(session),
            Self::Eval(command) => command.run(session),
            Self::Decode(command) => command.run(session),
            Self::Chance(command) => command.run(session),
            Self::Compare(command) => command.run(session),
            Self::Search(command) => command.run(session),
            Self::Plan(command) => command.run(session),
            Self::Run(command) => command.run(session),
            Self::Status(command) => command.run(session),
            Self::Gather(command) => command.run(session),
            Self::Convert(command) => command.run(session),
            Self::Import(command) => command.run(session),
            Self::Show(command) => command.run(session),
            Self::Files(command) => command.run(session),
            Self::View(command) => command.run(session),
        }
    }
}

/// Refuses an output that is not called `.npz`.
fn require_npz(path: &Path) -> Result<()> {
    if matches!(Format::of(path), Ok(Format::Npz)) {
        return Ok(());
    }
    Err(Problem::setting(
        format!("{} is not an .npz file", path.display()),
        "several arrays may be written: end the name in .npz",
    ))
}

/// Refuses an output that would replace an input, or another output; each path with its flag.
fn require_distinct(out: (&str, &Path), others: &[(&str, &Path)]) -> Result<()> {
    // a file that does not exist yet is known by its folder
    let resolved = |path: &Path| {
        let folder = path.parent().filter(|p| *p != Path::new(""));
        path.canonicalize().ok().or_else(|| {
            let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
            Some(folder.join(path.file_name()?))
        })
    };
    let place = resolved(out.1);
    match others.iter().find(|(_, other)| resolved(other) == place) {
        Some((flag, _)) if place.is_some() => Err(Problem::setting(
            format!("{} {} is also {flag}", out.0, out.1.display()),
            "choose another name: it would be replaced",
        )),
        _ => Ok(()),
    }
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => return problem::report_usage(&usage),
    };
    let session = Session::new(&cli.global);
    let answer = cli
        .global
        .start_threads()
        .and_then(|()| cli.command.run(&session));
    match answer {
        Ok(answer) => outcome::print_answer(&answer, cli.global.json),
        Err(problem) => {
            problem::report(&problem, cli.global.json);
            ExitCode::from(match problem.kind() {
                Kind::Interrupted => session.asked().exit_code(),
                _ => problem::EXIT,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
