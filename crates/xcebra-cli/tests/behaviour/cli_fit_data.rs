//! What `fit` says to data that cannot be used, and to a disk that is full.

use std::fs;

use crate::common::{Folder, SHORT, speed, state, x};
use ndarray::{Array1, Array2, Array3, s};
use xcebra::files::NpzOutput;

/// `fit` on an array of `bad.npz`.
fn fit(array: &str) -> String {
    format!("fit --data bad.npz:{array} --out run {SHORT}")
}

#[test]
fn values_that_are_no_numbers_are_named_by_row_and_column() {
    let folder = Folder::new();
    let with = |row: usize, column: usize, value: f64| {
        let mut array = x();
        array[[row, column]] = value;
        array
    };
    let mut constant = x();
    constant.column_mut(2).fill(5.0);
    let mut nothing = x();
    nothing.column_mut(1).fill(f64::NAN);
    let mut huge = x();
    huge.column_mut(3).mapv_inplace(|v| v * 1e300);
    let mut tiny = x();
    tiny.column_mut(3).mapv_inplace(|v| v * 1e-300);
    folder.write_npz(
        "bad.npz",
        &[
            ("nan", with(17, 2, f64::NAN)),
            ("inf", with(0, 3, f64::INFINITY)),
            ("minus", with(199, 0, f64::NEG_INFINITY)),
            ("constant", constant),
            ("nothing", nothing),
            ("huge", huge),
            ("tiny", tiny),
            ("large", x().mapv(|v| v * 1e100)),
        ],
    );
    for (array, parts) in [
        (
            "nan",
            &[
                "array `nan` of bad.npz",
                "row 17",
                "column `2` is NaN",
                "1 of 800",
            ][..],
        ),
        ("inf", &["row 0 ", "column `3` is inf"]),
        ("minus", &["row 199", "column `0` is -inf"]),
        (
            "constant",
            &["1 of 4 channels never change: `2`", "leave them out"],
        ),
        ("nothing", &["all NaN", "`1`", "leave them out"]),
        ("huge", &["`huge` of bad.npz", "channel `3`", "unit"]),
        (
            "tiny",
            &[
                "`tiny` of bad.npz",
                "channel `3`",
                "standard deviation 0",
                "unit",
            ],
        ),
    ] {
        folder.fails_with(&fit(array), parts);
    }
    let raw = format!("{} --set data.standardize=false", fit("large"));
    folder.fails_with(&raw, &["`large` of bad.npz", "row 0", "column `0`", "unit"]);
    folder.succeeds(&fit("large"));
}

#[test]
fn shapes_that_are_no_recording() {
    let folder = Folder::new();
    let mut output = NpzOutput::create(&folder.path("bad.npz")).unwrap();
    output
        .add("cube", &Array3::<f64>::zeros((3, 4, 5)))
        .unwrap();
    output.add("scalar", &ndarray::arr0(1.0)).unwrap();
    output
        .add("one", &x().slice(s![..1, ..]).to_owned())
        .unwrap();
    output.add("none", &Array2::<f64>::zeros((0, 4))).unwrap();
    output
        .add("channels", &Array2::<f64>::zeros((9, 0)))
        .unwrap();
    output.commit().unwrap();
    for (array, parts) in [
        (
            "cube",
            &[
                "`cube` of bad.npz",
                "[3, 4, 5]",
                "(time, channels)",
                "reshape",
            ][..],
        ),
        ("scalar", &["[]", "(time, channels)"]),
        ("one", &["[1, 4]", "at least 2 rows", "record longer"]),
        ("none", &["[0, 4]", "at least one row"]),
        ("channels", &["[9, 0]", "at least one row and column"]),
        ("other", &["no array `other`", "`cube`, `scalar`"]),
    ] {
        folder.fails_with(&fit(array), parts);
    }
}

