//! `cargo xtask bench`: Criterion benches, or the comparison with others and its document.

mod document;
mod groups;
pub mod machine;
mod package;
mod peers;
mod report;
mod statistics;
mod worker;

use crate::shell::{self, Failure, Result};
use crate::workspace::Workspace;

pub fn main(arguments: &[String]) -> Result<()> {
    let workspace = Workspace::load()?;
    if arguments.starts_with(&["--peers".to_owned(), "python".to_owned()]) {
        return package::compare(&workspace, &options(&arguments[2..])?);
    }
    if arguments.first().is_some_and(|a| a == "--peers") {
        return peers::compare(&workspace, &options(&arguments[1..])?);
    }
    if arguments == ["--document"] {
        return report::document(&workspace);
    }
    let mut command = shell::cargo(["bench", "--locked", "-p", "xcebra-benches", "--benches"]);
    if !arguments.is_empty() {
        command.arg("--").args(arguments);
    }
    shell::run(command.current_dir(&workspace.root))?;
    let reports = workspace.target.join("criterion");
    println!("measurements: {}", reports.display());
    Ok(())
}

fn options(arguments: &[String]) -> Result<peers::Options> {
    let mut options = peers::Options::default();
    let mut chosen = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut number = || {
            let value = arguments.next().and_then(|v| v.parse().ok());
            value
                .filter(|v| *v >= 1)
                .ok_or_else(|| Failure::new(format!("{argument} takes a whole number from 1 on")))
        };
        match argument.as_str() {
            "--rounds" => options.rounds = number()?,
            "--threads" => options.threads = vec![number()?],
            name => match groups::named(name) {
                Some(group) => chosen.push(group),
                None => {
                    let names = groups::ALL.each_ref().map(|g| g.name).join(", ");
                    return Err(Failure::new(format!(
                        "`bench --peers` has no option or group `{name}`; it has --rounds and --threads, \
                         and the groups {names}; `bench --peers python` compares the Python package"
                    )));
                }
            },
        }
    }
    if !chosen.is_empty() {
        options.groups = chosen;
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::options;

    #[test]
    fn reads_options() {
        let words = |s: &str| s.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let found = options(&words("explaining --rounds 3 --threads 1")).unwrap();
        assert_eq!((found.rounds, found.threads), (3, vec![1]));
        let names: Vec<&str> = found.groups.iter().map(|g| g.name).collect();
        assert_eq!(names, ["explaining"]);
        assert!(options(&[]).unwrap().groups.len() > 1);
        for wrong in ["--rounds", "--rounds 0", "--rounds x", "--round 1", "other"] {
            assert!(options(&words(wrong)).is_err(), "{wrong}");
        }
    }
}
