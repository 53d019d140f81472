//! HDF5, NWB and MATLAB files that h5py, pandas, pynwb, scipy and hdf5storage wrote, against what they read.

use std::path::PathBuf;

use ndarray::ArrayD;
use xcebra_files::{DataFile, FileError, Role, Source, Times, read};

use crate::{data, told};

pub fn file(name: &str) -> PathBuf {
    data("containers").join(name)
}

pub fn open(name: &str) -> DataFile {
    DataFile::open(&file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn expected(key: &str) -> ArrayD<f64> {
    let array = read(&Source::new(file("expected.npz"), key)).unwrap();
    array.values.to_float()
}

/// Arrays that are expected of a file, by their names.
fn of(name: &str) -> Vec<String> {
    let all = open("expected.npz").arrays().unwrap();
    let prefix = format!("{name}|");
    let names = all
        .iter()
        .filter_map(|info| info.name.strip_prefix(&prefix));
    names.map(str::to_owned).collect()
}

/// Reads every array that is expected; the values must be the same numbers.
fn compare(name: &str) {
    let names = of(name);
    assert!(names.len() > 1, "{name}");
    let mut open = open(name);
    for array in names {
        let found = open
            .read(&array)
            .unwrap_or_else(|error| panic!("{name}:{array}: {error}"));
        let (found, expected) = (
            found.values.to_float::<f64>(),
            expected(&format!("{name}|{array}")),
        );
        assert_eq!(found, expected, "{name}:{array}");
    }
}

#[test]
fn hdf5_as_h5py_reads_it() {
    for name in ["earliest.h5", "latest.h5"] {
        compare(name);
        let mut open = open(name);
        assert_eq!(open.read("y").unwrap().values.element_type(), "int16");
        assert_eq!(open.read("truth").unwrap().values.element_type(), "bool");
        assert_eq!(open.read("x").unwrap().units.unwrap(), ["mV"; 3]);
        let words = open.read_text("words", None).unwrap().unwrap().texts;
        assert_eq!(
            words.iter().map(|w| &**w).collect::<Vec<_>>(),
            ["rest", "walk", "rest"]
        );
        // rows of an array in chunks, and of one in a piece
        for array in ["gzip", "x"] {
            let all = open.read(array).unwrap().values.to_float::<f64>();
            let some = open
                .read_rows(array, 17..33)
                .unwrap()
                .values
                .to_float::<f64>();
            assert_eq!(
                some,
                all.slice_axis(ndarray::Axis(0), (17..33).into()),
                "{array}"
            );
        }
    }
}

#[test]
fn what_hdf5_holds_is_listed_with_types_and_what_is_of_no_use() {
    let arrays = open("earliest.h5").arrays().unwrap();
    let find = |name: &str| arrays.iter().find(|info| info.name == name).unwrap();
    assert_eq!(
        (
            find("big").element_type.as_str(),
            find("big").shape.as_slice()
        ),
        ("float32", &[5, 2][..])
    );
    assert_eq!(find("half").element_type, "float16");
    assert_eq!(find("records/n").element_type, "int16");
    assert_eq!(find("words").role, Role::Text);
    assert!(matches!(&find("complex").role, Role::Unusable(why) if why.contains("complex")));
    assert!(arrays.iter().all(|info| !info.name.contains("dangling")));
}

#[test]
fn what_cannot_be_used_is_refused_with_a_word() {
    let mut open = open("earliest.h5");
    for (name, problem, advice) in [
        ("complex", "complex numbers", "two arrays"),
        ("words", "text", "label"),
        ("records", "no array `records`", "name one"),
        ("nothing", "no array `nothing`", "name one"),
        ("none", "none", ""),
    ] {
        let (said, help) = told(&open.read(name).unwrap_err());
        assert!(
            said.contains(problem) && help.contains(advice),
            "{name}: {said} {help}"
        );
    }
}

#[test]
fn tables_of_pandas_and_deeplabcut() {
    for name in [
        "pandas_fixed.h5",
        "pandas_table.h5",
        "deeplabcut.h5",
        "deeplabcut_fixed.h5",
    ] {
        for array in of(name) {
            let found = open(name).read(&array).unwrap();
            assert_eq!(
                found.values.to_float::<f64>(),
                expected(&format!("{name}|{array}")),
                "{name}:{array}"
            );
        }
    }
    let columns = |name: &str, array: &str| open(name).read(array).unwrap().columns.unwrap();
    assert_eq!(columns("pandas_fixed.h5", "df"), ["b", "a", "c", "k"]);
    assert_eq!(columns("pandas_table.h5", "df"), ["b", "a", "c", "k"]);
    let pose = [
        "nose.x",
        "nose.y",
        "nose.likelihood",
        "tail.x",
        "tail.y",
        "tail.likelihood",
    ];
    assert_eq!(columns("deeplabcut.h5", "df_with_missing"), pose);
    assert_eq!(columns("deeplabcut_fixed.h5", "tracks"), pose);
    // the only table of a file needs no name
    assert_eq!(
        open("deeplabcut.h5").read_default("x").unwrap().shape(),
        [8, 6]
    );
}

#[test]
fn nwb_as_pynwb_reads_it() {
    let mut open = open("session.nwb");
    for (name, rate) in [
        ("lfp", Some(1000.0)),
        ("position", None),
        ("direction", None),
        ("speed", Some(10.0)),
    ] {
        let [series] = <[_; 1]>::try_from(open.series(Some(name)).unwrap()).unwrap();
        let (found, wanted) = (
            series.values.values.to_float::<f64>(),
            expected(&format!("session.nwb|{name}")),
        );
        assert_eq!(found.shape(), wanted.shape());
        // one multiplication and one addition, each rounded once
        for (a, b) in found.iter().zip(&wanted) {
            assert!(
                (a - b).abs() <= 4.0 * f64::EPSILON * b.abs().max(1e-3),
                "{name}: {a} {b}"
            );
        }
        assert_eq!(series.values.sampling_rate, rate, "{name}");
        assert_eq!(series.angle, name == "direction");
    }
    let position = open.series(Some("position")).unwrap().remove(0);
    let times = expected("session.nwb|position@")
        .into_raw_vec_and_offset()
        .0;
    assert_eq!(position.times, Times::Listed(times.clone()));
    // a link to the times of another series
    assert_eq!(
        open.series(Some("direction")).unwrap()[0].times,
        Times::Listed(times)
    );
    assert_eq!(open.series(Some("lfp")).unwrap()[0].times.at(3), 2.003);
    assert_eq!(position.values.units.unwrap(), ["m", "m"]);
    let some = open.read_rows("lfp", 10..20).unwrap();
    assert_eq!((some.shape()[0], some.clock().unwrap().first()), (10, 2.01));
}

#[test]
fn units_and_trials_of_nwb() {
    let mut open = open("session.nwb");
    let spikes = open.spikes(None).unwrap().unwrap();
    assert_eq!(spikes.times.len(), 6);
    for (unit, times) in spikes.times.iter().enumerate() {
        let wanted = expected(&format!("session.nwb|spikes{unit}"));
        assert_eq!(times.as_slice(), wanted.as_slice().unwrap(), "{unit}");
    }
    assert_eq!(
        spikes.properties["quality"],
        ["good", "bad", "good", "bad", "good", "bad"]
    );
    assert_eq!(spikes.properties["region"][3..], ["CA3", "CA3", "CA3"]);
    let observed = spikes.observed.unwrap();
    assert_eq!(
        (observed[0].as_slice(), observed[1].as_slice()),
        (&[[0.0, 4.0], [4.5, 10.0]][..], &[[0.5, 9.5]][..])
    );
    let trials = open.intervals("trials").unwrap();
    let wanted = expected("session.nwb|trials");
    let wanted: Vec<f64> = wanted.iter().copied().collect();
    assert_eq!(trials.spans.concat(), wanted);
    assert_eq!(
        trials.properties["side"],
        ["left", "right", "left", "right"]
    );
    for (name, part) in [("units", "spikes of units"), ("trials", "intervals")] {
        let (said, _) = told(&open.series(Some(name)).unwrap_err());
        assert!(said.contains(part), "{said}");
    }
    let (said, _) = told(&open.intervals("epochs").unwrap_err());
    assert!(
        said.contains("table of intervals `epochs`") && said.contains("trials"),
        "{said}"
    );
}

#[test]
fn matlab_as_scipy_and_mat73_read_it() {
    for name in ["v6.mat", "v7.mat", "v73.mat"] {
        compare(name);
        let mut open = open(name);
        assert_eq!(open.read("u8").unwrap().values.element_type(), "uint8");
        assert_eq!(open.read("logical").unwrap().values.element_type(), "bool");
        assert_eq!(open.read("x32").unwrap().values.element_type(), "float32");
        let words = open.read_text("words", None).unwrap().unwrap().texts;
        assert_eq!(
            words.iter().map(|w| &**w).collect::<Vec<_>>(),
            ["go", "stop", "go"],
            "{name}"
        );
        for (array, part) in [("complex", "complex"), ("name", "text"), ("empty", "")] {
            let (said, help) = told(&open.read(array).unwrap_err());
            assert!(
                said.contains(part) && !help.is_empty(),
                "{name}:{array}: {said}"
            );
        }
        let arrays = open.arrays().unwrap();
        assert!(
            arrays
                .iter()
                .any(|info| info.name == "s.inner.b" && info.shape == [2, 3]),
            "{name}"
        );
        assert!(matches!(
            open.read("nothing"),
            Err(FileError::Missing { .. })
        ));
    }
    let (said, help) = told(&DataFile::open(&file("v4.mat")).unwrap_err());
    assert!(said.contains("version 4") && help.contains("-v7"), "{said}");
}
