//! Unusual arrays in containers, and containers of which a part is damaged.

use xcebra_files::{DataFile, FileError, Role};

use crate::containers::{file, open};
use crate::told;

#[test]
fn enumerations_are_the_integers_that_they_name() {
    let mut open = open("unusual.h5");
    for size in [1u32, 2, 4, 8] {
        let bits = 8 * size - 1;
        for order in ["little", "big"] {
            let signed = open.read(&format!("i{size}{order}")).unwrap().values;
            let unsigned = open.read(&format!("u{size}{order}")).unwrap().values;
            let largest = 2f64.powi(bits as i32);
            assert_eq!(
                signed.to_float::<f64>().iter().collect::<Vec<_>>(),
                [&(largest - 2.0), &-largest, &7.0],
                "{size} {order}"
            );
            // integers of 8 bytes are read with a sign
            let (top, name) = match size {
                8 => (largest, "int64".to_owned()),
                _ => (2.0 * largest, format!("uint{}", 8 * size)),
            };
            assert_eq!(
                unsigned.to_float::<f64>().iter().collect::<Vec<_>>(),
                [&(top - 2.0), &0.0, &7.0],
                "{size} {order}"
            );
            assert_eq!(unsigned.element_type(), name);
            assert_eq!(signed.element_type(), format!("int{}", 8 * size));
        }
    }
    let (said, _) = told(&open.read("beyond").unwrap_err());
    assert!(said.contains("an integer above 2^63"), "{said}");
}

/// A variable is read without the others: one that is damaged does not matter.
#[test]
fn a_variable_of_matlab_is_read_alone() {
    let mut all = open("v7.mat").arrays().unwrap();
    let (first, last) = (all.remove(0).name, all.pop().unwrap().name);
    let expected = open("v7.mat").read(&first).unwrap().values;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.mat");
    let mut bytes = std::fs::read(file("v7.mat")).unwrap();
    // the end of what is compressed last
    let end = bytes.len();
    bytes[end - 8..].fill(0);
    std::fs::write(&path, bytes).unwrap();
    let mut damaged = DataFile::open(&path).unwrap();
    assert_eq!(damaged.read(&first).unwrap().values, expected);
    assert!(matches!(
        damaged.read(&last),
        Err(FileError::Damaged { .. })
    ));
}

#[test]
fn a_group_that_cannot_be_opened_is_listed() {
    let sound = std::fs::read(file("earliest.h5")).unwrap();
    let nodes = |bytes: &[u8]| -> Vec<usize> {
        let all = bytes.windows(4).enumerate();
        all.filter(|(_, four)| four == b"SNOD")
            .map(|(at, _)| at)
            .collect()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.h5");
    let mut listed = Vec::new();
    for node in nodes(&sound) {
        let mut bytes = sound.clone();
        bytes[node..node + 4].fill(b'?');
        std::fs::write(&path, bytes).unwrap();
        // without the members of the root nothing can be read
        let Ok(mut open) = DataFile::open(&path) else {
            continue;
        };
        let arrays = open.arrays().unwrap();
        let groups = arrays
            .into_iter()
            .filter(|array| array.element_type == "group");
        listed.extend(groups.map(|group| (group.name, group.role)));
    }
    let of = |name: &str| listed.iter().find(|(other, _)| other == name);
    let Some((_, Role::Unusable(reason))) = of("deep") else {
        panic!("{listed:?}");
    };
    assert!(reason.contains("`deep` of "), "{reason}");
}

#[test]
fn the_only_array_stands_in_for_the_usual_one_with_a_note() {
    let folder = tempfile::tempdir().unwrap();
    for (name, notes) in [("x", 0), ("spikes", 1)] {
        let path = folder.path().join(format!("{name}.safetensors"));
        let header =
            format!("{{\"{name}\":{{\"dtype\":\"U8\",\"shape\":[2,1],\"data_offsets\":[0,2]}}}}");
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend([3, 4]);
        std::fs::write(&path, bytes).unwrap();
        let array = DataFile::open(&path).unwrap().read_default("x").unwrap();
        assert_eq!(array.notes.len(), notes, "{:?}", array.notes);
        assert_eq!(array.values.to_float::<f64>()[[1, 0]], 4.0);
    }
}
