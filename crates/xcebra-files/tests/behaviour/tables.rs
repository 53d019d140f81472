//! Tables as other programs write them: values, names, clock and notes are what those programs meant.

use std::path::PathBuf;

use serde_json::Value;
use xcebra_files::{DataFile, Source, Timing, read};

use crate::{data, told};

fn folder() -> PathBuf {
    data("tables")
}

fn texts(value: &Value) -> Vec<&str> {
    let list = value.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).collect()
}

/// What differs between the file and what is expected of it; nothing if all is right.
fn differences(case: &Value) -> Vec<String> {
    let text = |key: &str| case[key].as_str().unwrap();
    let file = folder().join(text("file"));
    let source = format!(
        "{}{}:{}",
        file.display(),
        text("options"),
        text("selection")
    );
    let source: Source = source.parse().unwrap();
    let errors = texts(&case["error"]);
    let array = match read(&source) {
        Ok(_) if !errors.is_empty() => return vec!["it is read, not refused".to_owned()],
        Ok(array) => array,
        Err(error) => {
            let (problem, advice) = told(&error);
            let said = |part: &str| problem.contains(part) || advice.contains(part);
            let missing = errors.iter().filter(|part| !said(part));
            let none = errors.is_empty().then_some("refused".to_owned());
            let wrong: Vec<String> = missing
                .map(|part| format!("{part:?} is not said"))
                .chain(none)
                .collect();
            return match wrong.is_empty() {
                true => wrong,
                false => [wrong, vec![problem, advice]].concat(),
            };
        }
    };
    let mut found = Vec::new();
    let columns = array.columns.clone().unwrap();
    if columns != texts(&case["columns"]) {
        found.push(format!("columns {columns:?}"));
    }
    let values = array.matrix::<f64>().unwrap();
    let expected: Vec<Vec<f64>> = case["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            row.as_array()
                .unwrap()
                .iter()
                .map(|v| v.as_f64().unwrap_or(f64::NAN))
                .collect()
        })
        .collect();
    let same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan());
    if values.nrows() != expected.len()
        || values
            .rows()
            .into_iter()
            .zip(&expected)
            .any(|(row, expected)| {
                row.len() != expected.len() || row.iter().zip(expected).any(|(&a, &b)| !same(a, b))
            })
    {
        found.push(format!("values {:?} …", values.rows().into_iter().next()));
    }
    // times are sums of rounded decimals
    let rate = case["rate"].as_f64();
    let near = |(a, b): (f64, f64)| (a - b).abs() <= 1e-11 * b;
    if array.sampling_rate.is_some() != rate.is_some()
        || array
            .sampling_rate
            .zip(rate)
            .is_some_and(|pair| !near(pair))
    {
        found.push(format!("sampling rate {:?}", array.sampling_rate));
    }
    let breaks: Vec<Value> = array.breaks.iter().map(|&row| row.into()).collect();
    if case["breaks"] != Value::Array(breaks) {
        found.push(format!("breaks {:?}", array.breaks));
    }
    let notes = texts(&case["notes"]);
    for part in &notes {
        if !array.notes.iter().any(|note| note.contains(part)) {
            found.push(format!("no note {part:?} in {:?}", array.notes));
        }
    }
    if notes.is_empty() && !array.notes.is_empty() {
        found.push(format!("notes {:?}", array.notes));
    }
    let file = DataFile::of(&source).unwrap();
    for (column, expected) in case["text"].as_object().into_iter().flatten() {
        let cells = file.read_text(column, None).unwrap();
        let expected = expected.as_array().map(|_| texts(expected));
        if cells
            .as_ref()
            .map(|cells| cells.texts.iter().map(|text| &**text).collect())
            != expected
        {
            found.push(format!("text of {column}: {cells:?}"));
        }
    }
    found
}

#[test]
fn tables_of_other_programs() {
    let expected = std::fs::read_to_string(folder().join("expected.json")).unwrap();
    let cases: Value = serde_json::from_str(&expected).unwrap();
    let cases = cases.as_array().unwrap();
    assert!(cases.len() > 90, "{}", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        for difference in differences(case) {
            wrong.push(format!("{}{}: {difference}", case["file"], case["options"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Values of a recording are moved out of the table; whatever is asked for next is there all the same.
#[test]
fn a_table_is_read_as_often_as_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d.csv");
    let rows: Vec<String> = (0..50)
        .map(|t| {
            format!(
                "{},{},{},{}",
                t * t % 7,
                t * 3 % 11,
                0.5 + f64::from(t % 3),
                t % 2
            )
        })
        .collect();
    std::fs::write(&path, format!("a,b,c,z\n{}\n", rows.join("\n"))).unwrap();
    let mut file = DataFile::open(&path).unwrap();
    for selection in ["*,!z", "z", "c,a,b", "a", "x", "b,z", "z,c"] {
        let fresh = read(&Source::new(&path, selection)).unwrap();
        assert_eq!(file.read(selection).unwrap(), fresh, "{selection}");
        let columns = fresh.columns.as_ref().unwrap();
        assert_eq!(
            fresh.shape()[1..],
            [columns.len()][..fresh.shape().len() - 1]
        );
    }
    file.read("*,!z").unwrap();
    std::fs::write(&path, "a,b\n1,2\n3,5\n").unwrap();
    let message = file.read("a").unwrap_err().to_string();
    assert!(message.contains("changed while it was read"), "{message}");
    file.read("z").unwrap();
}

#[test]
fn very_wide_tables_take_no_square_of_their_width() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wide.csv");
    let row = |cell: &str| vec![cell; 50_000].join(";") + "\n";
    let rows = [row("a"), row("-1,5"), row("2,25"), row("-0,5")].concat();
    std::fs::write(&path, rows).unwrap();
    let start = std::time::Instant::now();
    let array = read(&Source::new(&path, "*,!a.4*")).map_err(|error| error.to_string());
    let array = array.unwrap();
    // 1, 4x, 4xx, 4xxx and 4xxxx of 50,000 columns are taken away
    assert_eq!(array.shape(), [3, 50_000 - 11_111]);
    // comparing each column with each would be 2.5e9 steps: minutes
    assert!(start.elapsed().as_secs() < 60);
    std::fs::write(&path, ",".repeat(5_000_000)).unwrap();
    let message = read(&Source::file(&path)).unwrap_err().to_string();
    assert!(message.contains("first line"), "{message}");
}

#[test]
fn the_clock_of_a_table_begins_where_its_times_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("late.csv");
    let rows: String = (0..40)
        .map(|row| format!("{},{}\n", 120.0 + f64::from(row) / 8.0, row % 7))
        .collect();
    std::fs::write(&path, format!("time,a\n{rows}")).unwrap();
    let mut table = DataFile::open(&path).unwrap();
    let timing = Some(Timing::Steady {
        start: 120.0,
        rate: 8.0,
    });
    // before and after values were taken
    for _ in 0..2 {
        let arrays = table.arrays().unwrap();
        assert!(
            arrays.iter().all(|array| array.timing == timing),
            "{arrays:?}"
        );
        table.read("a").unwrap();
    }
}