#[test]
fn labels_that_do_not_fit() {
    let folder = Folder::new();
    let mut nan = speed();
    nan[[44, 0]] = f64::NAN;
    let mut class = state();
    class[[7, 0]] = f64::NAN;
    folder.write_npz(
        "data.npz",
        &[
            ("x", x()),
            ("speed", speed()),
            ("short", speed().slice(s![..150, ..]).to_owned()),
            ("few", state().slice(s![..150, ..]).to_owned()),
            ("nan", nan),
            ("class", class),
            ("constant", Array2::from_elem((200, 1), 2.0)),
            ("wide", x().slice(s![.., ..2]).to_owned()),
        ],
    );
    for (kind, label, parts) in [
        (
            "time-delta",
            "short",
            &["`short` of data.npz", "[150, 1]", "200 rows"][..],
        ),
        ("time-delta", "nan", &["`nan` of data.npz", "row 44", "NaN"]),
        (
            "time-delta",
            "constant",
            &["`constant` of data.npz", "in every row", "another label"],
        ),
        (
            "time-delta",
            "no",
            &["no array `no`", "`x`, `speed`, `short`"],
        ),
        ("time-delta", "no.npy", &["cannot read no.npy"]),
        ("time-delta", "data.npz:no", &["no array `no`"]),
        (
            "discrete",
            "few",
            &["`few` of data.npz", "[150, 1]", "200 rows"],
        ),
        ("discrete", "class", &["row 7 holds NaN", "whole numbers"]),
        ("discrete", "constant", &["in every row"]),
        (
            "discrete",
            "speed",
            &["`speed` of data.npz", "row 1 holds 0.0699", "continuous"],
        ),
        (
            "discrete",
            "wide",
            &["`wide` of data.npz", "[200, 2]", "one value a row"],
        ),
    ] {
        let config = format!("[[objective]]\npositives = {{ kind = '{kind}', label = '{label}' }}");
        folder.write("fit.toml", config);
        let arguments = format!("fit --data data.npz --config fit.toml --out run {SHORT}");
        folder.fails_with(&arguments, parts);
    }
    let late = "[[objective]]\npositives = { kind = 'time-delta', label = 'speed', delta = 200 }";
    folder.write("fit.toml", late);
    let arguments = format!("fit --data data.npz --config fit.toml --out run {SHORT}");
    folder.fails_with(&arguments, &["200 samples", "offset of 200", "smaller"]);
}

#[test]
fn files_that_are_damaged_or_of_another_kind() {
    let folder = Folder::new();
    folder.recording();
    ndarray_npy::write_npy(folder.path("x.npy"), &x()).unwrap();
    let (npz, npy) = (folder.bytes("data.npz"), folder.bytes("x.npy"));
    folder.write("half.npz", &npz[..npz.len() / 2]);
    folder.write("half.npy", &npy[..npy.len() / 2]);
    folder.write("head.npy", &npy[..20]);
    folder.write("zero.npz", "");
    folder.write("zero.npy", "");
    folder.write("zero.csv", "");
    let header = String::from_utf8_lossy(&npy[..80]).into_owned();
    let vast = npy_with_shape(&npy, &header, "(9999999999999, 9)");
    folder.write("vast.npy", vast);
    folder.write("text.csv", "a,b\n1,2\n3,four\n");
    folder.write("ragged.csv", "a,b\n1,2\n3\n");
    folder.write("head.csv", "a,b\n");
    folder.write("gap.csv", "a,b\n1,2\n3,\n4,5\n");
    folder.write("binary.csv", b"a,b\n1,\0\n");
    folder.write("x.xyz", "");
    fs::create_dir(folder.path("folder.npz")).unwrap();
    let strings = Array1::from(vec![1u8, 2]);
    let mut output = NpzOutput::create(&folder.path("other.npz")).unwrap();
    output.add("y", &strings).unwrap();
    output.add("z", &strings).unwrap();
    output.commit().unwrap();
    for (data, parts) in [
        (
            "half.npz",
            &["half.npz is damaged", "write the file again"][..],
        ),
        ("half.npy", &["half.npy is damaged"]),
        ("head.npy", &["head.npy is damaged"]),
        ("zero.npz", &["zero.npz is damaged"]),
        ("zero.npy", &["zero.npy is damaged"]),
        ("zero.csv", &["zero.csv", "empty"]),
        ("vast.npy", &["vast.npy is damaged"]),
        (
            "text.csv",
            &["column `b`, row 1", "\"four\", not a number", "*,!b"],
        ),
        ("ragged.csv", &["ragged.csv", "line 3"]),
        ("head.csv", &["[0, 2]"]),
        ("gap.csv", &["row 1 (counting from 0), column `b` is NaN"]),
        ("binary.csv", &["binary.csv", "zero bytes"]),
        ("x.xyz", &["x.xyz has no known extension", ".npz"]),
        ("no.npz", &["cannot read no.npz", "check the path"]),
        ("folder.npz", &["cannot read folder.npz", "directory"]),
        (".", &["no known extension"]),
        ("other.npz", &["no array `x`", "`y`"]),
        ("data.npz:", &["no array after the colon"]),
    ] {
        folder.fails_with(&format!("fit --data {data} --out run {SHORT}"), parts);
    }
}

