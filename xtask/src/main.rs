//! Repository automation: `cargo xtask <command>`, one file a command.

#![forbid(unsafe_code)]

mod bench;
mod book;
mod ci;
mod pages;
mod pictures;
mod program;
mod python;
mod repro;
mod shell;
mod soak;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask <command>

  ci [STEP…]    everything that must pass before a change is merged, or only the named steps
  bench [NAME]  Criterion benches, or only those whose name contains NAME
  bench --peers [GROUP…] [--rounds N] [--threads N]
                the comparison with others (training, animals, convolutions, attribution, explaining), or only the
                named groups; writes docs/reports/benchmarks.md and benchmarks.json
  bench --document
                writes docs/reports/benchmarks.md again from benchmarks.json
  repro table1|animal|several-animals --scale smoke|small|paper [--out FOLDER] [--threads N] [--seeds N]
                the papers' experiments; what is finished in the folder (default: target/repro/…) is
                not computed again; `repro table1 --help` has more
  repro fdr [--out FOLDER] [--threads N] [--sets N]
                false discoveries of `xcebra attribute --significance` on recordings with a known map
  repro chance [--out FOLDER] [--threads N] [--sets N]
                how often `xcebra chance` errs, on recordings of which the answer is known
  repro heart-rate|seizure|forecast --scale smoke|full [--out FOLDER]
                the case studies of docs/reports/case-studies.md
  book          writes docs/reference/command-line.md from the program's help, runs the commands of other pages
  book links    a preprocessor of mdBook: links that leave the book become names of files in the repository
  pictures      takes the pictures of reports in docs/pictures/reports again; needs Chromium, Node and npm
  soak resume [--kills N] [--seed N]
                a training is killed at random moments and resumed; it must end in the same bytes
  soak memory [--samples N]
                the peak memory of fit, embed and attribute on a recording in each format, and its limit (Linux)
  soak memory --large [FILE…]
                the same on rasters of 4 GB, or on the named ones; `embed` and `attribute` may take 500 MB
  soak properties [--rounds N] [--seed N]
                the libraries' tests with other random cases than `ci` takes, once for each seed
  soak fuzz [--runs N] [--seconds N] [TARGET…]
                every reader, or the named ones, with inputs that a fuzzer finds by coverage: none may panic,
                take 10 s or 1 GB (default: 60 s for each; needs a C++ compiler)
  soak fuzz --minimise
                replaces the committed inputs by the smallest of those that reach all that was reached
  help          this text

environment
  CI=true                refuse to package files that are not committed
  XCEBRA_PEERS_PYTHON    a Python with benches/peers/requirements.txt installed; without it
                         `bench --peers` makes one in target/peers-venv
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    if std::env::var_os(soak::COMPILING).is_some() {
        return ended(soak::compile(&arguments));
    }
    let result = match arguments.first().map(String::as_str) {
        Some("ci") => ci::main(rest),
        Some("bench") => bench::main(rest),
        Some("repro") => repro::main(rest),
        Some("book") => book::main(rest),
        Some("pictures") => pictures::main(rest),
        Some("soak") => soak::main(rest),
        Some("help" | "--help" | "-h") | None => {
            print!("{HELP}");
            Ok(())
        }
        Some(other) => Err(shell::Failure::new(format!(
            "no command `{other}`; `cargo xtask help` lists them"
        ))),
    };
    ended(result)
}

fn ended(result: shell::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
