//! Whole answers of each command, text and `--json`, so that a change of words or numbers is seen in review.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test -p xcebra-cli snapshots` writes the files in `tests/snapshots` anew. Numbers
//! may differ by [`TOLERANCE`]: trainings take other roundings on other processors. Durations are left out.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;

use ndarray::Array2;

use crate::common::{Folder, SHORT};

/// Single precision and a few dozen training steps; a changed digit that a reader sees is larger.
const TOLERANCE: f64 = 2e-3;
/// Numbers below this are rounding.
const NOTHING: f64 = 1e-6;

/// Runs a command as text and as JSON, `{out}` standing for two outputs, and compares with the file.
fn answers(folder: &Folder, name: &str, command: &str) {
    let mut found = String::new();
    for (kind, flag) in [("text", ""), ("json", " --json")] {
        let line = format!("{}{flag}", command.replace("{out}", kind));
        let output = folder.run(&line);
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let stdout = match serde_json::from_str::<serde_json::Value>(&stdout) {
            Ok(value) if kind == "json" => serde_json::to_string_pretty(&value).unwrap(),
            _ => stdout,
        };
        found += &format!("$ xcebra {line}\n{}\n", stdout.trim_end());
        if !stderr.trim().is_empty() {
            found += &format!("standard error:\n{}\n", stderr.trim_end());
        }
        found += &format!("exit code {}\n\n", output.status.code().unwrap());
    }
    let found = without_durations(&found);
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/snapshots")
        .join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        return fs::write(path, found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    for (line, (a, b)) in expected.lines().zip(found.lines()).enumerate() {
        assert!(
            alike(a, b),
            "{name}, line {}: expected\n{a}\nfound\n{b}\nin\n{found}",
            line + 1
        );
    }
    assert_eq!(
        expected.lines().count(),
        found.lines().count(),
        "{name}:\n{found}"
    );
}

/// Times and speeds, which depend on the machine, become dots.
fn without_durations(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let key = ["\"seconds\": ", "_seconds\": ", "\"samples_per_second\": "]
            .iter()
            .find_map(|key| line.find(key).map(|at| at + key.len()));
        if let Some(end) = key {
            lines.push(format!("{}…", &line[..end]));
            continue;
        }
        let pieces: Vec<&str> = line.split(' ').collect();
        let measured = |i: usize| {
            let before = i.checked_sub(1).map_or("", |b| pieces[b]);
            let unit = pieces.get(i + 1).copied().unwrap_or_default();
            let unit = unit.trim_end_matches([',', ';', '.', ')', ':']);
            let number = pieces[i].trim_start_matches('(');
            let duration = ["in", "after", "samples,"].contains(&before) && unit == "s";
            (duration || unit == "samples/s") && number.parse::<f64>().is_ok()
        };
        let kept = (0..pieces.len()).map(|i| if measured(i) { "…" } else { pieces[i] });
        lines.push(kept.collect::<Vec<_>>().join(" "));
    }
    lines.join("\n") + "\n"
}

/// Whether two lines have the same words, and numbers that are as good as equal; columns may be shifted.
fn alike(a: &str, b: &str) -> bool {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let (a, b) = (pieces(&words(a)), pieces(&words(b)));
    let number = |text: &str| text.trim_end_matches('.').parse::<f64>();
    a.len() == b.len()
        && a.iter().zip(&b).all(|(a, b)| {
            // whole numbers count something
            let fraction = [a, b].iter().any(|text| text.contains(['.', 'e']));
            match (number(a), number(b)) {
                (Ok(a), Ok(b)) if fraction => {
                    (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()) + NOTHING
                }
                _ => a == b,
            }
        })
}

/// Numbers, and what stands between them.
fn pieces(line: &str) -> Vec<String> {
    let mut all: Vec<String> = vec![String::new()];
    let mut in_number = false;
    let mut before = ' ';
    for c in line.chars() {
        let of_number = match in_number {
            true => {
                c.is_ascii_digit() || c == '.' || c == 'e' || ("+-".contains(c) && before == 'e')
            }
            false => c.is_ascii_digit() && !before.is_alphanumeric(),
        };
        if of_number != in_number {
            let text = all.last_mut().unwrap();
            // a minus sign belongs to the number, a dash between words does not
            let negative = of_number && (text == "-" || text.ends_with(" -"));
            if negative {
                text.pop();
            }
            all.push(if negative {
                "-".to_owned()
            } else {
                String::new()
            });
            in_number = of_number;
        }
        all.last_mut().unwrap().push(c);
        before = c;
    }
    all
}