/// A `.npy` file with another shape in its header, of the same length.
fn npy_with_shape(npy: &[u8], header: &str, shape: &str) -> Vec<u8> {
    let at = header.find("(200, 4)").unwrap();
    let mut bytes = npy.to_vec();
    // the header is padded with spaces to its length
    let rest = bytes[at + "(200, 4)".len()..128].to_vec();
    let end = at + shape.len();
    bytes[at..end].copy_from_slice(shape.as_bytes());
    let room = 127 - end;
    bytes[end..127].copy_from_slice(&rest[..room]);
    bytes
}

/// Files may grow to a few kilobytes; the system's signal for that is ignored or kills.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_no_result() {
    let folder = Folder::new();
    folder.trained();
    for (command, out) in [
        (format!("fit --data data.npz --out new/run {SHORT}"), "new"),
        (format!("fit --data data.npz --out run --force {SHORT}"), ""),
        (
            "embed --model run --data data.npz --out e.npz".to_owned(),
            "e.npz",
        ),
        (
            "attribute --model run --data data.npz --out m.npz --report m.html".to_owned(),
            "m.html",
        ),
        ("synth --samples 100 --out s.npz".to_owned(), "s.npz"),
    ] {
        let before = folder.entries();
        let model = folder.bytes("run/model.safetensors");
        for ignored in [true, false] {
            let output = folder.run_on_full_disk(&command, ignored);
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success(), "{command}");
            assert_eq!(folder.bytes("run/model.safetensors"), model, "{command}");
            if ignored {
                assert_eq!(output.status.code(), Some(2), "{command}: {error}");
                assert!(error.contains("enough room"), "{command}: {error}");
                let mut after = folder.entries();
                // the maps are whole; the report that follows them did not fit
                after.retain(|name| name != "m.npz");
                assert_eq!(after, before, "{command}");
            } else {
                // killed: what is left has a temporary name, or can be resumed
                let model = folder.path(out).join("run/model.safetensors");
                assert!(out.is_empty() || !model.exists());
                assert!(out == "new" || out.is_empty() || !folder.path(out).exists());
            }
        }
    }
}

/// Options behind the name of a table hold for labels of another file too: without them the first row would
/// be a header, and the label one value short.
#[test]
fn a_label_of_another_table_is_read_with_its_options() {
    let folder = Folder::new();
    folder.recording();
    let rows = (0..200).map(|t| format!("{},5;{}\n", t % 7, t % 3));
    let rows: Vec<String> = std::iter::once("0;1\n".to_owned())
        .chain(rows.skip(1))
        .collect();
    folder.write("labels.csv", rows.concat());
    let fit = |name: &str, options: &str| {
        folder.write(
            &format!("{name}.toml"),
            format!(
                "[data.labels]\nspeed = 'labels.csv{options}:0'\n\
                 [[objective]]\npositives = {{ kind = 'time-delta', label = 'speed' }}\n"
            ),
        );
        format!("fit --data data.npz --config {name}.toml --out {name} {SHORT}")
    };
    folder.fails_with(&fit("without", ""), &["labels.csv"]);
    folder.succeeds(&fit("with", ",header=no,separator=semicolon,decimal=comma"));
}
