//! Recordings with gaps: what crosses no gap gives what the pieces give as recordings of their own.

use ndarray::{ArrayD, Axis, Slice, concatenate};
use serde_json::{Value, json};

use crate::common::signal_files::{EdfSignal, edf};
use crate::common::{Folder, speed, x};

/// The pieces of the recording: the second is shorter than the window of the encoder.
const PIECES: [(&str, usize, usize); 3] = [("a", 0, 80), ("b", 80, 85), ("c", 85, 200)];

/// Samples of a record of the biosignals.
const RECORD: usize = 5;

/// Samples that the encoder sees at once.
const WINDOW: usize = 10;

const NAMES: [&str; 4] = ["C3", "C4", "O1", "O2"];

/// Seconds, at five samples per second, with gaps of 4 s and 13 s between the pieces.
fn second(row: usize) -> f64 {
    let gaps = match row {
        0..80 => 0.0,
        80..85 => 4.0,
        _ => 17.0,
    };
    row as f64 / 5.0 + gaps
}

/// `whole` with gaps, and each piece in a file of its own.
fn files(extension: &str) -> Folder {
    let folder = Folder::new();
    for (name, from, to) in [("whole", 0, 200)].into_iter().chain(PIECES) {
        let name = format!("{name}.{extension}");
        match extension {
            "edf" => folder.write(&name, biosignal(from, to, to - from == 200)),
            _ => folder.write(&name, table(from, to)),
        }
    }
    folder
}

fn biosignal(from: usize, to: usize, interrupted: bool) -> Vec<u8> {
    let records = || (from..to).step_by(RECORD);
    let channel = |c: usize| EdfSignal {
        label: NAMES[c],
        unit: "uV",
        physical: (-2.0, 2.0),
        digital: (-2000, 2000),
        records: records()
            .map(|row| (row..row + RECORD).map(|t| (1e3 * x()[[t, c]]).round() as i16))
            .map(Iterator::collect)
            .collect(),
    };
    let mut signals: Vec<EdfSignal> = (0..4).map(channel).collect();
    if !interrupted {
        return edf("", 1.0, &signals);
    }
    signals.push(EdfSignal {
        label: "EDF Annotations",
        unit: "",
        physical: (-1.0, 1.0),
        digital: (-32768, 32767),
        records: records().map(|row| onset(second(row))).collect(),
    });
    edf("EDF+D", 1.0, &signals)
}

/// When a record begins, as the standard has it: eight samples of sixteen bytes.
fn onset(seconds: f64) -> Vec<i16> {
    let mut bytes = format!("+{seconds}\x14\x14").into_bytes();
    bytes.resize(16, 0);
    let pairs = bytes.chunks_exact(2);
    pairs.map(|p| i16::from_le_bytes([p[0], p[1]])).collect()
}

fn table(from: usize, to: usize) -> String {
    let mut table = format!("time_s,{},speed\n", NAMES.join(","));
    for t in from..to {
        let cells: Vec<String> = x().row(t).iter().map(f64::to_string).collect();
        table += &format!("{},{},{}\n", second(t), cells.join(","), speed()[[t, 0]]);
    }
    table
}

/// A training on `files` in `run`: objectives on offsets in time, and in a table also on a label.
fn fit(folder: &Folder, extension: &str, files: &[&str], run: &str) -> Value {
    let label = match extension {
        "edf" => "",
        _ => "[[objective]]\npositives = { kind = 'time-delta', label = 'speed' }\n",
    };
    folder.write(
        "fit.toml",
        format!(
            "[[objective]]\npositives = {{ kind = 'time', offset = 3 }}\n{label}\
             [encoder]\nname = 'offset10-mse'\noutputs = 2\n\
             [regularizer]\nstart = 5\nramp = 5\n[train]\nsteps = 20\nbatch = 32\nlog_every = 5\n"
        ),
    );
    let data: String = files
        .iter()
        .map(|file| format!(" --data {}", source(file, extension)))
        .collect();
    folder.json(&format!("fit --config fit.toml{data} --out {run}"))
}

fn source(file: &str, extension: &str) -> String {
    format!("{file}.{extension}:{}", NAMES.join(","))
}

/// A training on the whole recording in `run`.
fn trained(extension: &str) -> Folder {
    let folder = files(extension);
    fit(&folder, extension, &["whole"], "run");
    folder
}

fn floats(folder: &Folder, file: &str, array: &str) -> ArrayD<f64> {
    folder.array(file, array).values.to_float()
}

fn says(value: &Value, parts: &[&str]) -> bool {
    let notes = value["notes"].as_array().unwrap();
    let said = |note: &Value| {
        let note = note.as_str().unwrap();
        parts.iter().all(|part| note.contains(part))
    };
    notes.iter().filter(|note| said(note)).count() == 1
}

#[test]
fn a_training_with_gaps_is_one_on_several_files() {
    for extension in ["edf", "csv"] {
        let folder = files(extension);
        let value = fit(&folder, extension, &["whole"], "run");
        for (key, expected) in [("samples", 200), ("sessions", 1), ("segments", 3)] {
            assert_eq!(value[key], expected, "{extension}: {key}");
        }
        assert!(
            says(&value, &[&format!("whole.{extension}"), "in 3 segments"]),
            "{value}"
        );
        assert!(
            says(
                &value,
                &["1 of 3 segments", "window of 10 samples", "left out"]
            ),
            "{value}"
        );
        let log = folder.text("run/log.txt");
        assert!(log.contains("in 3 segments of 80, 5, 115"), "{log}");

        let value = fit(&folder, extension, &["a", "b", "c"], "pieces");
        assert_eq!(
            (&value["sessions"], &value["segments"]),
            (&json!(3), &json!(3))
        );
        for file in ["model.safetensors", "channels.json", "curves.csv"] {
            let same =
                folder.bytes(&format!("run/{file}")) == folder.bytes(&format!("pieces/{file}"));
            assert!(same, "{extension}: {file}");
        }
    }
}

