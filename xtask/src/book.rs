//! The pages of `docs/` that show the command line: written from it, and run.

use std::fs;

use crate::program::{self, Program};
use crate::shell::{Failure, Result, file_failure};
use crate::workspace::Workspace;

/// Pages whose `sh` blocks are run, each in a folder of its own.
const RUN: [&str; 2] = ["getting-started.md", "file-formats.md"];

/// The page that is the help of every command.
const COMMANDS: &str = "command-line.md";

/// Writes the page of the commands, and runs the others.
pub fn main(arguments: &[String]) -> Result<()> {
    if let Some(unknown) = arguments.first() {
        return Err(Failure::new(format!("`book` takes no `{unknown}`")));
    }
    let workspace = Workspace::load()?;
    program::build(&workspace)?;
    let path = workspace.root.join("docs").join(COMMANDS);
    fs::write(&path, commands(&workspace)?).map_err(file_failure(&path, "write"))?;
    println!("wrote docs/{COMMANDS}");
    run(&workspace)
}

/// Fails unless the page of the commands is what the program prints and the others run. The program
/// must have been built.
pub fn check(workspace: &Workspace) -> Result<()> {
    let path = workspace.root.join("docs").join(COMMANDS);
    let found = fs::read_to_string(&path).map_err(file_failure(&path, "read"))?;
    if found.replace("\r\n", "\n") != commands(workspace)? {
        let what = format!("docs/{COMMANDS} is not what the commands print");
        return Err(Failure::new(what).or_rerun("cargo xtask book  # writes it anew"));
    }
    run(workspace)
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
        let path = workspace.root.join("docs").join(page);
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
                            let what = format!("docs/{page}: `{command}` is no xcebra command");
                            return Err(Failure::new(what));
                        };
                        program.call(arguments)?;
                        count += 1;
                    }
                }
                _ => {}
            }
        }
        println!("docs/{page}: {count} commands ran");
    }
    Ok(())
}

/// Fenced blocks of a page: language and text.
pub fn blocks(page: &str) -> impl Iterator<Item = (&str, String)> {
    let mut lines = page.lines();
    std::iter::from_fn(move || {
        let language = lines.find_map(|line| line.strip_prefix("```"))?;
        let block = lines.by_ref().take_while(|line| *line != "```");
        Some((
            language,
            block.fold(String::new(), |text, line| text + line + "\n"),
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::{blocks, names, own_part};

    #[test]
    fn finds_blocks_and_their_language() {
        let page = "a\n```sh\nxcebra b \\\n  c\n```\n```toml\nd = 1\n```\n";
        let found: Vec<_> = blocks(page).collect();
        assert_eq!(found[0], ("sh", "xcebra b \\\n  c\n".to_owned()));
        assert_eq!(found[1], ("toml", "d = 1\n".to_owned()));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn leaves_out_what_all_commands_have() {
        let overview = "x\n\nCommands:\n  fit   Train\n  help  Print\n\nOptions:\n";
        assert_eq!(names(overview), ["fit"]);
        let help = "Fit\n\nGlobal options:\n  -q\n\n          more\n\nExamples:\n  b\n";
        assert_eq!(own_part(help), "Fit\n\nExamples:\n  b\n");
    }
}
