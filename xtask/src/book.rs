//! The pages of `docs/` that show the command line: written from it, and run.

mod outside;

use std::fs;

use crate::pages::blocks;
use crate::program::{self, Program};
use crate::shell::{Failure, Result, file_failure};
use crate::workspace::Workspace;

/// The tutorial whose settings and commands the other pages and the help repeat.
pub const TUTORIAL: &str = "docs/tutorials/known-answer.md";

/// Pages whose `sh` blocks are run, each in an empty folder.
const RUN: [&str; 2] = [TUTORIAL, "docs/reference/file-formats.md"];

/// Pages whose commands take too long to run in a check, or need a file of the reader: the commands and
/// options they name must exist.
const READ: [&str; 13] = [
    "README.md",
    "crates/xcebra/README.md",
    "docs/tutorials/your-recording.md",
    "docs/how-to/train.md",
    "docs/how-to/several-animals.md",
    "docs/how-to/decode-compare-search.md",
    "docs/how-to/one-clock.md",
    "docs/how-to/explain-a-model.md",
    "docs/how-to/significance.md",
    "docs/how-to/cluster.md",
    "docs/how-to/read-reports.md",
    "docs/reports/real-recording.md",
    "docs/reports/heading.md",
];

/// The page that is the help of every command.
const COMMANDS: &str = "docs/reference/command-line.md";

/// Writes the page of the commands, and runs the others. With `links` it is a preprocessor of mdBook.
pub fn main(arguments: &[String]) -> Result<()> {
    if let Some(("links", rest)) = arguments
        .split_first()
        .map(|(first, rest)| (first.as_str(), rest))
    {
        return outside::preprocess(rest);
    }
    if let Some(unknown) = arguments.first() {
        return Err(Failure::new(format!("`book` takes no `{unknown}`")));
    }
    let workspace = Workspace::load()?;
    program::build(&workspace)?;
    let path = workspace.root.join(COMMANDS);
    fs::write(&path, commands(&workspace)?).map_err(file_failure(&path, "write"))?;
    println!("wrote {COMMANDS}");
    run(&workspace)
}

/// Fails unless the page of the commands is what the program prints and the others run. The program
/// must have been built.
pub fn check(workspace: &Workspace) -> Result<()> {
    let path = workspace.root.join(COMMANDS);
    let found = fs::read_to_string(&path).map_err(file_failure(&path, "read"))?;
    if found.replace("\r\n", "\n") != commands(workspace)? {
        let what = format!("{COMMANDS} is not what the commands print");
        return Err(Failure::new(what).or_rerun("cargo xtask book  # writes it again"));
    }
    for page in READ {
        read(workspace, page)?;
    }
    run(workspace)
}

/// Fails if a page names a command or an option that the program does not have.
fn read(workspace: &Workspace, page: &str) -> Result<()> {
    let path = workspace.root.join(page);
    let text = fs::read_to_string(&path).map_err(file_failure(&path, "read"))?;
    let program = Program::in_fresh_folder(workspace, "book")?;
    let mut count = 0;
    for (_, block) in blocks(&text).filter(|(language, _)| *language == "sh") {
        for line in block.replace("\\\n", " ").lines() {
            let Some((command, options)) = typed(line) else {
                continue;
            };
            let help = program.call(&format!("{command} --help"))?;
            let words: Vec<&str> = help
                .split(|c: char| c.is_whitespace() || c == ',')
                .collect();
            if let Some(unknown) = options.iter().find(|option| !words.contains(option)) {
                let what = format!("{page}: `xcebra {command}` has no option `{unknown}`");
                return Err(Failure::new(what));
            }
            count += 1;
        }
    }
    println!("{page}: the options of {count} commands exist");
    Ok(())
}

/// The command of the program that a line of a shell calls, and its options.
fn typed(line: &str) -> Option<(&str, Vec<&str>)> {
    let line = line.split(" #").next()?;
    let rest = ["xcebra ", "cargo run --release -- "]
        .iter()
        .find_map(|start| line.strip_prefix(start))?;
    let command = rest.split_whitespace().find(|w| !w.starts_with("--"))?;
    // a plan takes another command, with its options
    let command = match (command, rest.split_whitespace().nth(1)) {
        ("plan", Some(planned)) => &rest[..rest.find(planned)? + planned.len()],
        _ => command,
    };
    let options = rest.split_whitespace().filter(|w| w.starts_with("--"));
    Some((command, options.collect()))
}

fn commands(workspace: &Workspace) -> Result<String> {
    let program = Program::in_fresh_folder(workspace, "book")?;
    let overview = program.call("--help")?;
    let mut page = format!(
        "# The command line\n\n\
         What `xcebra help` prints. Written by `cargo xtask book`.\n\n{}",
        fenced(&overview)
    );
    for name in names(&overview) {
        let help = program.call(&format!("{name} --help"))?;
        page += &format!("\n## xcebra {name}\n\n{}", fenced(&own_part(&help)));
    }
    Ok(page)
}

/// The commands that the overview lists.
fn names(overview: &str) -> Vec<&str> {
    overview
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect()
}

/// A command's help without the options that all have.
fn own_part(help: &str) -> String {
    let Some((before, rest)) = help.split_once("Global options:\n") else {
        return help.to_owned();
    };
    // the options are indented; what follows is not
    let after = rest
        .lines()
        .skip_while(|line| line.is_empty() || line.starts_with(' '))
        .fold(String::new(), |text, line| text + line + "\n");
    format!("{before}{after}")
}

fn fenced(text: &str) -> String {
    let lines = text.trim_end().lines().map(str::trim_end);
    let text = lines.fold(String::new(), |text, line| text + line + "\n");
    format!("```text\n{text}```\n")
}

fn run(workspace: &Workspace) -> Result<()> {
    for page in RUN {
        let path = workspace.root.join(page);
        let text = fs::read_to_string(&path).map_err(file_failure(&path, "read"))?;
        let program = Program::in_fresh_folder(workspace, "book")?;
        let settings = program.folder.join("fit.toml");
        let mut count = 0;
        for (language, block) in blocks(&text) {
            match language {
                "toml" => fs::write(&settings, block).map_err(file_failure(&settings, "write"))?,
                "sh" => {
                    for command in block.replace("\\\n", " ").lines() {
                        let Some(arguments) = command.strip_prefix("xcebra ") else {
                            let what = format!("{page}: `{command}` is not an xcebra command");
                            return Err(Failure::new(what));
                        };
                        program.call(arguments)?;
                        count += 1;
                    }
                }
                _ => {}
            }
        }
        println!("{page}: {count} commands ran");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{names, own_part, typed};

    #[test]
    fn reads_what_is_typed() {
        let line = "cargo run --release -- --json demo --seed 3   # --not an option";
        assert_eq!(typed(line), Some(("demo", vec!["--json", "--seed"])));
        assert_eq!(
            typed("xcebra fit --data a.npz"),
            Some(("fit", vec!["--data"]))
        );
        assert_eq!(
            typed("xcebra plan fit --seeds 2"),
            Some(("plan fit", vec!["--seeds"]))
        );
        assert_eq!(typed("cargo xtask ci"), None);
    }

    #[test]
    fn leaves_out_what_all_commands_have() {
        let overview = "x\n\nCommands:\n  fit   Train\n  help  Print\n\nOptions:\n";
        assert_eq!(names(overview), ["fit"]);
        let help = "Fit\n\nGlobal options:\n  -q\n\n          more\n\nExamples:\n  b\n";
        assert_eq!(own_part(help), "Fit\n\nExamples:\n  b\n");
    }
}
