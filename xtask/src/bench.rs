//! `cargo xtask bench`: Criterion benches, or the comparison with CEBRA.

mod machine;
mod peers;
mod report;
mod statistics;
mod worker;

use crate::shell::{self, Failure, Result};
use crate::workspace::Workspace;

pub fn main(arguments: &[String]) -> Result<()> {
    let workspace = Workspace::load()?;
    if arguments.first().is_some_and(|a| a == "--peers") {
        return peers::compare(&workspace, &options(&arguments[1..])?);
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
    for pair in arguments.chunks(2) {
        let number = |least: usize| {
            let value = pair.get(1).and_then(|v| v.parse().ok());
            value.filter(|v| *v >= least).ok_or_else(|| {
                Failure::new(format!("{} takes a whole number from {least} on", pair[0]))
            })
        };
        match pair[0].as_str() {
            "--rounds" => options.rounds = number(1)?,
            "--threads" => options.threads = vec![number(1)?],
            other => {
                return Err(Failure::new(format!(
                    "`bench --peers` has no option `{other}`; it has --rounds and --threads"
                )));
            }
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::options;

    #[test]
    fn reads_options() {
        let words = |s: &str| s.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let found = options(&words("--rounds 3 --threads 1")).unwrap();
        assert_eq!((found.rounds, found.threads), (3, vec![1]));
        for wrong in ["--rounds", "--rounds 0", "--rounds x", "--round 1"] {
            assert!(options(&words(wrong)).is_err(), "{wrong}");
        }
    }
}