/// Otherwise the test above would hold for a training that ignores gaps, too.
#[test]
fn a_training_that_ignores_gaps_is_another_one() {
    let folder = trained("csv");
    folder.write_npz("stretch.npz", &[("x", x()), ("speed", speed())]);
    let value = folder.json("fit --config fit.toml --data stretch.npz --out stretch");
    assert_eq!(value["segments"], 1);
    assert!(folder.bytes("stretch/model.safetensors") != folder.bytes("run/model.safetensors"));
}

#[test]
fn rows_at_a_gap_are_embedded_as_those_of_a_file_that_ends_there() {
    for extension in ["edf", "csv"] {
        let folder = trained(extension);
        let embed = |file: &str, edges: &str| {
            let data = source(file, extension);
            let value = folder.json(&format!(
                "embed --model run --data {data} --edges {edges} --out {file}.npz"
            ));
            (floats(&folder, &format!("{file}.npz"), "embedding"), value)
        };
        for (edges, pieces) in [("pad", &PIECES[..]), ("drop", &[PIECES[0], PIECES[2]])] {
            let (whole, value) = embed("whole", edges);
            assert_eq!(value["segments"], 3);
            assert!(
                says(&value, &["in 3 segments", "1 of them are shorter"]),
                "{value}"
            );
            let mut rows = 0;
            let mut times = Vec::new();
            for (name, from, _) in pieces {
                let (alone, value) = embed(name, edges);
                let here = Slice::from(rows..rows + alone.shape()[0]);
                assert_eq!(
                    whole.slice_axis(Axis(0), here),
                    alone,
                    "{extension}: {name}"
                );
                rows += alone.shape()[0];
                let first = from + value["first_sample"].as_u64().unwrap() as usize;
                times.extend((first..first + alone.shape()[0]).map(|t| t as f64));
            }
            assert_eq!(whole.shape(), [rows, 2]);
            if edges == "drop" {
                assert_eq!(rows, 80 + 115 - 2 * (WINDOW - 1));
                let sample = floats(&folder, "whole.npz", "sample");
                assert_eq!(sample.into_raw_vec_and_offset().0, times);
            }
        }
    }
}

/// The map of a recording with gaps is the mean of the maps of its pieces, each weighted with its windows.
#[test]
fn no_window_of_a_map_crosses_a_gap() {
    for extension in ["edf", "csv"] {
        let folder = trained(extension);
        let map = |file: &str| {
            let data = source(file, extension);
            let value = folder.json(&format!(
                "attribute --model run --data {data} --method neuron-gradient --out {file}-map.npz"
            ));
            let map = |array: &str| floats(&folder, &format!("{file}-map.npz"), array);
            let samples = value["samples"].as_u64().unwrap() as f64;
            let maps = ["", "_signed", "_lags"].map(|end| map(&format!("neuron-gradient{end}")));
            (maps, map("neuron-gradient_max"), samples, value)
        };
        let (whole, whole_max, samples, value) = map("whole");
        let (a, a_max, in_a, _) = map("a");
        let (c, c_max, in_c, _) = map("c");
        assert_eq!((in_a, in_c, samples), (71.0, 106.0, 71.0 + 106.0));
        assert_eq!(value["segments"], 3);
        assert!(says(&value, &["in 3 segments", "left out"]), "{value}");
        for (k, whole) in whole.iter().enumerate() {
            let mean = (&a[k] * in_a + &c[k] * in_c) / samples;
            // single precision: sums of 177 windows in another order
            let off = (whole - &mean)
                .mapv(f64::abs)
                .into_iter()
                .fold(0.0, f64::max);
            let largest = mean.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
            assert!(off <= 1e-5 * largest, "{extension}: {off}");
        }
        let mut largest = a_max;
        largest.zip_mut_with(&c_max, |a, c| *a = a.max(*c));
        assert_eq!(whole_max, largest, "{extension}");
        // the short piece alone has nothing to tell
        let short = source("b", extension);
        folder.fails_with(
            &format!("attribute --model run --data {short} --out none.npz"),
            &["5 samples", "fewer than the 10"],
        );
    }
}

#[test]
fn no_signal_that_is_explained_crosses_a_gap() {
    for extension in ["edf", "csv"] {
        let folder = trained(extension);
        for (hop, left_out) in [("", 10), ("--hop 7", 5)] {
            let explain = |file: &str| {
                let data = source(file, extension);
                let value = folder.json(&format!(
                    "explain --model run --input {data} --domain rfft --fs 5 --output 1 {hop} \
                     --out {file}-explained.npz"
                ));
                let array = |name: &str| floats(&folder, &format!("{file}-explained.npz"), name);
                (array("attribution"), array("first_sample"), value)
            };
            let (whole, starts, value) = explain("whole");
            let (a, a_starts, a_value) = explain("a");
            let (c, c_starts, c_value) = explain("c");
            let pieces = concatenate(Axis(0), &[a.view(), c.view()]).unwrap();
            assert_eq!(whole, pieces, "{extension} {hop}");
            let c_starts = c_starts + 85.0;
            let expected = concatenate(Axis(0), &[a_starts.view(), c_starts.view()]).unwrap();
            assert_eq!(starts, expected);
            let values = |value: &Value| value["value"].as_array().unwrap().clone();
            let both = [values(&a_value), values(&c_value)].concat();
            assert_eq!(values(&value), both);
            assert!(says(&value, &["interrupted 2 times"]), "{value}");
            let left_out = format!("{left_out} samples of 200 left out");
            assert!(says(&value, &[&left_out]), "{value}");
        }
    }
}
