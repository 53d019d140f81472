//! Kinds of arrays that files of other people had: links, series and indexes of pandas, poses, lists, dates.

use ndarray::{Array2, ArrayD};
use xcebra_files::{AlignedLabel, Alignment, DataFile, LabelSource, Role, Source, align};

use crate::containers::{file, open};
use crate::{data, told};

fn numbers(open: &mut DataFile, name: &str) -> ArrayD<f64> {
    let array = open
        .read(name)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    array.values.to_float()
}

/// Six rows of two columns in steps of a quarter, from a number on.
fn quarters(from: f64) -> ArrayD<f64> {
    Array2::from_shape_fn((6, 2), |(t, c)| from + (2 * t + c) as f64 / 4.0).into_dyn()
}

#[test]
fn links_are_followed_into_files_beside() {
    let mut kinds = open("kinds_links.h5");
    assert_eq!(numbers(&mut kinds, "x"), quarters(0.0));
    assert_eq!(numbers(&mut kinds, "linked"), quarters(100.0));
    assert_eq!(numbers(&mut kinds, "group/y"), quarters(100.0));
    // a file that is missing, and one that is outside of the folder
    let (said, help) = told(&kinds.read("gone").unwrap_err());
    assert!(
        said.contains("no array `gone`") && said.contains("links to"),
        "{said}"
    );
    assert!(help.contains("copy"), "{help}");
    let listed = kinds.arrays().unwrap();
    let broken: Vec<(&str, &Role)> = listed
        .iter()
        .filter(|array| array.element_type == "link")
        .map(|array| (array.name.as_str(), &array.role))
        .collect();
    let [
        ("../kinds_beside.h5", Role::Unusable(outside)),
        ("kinds_gone.h5", Role::Unusable(gone)),
    ] = broken[..]
    else {
        panic!("{broken:?}");
    };
    assert!(outside.contains("same folder"), "{outside}");
    assert!(gone.contains("kinds_gone.h5"), "{gone}");
}

#[test]
fn what_cannot_be_read_of_hdf5_is_not_called_damaged() {
    let mut kinds = open("kinds.h5");
    for (name, problem) in [("virtual", "virtual data set"), ("empty", "is empty")] {
        let (said, help) = told(&kinds.read(name).unwrap_err());
        assert!(
            said.contains(problem) && !said.contains("damaged"),
            "{said}"
        );
        assert!(!help.is_empty());
    }
    // such a data set keeps its group from being listed, and not from being read
    let listed = kinds.arrays().unwrap();
    let of = listed.iter().find(|array| array.name == "/").unwrap();
    assert!(matches!(&of.role, Role::Unusable(why) if why.contains("virtual")));
    assert_eq!(numbers(&mut kinds, "x"), quarters(0.0));
}

#[test]
fn series_of_pandas_are_tables_of_one_column() {
    let mut series = open("kinds_series.h5");
    let expected = Array2::from_shape_fn((8, 1), |(t, _)| t as f64 / 2.0).into_dyn();
    for name in ["fixed", "table"] {
        let array = series.read(name).unwrap();
        assert_eq!(array.values.to_float::<f64>(), expected, "{name}");
        assert_eq!(array.columns.unwrap(), ["speed"], "{name}");
    }
}

#[test]
fn poses_have_names_in_several_rows() {
    for (name, first, columns) in [
        ("deeplabcut.csv", "nose.x", 6),
        ("deeplabcut_animals.csv", "m1.nose.x", 12),
    ] {
        let mut pose = DataFile::open(&data("tables").join(name)).unwrap();
        let array = pose.read("*").unwrap();
        assert_eq!(array.columns.as_ref().unwrap()[0], first);
        let expected = Array2::from_shape_fn((5, columns), |(t, c)| match (t, c) {
            (2, 0) => f64::NAN,
            (t, c) => (12 * t + c) as f64,
        });
        let found = array.values.to_float::<f64>();
        assert_eq!(found.shape(), expected.shape());
        let same = |(a, b): (&f64, &f64)| a == b || a.is_nan() && b.is_nan();
        assert!(found.iter().zip(&expected).all(same), "{name}");
        let noses = pose.read("*nose.likelihood").unwrap();
        assert_eq!(noses.columns.unwrap().len(), columns / 6, "{name}");
    }
}

/// Without their spikes, something else of the file would pass for the recording.
#[test]
fn units_without_spike_times_are_refused() {
    let mut spikeless = open("kinds_spikeless.nwb");
    for name in [None, Some("units")] {
        let (said, help) = told(&spikeless.spikes(name).unwrap_err());
        assert!(said.contains("no spike times"), "{said}");
        assert!(help.contains("FILE:NAME"), "{help}");
    }
    // a series can still be named
    assert!(spikeless.spikes(Some("run")).unwrap().is_none());
    assert_eq!(numbers(&mut spikeless, "run")[[0]], 1.0);
}

