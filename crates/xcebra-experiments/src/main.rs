//! `repro`: runs an experiment; `cargo xtask repro` builds and starts it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use xcebra_experiments::cells::{Progress, Share};
use xcebra_experiments::{
    CaseScale, Error, Scale, animal, chance, fdr, forecast, heart_rate, recipe, seizure,
    several_animals, table1,
};

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

/// Runs an experiment of the papers. A run that was broken off goes on where it was
#[derive(Debug, Parser)]
#[command(name = "repro")]
struct Repro {
    #[command(subcommand)]
    experiment: Experiment,
}

#[derive(Debug, Subcommand)]
enum Experiment {
    /// The synthetic experiment: encoders × attribution methods against a known map
    Table1 {
        #[command(flatten)]
        options: Options,
        /// Only say how long it will take, from a few steps of each kind
        #[arg(long)]
        estimate: bool,
    },
    /// A simulated animal: which cells carry position, heading, speed
    Animal {
        #[command(flatten)]
        options: Options,
    },
    /// Several animals in one embedding, a new one that is added, and masks in training
    SeveralAnimals {
        #[command(flatten)]
        options: Options,
    },
    /// Regularisers and lengths of training on recordings of several kinds: which find the true map?
    Recipe {
        #[command(flatten)]
        options: Options,
    },
    /// False discoveries of `xcebra attribute --significance`, on recordings with a known map
    Fdr {
        /// Folder for results; recordings that are finished there are not computed again
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
        /// Recordings of each kind
        #[arg(long, value_name = "N", default_value_t = fdr::DATA_SETS,
              value_parser = clap::value_parser!(u64).range(1..))]
        sets: u64,
        /// Kinds of recordings, separated by commas: protocol, rates, spikes
        #[arg(long, value_name = "KINDS", value_delimiter = ',', default_value = "protocol", value_parser = fdr::Kind::named)]
        kinds: Vec<fdr::Kind>,
        #[command(flatten)]
        sharing: Sharing,
    },
    /// How often `xcebra chance` errs, on recordings of which it is known whether there is something to find
    Chance {
        /// Folder for results; recordings that are finished there are not computed again
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
        /// Recordings of each kind
        #[arg(long, value_name = "N", default_value_t = chance::DATA_SETS,
              value_parser = clap::value_parser!(u64).range(1..))]
        sets: u64,
        #[command(flatten)]
        sharing: Sharing,
    },
    /// Heart rate from a pulse with motion in it
    HeartRate(CaseOptions),
    /// A seizure-like rhythm in one of 19 mixed sources, and in a real recording
    Seizure(CaseOptions),
    /// Trend and season in a forecast, near and far
    Forecast(CaseOptions),
}

