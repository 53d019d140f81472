//! Matrices that stay in their file: the same numbers as those that are read at once, whatever is asked for.

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayD};
use ndarray_npy::NpzWriter;
use proptest::prelude::*;
use xcebra_files::{DataArray, DataFile, FileError, Values};

use crate::data;

fn left(path: &Path, name: &str) -> DataArray {
    let mut file = DataFile::open(path).unwrap();
    file.read_or_leave(Some(name), "x", 0).unwrap()
}

/// The rows of an array that stays in its file, in pieces of a length, backwards if asked.
fn rows(array: &DataArray, each: usize, backwards: bool) -> ArrayD<f64> {
    let disk = array.values.on_disk().expect("it stays in its file");
    let [rows, columns] = [disk.shape()[0], disk.shape()[1]];
    let mut pieces: Vec<usize> = (0..rows).step_by(each).collect();
    if backwards {
        pieces.reverse();
    }
    let mut found = Array2::from_elem((rows, columns), f64::NAN);
    for first in pieces {
        let last = rows.min(first + each);
        let mut values = Vec::new();
        disk.append(first..last, &mut values);
        for (i, value) in values.into_iter().enumerate() {
            found[[first + i / columns, i % columns]] = value;
        }
    }
    assert!(disk.failure().is_none());
    found.into_dyn()
}

fn recording(rows: usize) -> Array2<u16> {
    Array2::from_shape_fn((rows, 300), |(t, c)| (t * 7 + c * 31) as u16 % 1009)
}

fn npz(path: &Path, x: &Array2<u16>, compressed: bool) {
    let file = fs::File::create(path).unwrap();
    let mut out = match compressed {
        true => NpzWriter::new_compressed(file),
        false => NpzWriter::new(file),
    };
    out.add_array("other", &Array2::<f32>::ones((3, 3)))
        .unwrap();
    out.add_array("x", x).unwrap();
    out.finish().unwrap();
}

/// The same array in a file of each form that stays on disk.
fn files(folder: &Path, x: &Array2<u16>) -> Vec<PathBuf> {
    let path = |name: &str| folder.join(name);
    fs::write(path("x.npy"), xcebra_files::npy_bytes(&x.view().into_dyn())).unwrap();
    npz(&path("stored.npz"), x, false);
    npz(&path("packed.npz"), x, true);
    vec![path("x.npy"), path("stored.npz"), path("packed.npz")]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    /// 2,000 rows of 600 bytes are more than a block of a megabyte.
    #[test]
    fn any_rows_in_any_order(each in 1usize..2100, backwards: bool) {
        let folder = tempfile::tempdir().unwrap();
        let x = recording(2000);
        let expected = x.mapv(f64::from).into_dyn();
        for path in files(folder.path(), &x) {
            let array = left(&path, "x");
            prop_assert_eq!(array.values.element_type(), "uint16");
            prop_assert_eq!(&rows(&array, each.max(200), backwards), &expected);
        }
    }
}

/// Recorders keep their numbers in files of many forms.
#[test]
fn recorders_and_containers_as_read_at_once() {
    let folder = |name: &str| {
        let files = fs::read_dir(data(name)).unwrap();
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        files
    };
    let mut count = 0;
    for path in [folder("signals"), folder("recorders"), folder("containers")].concat() {
        let Ok(mut file) = DataFile::open(&path) else {
            continue;
        };
        let names: Vec<String> = match file.arrays() {
            Ok(arrays) => arrays.into_iter().map(|array| array.name).collect(),
            Err(_) => continue,
        };
        for name in names.into_iter().chain(["*".to_owned()]) {
            let Ok(array) = file.read_or_leave(Some(&name), "x", 0) else {
                continue;
            };
            if array.values.on_disk().is_none() {
                continue;
            }
            let whole = DataFile::open(&path).unwrap().read(&name).unwrap();
            let place = array.place();
            let is = |array: &DataArray| {
                let described = (
                    array.columns.clone(),
                    array.units.clone(),
                    array.breaks.clone(),
                );
                (described, array.sampling_rate, array.notes.clone())
            };
            assert_eq!(is(&array), is(&whole), "{place}");
            let [left, whole] = [array, whole].map(DataArray::recording);
            match (left, whole) {
                (Ok(left), Ok(whole)) => {
                    assert_eq!(left.samples(), whole.samples(), "{place}");
                    let all: Vec<usize> = (0..whole.channels.len()).collect();
                    assert_eq!(left.columns(&all), whole.columns(&all), "{place}");
                    assert_eq!(left.column(0), whole.column(0), "{place}");
                    assert_eq!(left.at(1, 0).to_bits(), whole.at(1, 0).to_bits(), "{place}");
                    count += 1;
                }
                // missing values are refused alike
                (Err(left), Err(whole)) => assert_eq!(left.to_string(), whole.to_string()),
                (left, whole) => panic!("{place}: {left:?} {whole:?}"),
            }
        }
    }
    assert!(count > 30, "{count}");
}

#[test]
fn small_arrays_are_read_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for path in files(folder.path(), &recording(20)) {
        let mut file = DataFile::open(&path).unwrap();
        let array = file.read_or_leave(Some("x"), "x", 12_000).unwrap();
        assert!(matches!(array.values, Values::U16(_)), "{array:?}");
        let array = file.read_or_leave(Some("x"), "x", 11_999).unwrap();
        assert!(array.values.on_disk().is_some());
    }
}

/// What a file lacks is found before anything is computed of it.
#[test]
fn damaged_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let x = recording(4000);
    let path = folder.path().join("packed.npz");
    npz(&path, &x, true);
    let sound = fs::read(&path).unwrap();
    // a byte of the compressed values; the checksum tells where the stream does not
    let mut bytes = sound.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    fs::write(&path, bytes).unwrap();
    let mut file = DataFile::open(&path).unwrap();
    let refused = file
        .read_or_leave(Some("x"), "x", 0)
        .and_then(DataArray::recording)
        .and_then(|table| {
            let disk = table.values().on_disk().unwrap();
            table.each_block(|_, _| ());
            disk.failure().map_or(Ok(()), Err)
        });
    assert!(
        matches!(refused, Err(FileError::Damaged { .. })),
        "{refused:?}"
    );
    // a file that is cut off while it is used
    let path = folder.path().join("x.npy");
    fs::write(&path, xcebra_files::npy_bytes(&x.view().into_dyn())).unwrap();
    let array = left(&path, "x");
    let disk = array.values.on_disk().unwrap();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(1_500_000).unwrap();
    let mut values = Vec::new();
    disk.append(3999..4000, &mut values);
    assert!(values.len() == 300 && values.iter().all(|v| v.is_nan()));
    let failure = disk.failure().unwrap().to_string();
    assert!(failure.contains("ends within"), "{failure}");
}
