//! Files that are damaged, or made to harm: an error, never a panic, never memory without bound.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use ndarray::{Array2, array};
use ndarray_npy::{NpzWriter, WriteNpyExt};
use proptest::prelude::*;
use xcebra_files::{DataArray, DataFile, FileError, NpzOutput, Result, SMALL_ARRAY, Source, read};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::told;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes `bytes` and tries all there is to read.
    fn read(&self, name: &str, bytes: &[u8]) -> Result<DataArray> {
        let path = self.path(name);
        // some file systems wait for the disk when a file is overwritten
        let _ = fs::remove_file(&path);
        fs::write(&path, bytes).unwrap();
        if let Ok(mut file) = DataFile::open(&path) {
            let _ = file.arrays();
            let _ = file.read_only();
        }
        read(&Source::new(&path, "x"))
    }
}

fn values() -> Array2<f64> {
    array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
}

fn stored(path: &Path) -> Vec<u8> {
    let mut output = NpzOutput::create(path).unwrap();
    output.add("x", &values()).unwrap();
    output.add("map", &array![[true, false]]).unwrap();
    output.commit().unwrap();
    fs::read(path).unwrap()
}

fn compressed(path: &Path) -> Vec<u8> {
    let mut writer = NpzWriter::new_compressed(fs::File::create(path).unwrap());
    writer.add_array("x", &values()).unwrap();
    writer.finish().unwrap();
    fs::read(path).unwrap()
}

fn single() -> Vec<u8> {
    let mut bytes = Vec::new();
    values().write_npy(&mut bytes).unwrap();
    bytes
}

/// A `.npy` file of format 1.0 with the header `text`.
fn with_header(text: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.extend(data);
    bytes
}

fn npy_header(shape: &str) -> String {
    format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n")
}

