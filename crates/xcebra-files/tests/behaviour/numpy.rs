//! Files that numpy wrote.

use ndarray::{Array2, array};
use xcebra_files::{DataFile, FileError, Source, Values, read};

use crate::{data, told};

fn base() -> Array2<f64> {
    array![[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
}

#[test]
fn every_element_type_and_byte_order() {
    let mut file = DataFile::open(&data("numpy_compressed.npz")).unwrap();
    for name in "f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 big_f4 big_f8 big_i2 big_u4 fortran".split(' ') {
        let matrix = file.read(name).unwrap().matrix::<f64>().unwrap();
        assert_eq!(matrix, base(), "{name}");
    }
    let mask = file.read("bool").unwrap().mask().unwrap();
    assert_eq!(mask, base().mapv(|v| v % 2.0 == 1.0));
    assert!(matches!(file.read("f4").unwrap().values, Values::F32(_)));
    // integers stay as narrow as they are
    for (name, kept) in [
        ("i1", "int8"),
        ("i2", "int16"),
        ("i4", "int32"),
        ("i8", "int64"),
        ("u1", "uint8"),
        ("u2", "uint16"),
        ("big_u4", "uint32"),
        ("u8", "int64"),
    ] {
        assert_eq!(
            file.read(name).unwrap().values.element_type(),
            kept,
            "{name}"
        );
    }
}

#[test]
fn every_shape() {
    let mut file = DataFile::open(&data("numpy_compressed.npz")).unwrap();
    assert_eq!(file.read("scalar").unwrap().shape(), [0usize; 0]);
    assert_eq!(file.read("empty").unwrap().shape(), [0, 3]);
    let cube = file.read("cube").unwrap();
    let Values::F32(values) = &cube.values else {
        panic!("{}", cube.values.element_type());
    };
    assert_eq!(values[[1, 2, 3]], 23.0);
    assert_eq!(values[[0, 1, 0]], 4.0);
    assert!(matches!(cube.recording(), Err(FileError::Shape { .. })));
}

#[test]
fn what_cannot_be_read_says_what_to_do() {
    let mut file = DataFile::open(&data("numpy_compressed.npz")).unwrap();
    for (name, expected) in [
        ("text", "numpy.unique"),
        ("complex", "numpy.abs"),
        ("half", "astype"),
        ("large_u8", "2^63"),
        ("y", "`f4`, `f8`"),
    ] {
        let (problem, advice) = told(&file.read(name).unwrap_err());
        assert!(problem.contains(name), "{problem}");
        // what there is, or what is wrong with a value, belongs to the problem
        let text = match name {
            "y" | "large_u8" => problem,
            _ => advice,
        };
        assert!(text.contains(expected), "{name}: {text}");
    }
}

#[test]
fn advice_on_types_works_in_numpy() {
    let advice = std::fs::read_to_string(data("numpy_advice.json")).unwrap();
    let advice: std::collections::BTreeMap<String, String> = serde_json::from_str(&advice).unwrap();
    assert!(advice.len() > 10);
    let mut refused = DataFile::open(&data("numpy_refused.npz")).unwrap();
    let mut advised = DataFile::open(&data("numpy_advised.npz")).unwrap();
    for (name, code) in advice {
        let (_, advice) = told(&refused.read(&name).unwrap_err());
        assert!(advice.contains(&code), "{name}: {advice}");
        // what numpy made by that advice
        let array = advised.read(&name).unwrap();
        assert!(array.values.to_float::<f64>().len() > 1, "{name}");
    }
}

#[test]
fn the_only_array_stands_in_for_x() {
    let mut single = DataFile::open(&data("numpy_single.npz")).unwrap();
    let array = single.read_default("x").unwrap();
    assert_eq!(array.matrix::<f64>().unwrap(), base());
    assert!(
        array.notes[0].contains("`arr_0` is used"),
        "{:?}",
        array.notes
    );
    assert_eq!(array.source.array.as_deref(), Some("arr_0"));
    // neither a name that was given, nor one array of several
    assert!(single.read("x").is_err() && single.read_default("y").is_err());
    let mut several = DataFile::open(&data("numpy_compressed.npz")).unwrap();
    assert!(several.read_default("x").is_err());
    let mut named = DataFile::open(&data("numpy_stored.npz")).unwrap();
    assert!(named.read_default("x").unwrap().notes.is_empty());
}

#[test]
fn names_and_headers() {
    let mut file = DataFile::open(&data("numpy_stored.npz")).unwrap();
    let arrays = file.arrays().unwrap();
    let found: Vec<_> = arrays
        .iter()
        .map(|a| (a.name.as_str(), a.element_type.as_str(), a.shape.as_slice()))
        .collect();
    let expected: [(&str, &str, &[usize]); 2] =
        [("x", "float64", &[2, 3]), ("group/x", "float32", &[2, 3])];
    assert_eq!(found, expected);
    let (_, advice) = told(&file.read_only().unwrap_err());
    assert!(advice.contains("name one, such as"), "{advice}");
    let source = Source::new(data("numpy_stored.npz"), "group/x");
    assert_eq!(read(&source).unwrap().matrix::<f64>().unwrap(), base());
}

#[test]
fn a_single_array_answers_to_x() {
    let source = Source::file(data("numpy.npy"));
    let array = read(&source).unwrap();
    assert_eq!(array.matrix::<f64>().unwrap(), base());
    assert_eq!(array.clone().recording().unwrap().channels, ["0", "1", "2"]);
    let mut file = DataFile::open(&data("numpy.npy")).unwrap();
    assert_eq!(file.read("x").unwrap(), array);
    assert!(file.read("y").is_err());
    assert_eq!(file.arrays().unwrap()[0].shape, [2, 3]);
    let other = data("numpy_stored.npz:x");
    let read = file.read_or_source(other.to_str().unwrap()).unwrap();
    assert_eq!(read.matrix::<f64>().unwrap(), base());
}