#[test]
fn a_series_of_text_is_a_label_of_classes() {
    let source: Source = format!("{}:run", file("kinds_spikeless.nwb").display())
        .parse()
        .unwrap();
    let label = LabelSource {
        name: "state".to_owned(),
        array: "state".to_owned(),
    };
    let aligned = align(&source, &[label], &Alignment::new(0.04)).unwrap();
    let (_, AlignedLabel::Text(words)) = &aligned.labels[0] else {
        panic!("{:?}", aligned.labels);
    };
    // bins are centred at 0.02, 0.06, …; the state changes at 0.2
    let expected = aligned
        .times
        .iter()
        .map(|&t| if t < 0.19 { "rest" } else { "walk" });
    assert!(words.iter().map(|word| &**word).eq(expected), "{words:?}");
    let plain = open("kinds_spikeless.nwb").read_text("state", None);
    assert_eq!(plain.unwrap().unwrap().texts.len(), 20);
}

#[test]
fn sessions_may_link_to_other_sessions() {
    let mut linked = open("kinds_linked.nwb");
    let series = linked.series(Some("linked")).unwrap().remove(0);
    let values = series.values.vector::<f64>().unwrap();
    assert_eq!(values.len(), 20);
    for row in 0..20 {
        let time = row as f64 * 0.02;
        assert_eq!(series.times.at(row), time);
        // the cosine of numpy may differ in its last bit
        assert!((values[row] - time.cos()).abs() < 1e-15);
    }
}

#[cfg(feature = "parquet")]
mod parquet {
    use super::*;

    #[test]
    fn an_index_and_times_are_no_channels() {
        let mut table = open("kinds.parquet");
        let array = table.read("*").unwrap();
        assert_eq!(array.columns.unwrap(), ["a", "b", "half", "price"]);
        assert_eq!(array.sampling_rate, Some(50.0));
        let notes = array.notes.join("\n");
        assert!(notes.contains("`when` is the clock"), "{notes}");
        let mut numbered = open("kinds_index.parquet");
        let array = numbered.read("*").unwrap();
        assert_eq!(array.columns.unwrap(), ["a"]);
        assert!(
            array.notes[0].contains("__index_level_0__"),
            "{:?}",
            array.notes
        );
        // by its name it is a column like others
        let index = numbers(&mut numbered, "__index_level_0__");
        assert_eq!((index[[0]], index[[49]]), (7.0, 154.0));
    }

    #[test]
    fn moments_keep_their_last_digits() {
        let mut table = open("kinds.parquet");
        let when = numbers(&mut table, "when");
        let clock = numbers(&mut table, "clock");
        for row in 0..50 {
            // nanoseconds since 1970 have more digits than a float
            assert_eq!(when[[row]], row as f64 * 20e6 / 1e9);
            assert_eq!(clock[[row]], row as f64 / 4.0);
        }
        let series = table.series(Some("a")).unwrap().remove(0);
        assert_eq!(series.times.at(7), 0.14);
    }

    #[test]
    fn small_floats_decimals_and_lists_are_numbers() {
        let mut table = open("kinds.parquet");
        assert_eq!(numbers(&mut table, "half")[[5]], 5.0 / 16.0);
        assert_eq!(numbers(&mut table, "price")[[7]], 0.7);
        let lists = numbers(&mut table, "list");
        assert_eq!(lists.shape(), [50, 3]);
        assert_eq!(
            [lists[[5, 0]], lists[[5, 1]], lists[[5, 2]]],
            [2.5, -2.5, 1.0]
        );
        assert!((0..3).all(|i| lists[[3, i]].is_nan()));
        let fixed = numbers(&mut table, "fixed");
        assert_eq!((fixed.shape(), fixed[[49, 1]]), (&[50, 2][..], 99.0));
    }

    /// A buffer that claims to become more than memory holds would end the program.
    #[test]
    fn claims_of_compressed_buffers_are_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["lz4.feather", "zstd.feather"] {
            let mut bytes = std::fs::read(data("recorders").join(name)).unwrap();
            // 70 numbers of 8 bytes, as the buffers of whole columns claim
            let claim = 560_i64.to_le_bytes();
            let places: Vec<usize> = (0..bytes.len() - 8)
                .filter(|&at| bytes[at..at + 8] == claim)
                .collect();
            assert!(places.len() > 2, "{name}: {places:?}");
            for at in places {
                bytes[at..at + 8].copy_from_slice(&(1_i64 << 60).to_le_bytes());
            }
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let (said, _) = told(&DataFile::open(&path).unwrap_err());
            assert!(said.contains("more than the limit"), "{said}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let mut table = open("kinds.parquet");
        for (name, problem, help) in [
            ("uneven", "different lengths", "one column for each"),
            ("nothing", "type null", "leave it out"),
            ("list,a", "lists of float32", "name it alone"),
        ] {
            let (said, advice) = told(&table.read(name).unwrap_err());
            assert!(
                said.contains(problem) && advice.contains(help),
                "{said}; {advice}"
            );
        }
        let (said, advice) = told(&open("kinds_brotli.parquet").read("a").unwrap_err());
        assert!(
            said.contains("compressed with brotli") && advice.contains("zstd"),
            "{said}; {advice}"
        );
    }
}