#[test]
fn truncated_anywhere() {
    let folder = Folder::new();
    let files = [
        ("s.npz", stored(&folder.path("s.npz"))),
        ("c.npz", compressed(&folder.path("c.npz"))),
        ("a.npy", single()),
    ];
    for (name, bytes) in files {
        assert_eq!(
            folder.read(name, &bytes).unwrap().matrix::<f64>().unwrap(),
            values()
        );
        for length in 0..bytes.len() {
            let error = folder.read(name, &bytes[..length]).unwrap_err();
            assert!(
                matches!(error, FileError::Damaged { .. }),
                "{name} at {length}: {error}"
            );
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}

#[test]
fn any_flipped_bit_of_an_archive_is_noticed_or_harmless() {
    let folder = Folder::new();
    for (name, bytes) in [
        ("s.npz", stored(&folder.path("s.npz"))),
        ("c.npz", compressed(&folder.path("c.npz"))),
    ] {
        for position in 0..bytes.len() {
            for bit in [0, 3, 7] {
                let mut damaged = bytes.clone();
                damaged[position] ^= 1 << bit;
                if let Ok(array) = folder.read(name, &damaged) {
                    assert_eq!(
                        array.matrix::<f64>().unwrap(),
                        values(),
                        "{name} {position} {bit}"
                    );
                }
            }
        }
    }
}

#[test]
fn any_flipped_bit_of_a_header_is_survived() {
    let folder = Folder::new();
    let bytes = single();
    for position in 0..128 {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[position] ^= 1 << bit;
            if let Ok(array) = folder.read("a.npy", &damaged) {
                // another type or order of the same size, never more or fewer bytes
                assert_eq!(
                    array.shape().iter().product::<usize>(),
                    6,
                    "{position} {bit}"
                );
            }
        }
    }
}

#[test]
fn shapes_that_the_file_cannot_hold() {
    let folder = Folder::new();
    for shape in [
        "(1000000000000,)",
        "(4294967296, 4294967296)",
        "(18446744073709551615,)",
        "(0, 18446744073709551615, 18446744073709551615)",
        "(7,)",
        "(5,)",
        "()",
    ] {
        let text = npy_header(shape);
        let error = folder
            .read("a.npy", &with_header(&text, &[0; 48]))
            .unwrap_err();
        assert!(
            matches!(error, FileError::Damaged { .. }),
            "{shape}: {error}"
        );
    }
    let fits = folder.read("a.npy", &with_header(&npy_header("(6,)"), &[0; 48]));
    assert_eq!(fits.unwrap().shape(), [6]);
    let many_axes = format!("({})", "1,".repeat(65));
    assert!(
        folder
            .read("a.npy", &with_header(&npy_header(&many_axes), &[0; 8]))
            .is_err()
    );
}

#[test]
fn headers_that_claim_gigabytes() {
    let folder = Folder::new();
    let mut bytes = b"\x93NUMPY\x02\x00".to_vec();
    bytes.extend(u32::MAX.to_le_bytes());
    let message = folder.read("a.npy", &bytes).unwrap_err().to_string();
    assert!(
        message.contains("header claims 4294967295 bytes"),
        "{message}"
    );
    let nested = format!("{{'descr': {}", "[(".repeat(4_000));
    assert!(folder.read("a.npy", &with_header(&nested, &[])).is_err());
}

/// An archive with the member `x.npy`: a header of truth values, then `zeros` zero bytes.
fn archive(path: &Path, shape: &str, zeros: usize) {
    let mut zip = ZipWriter::new(fs::File::create(path).unwrap());
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    zip.start_file("x.npy", options).unwrap();
    zip.write_all(&with_header(&npy_header(shape).replace("<f8", "|b1"), &[]))
        .unwrap();
    let block = vec![0; 1 << 20];
    for _ in 0..zeros / block.len() {
        zip.write_all(&block).unwrap();
    }
    zip.write_all(&block[..zeros % block.len()]).unwrap();
    zip.finish().unwrap();
}

#[test]
fn archives_that_expand_without_end() {
    let folder = Folder::new();
    let path = folder.path("bomb.npz");
    let beyond = usize::try_from(SMALL_ARRAY).unwrap() + 1;
    archive(&path, &format!("({beyond},)"), beyond);
    assert!(fs::metadata(&path).unwrap().len() < 1 << 20);
    let error = read(&Source::new(&path, "x")).unwrap_err();
    assert!(matches!(error, FileError::TooLarge { .. }), "{error}");
    assert!(told(&error).1.contains("without compression"), "{error}");

    // more behind the array than the array
    archive(&path, "(10,)", 1 << 24);
    let error = read(&Source::new(&path, "x")).unwrap_err();
    assert!(matches!(error, FileError::Damaged { .. }), "{error}");
}

#[test]
fn names_that_lie_about_the_format() {
    let folder = Folder::new();
    for (name, bytes) in [
        ("a.npz", single()),
        ("a.npz", b"1,2\n3,4\n".to_vec()),
        ("a.npy", stored(&folder.path("s.npz"))),
        ("a.csv", single()),
        ("a.npz", Vec::new()),
        ("a.npy", Vec::new()),
        ("a.csv", Vec::new()),
    ] {
        let error = folder.read(name, &bytes).unwrap_err();
        assert!(
            matches!(error, FileError::Damaged { .. }),
            "{name}: {error}"
        );
    }
}

#[test]
fn folders_and_missing_files() {
    let folder = Folder::new();
    for name in ["a.npz", "a.npy", "a.csv"] {
        let path = folder.path(name);
        let error = read(&Source::file(&path)).unwrap_err();
        assert!(matches!(error, FileError::Read { .. }), "{error}");
        fs::create_dir(&path).unwrap();
        let error = read(&Source::file(&path)).unwrap_err();
        assert!(matches!(error, FileError::Read { .. }), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn noise_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300), prefix in 0..3usize) {
        let folder = Folder::new();
        let start: &[u8] = [b"".as_slice(), b"PK\x03\x04", b"\x93NUMPY\x01\x00\x10\x00"][prefix];
        let bytes = [start, &bytes].concat();
        for name in ["a.npz", "a.npy", "a.csv"] {
            let _ = folder.read(name, &bytes);
        }
    }

    #[test]
    fn what_is_written_is_read(
        rows in 0..5usize,
        columns in 0..5usize,
        seed in any::<u64>(),
    ) {
        let folder = Folder::new();
        let path = folder.path("a.npz");
        let bits = |i: usize, j: usize| f64::from_bits(seed.rotate_left((7 * i + j) as u32));
        let doubles = Array2::from_shape_fn((rows, columns), |(i, j)| bits(i, j));
        let integers = doubles.mapv(|v| v.to_bits() as i32);
        let truths = integers.mapv(|v| v % 2 == 0);
        let mut output = NpzOutput::create(&path).unwrap();
        output.add_with_gaps("d", &doubles.t()).unwrap();
        output.add("i", &integers).unwrap();
        output.add("t", &truths).unwrap();
        output.commit().unwrap();
        let array = |name: &str| read(&Source::new(&path, name)).unwrap();
        let read_doubles = array("d").matrix::<f64>().unwrap();
        prop_assert_eq!(read_doubles.t().mapv(f64::to_bits), doubles.mapv(f64::to_bits));
        prop_assert_eq!(array("i").matrix::<f64>().unwrap(), integers.mapv(f64::from));
        prop_assert_eq!(array("t").mask().unwrap(), truths);
    }
}