#[derive(Debug, Args)]
struct CaseOptions {
    /// How large: smoke or full
    #[arg(long, value_enum)]
    scale: CaseScale,
    /// Folder for results
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

#[derive(Debug, Args)]
struct Options {
    /// How large: smoke, small or paper
    #[arg(long)]
    scale: Scale,
    /// Folder for results; what is finished there is not computed again
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    #[command(flatten)]
    sharing: Sharing,
    /// Data sets of each size, or animals, in place of what the scale says; a later run adds more
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    seeds: Option<u16>,
}

/// What of an experiment a process makes.
#[derive(Debug, Args)]
struct Sharing {
    /// Cells computed at the same time; default: one a core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Only every N-th cell from the K-th on, K from 0 to N − 1: N processes that see the folder make all of them. The
    /// one that ends last writes the tables
    #[arg(long, value_name = "K/N", conflicts_with = "gather")]
    piece: Option<Share>,
    /// Only write the tables; an error if cells have no result
    #[arg(long)]
    gather: bool,
}

impl Sharing {
    /// Which cells are made, and on how many threads: one a core if that is not told.
    fn share(&self) -> (Share, usize) {
        let share = match (self.piece, self.gather) {
            (Some(piece), _) => piece,
            (None, true) => Share::Gather,
            (None, false) => Share::All,
        };
        let all = || std::thread::available_parallelism().map_or(1, usize::from);
        (share, self.threads.map_or_else(all, usize::from))
    }
}

/// What there is to say if other pieces are still to be made.
const OTHERS: &str = "this piece is done; other pieces have no result yet";

fn main() -> ExitCode {
    match run(&Repro::parse().experiment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(experiment: &Experiment) -> Result {
    match experiment {
        Experiment::Table1 { options, estimate } => {
            let mut protocol = table1::Protocol::at(options.scale);
            protocol.seeds = options.seeds.map_or(protocol.seeds, u64::from);
            let (share, threads) = options.sharing.share();
            if *estimate || options.scale == Scale::Paper && share == Share::All {
                let found = table1::estimate(&protocol)?;
                println!(
                    "about {} for {} cells on {} threads, going by a few steps of each kind on one",
                    time(found.seconds / threads as f64),
                    found.cells,
                    threads
                );
                if *estimate {
                    return Ok(());
                }
            }
            let found = table1::reproduce(&protocol, &options.out, (share, threads), &say)?;
            let Some(summary) = found else {
                println!("{OTHERS}");
                return Ok(());
            };
            println!(
                "{}\n{}",
                table1::markdown(&summary),
                table1::verdict(&summary)
            );
            println!("tables and figures: {}", options.out.display());
        }
        Experiment::Animal { options } => {
            let mut protocol = animal::Protocol::at(options.scale).ok_or(Error::Setting {
                what: "the scale of `animal`",
                found: options.scale.to_string(),
                expected: "smoke or small: the paper's recordings are of real animals",
            })?;
            protocol.seeds = options.seeds.map_or(protocol.seeds, u64::from);
            let share = options.sharing.share();
            let Some(summary) = animal::reproduce(&protocol, &options.out, share, &say)? else {
                println!("{OTHERS}");
                return Ok(());
            };
            println!("{}", animal::markdown(&summary));
            println!("tables and figures: {}", options.out.display());
        }
        Experiment::SeveralAnimals { options } => {
            let mut protocol =
                several_animals::Protocol::at(options.scale).ok_or(Error::Setting {
                    what: "the scale of `several-animals`",
                    found: options.scale.to_string(),
                    expected: "smoke or small: the papers have no such experiment",
                })?;
            protocol.seeds = options.seeds.map_or(protocol.seeds, u64::from);
            let share = options.sharing.share();
            let tables = several_animals::reproduce(&protocol, &options.out, share, &say)?;
            tell(tables.map(|tables| format!("{tables}\ntables: {}", options.out.display())));
        }
        Experiment::Recipe { options } => {
            let mut protocol = recipe::Protocol::at(options.scale).ok_or(Error::Setting {
                what: "the scale of `recipe`",
                found: options.scale.to_string(),
                expected: "smoke or small: the papers have no such experiment",
            })?;
            protocol.seeds = options.seeds.map_or(protocol.seeds, u64::from);
            let share = options.sharing.share();
            let tables = recipe::reproduce(&protocol, &options.out, share, &say)?;
            tell(tables.map(|tables| format!("{tables}\ntables: {}", options.out.display())));
        }
        Experiment::Fdr {
            out,
            sets,
            kinds,
            sharing,
        } => {
            let seeds = |kind: &fdr::Kind| {
                let kind = *kind;
                (0..*sets).map(move |seed| fdr::Settings::of_seed(kind, seed))
            };
            let recordings: Vec<_> = kinds.iter().flat_map(seeds).collect();
            let found = fdr::reproduce(&recordings, out, sharing.share(), &say)?;
            tell(found.map(|(_, text)| text));
        }
        Experiment::Chance { out, sets, sharing } => {
            tell(chance::reproduce(*sets, out, sharing.share(), &say)?);
        }
        Experiment::HeartRate(case) => {
            println!("{}", heart_rate::reproduce(case.scale, &case.out)?.1);
        }
        Experiment::Seizure(case) => println!("{}", seizure::reproduce(case.scale, &case.out)?.1),
        Experiment::Forecast(case) => {
            println!("{}", forecast::reproduce(case.scale, &case.out)?.1);
        }
    }
    Ok(())
}

/// What came out, or that other pieces are still to be made.
fn tell(found: Option<String>) {
    println!("{}", found.as_deref().unwrap_or(OTHERS));
}

/// One line a cell, on standard error.
fn say(progress: &Progress<'_>) {
    let Progress { done, total, .. } = progress;
    let left = progress
        .left
        .map_or_else(String::new, |left| format!(", about {} left", time(left)));
    let elapsed = time(progress.elapsed);
    match progress.cell {
        Some(cell) => eprintln!("[{done}/{total}] {cell} · {elapsed}{left}"),
        None => eprintln!("[{done}/{total}] {} found{left}", progress.found),
    }
}

/// `2 h 05 min`, `3 min 20 s`, `7 s`.
fn time(seconds: f64) -> String {
    let whole = Duration::try_from_secs_f64(seconds).map_or(0, |d| d.as_secs());
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min {seconds:02} s"),
        _ => format!("{hours} h {minutes:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Repro, time};

    #[test]
    fn arguments_are_checked() {
        Repro::command().debug_assert();
        let parse = |text: &str| Repro::try_parse_from(text.split(' '));
        assert!(parse("repro table1 --scale smoke --out x").is_ok());
        assert!(parse("repro animal --scale small --out x --threads 2 --seeds 9").is_ok());
        assert!(parse("repro fdr --kinds protocol,spikes --sets 2 --out x --piece 3/4").is_ok());
        assert!(parse("repro table1 --scale paper --out x --gather").is_ok());
        for wrong in [
            "repro",
            "repro table2 --scale smoke --out x",
            "repro table1 --out x",
            "repro table1 --scale smoke",
            "repro table1 --scale tiny --out x",
            "repro table1 --scale smoke --out x --threads 0",
            "repro animal --scale smoke --out x --estimate",
            "repro fdr --sets 60",
            "repro fdr --sets 0 --out x",
            "repro fdr --kinds rates,rat --out x",
            "repro fdr --out x --piece 4/4",
            "repro fdr --out x --piece 1",
            "repro table1 --scale smoke --out x --piece 0/2 --gather",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        let message = parse("repro table1 --scale tiny --out x").unwrap_err();
        assert!(
            message.to_string().contains("smoke, small, paper"),
            "{message}"
        );
    }

    #[test]
    fn times_read_well() {
        assert_eq!(time(7.9), "7 s");
        assert_eq!(time(200.0), "3 min 20 s");
        assert_eq!(time(7500.0), "2 h 05 min");
        assert_eq!(time(f64::NAN), "0 s");
    }
}