/// Two tones in the first of two channels, 64 samples, three signals.
fn tones(folder: &Folder) {
    let x = Array2::from_shape_fn((192, 4), |(t, c)| {
        let (t, c) = (t as f64 / 32.0, c as f64);
        (1.0 + 0.3 * c) * (t * 5.0 * TAU).sin() + 0.1 * c * (t * 2.0 * TAU).cos()
    });
    folder.write_npz("tones.npz", &[("x", x)]);
}

#[test]
fn numbers_are_compared_as_numbers() {
    assert!(alike("R² = 0.9991 of 20", "R² = 0.9990 of 20"));
    assert!(!alike("R² = 0.98 of 20", "R² = 0.95 of 20"));
    assert!(!alike("R² = 0.98 of 20", "R² = 0.98 of 21"));
    assert!(alike("residual 1.2e-17.", "residual 3.4e-16."));
    assert!(alike("x ± 1.2e-7    y", "x ± 0   y"));
    assert!(!alike("a 0.5", "b 0.5"));
}

#[test]
fn synth_and_eval() {
    let folder = Folder::new();
    answers(
        &folder,
        "synth",
        "synth --dims 4 --samples 300 --seed 1 --out {out}.npz",
    );
    answers(
        &folder,
        "eval",
        "eval --map text.npz:map --truth text.npz:map",
    );
}

#[test]
fn fit_embed_and_attribute() {
    let folder = Folder::new();
    folder.trained();
    answers(
        &folder,
        "fit",
        &format!("fit --data data.npz --out {{out}} {SHORT}"),
    );
    answers(
        &folder,
        "fit-labels",
        &format!(
            "fit --data data.npz --out {{out}}-labels {SHORT} --set data.labels={{speed=\"speed\"}} \
             --set objective.0.positives={{kind=\"time-delta\",label=\"speed\"}}"
        ),
    );
    answers(
        &folder,
        "embed",
        "embed --model run --data data.npz --out {out}-e.npz",
    );
    answers(
        &folder,
        "attribute",
        "attribute --model run --data data.npz --method ing --out {out}-m.npz",
    );
    answers(
        &folder,
        "attribute-methods",
        "attribute --model run --data data.npz --method ing,neuron-gradient,feature-ablation --out {out}-ms.npz",
    );
}

#[test]
fn explain_in_six_domains_and_two_units() {
    let folder = Folder::new();
    folder.recording();
    folder.succeeds(&format!(
        "fit --data data.npz --out run {SHORT} --set encoder.name=offset10-mse"
    ));
    tones(&folder);
    for domain in [
        "time",
        "rfft",
        "dct",
        "stft:8:4",
        "wavelet:haar:2",
        "packets:haar:2",
    ] {
        for unit in ["Hz", "bpm"] {
            let name = format!("explain-{}-{unit}", domain.replace(':', "-"));
            let command = format!(
                "explain --model run --input tones.npz --domain {domain} --fs 32 --output 0 --hop 64 \
                 --frequency-unit {unit} --out {{out}}-{name}.npz"
            );
            answers(&folder, &name, &command);
        }
    }
    answers(
        &folder,
        "explain-domains",
        "explain --model run --input tones.npz --domains time,rfft,dct,wavelet:haar:2 --fs 32 --output 0 --signals 0..3 --hop 64 \
         --bands slow=0-2,fast=2-8 --report r.html --out {out}-domains.npz",
    );
}

#[test]
fn refusals() {
    let folder = Folder::new();
    folder.trained();
    for (name, command) in [
        (
            "refused-file",
            "embed --model run --data none.npz --out {out}.npz",
        ),
        (
            "refused-array",
            "embed --model run --data data.npz:y --out {out}.npz",
        ),
        (
            "refused-model",
            "attribute --model none --data data.npz --out {out}.npz",
        ),
        (
            "refused-set",
            "fit --data data.npz --out {out} --set train.stepz=3",
        ),
        (
            "refused-rule",
            "explain --model run --input data.npz --rule simpson:3 --out {out}.npz",
        ),
    ] {
        answers(&folder, name, command);
    }
}
